"""What can be broken in a playground service, and how a service learns that it is broken: a file with one word in it.

A file and no signal or socket, because it must also reach a service that hangs, outlive one that crashed (so that a
restart does not mend it), and be readable by whoever wonders why a row is red.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "crash": "ends with an error, and again at every start",
        "hang": "lives and accepts connections, but never answers",
        "slow": "answers after two to four seconds",
        "error": "answers 500 and fills the error log",
        "leak": "takes 10 MB of memory a second, up to a limit",
        "port-taken": "is gone, and a foreign program holds its port",
    }
)
"""Every fault by its name, with what it looks like from outside."""

LEAK_RATE = 10_000_000
LEAK_LIMIT = 300_000_000


class PlaygroundFault(Exception):
    """Raised by a service because somebody asked for this fault."""


class Gone(Exception):
    """The client gave up waiting for an answer."""


class FaultSwitch:
    """The fault that is on for one service, read from its file every time somebody asks (5 µs when there is none)."""

    def __init__(self, file: Path, leak_limit: int = LEAK_LIMIT) -> None:
        self._file = file
        self._leak_limit = leak_limit
        self._leaked: list[bytes] = []
        self._last_leak = time.monotonic()
        self._random = random.Random(file.name)  # noqa: S311 - the same delays in every run, no secret

    def current(self) -> str | None:
        """The name of the fault that is on, None when all is well."""
        try:
            return self._file.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def suffer(self) -> None:
        """Do what a fault does to a process without being asked: die or grow. To be called a few times a second.

        Raises PlaygroundFault for `crash`; ends the process for `port-taken`.
        """
        fault = self.current()
        if fault == "crash":
            raise PlaygroundFault("crash: asked for with `airops demo break`, ends with `airops demo mend`")
        if fault == "port-taken":
            raise SystemExit("ERROR:    giving up the port: a foreign program takes it (playground fault: port-taken)")
        self._leak(fault == "leak")

    def delay(self, connection: socket.socket) -> None:
        """Hold up an answer as long as the fault of the moment wants. Raises Gone when the client stops waiting."""
        fault = self.current()
        if fault == "slow":
            time.sleep(self._random.uniform(2.0, 4.0))
        while fault == "hang":
            if client_left(connection, 0.5):
                raise Gone
            fault = self.current()

    def _leak(self, leaking: bool) -> None:
        now = time.monotonic()
        elapsed, self._last_leak = min(now - self._last_leak, 1.0), now
        if not leaking:
            self._leaked.clear()
        elif sum(map(len, self._leaked)) < self._leak_limit:
            # Ones, not zeros: a zeroed block is not backed by memory until it is written to.
            self._leaked.append(b"\x01" * int(LEAK_RATE * elapsed))


def client_left(connection: socket.socket, seconds: float) -> bool:
    """Wait that long for the client to close its end; True if it has. Takes nothing out of the connection."""
    readable, _, _ = select.select([connection], [], [], seconds)
    if not readable:
        return False
    try:
        if connection.recv(1, socket.MSG_PEEK) == b"":
            return True
    except OSError:
        return True
    time.sleep(seconds)  # bytes of a next request are waiting, so the select above returned at once
    return False
