"""The operator's terminal: what it says of its own accord presses no keys, and when it goes away somebody notices.

A terminal answers certain sequences, and Textual hands an answer it does not know on as the keys it is spelled with. In
a console with one-letter keys that is remote control by whoever can write into a log. When a connection is lost
without a signal, Textual's reader spins on the end of file. Both are decided where input is read: the reader is ours.
"""

from __future__ import annotations

import os
import re
import select
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from queue import Full
from time import monotonic
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from airops_tui.ui.messages import TerminalLost

# Answers to: device attributes, device status, version and resource queries (DCS), colours and clipboard (OSC), mode
# reports other than the two that Textual asks for, window reports.
_REPLY = re.compile(
    r"\x1b\[[?>=][\d;]*[cn]"
    r"|\x1b\[\d*n"
    r"|\x1b[P\]X^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b\[\?(?!2026;|2048;)\d+;\d\$y"
    r"|\x1b\[[\d;]*[txR]"
    r"|\x1b\[\?[\d;]*[uR]"
)
_RESIZED = re.compile(r"\x1b\[48;[\d:;]*t")
_UNFINISHED = re.compile(r"\x1b(?:\[[?>=][\d;]*\$?|[P\]X^_][^\x07\x1b]*\x1b?)\Z")
_LONGEST = 4096
_FAREWELL = 0.5
"""Seconds for the last words to reach the terminal."""
_UNDECIDED = 0.25
"""Seconds after which it is certain that an escape was the key, because nothing has followed it."""


class Replies:
    """Takes answers of the terminal out of what is typed, also those that arrive in two pieces."""

    def __init__(self) -> None:
        self._kept = ""

    def without(self, typed: str) -> str:
        """What is left of the next piece of input."""
        typed = _REPLY.sub(lambda found: found[0] if _RESIZED.fullmatch(found[0]) else "", self._kept + typed)
        unfinished = _UNFINISHED.search(typed)
        self._kept = unfinished[0] if unfinished and len(unfinished[0]) < _LONGEST else ""
        return typed[: len(typed) - len(self._kept)]


class Wire:
    """What is written goes out at once, without a lock that a terminal which takes nothing could hold for ever."""

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno

    def fileno(self) -> int:
        return self._fileno

    def write(self, text: str) -> None:
        """Write all of it, however long that takes; nothing more once the terminal is gone."""
        data = memoryview(text.encode("utf-8", "replace"))
        while data:
            try:
                data = data[os.write(self._fileno, data) :]
            except OSError:
                return

    def flush(self) -> None:
        """Nothing is ever kept back."""


class Terminal(LinuxDriver):
    """Textual's driver with a reader of our own, and a writer that never waits for a terminal that does not read.

    `behind`: something was not written because the terminal did not keep up; once it has, all is to be drawn anew.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = Wire(sys.__stderr__.fileno() if sys.__stderr__ else 2)  # type: ignore[assignment]  # all it needs
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        self.behind = False

    @property
    def stuck(self) -> bool:
        """Whether the terminal takes nothing more at the moment."""
        return self._writer_thread is not None and self._writer_thread._queue.full()

    def write(self, data: str) -> None:
        if self._writer_thread is None:
            return
        try:
            self._writer_thread._queue.put_nowait(data)
        except Full:
            self.behind = True

    def close(self) -> None:
        """Wait for what is written to arrive, but not for a terminal that takes nothing."""
        if self._writer_thread is not None:
            with suppress(Full):
                self._writer_thread._queue.put_nowait(None)
            self._writer_thread.join(_FAREWELL)

    def disable_input(self) -> None:
        os.write(self._waker, b".")
        super().disable_input()

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        replies = Replies()
        quiet_from = 0.0
        self._drain()
        while not self.exit_event.is_set():
            pause = 0.05 if monotonic() < quiet_from else None
            ready, _, _ = select.select([self.fileno, self._woken], [], [], pause)
            if self._woken in ready:
                return
            if ready:
                data = self._read()
                if not data:
                    self._app.post_message(TerminalLost())
                    return
                quiet_from = monotonic() + _UNDECIDED
                if typed := replies.without(decode(data)):
                    self._hand_on(parser.feed(typed))
            self._hand_on(parser.tick())

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _drain(self) -> None:
        """Forget calls to wake up that came while nobody slept, as on return from a suspended shell job."""
        try:
            while os.read(self._woken, 64):
                pass
        except BlockingIOError:
            return

    def _read(self) -> bytes:
        """What was typed; nothing if the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""
