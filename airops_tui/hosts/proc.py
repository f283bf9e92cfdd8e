"""The process table out of Linux' /proc, cheap enough for a console that idles all day.

psutil reads several files and builds several objects for each process on each look (150 µs); a console that looks
every few seconds at hundreds of them would be the busiest program on a quiet machine. One file holds all that changes
(20 µs); what does not change is remembered for a while. Formats: proc(5).
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Mapping
from functools import cache

import msgspec
import psutil

from airops_tui.model import Process
from airops_tui.text import clean, safe

_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "disk-sleep",
    "T": "stopped",
    "t": "tracing-stop",
    "Z": "zombie",
    "X": "dead",
    "I": "idle",
    "P": "parked",
}
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COMMAND_LIMIT = 1000
_YOUNG, _REMEMBERED = 10.0, 60.0  # seconds: what a process is called settles soon after its start, and may change later
_HEAD = 4096
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD, include/linux/sched.h


class Stat(msgspec.Struct, frozen=True):
    """What /proc/PID/stat says. Times are ticks; `started` counts from boot. `kernel`: a thread of the kernel."""

    pid: int
    program: str
    state: str
    parent: int
    ticks: int
    started: int
    pages: int
    kernel: bool


class _Name(msgspec.Struct, frozen=True):
    """What a process is called, good until `until` (monotonic seconds) for the process that started at `started`.

    `raw` is the name as the kernel has it: another one means that the process runs another program now.
    """

    raw: str
    started: int
    program: str
    user: str | None
    command: str
    until: float


def parse_stat(raw: bytes) -> Stat:
    """Read a stat line; the name in it may hold spaces and brackets. Raises ValueError, IndexError if it is none."""
    opened, closed = raw.index(b"("), raw.rindex(b")")
    fields = raw[closed + 2 :].split()
    return Stat(
        pid=int(raw[:opened]),
        program=raw[opened + 1 : closed].decode("utf-8", "replace"),
        state=_STATES.get(fields[0].decode("ascii", "replace"), ""),
        parent=int(fields[1]),
        ticks=int(fields[11]) + int(fields[12]),
        started=int(fields[19]),
        pages=int(fields[21]),
        kernel=bool(int(fields[6]) & _KERNEL_THREAD),
    )


class ProcessTable:
    """The processes of this machine. Remembers what they are called, from one look to the next."""

    def __init__(self, root: str = "/proc") -> None:
        self._root = root
        self._names: Mapping[int, _Name] = {}
        self._booted = psutil.boot_time()

    def read(self) -> dict[int, Process]:
        """All processes by pid. One that ends while it is read is left out."""
        now, wall = time.monotonic(), time.time()
        names: dict[int, _Name] = {}
        processes: dict[int, Process] = {}
        for entry in os.listdir(self._root):  # noqa: PTH208 - thousands of Path objects
            if not entry.isdecimal():
                continue
            try:
                stat = parse_stat(read_head(f"{self._root}/{entry}/stat"))
                name = self._names.get(stat.pid)
                if name is None or (name.started, name.raw) != (stat.started, stat.program) or name.until < now:
                    name = self._name(stat, now, wall - self._started(stat))
            except (OSError, ValueError, IndexError):
                continue
            names[stat.pid] = name
            processes[stat.pid] = Process(
                pid=stat.pid,
                parent=stat.parent,
                program=name.program,
                user=name.user,
                command=name.command,
                state=stat.state,
                started_at=self._started(stat),
                cpu_seconds=stat.ticks / _TICK,
                memory_bytes=stat.pages * _PAGE,
            )
        self._names = names
        return processes

    def _started(self, stat: Stat) -> float:
        return self._booted + stat.started / _TICK

    def _name(self, stat: Stat, now: float, age: float) -> _Name:
        if stat.kernel:  # half of the processes of a small server; they have no command line
            return _Name(stat.program, stat.started, clean(stat.program), "root", "", now + _REMEMBERED)
        folder = f"{self._root}/{stat.pid}"
        status = read_head(f"{folder}/status")
        uid = int(status.partition(b"\nUid:")[2].split(maxsplit=2)[1])  # the effective one, as ps shows it
        words = read_head(f"{folder}/cmdline").rstrip(b"\0").replace(b"\0", b" ")
        good_for = _REMEMBERED + stat.pid % _REMEMBERED if age > _YOUNG else 0.0  # not all of them at once
        return _Name(
            raw=stat.program,
            started=stat.started,
            program=clean(stat.program),
            user=_user(uid),
            command=safe(words, limit=_COMMAND_LIMIT),
            until=now + good_for,
        )


def read_head(path: str) -> bytes:
    """The first few thousand bytes of a file. Raises OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, _HEAD)
    finally:
        os.close(file)


@cache
def _user(uid: int) -> str:
    """A user's name, asked for once: the answer may come over the network."""
    try:
        return clean(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)
