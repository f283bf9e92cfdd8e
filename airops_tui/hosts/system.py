"""What runs on this machine and listens on it, read the cheapest way its operating system has.

The tables remember what cannot have changed since the look before, so they are kept for as long as the program runs.
"""

from __future__ import annotations

import sys

from airops_tui.model import Listener, Process

if sys.platform == "linux":
    from airops_tui.hosts.proc import ProcessTable
    from airops_tui.hosts.sockets import SocketTable
else:
    from airops_tui.hosts.portable import ProcessTable, SocketTable

_processes = ProcessTable()
_sockets = SocketTable()


def processes() -> dict[int, Process]:
    """The process table, by pid. Blocks for some milliseconds."""
    return _processes.read()


def listeners() -> list[Listener]:
    """The listening TCP sockets; `pid` is None where the system does not tell this user who holds one."""
    return _sockets.read()
