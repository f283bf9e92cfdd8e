"""The keys of the view that was on when help was asked for, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content

from airops_tui.model import State
from airops_tui.report.text import SYMBOLS
from airops_tui.ui import render
from airops_tui.ui.bindings import LETTERS, MOVES, SORTS, Key, bindings
from airops_tui.ui.render import join, quiet, text
from airops_tui.ui.screens.dialog import Dialog
from airops_tui.ui.widgets.lines import Lines

_MEANINGS = {
    State.DOWN: "does not answer, or does not run",
    State.UNKNOWN: "could not be looked at",
    State.DEGRADED: "answers, but not as it should",
    State.SLOW: "answers later than it should",
    State.STARTING: "not ready yet",
    State.STOPPED: "stopped on purpose",
    State.UP: "well",
}


class HelpScreen(Dialog[None]):
    """A list of keys that scrolls; any of its own keys closes it."""

    BINDINGS = bindings(MOVES)

    def __init__(self, keys: Mapping[str, Sequence[Key]]) -> None:
        super().__init__()
        self._keys = keys
        self.lines = Lines(id="help", classes="dialog")

    def compose(self) -> ComposeResult:
        self.lines.border_title = Content("keys here")
        self.lines.border_subtitle = Content("esc closes")
        yield self.lines

    def on_mount(self) -> None:
        lines = [line for title, keys in self._keys.items() for line in _keys(title, keys)] + list(_signs())
        self.lines.styles.height = len(lines) + 2
        self.lines.show(lines)

    def action_move(self, by: int) -> None:
        self.lines.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self.lines.scroll_relative(y=by * max(1, self.lines.size.height - 1), animate=False)

    def action_first(self) -> None:
        self.lines.scroll_home(animate=False)

    def action_last(self) -> None:
        self.lines.scroll_end(animate=False)


def _keys(title: str, keys: Sequence[Key]) -> Iterator[Content]:
    yield quiet(f"{title:>9}")
    letters = [key for key in keys if key in SORTS]
    for key in (*(key for key in keys if key not in letters), *([LETTERS] if letters else ())):
        yield join((f"{key.shown:>9}", "bold $accent"), "  ", text(key.help, "bold $danger" if key.danger else ""))
    yield Content("")


def _signs() -> Iterator[Content]:
    yield quiet(f"{'signs':>9}")
    for state, meaning in _MEANINGS.items():
        yield join((f"{SYMBOLS[state]} {state.value:<9}", f"${state.value}"), quiet(meaning))
    yield join((f"{render.STALE} {'stale':<9}", "$unknown"), quiet("known only from earlier"))
