"""The console in a real pseudo-terminal, seen from outside: what it writes, how it ends, how it leaves the terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn

import psutil
import pyte

DRIVE = (sys.executable, "-m", "tests.ui.drive")
LIMIT = 20.0


class Tty:
    """A program on a pseudo-terminal. `raw` is all it wrote; `text` what stands on the screen."""

    def __init__(
        self, argv: Sequence[str] = DRIVE, *, size: tuple[int, int] = (100, 30), env: Mapping[str, str] | None = None
    ) -> None:
        self.raw = b""
        self.last_cpu = 0.0
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self.resize(*size)
        self._before = termios.tcgetattr(slave)
        self.pid = self._start(argv, slave, env or {})
        self.process = psutil.Process(self.pid)
        self._slave: int | None = slave

    def _start(self, argv: Sequence[str], slave: int, env: Mapping[str, str]) -> int:
        pid = os.fork()
        if pid == 0:
            self._become(argv, slave, env)
        return pid

    @staticmethod
    def _become(argv: Sequence[str], slave: int, env: Mapping[str, str]) -> NoReturn:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in (0, 1, 2):
            os.dup2(slave, number)
        os.closerange(3, 64)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        good = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        os.execvpe(argv[0], list(argv), {**kept, **good, **env})

    def __enter__(self) -> Tty:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for handle in (self._master, self._slave):
            if handle is not None:
                with contextlib.suppress(OSError):
                    os.close(handle)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: line discipline, screen, cursor, mouse, paste and keyboard modes."""
        assert self._slave is not None
        left = [self.raw.rfind(f"\x1b[?{mode}l".encode()) for mode in (1049, 1000, 1003, 1006, 2004, 1004)]
        entered = [self.raw.rfind(f"\x1b[?{mode}h".encode()) for mode in (1049, 1000, 1003, 1006, 2004, 1004)]
        modes = all(out > into for out, into in zip(left, entered, strict=True))
        cursor = self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        return modes and cursor and termios.tcgetattr(self._slave)[:4] == self._before[:4]

    def type(self, keys: str | bytes) -> None:
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def until(self, pattern: str) -> None:
        """Read until the screen matches."""
        wanted = re.compile(pattern, re.S)
        end = time.monotonic() + LIMIT
        while not wanted.search(self.text):
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} did not appear on:\n{self.text}\n{self.raw[-400:]!r}")
            self.read(0.05)

    def read(self, seconds: float) -> bool:
        """Read what comes within some seconds; False at the end."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += data
        with contextlib.suppress(Exception):  # the emulator does not know every sequence; the raw bytes are what counts
            self._stream.feed(data)
        return bool(data)

    def choke(self) -> None:
        """Read nothing and keep the program busy, until the terminal takes nothing more."""
        full, waiting = 0, -1
        end = time.monotonic() + LIMIT
        while full < 20 and time.monotonic() < end:
            self.type("Gg")
            before, waiting = waiting, struct.unpack("i", fcntl.ioctl(self._master, termios.FIONREAD, b"0000"))[0]
            full = full + 1 if waiting == before else 0
            time.sleep(0.02)

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def exit_code(self, *, reading: bool = True) -> int:
        """Wait for the end, and return what a shell would call its exit code."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if reading:
                self.read(0.02)
            else:
                self.last_cpu = self.cpu_seconds()
                time.sleep(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while reading and self.read(0.05) and select.select([self._master], [], [], 0.05)[0]:
                    continue
                return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        raise AssertionError(f"it did not end; on the screen:\n{self.text}")

    def cpu_seconds(self) -> float:
        times: Any = self.process.cpu_times()
        return float(times.user + times.system)
