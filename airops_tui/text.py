"""Text from outside, made safe to show: no log line, page title or container name may drive the operator's terminal.

Everything that was not written by this program passes `clean()` where it enters and again where it is drawn. Afterwards
it holds no control character at all: it can neither move the cursor, press keys (a terminal answers some sequences),
set the clipboard, nor hide what stands beside it. Safe to show is not yet safe to tell: for secrets see `redaction`,
whose names can be had from here too, since a sink needs both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain

from airops_tui.redaction import hide_keys, redact, redact_url
from airops_tui.secrets import REDACTED, Secret

__all__ = [
    "REDACTED",
    "Secret",
    "cells",
    "clean",
    "clean_lines",
    "describe",
    "redact",
    "redact_url",
    "safe",
    "safe_lines",
    "shorten",
]

LINE_LIMIT = 8192
MAX_MARKS = 8  # zero-width characters stacked on one cell; written languages need three or four

_UNSHOWN = "\ufffd"
_ELLIPSIS = "…"

# Characters, as first and last of a span.
_C1_BIDI_SURROGATES = (
    *((0x80, 0x9F), (0x61C, 0x61C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF)),
)
# Invisible, or changing a neighbour's width in ways no two terminals agree on: soft hyphen, joiners, Hangul fillers,
# variation selectors, skin tones, annotation and shorthand controls, tags.
_INVISIBLE = (
    *((0xAD, 0xAD), (0x180B, 0x180F), (0x200B, 0x200D), (0x2060, 0x2065), (0x206A, 0x206F), (0xFE00, 0xFE0F)),
    *((0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
    *((0x115F, 0x115F), (0x3164, 0x3164), (0xFFA0, 0xFFA0), (0x1F3FB, 0x1F3FF)),
)


def clean(text: str | bytes, *, limit: int = LINE_LIMIT) -> str:
    """One line that is safe on any terminal, at most `limit` characters.

    Control sequences are removed, other control characters become visible symbols (`␊`, `␍`, `␛`), bidirectional
    controls and lone surrogates become U+FFFD, invisible characters go, tabs become spaces. Bytes are read as UTF-8,
    what is not UTF-8 as U+FFFD. Line ends at the very end are dropped. A cut is told: ` … (+N)`, N characters not shown
    (bytes, where nothing was decoded). Cleaning twice changes nothing; `limit` bounds the time, however long the input.
    """
    return _cut(*_beginning(text, limit), limit)


def clean_lines(text: str | bytes, *, limit: int = LINE_LIMIT, lines: int = 1000) -> list[str]:
    """`clean()` for text of many lines (LF or CRLF): at most `lines` entries, the last one telling what is left out.

    A carriage return inside a line stays visible: overwriting a line is how a forged one is made.
    """
    return _by_line(_decoded(text), lines, lambda line: clean(line, limit=limit))


def cells(text: str) -> int:
    """How many terminal cells a cleaned text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def shorten(text: str, width: int) -> str:
    """A cleaned text in at most `width` cells; what is cut off is told by `…`. A wide character is never halved."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    room, kept = width - 1, 0
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + _ELLIPSIS


def safe(text: str | bytes, *, limit: int = LINE_LIMIT) -> str:
    """`clean()` and `redact()` in the order that leaks nothing: no escape splits a secret, no cut halves one."""
    shown, unread = _beginning(text, limit)
    return _cut(redact(shown), unread, limit)


def safe_lines(text: str | bytes, *, limit: int = LINE_LIMIT, lines: int = 1000) -> list[str]:
    """`safe()` for text of many lines; a private key that takes up several of them is hidden as a whole."""
    return _by_line(hide_keys(_decoded(text)), lines, lambda line: safe(line, limit=limit))


def describe(error: BaseException, *, limit: int = 300) -> str:
    """One cleaned, redacted line that says what an exception means: for every place where one meets a screen or a file.

    Operating system errors read as "Permission denied: /path"; our own are sentences already; a group tells
    its first member. Neither traceback nor local variables are looked at.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return safe(_wording(error), limit=limit)


def _wording(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename is not None else str(error.strerror)
    try:
        words = str(error)
    except Exception as broken:  # noqa: BLE001  an exception without words must not hide that there was one
        words = f"({type(broken).__name__} while describing it)"
    if words and type(error).__module__.startswith("airops_tui."):
        return words  # a sentence already
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _beginning(text: str | bytes, limit: int) -> tuple[str, int]:
    """As much of a text as may matter for `limit` characters, made visible, and how much was not even looked at."""
    reach = 4 * max(limit, 0) + 4096  # removed sequences take no room, so look further than what may be shown
    unread = 0
    if isinstance(text, bytes):
        unread = max(0, len(text) - 4 * reach)
        text = _decoded(text[: 4 * reach])
    unread += max(0, len(text) - reach)
    return _visible(text[:reach] if unread else text.rstrip("\r\n")), unread


def _decoded(text: str | bytes) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _by_line(text: str, lines: int, show: Callable[[str], str]) -> list[str]:
    if not text or lines < 1:
        return []
    parts = text.split("\n", lines)
    if not parts[-1]:
        parts.pop()
    if len(parts) <= lines:
        return [show(part) for part in parts]
    left_out = 2 + parts[lines].removesuffix("\n").count("\n")
    return [*(show(part) for part in parts[: lines - 1]), f"{_ELLIPSIS} (+{left_out} lines)"]


def _visible(text: str) -> str:
    plain, ascii_only = text.isprintable(), text.isascii()
    if not plain:
        complete, cut_short = _sequences()
        text = cut_short.sub(_UNSHOWN, complete.sub("", text))
    if not (plain and ascii_only):
        text = text.translate(_shown_as()).expandtabs(4)
    return text if ascii_only else _stacks().sub(_bounded, text)


# Made at first need: most text is plain, and a start should not pay for what it may never show.


@cache
def _sequences() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Control sequences of ECMA-48: complete ones, and strings that are cut short.

    The body of a string ends at any control character: matching stays linear, and one without an end swallows no more
    than its line. Cut short, the seven-bit form leaves a mark where text is missing. Of the one-character C1 form only
    the introducer is replaced: it is also what a wrongly decoded quotation mark looks like, and not worth a line.
    """
    body = r"[^\x00-\x1f\x7f-\x9f]*+"
    complete = (
        r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI, also cut short
        rf"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f]){body}(?:\x07|\x1b\\|\x9c)"  # DCS SOS OSC PM APC, to BEL or ST
        r"|\x1b[ -/]++[0-~]"  # choice of character sets
    )
    return re.compile(complete), re.compile(rf"\x1b[PX\]^_]{body}")


@cache
def _shown_as() -> dict[int, str | None]:
    """What stands in the place of a single character."""

    def each(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
        return chain.from_iterable(range(first, last + 1) for first, last in spans)

    return {
        **dict.fromkeys(each(_C1_BIDI_SURROGATES), _UNSHOWN),
        **dict.fromkeys(each(_INVISIBLE)),
        **{code: chr(0x2400 + code) for code in range(0x20) if code != 9},
        **{0x7F: "␡", 0x85: "␤", 0x2028: "␤", 0x2029: "␤"},
    }


@cache
def _stacks() -> re.Pattern[str]:
    """Runs that may stack too much on one cell: marks, vowels and finals of Korean syllables spelt in pieces."""
    return re.compile(rf"[\W\u1160-\u11ff\ud7b0-\ud7ff]{{{MAX_MARKS + 1},}}+")


def _cut(text: str, unread: int, limit: int) -> str:
    if len(text) <= limit and not unread:
        return text
    total = len(text) + unread
    room = limit - len(f" {_ELLIPSIS} (+{total})")
    if room < 1:
        return text[: limit - 1] + _ELLIPSIS if limit > 0 else ""
    shown = text[:room]
    return f"{shown} {_ELLIPSIS} (+{total - len(shown)})"


def _bounded(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if _width(character) == 0 else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    if "\ud7b0" <= character <= "\ud7ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
