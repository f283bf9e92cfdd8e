"""The process table and the listening sockets of a host: who holds a port, what a service uses."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from airops_tui.hosts.base import Host
from airops_tui.model import Listener, Process
from airops_tui.probes.process import Children, children_of
from airops_tui.threads import in_thread


@dataclass(frozen=True)
class Table:
    """All processes by pid, all listeners, and the process table of the look before for what was used since.

    `seconds` lie between the two looks; at the first look `before` is empty.
    """

    processes: Mapping[int, Process]
    listeners: Sequence[Listener]
    before: Mapping[int, Process] = field(default_factory=dict)
    seconds: float = 0.0

    @cached_property
    def children(self) -> Children:
        """The pids of the children of each process."""
        return children_of(self.processes)

    @cached_property
    def listeners_by_port(self) -> Mapping[int, Sequence[Listener]]:
        """The listeners of each port that has any."""
        by_port: dict[int, list[Listener]] = {}
        for listener in self.listeners:
            by_port.setdefault(listener.port, []).append(listener)
        return by_port


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
