"""A terminal for programs to run in, measured from outside: when they paint, what they write, what they cost."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from types import TracebackType

import psutil
import pyte

_REPLIES = ((re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"), (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"))
"""What a real terminal answers when asked what it is and where its cursor stands; programs wait for it."""


class Terminal:
    """A program behind a pseudo-terminal and a terminal emulator."""

    def __init__(self, argv: Sequence[str], *, columns: int = 120, rows: int = 40, env: dict[str, str]) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = 0
        self.painted_at = self.started_at = time.perf_counter()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(argv[0], list(argv), env)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = psutil.Process(self._pid)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        end = time.perf_counter() + 3
        while time.perf_counter() < end and self._pump(0.05):
            continue
        with contextlib.suppress(ChildProcessError, psutil.NoSuchProcess):
            if os.waitpid(self._pid, os.WNOHANG) == (0, 0):
                self.process.kill()
                os.waitpid(self._pid, 0)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self._screen.display)

    def press(self, keys: str) -> float:
        """Type; returns the moment."""
        moment = time.perf_counter()
        os.write(self._fd, keys.encode())
        return moment

    def until(self, pattern: str, limit: float = 20.0) -> float:
        """The moment of the paint after which the screen matches. Raises TimeoutError."""
        wanted = re.compile(pattern, re.S)
        end = time.perf_counter() + limit
        while not wanted.search(self.text):
            if time.perf_counter() > end:
                raise TimeoutError(f"{pattern!r} did not appear on:\n{self.text}")
            self._pump(0.005)
        return self.painted_at

    def changes_after(self, moment: float, limit: float = 5.0) -> float:
        """The moment of the first paint after `moment`."""
        end = time.perf_counter() + limit
        while self.painted_at <= moment:
            if time.perf_counter() > end:
                raise TimeoutError("nothing was painted")
            self._pump(0.001)
        return self.painted_at

    def rest(self, seconds: float) -> None:
        """Let time pass while the terminal goes on reading."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._pump(min(left, 0.1))

    def cpu_seconds(self) -> float:
        """User and system time of the program so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def memory_bytes(self) -> int:
        """Resident memory of the program."""
        return int(self.process.memory_info().rss)

    def _pump(self, timeout: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        for asked, reply in _REPLIES:
            if asked.search(data):
                os.write(self._fd, reply)
        self._stream.feed(data)
        self.written += len(data)
        self.painted_at = time.perf_counter()
        return bool(data)
