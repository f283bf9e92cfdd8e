"""Text from outside, made safe to show: no log line, page title or container name may drive the operator's terminal.

Everything that was not written by this program passes `clean()` where it enters and again where it is drawn. Afterwards it
holds no control character at all, so it can neither move the cursor, press keys (a terminal *answers* some sequences), set
the clipboard nor hide what stands beside it. Safe to show is not yet safe to share: secrets are `airops_tui.secrets`, whose
names are importable from here too, because one sink needs both.
"""

from __future__ import annotations

import re
import unicodedata

from airops_tui.secrets import REDACTED, Secret, redact, redact_url

__all__ = ["REDACTED", "Secret", "cells", "clean", "clean_lines", "describe", "redact", "redact_url", "safe", "shorten"]

LINE_LIMIT = 8192
MAX_MARKS = 8  # zero-width characters stacked on one cell; written languages need three or four

_UNSHOWN = "\ufffd"
_ELLIPSIS = "…"

# ECMA-48 control sequences. The body of a string sequence ends at any control character: that keeps matching linear and
# lets an unterminated one swallow no more than its line.
_BODY = r"[^\x00-\x1f\x7f-\x9f]*+"
_COMPLETE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI, also cut short
    rf"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f]){_BODY}(?:\x07|\x1b\\|\x9c)"  # DCS SOS OSC PM APC up to BEL or ST
    r"|\x1b[ -/]++[0-~]"  # character sets and their like
)
# Cut short, the seven-bit form leaves a mark where text is missing. The one-character C1 form is not worth a line: it is
# also what a wrongly decoded quotation mark looks like, so only its introducer is replaced (below).
_CUT_SHORT = re.compile(rf"\x1b[PX\]^_]{_BODY}")
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code != 9} | dict.fromkeys((0x85, 0x2028, 0x2029), "␤")
_PICTURES[0x7F] = "␡"
_REPLACED = re.compile(r"[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")  # C1, bidi, surrogates
# Invisible, or changing a neighbour's width in a way no two terminals agree on (joiners, variation selectors, tags).
_INVISIBLE = re.compile(
    r"[\xad\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_VOWEL_JAMO = r"[\u1160-\u11ff\ud7b0-\ud7ff]"  # join the syllable before them: no cell of their own
_STACK = re.compile(rf"(?:[^\w\s\x00-\u02ff]|{_VOWEL_JAMO}){{{MAX_MARKS + 1},}}+")  # may hold too many marks


def clean(text: str | bytes, *, limit: int = LINE_LIMIT) -> str:
    """One line that is safe on any terminal, at most `limit` characters.

    Control sequences are removed, every other control character becomes a visible symbol (`␊`, `␍`, `␛`), bidirectional
    controls and lone surrogates become U+FFFD, invisible characters go, tabs become spaces. Bytes are read as UTF-8, what
    is not UTF-8 as U+FFFD. Line ends at the very end are dropped. A cut is told: ` … (+N)`, N characters (of bytes: bytes)
    not shown. Cleaning twice changes nothing; the time is linear and bounded by `limit`, however long the input.
    """
    size = len(text)
    reach = 4 * max(limit, 16)  # sequences are removed, so look somewhat further than what may be shown
    head = text[: 4 * reach].decode("utf-8", "replace") if isinstance(text, bytes) else text[:reach]
    unread = size - 4 * reach if isinstance(text, bytes) else size - reach
    return _cut(_visible(head if unread > 0 else head.rstrip("\r\n")), limit, max(0, unread))


def clean_lines(text: str | bytes, *, limit: int = LINE_LIMIT, lines: int = 1000) -> list[str]:
    """`clean()` for text of many lines (LF or CRLF): at most `lines` entries, the last one telling how many are left out.

    A carriage return inside a line stays visible: overwriting a line is how a forged one is made.
    """
    if not text or lines < 1:
        return []
    parts: list[str] | list[bytes] = text.split(b"\n", lines) if isinstance(text, bytes) else text.split("\n", lines)
    if not parts[-1]:
        parts.pop()
    if len(parts) <= lines:
        return [clean(part, limit=limit) for part in parts]
    rest = parts[lines]
    breaks = rest.count(b"\n") if isinstance(rest, bytes) else rest.count("\n")
    ended = rest.endswith(b"\n") if isinstance(rest, bytes) else rest.endswith("\n")
    missing = 1 + breaks + (0 if ended else 1)
    return [clean(part, limit=limit) for part in parts[: lines - 1]] + [f"{_ELLIPSIS} (+{missing} lines)"]


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
    """`clean()` and `redact()` in the order that leaks nothing: escapes cannot split a secret, nor the cut halve one."""
    return _cut(redact(clean(text, limit=4 * limit)), limit, 0)


def describe(error: BaseException, *, limit: int = 300) -> str:
    """One cleaned, redacted line that says what an exception means: for every place where one meets a screen or a file.

    Operating system errors read as "Permission denied: /path"; an HTTP client's errors name the request, its address
    redacted; a group tells its first member. Neither traceback nor local variables are looked at.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return safe(_wording(error), limit=limit)


def _wording(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    try:
        words = str(error)
    except Exception as broken:  # noqa: BLE001  an exception that cannot describe itself must not hide the first one
        words = f"({type(broken).__name__} while describing it)"
    if not type(error).__module__.startswith("airops_tui."):
        words = f"{name}: {words}" if words else name
    address = _requested(error)
    return f"{words} ({address})" if address else words or name


def _requested(error: BaseException) -> str:
    """ "GET https://host/path" for errors that carry a request, as httpx's do (which raises where none was set)."""
    try:
        request = error.request  # type: ignore[attr-defined]
        return f"{request.method} {redact_url(str(request.url))}"
    except (AttributeError, RuntimeError):
        return ""


def _visible(text: str) -> str:
    printable = text.isprintable()
    if not printable:
        text = _COMPLETE.sub("", text)
        text = _CUT_SHORT.sub(_UNSHOWN, text)
        text = _REPLACED.sub(_UNSHOWN, text.translate(_PICTURES))
    if not text.isascii():
        text = _STACK.sub(_bounded, _INVISIBLE.sub("", text))
    return text if printable else text.expandtabs(4)


def _cut(text: str, limit: int, unread: int) -> str:
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


def _width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    if "\ud7b0" <= character <= "\ud7ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
