"""A file to import, and what one made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from airops_tui.config import access
from airops_tui.config.draft import Candidate


class NotThis(Exception):
    """The file is not of this format; the text of the exception says why, as in "it has no [Service] section"."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The services that a file describes. `left_out`: what was seen and not taken, one sentence each."""

    candidates: tuple[Candidate, ...] = ()
    title: str = ""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The file to import, and the way to those that belong to it."""

    path: Path
    data: bytes

    @property
    def text(self) -> str:
        """Its text; bytes that are not UTF-8 become U+FFFD."""
        return self.data.decode("utf-8-sig", "replace")

    @property
    def folder(self) -> Path:
        """The folder it lies in, where its relative paths start."""
        return self.path.parent

    def near(self, pattern: str) -> Iterator[Source]:
        """The readable files of a pattern relative to its folder, at most 100 of them."""
        for path in sorted(self.folder.glob(pattern))[:100]:
            try:
                yield Source(path, access.read(path).data)
            except access.Unreadable:
                continue
