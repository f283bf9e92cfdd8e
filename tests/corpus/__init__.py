"""Hostile and awkward text for every part that shows something from outside: attacks, markup, forgeries, Unicode.

The files in `evil/` are safe to look at: a line is `what it attempts | Python bytes literal`, `#` starts a comment.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "evil"


class Sample(NamedTuple):
    """One hostile text: the file it is from, what it attempts, its bytes as a log or a socket would deliver them."""

    family: str
    attempt: str
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def evil(*families: str) -> list[Sample]:
    """The samples of the named files (`escapes`, `markup`, `forged`, `unicode`, `binary`), or all of them."""
    return [
        Sample(family, *_parsed(line))
        for family in families or sorted(path.stem for path in _FOLDER.glob("*.txt"))
        for line in (_FOLDER / f"{family}.txt").read_text("ascii").splitlines()
        if line and not line.startswith("#")
    ]


def _parsed(line: str) -> tuple[str, bytes]:
    attempt, _, literal = line.partition(" | ")
    return attempt, _bytes(ast.parse(literal.strip(), mode="eval").body)


def _bytes(node: ast.expr) -> bytes:
    """Bytes literals, joined by + and repeated by *: what the files need, and no more."""
    match node:
        case ast.Constant(value=bytes(data)):
            return data
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _bytes(left) + _bytes(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int(times))):
            return _bytes(left) * times
    raise ValueError(f"not bytes: {ast.unparse(node)}")
