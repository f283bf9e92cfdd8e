"""What is sent to the terminal when a few cells change: those cells.

Textual knows which cells changed, but sends each line of them from where its widget begins. For a console that is left
open over SSH all day that is most of what it costs.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate


class Cells(CompositorUpdate):
    """The same update as Textual's `ChopsUpdate`, without the cells that did not change."""

    def __init__(self, update: ChopsUpdate) -> None:
        self._update = update

    def render_segments(self, console: Console) -> str:
        """The bytes to write, as text with escape sequences."""
        written: list[str] = []
        for y, start, end in self._update.spans:
            for stop, (x, strip) in zip(self._update.chop_ends[y], self._update.chops[y].items(), strict=False):
                left, right = max(x, start), min(stop, end)
                if strip is not None and left < right:
                    written.append(Control.move_to(left, y).segment.text)
                    written.append(strip.crop(left - x, right - x).render(console))
        return "".join(written)
