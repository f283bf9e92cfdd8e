"""The programs that run in the playground: real HTTP services with logs and faults, from the standard library alone."""

LOOPBACK = "127.0.0.1"
"""The only address anything in the playground listens on."""
