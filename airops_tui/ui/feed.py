"""What the console is driven by: a feed of snapshots, and the commands somebody else brings for the palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from airops_tui.model import Snapshot


class Feed(Protocol):
    """Where snapshots come from: the poller, or in tests a replay. Its methods may be called from any thread."""

    @property
    def period(self) -> float:
        """Seconds between two looks."""
        ...

    @property
    def first(self) -> Snapshot | None:
        """What is known before any look: the names."""
        ...

    @property
    def paused(self) -> bool: ...

    def listen(self, listener: Callable[[Snapshot], None]) -> None:
        """Call `listener` with each new snapshot, in a thread of the feed's own."""
        ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...

    def refresh(self, name: str | None = None) -> None:
        """Look now."""
        ...

    def set_period(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Extra:
    """A command of somebody else's in the palette. `run` may block; the sentence it returns is shown."""

    name: str
    help: str
    run: Callable[[], str]


Copy = Callable[[str], str | None]
"""Puts text on the clipboard of this machine; the name of the program that took it, or None. May block."""
