"""The line at the bottom: the keys that work here, and for a few seconds what was just done."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from airops_tui.ui import render
from airops_tui.ui.bindings import Key
from airops_tui.ui.render import join, text
from airops_tui.ui.widgets.lines import Lines

SHOWN_FOR = 6.0
"""Seconds for which a sentence stands in the place of the keys."""


class KeyBar(Lines):
    """Keys to press or click, and at its right end a counter of our own errors."""

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(id="keybar")
        self._keys: Sequence[Key] = ()
        self._said: Content | None = None
        self._errors = 0
        self._timer: Timer | None = None

    @property
    def count(self) -> int:
        return 1

    def content(self, index: int) -> Content:
        errors = (
            text(f"  {self._errors} error{'s' * (self._errors > 1)} of ours", "$down") if self._errors else Content("")
        )
        room = max(0, self.size.width - errors.cell_length)
        return join(render.fit(self._said or join(*map(_offer, self._fitting())), room), errors)

    def offer(self, keys: Sequence[Key]) -> None:
        """Show these keys."""
        self._keys = keys
        self.changed()

    def say(self, sentence: str, *, failed: bool = False) -> None:
        """Show a sentence for a while."""
        self._said = join(" ", text(sentence, "$down" if failed else "$accent"))
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_FOR, self._hush)
        self.changed()

    def count_error(self) -> None:
        """One more error of our own."""
        self._errors += 1
        self.changed()

    def on_click(self, event: events.Click) -> None:
        edge = 0
        for key in self._fitting() if self._said is None else ():
            edge += _offer(key).cell_length
            if event.x < edge:
                self.post_message(self.Pressed(key))
                return

    def _hush(self) -> None:
        self._said = None
        self.changed()

    def _fitting(self) -> list[Key]:
        """As many keys as fit whole; the last ones (help, commands, quit) are the last to go."""
        keys = list(self._keys)
        while keys and sum(_offer(key).cell_length for key in keys) > self.size.width:
            keys.pop(max(0, len(keys) - 4))
        return keys


def _offer(key: Key) -> Content:
    return join(" ", (key.shown, "bold $accent"), (f" {key.bar}", "$quiet"), " ")
