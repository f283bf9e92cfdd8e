"""The last gate before the terminal: no control character passes, and without UTF-8 nothing but ASCII does.

Text is cleaned long before. This gate stands behind every widget, also those that are not ours, because what passes
here is what the terminal obeys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from airops_tui.text import cells, clean

_DRAWN = {
    "●": "*",
    "✖": "x",
    "▲": "!",
    "◌": "?",
    "■": "-",
    "·": ".",
    "…": "~",
    "–": "-",
    "↑": "^",
    "↓": "v",
    "→": ">",
    "❯": ">",
    **dict.fromkeys("│┃║▏▎▍▌▐▕", "|"),
    **dict.fromkeys("─━═▔▄▀", "-"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛", "+"),
}
_BARS = dict(zip("▁▂▃▄▅▆▇█", "..:-=+*#", strict=True))
_TABLE = str.maketrans(_DRAWN | _BARS)


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale of the environment means UTF-8; one that says nothing is taken for it, as terminals are today.

    LC_CTYPE=C.UTF-8 is put there by Python itself when the locale is C (PEP 538), so it does not outweigh LANG.
    """
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE", "")
    if not named or named == "C.UTF-8":
        named = environ.get("LC_ALL") or environ.get("LANG") or named
    return not named or named.replace("-", "").lower().endswith(("utf8", "utf8@euro"))


@lru_cache(4096)
def ascii_only(text: str) -> str:
    """The same text in ASCII, in as many cells: our own signs by their stand-ins, everything else as `?`."""
    if text.isascii():
        return text
    drawn = text.translate(_TABLE)
    return "".join(sign if sign.isascii() else "?" * cells(sign) for sign in drawn)


def without_controls(text: str) -> str:
    """The same text without anything a terminal would act upon."""
    return text if text.isprintable() else clean(text)


class Gate(LineFilter):
    """Applies a function to all text on its way to the terminal."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        change = self._change
        changed = [change(text) for text, _, _ in segments]
        if all(new is segment.text for new, segment in zip(changed, segments, strict=True)):
            return segments
        return [segment._replace(text=new) for new, segment in zip(changed, segments, strict=True)]
