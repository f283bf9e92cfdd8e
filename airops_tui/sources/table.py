"""The process table and the listening sockets of a host: who holds a port, what a service uses."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from airops_tui.hosts.base import Host
from airops_tui.model import Listener, Process
from airops_tui.threads import in_thread


class Table(msgspec.Struct, frozen=True):
    """All processes by pid, all listeners, and the process table of the look before for what was used since.

    `seconds` lie between the two looks; at the first look `before` is empty.
    """

    processes: Mapping[int, Process]
    listeners: Sequence[Listener]
    before: Mapping[int, Process] = {}
    seconds: float = 0.0


@dataclass(slots=True)
class TableSource:
    """Reads a `Table` of one host; remembers the last one."""

    host: Host
    every: float
    name: str = "table"
    deadline: float = 10.0
    _last: tuple[float, Mapping[int, Process]] | None = None

    async def read(self) -> Table:
        """Take both tables in a thread."""
        return await in_thread(self._look)

    def _look(self) -> Table:
        processes = self.host.processes()
        now = time.monotonic()
        taken, before = self._last or (now, {})
        self._last = (now, processes)
        return Table(processes, self.host.listeners(), before, now - taken)
