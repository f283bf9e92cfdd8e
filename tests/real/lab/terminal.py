"""A terminal with a program in it: what it draws can be read, and keys can be pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

from .component import wait_for


class Terminal:
    """A program on a pseudo terminal of 100x30."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def text(self) -> str:
        """What stands on the screen now."""
        self._read()
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, words: str, timeout: float) -> str:
        """The screen once it shows these words."""

        def shown() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"ended with {self._process.returncode}, showing:\n{self.text()}")
            return words in self.text()

        try:
            wait_for(f"{words!r} on the screen", shown, timeout)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.text()}") from None
        return self.text()

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def wait(self, timeout: float) -> int:
        """The exit code of the program, once it has ended."""
        deadline = time.monotonic() + timeout
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"still running, showing:\n{self.text()}"
            self._read()
        self._read()
        return self._process.returncode

    def close(self) -> None:
        """Hang up, as a lost connection does; whatever still runs is killed."""
        os.close(self._master)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)

    def _read(self) -> None:
        while select.select([self._master], [], [], 0.05)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nobody holds the other end any more
                return
            if not data:
                return
            self.written += data
            self._stream.feed(data)
