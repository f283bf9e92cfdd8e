"""The line that narrows a list: where the filter is typed, and afterwards a reminder that rows are hidden."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from airops_tui.text import clean
from airops_tui.ui.bindings import FILTER, bindings
from airops_tui.ui.render import join, quiet
from airops_tui.ui.view import View
from airops_tui.ui.widgets.lines import Lines

LONGEST = 80


class Wanted(Input):
    """The text being typed. `enter` keeps it, `esc` clears it."""

    BINDINGS = bindings(FILTER)

    class Ended(Message):
        """Typing is over; `kept` says whether the filter stays."""

        def __init__(self, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    def action_keep(self) -> None:
        self.post_message(self.Ended(True))

    def action_clear(self) -> None:
        self.post_message(self.Ended(False))

    def on_blur(self, event: events.Blur) -> None:
        self.post_message(self.Ended(True))


class FilterBar(Horizontal):
    """Hidden while every row is shown."""

    def __init__(self) -> None:
        super().__init__(id="filterbar")
        self.field = Wanted(id="wanted", max_length=LONGEST, select_on_focus=False, compact=True)
        self.note, self.found = Lines(id="filternote"), Lines(id="filtercount")

    def compose(self) -> ComposeResult:
        yield self.note
        yield self.field
        yield self.found

    @property
    def typing(self) -> bool:
        """Whether the field has the keys."""
        return self.has_class("-typing")

    def type(self, wanted: str) -> None:
        """Let somebody type."""
        self.add_class("-typing")
        self.field.value = wanted
        self.field.cursor_position = len(wanted)
        self.field.focus()

    def stop(self) -> None:
        """Typing is over."""
        self.remove_class("-typing")

    def tell(self, view: View, shown: int, total: int) -> None:
        """Say what is hidden and how to see it again."""
        self.set_class(view.narrowed or self.typing, "-shown")
        hidden = f"{shown} of {total} "
        if self.typing:
            self.note.show([join(" ", ("/", "bold $accent"))])
            self.found.show([quiet(f"{hidden:>15}")])
            return
        wanted = clean(view.wanted.strip())
        parts = [("  faults only", "bold $accent")] if view.faults else []
        parts += [(f"  /{wanted}", "bold $accent")] if wanted else []
        how = "   ctrl+z shows all" if view.faults else "   esc shows all"
        self.note.show([join(*parts, (f"   {hidden}shown", ""), (how, "$quiet"))])
