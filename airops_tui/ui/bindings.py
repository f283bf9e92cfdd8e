"""Every key of the console, once, as data: what it does, how it is called, whether it is dangerous.

The bindings of the screens, the bar at the bottom, the help and the palette are all made from these tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from airops_tui.ui.columns import SERVICES


@dataclass(frozen=True, slots=True)
class Key:
    """A key, or several for one thing.

    `keys` are Textual's names for them, `shown` is how a person reads them, `bar` the word at the bottom of the screen,
    empty for no place there. `danger`: it changes the world. `palette`: it is a command too.
    """

    keys: str
    action: str
    help: str
    shown: str
    bar: str = ""
    danger: bool = False
    palette: bool = True


ANYWHERE: tuple[Key, ...] = (
    Key("question_mark,f1", "help", "keys of this view", "?", "help"),
    Key("colon,ctrl+p", "palette", "all commands", ":", "commands", palette=False),
    Key("ctrl+r", "refresh", "look now", "ctrl+r"),
    Key("p", "pause", "pause and resume looking", "p"),
    Key("plus,equals_sign", "slower", "look less often", "+"),
    Key("minus", "faster", "look more often", "-"),
    Key("q,ctrl+q", "leave", "quit", "q", "quit"),
    Key("ctrl+c", "interrupt", "says how to quit", "ctrl+c", palette=False),
)

MOVES: tuple[Key, ...] = (
    Key("j,down", "move(1)", "down", "j ↓", palette=False),
    Key("k,up", "move(-1)", "up", "k ↑", palette=False),
    Key("g,home", "first", "to the top", "g", palette=False),
    Key("G,end", "last", "to the bottom", "G", palette=False),
    Key("pagedown,space", "page(1)", "a page down", "pgdn", palette=False),
    Key("pageup", "page(-1)", "a page up", "pgup", palette=False),
)

SERVICE_TABLE: tuple[Key, ...] = (
    Key("enter", "details", "details of the selected service", "enter", "details"),
    Key("slash", "filter", "filter as you type; !text shows the others", "/", "filter"),
    Key("ctrl+z", "faults", "faults only, and back", "ctrl+z", "faults"),
    Key("o", "sort", "sort by…", "o", "sort"),
    Key("y", "copy", "copy the row", "y", "copy"),
    *MOVES,
    Key("escape", "back", "clear the filter, close the details; never quits", "esc", palette=False),
)

SORTS: tuple[Key, ...] = tuple(
    Key(
        column.letter,
        f"sort_by('{column.key}')",
        f"sort by {column.title.rstrip(' %').lower()}",
        f"shift+{column.letter.lower()}",
    )
    for column in SERVICES
)

LETTERS = Key("", "", "sort by the underlined letter; again reverses", "shift+…")
"""All of SORTS in one line, for the help."""

DETAIL: tuple[Key, ...] = (
    Key("escape,enter", "back", "back to the list", "esc", "back", palette=False),
    Key("y", "copy", "copy the row", "y", "copy"),
    *MOVES,
)

FILTER: tuple[Key, ...] = (
    Key("enter", "keep", "keep the filter and go to the list", "enter", "keep"),
    Key("escape", "clear", "clear the filter", "esc", "clear"),
)

MODAL: tuple[Key, ...] = (
    Key("escape", "close", "close", "esc", "close"),
    Key("ctrl+q", "app.leave", "quit", "ctrl+q"),
)

CHOICES: tuple[Key, ...] = (
    Key("down,ctrl+n", "choose(1)", "next", "↓"),
    Key("up,ctrl+p", "choose(-1)", "previous", "↑"),
    Key("enter", "take", "do it", "enter"),
)

SORT_CHOICES: tuple[Key, ...] = (
    *SORTS,
    Key("o", "again", "the other way round", "o"),
    Key("j", "choose(1)", "next", "j"),
    Key("k", "choose(-1)", "previous", "k"),
)


def bindings(*tables: Iterable[Key]) -> list[BindingType]:
    """The keys as bindings of a screen or widget."""
    return [Binding(key.keys, key.action, key.help, show=False) for table in tables for key in table]


def bar(*tables: Sequence[Key]) -> list[Key]:
    """The keys that have a place at the bottom of the screen, in the order of the tables."""
    return [key for table in tables for key in table if key.bar]
