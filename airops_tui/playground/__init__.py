"""The playground: a small site of real services that break on demand, to try the console on and to test it with.

Nothing is imported before it is needed, because the services import this package as well and have to start quickly.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airops_tui.playground.world import Playground, RunningPlayground

__all__ = ["Playground", "RunningPlayground", "find_playground", "open_playground"]


def open_playground(directory: Path | None = None) -> Playground:
    """Make a playground, ready to start: see `world.open_playground`."""
    from airops_tui.playground import world

    return world.open_playground(directory)


def find_playground(directory: Path | None = None) -> RunningPlayground:
    """The playground that runs here, or at all: see `world.find_playground`."""
    from airops_tui.playground import world

    return world.find_playground(directory)
