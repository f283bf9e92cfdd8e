"""Processes and listening sockets where there is no /proc: macOS and the BSDs, by way of psutil and netstat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import psutil

from airops_tui.hosts.base import Command
from airops_tui.hosts.commands import run
from airops_tui.model import Listener, Process
from airops_tui.text import clean, safe

_CHANGING = ("ppid", "status", "create_time", "cpu_times", "memory_info")
_COMMAND_LIMIT = 1000
_NAMED = re.compile(r":(\d+)\s+[0-9a-f]{5}\s")  # name:pid, then the state; the name may hold blanks and colons
_NETSTAT = Command(argv=("netstat", "-anv", "-p", "tcp"), timeout=5.0, writes=False)
_ANY = {"tcp4": "0.0.0.0", "tcp6": "::", "tcp46": "::"}  # noqa: S104 - read, not bound


class _Name(msgspec.Struct, frozen=True):
    """What cannot change about a process (its title can, but nobody reads that every few seconds)."""

    program: str
    user: str | None
    command: str


class ProcessTable:
    """The processes of this machine. Remembers what they are called, from one look to the next."""

    def __init__(self) -> None:
        self._names: Mapping[tuple[int, float | None], _Name] = {}

    def read(self) -> dict[int, Process]:
        """All processes by pid; what the system does not tell this user is None."""
        names: dict[tuple[int, float | None], _Name] = {}
        processes: dict[int, Process] = {}
        for process in psutil.process_iter():
            try:
                with process.oneshot():
                    facts = process.as_dict(_CHANGING)
                    identity = (process.pid, facts["create_time"])
                    name = self._names.get(identity) or _name(process)
            except psutil.Error:
                continue
            names[identity] = name
            processes[process.pid] = _process(process.pid, name, facts)
        self._names = names
        return processes


def _name(process: psutil.Process) -> _Name:
    facts = process.as_dict(("name", "username", "cmdline"))
    return _Name(
        program=clean(facts["name"] or ""),
        user=clean(facts["username"]) if facts["username"] else None,
        command=safe(" ".join(facts["cmdline"] or ()), limit=_COMMAND_LIMIT),
    )


def _process(pid: int, name: _Name, facts: Mapping[str, Any]) -> Process:
    times, memory = facts["cpu_times"], facts["memory_info"]
    return Process(
        pid=pid,
        parent=facts["ppid"] or 0,
        program=name.program,
        user=name.user,
        command=name.command,
        state=facts["status"] or "",
        started_at=facts["create_time"],
        cpu_seconds=times.user + times.system if times else None,
        memory_bytes=memory.rss if memory else None,
    )


class SocketTable:
    """The listening TCP sockets of this machine."""

    def read(self) -> list[Listener]:
        """All listeners. Without root psutil sees only our own processes; netstat of macOS sees everybody's."""
        answer = run(_NETSTAT) if psutil.MACOS else None
        if answer is not None and answer.trouble is None and answer.status == 0:
            return list(parse_netstat(answer.out.decode("utf-8", "replace")))
        try:
            return [_listener(found, found.pid) for found in psutil.net_connections("tcp") if _listens(found)]
        except psutil.Error:
            return list(_own_listeners())


def _own_listeners() -> Iterator[Listener]:
    for process in psutil.process_iter():
        try:
            yield from [_listener(found, process.pid) for found in process.net_connections("tcp") if _listens(found)]
        except psutil.Error:
            continue


def _listens(connection: Any) -> bool:
    return connection.status == psutil.CONN_LISTEN and bool(connection.laddr)


def _listener(connection: Any, pid: int | None) -> Listener:
    return Listener(connection.laddr.ip, connection.laddr.port, pid)


def parse_netstat(text: str) -> Iterator[Listener]:
    """Read `netstat -anv -p tcp` of macOS: the pid stands in a column of its own, or as `name:pid` since version 14."""
    column = -1
    for line in text.splitlines():
        if line.startswith("Proto"):
            after = line.partition("(state)")[2].split()
            column = after.index("pid") if "pid" in after else -1
            continue
        head, listening, rest = line.partition(" LISTEN ")
        fields = head.split()
        if not listening or len(fields) < 4 or fields[0] not in _ANY:
            continue
        address, _, port = fields[3].rpartition(".")
        if port.isdecimal():
            place = _ANY[fields[0]] if address == "*" else address
            yield Listener(place, int(port), _pid(rest, column))


def _pid(rest: str, column: int) -> int | None:
    fields = rest.split()
    if 0 <= column < len(fields) and fields[column].isdecimal():
        return int(fields[column]) or None
    named = _NAMED.search(rest)
    return int(named[1]) or None if named else None
