"""Every command by its name, with its key: what the keys do, the commands that were brought along, the themes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from airops_tui.ui import render
from airops_tui.ui.bindings import CHOICES, bindings
from airops_tui.ui.render import join, quiet, text
from airops_tui.ui.screens.dialog import Dialog

LONGEST = 80


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done: how it is called, its key, the action behind it, and a word of explanation."""

    name: str
    key: str
    action: str
    help: str = ""
    danger: bool = False

    @property
    def words(self) -> str:
        """What is searched."""
        return f"{self.name} {self.help} {self.key}".casefold()


class PaletteScreen(Dialog[str]):
    """Type a few letters of a command and press enter. Results in its action."""

    BINDINGS = bindings(CHOICES)

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = commands
        self._shown: Sequence[Command] = commands
        self.field = Input(id="palettefield", max_length=LONGEST, compact=True)
        self.choices = OptionList(id="choices", compact=True)

    def compose(self) -> ComposeResult:
        with Vertical(id="palette", classes="dialog") as box:
            box.border_title = Content("commands")
            box.border_subtitle = Content("enter does it, esc closes")
            yield self.field
            yield self.choices

    def on_mount(self) -> None:
        self.choices.can_focus = False
        self._offer("")

    def on_resize(self) -> None:
        self.call_after_refresh(self._offer, self.field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._offer(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The field takes the enter key before any binding here sees it."""
        event.stop()
        self.action_take()

    def action_choose(self, by: int) -> None:
        if self._shown:
            here = self.choices.highlighted or 0
            self.choices.highlighted = max(0, min(len(self._shown) - 1, here + by))

    def action_take(self) -> None:
        if self._shown:
            self.dismiss(self._shown[self.choices.highlighted or 0].action)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].action)

    def _offer(self, wanted: str) -> None:
        self._shown = find(self._commands, wanted)
        width = max(20, self.choices.scrollable_content_region.width)
        self.choices.clear_options()
        self.choices.add_options([Option(_line(command, width)) for command in self._shown])
        self.choices.highlighted = 0 if self._shown else None
        if not self._shown:
            self.choices.add_option(Option(quiet("no such command"), disabled=True))


def find(commands: Sequence[Command], wanted: str) -> Sequence[Command]:
    """The commands in whose name or explanation every typed word occurs, those that begin with it first."""
    words = wanted.casefold().split()
    found = [command for command in commands if all(word in command.words for word in words)]
    return sorted(found, key=lambda command: not command.words.startswith(tuple(words[:1])))


def _line(command: Command, width: int) -> Content:
    style = "bold $danger" if command.danger else "bold"
    name = join((command.name, style), f"  {command.help}" if command.help else "")
    key = text(command.key, "bold")
    room = width - key.cell_length - 1
    return join(render.fit(name, room), " ", key)
