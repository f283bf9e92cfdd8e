"""Looks at endpoints that misbehave, and what tables and sockets are read as."""
