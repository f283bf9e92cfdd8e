"""Faults found in a config document, and how they become problems with a file and a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from airops_tui.errors import ConfigProblem
from airops_tui.text import clean

Place = tuple[str | int, ...]
"""Where something stands in the document: keys and indices, as `("services", 2, "health")`."""


class Fault(NamedTuple):
    """One thing wrong, at a place of the document. `other`: the place it collides with, told by its line."""

    at: Place
    what: str
    suggestion: str = ""
    other: Place | None = None


def place_all(faults: Iterable[Fault], text: str, file: str) -> list[ConfigProblem]:
    """The faults as problems in file order. `text`, the document, is read once more for the line numbers."""
    from airops_tui.config.positions import line_at, lines_of

    lines = lines_of(text)
    problems = [
        ConfigProblem(
            file,
            line_at(lines, fault.at),
            dotted(fault.at),
            fault.what if fault.other is None else f"{fault.what} (line {line_at(lines, fault.other)})",
            fault.suggestion,
        )
        for fault in faults
    ]
    return sorted(problems, key=lambda problem: problem.line)


def dotted(place: Place) -> str:
    """A place as people write it: `services[2].health`, indices counted from 0 as jq and kubectl do."""
    import json

    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        key = step if re.fullmatch(r"[\w-]+", step) else json.dumps(clean(step, limit=60), ensure_ascii=False)
        text += f".{key}" if text else key
    return text


def quoted(value: str) -> str:
    """A value of the file as it can be shown in a sentence."""
    return f'"{clean(value, limit=60)}"'


def nearest(word: str, known: Sequence[str]) -> str:
    """'did you mean "…"?' for a word that looks like a known one, otherwise empty."""
    import difflib

    by_case = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(word.casefold(), by_case, n=1, cutoff=0.6)
    return f"did you mean {quoted(by_case[close[0]])}?" if close else ""
