"""What reaches the console from other threads, each a small fact in the past tense."""

from __future__ import annotations

from textual.message import Message

from airops_tui.model import Snapshot


class SnapshotArrived(Message):
    """The feed has a newer picture. Only the newest of those that wait matters."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived)


class CommandEnded(Message):
    """Something that ran in a thread is over; `sentence` says how it went."""

    def __init__(self, sentence: str, *, failed: bool = False) -> None:
        super().__init__()
        self.sentence = sentence
        self.failed = failed


class TerminalLost(Message):
    """The terminal is gone: nobody sees this console any more."""


class Failed(Message):
    """A part of the console could not be drawn or could not act; the rest goes on."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
