"""Hosts: the one door to the processes, files and sockets of a managed system."""
