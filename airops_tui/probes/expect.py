"""What counts as a good answer, pure: a reply and a rule in, a Health out.

Bodies are judged on their first 64 KiB and were written by somebody else: whatever is quoted from one is cleaned and
redacted, and nothing in one can cost more than a bounded amount of time or memory.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec

from airops_tui.config.settings import HealthRule
from airops_tui.model import Failure, Health
from airops_tui.probes.document import MISSING, at, read_json
from airops_tui.text import safe

BODY_LIMIT = 64 * 1024
"""Bytes of a body that are read, and bytes that an encoded one may inflate to."""

PATTERN_SECONDS = 0.1
"""How long a pattern may search: some patterns need longer than the universe for the wrong body."""

_QUOTED = 60


class Reply(msgspec.Struct, frozen=True):
    """What came back. Header names are lower case. `truncated`: there was more body than was read.

    `facts` are notes that came up on the way: redirects taken, a certificate that ends soon.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    truncated: bool = False
    facts: tuple[str, ...] = ()

    def header(self, name: bytes) -> str | None:
        """The first header of that name, cleaned."""
        value = next((value for key, value in self.headers if key == name), None)
        return None if value is None else safe(value, limit=400)


class Unreadable(Exception):
    """A body that cannot be judged; the message says why, already safe to show."""

    def __init__(self, failure: Failure, words: str) -> None:
        super().__init__(words)
        self.failure = failure
        self.words = words


def judge(rule: HealthRule, reply: Reply, latency_ms: float) -> Health:
    """Whether the reply is what the rule expects. May search for PATTERN_SECONDS: not for the loop if there is a body
    rule."""
    failure, error, facts = _verdict(rule, reply)
    return Health(
        ok=failure is None,
        status=reply.status,
        latency_ms=latency_ms,
        error=error,
        failure=failure,
        slow=latency_ms >= rule.slow * 1000,
        facts=reply.facts + facts,
    )


def _verdict(rule: HealthRule, reply: Reply) -> tuple[Failure | None, str | None, tuple[str, ...]]:
    expected = reply.status in rule.status if rule.status else 200 <= reply.status < 300
    try:
        body, cut = inflate(reply)
    except Unreadable as trouble:
        body, cut = b"", False
        if expected:
            return trouble.failure, f"{reply.status}, but {trouble.words}", ()
    if not expected:
        failure, error = _wrong_status(rule, reply)
        return failure, error, _says(body) if reply.status >= 500 else ()
    facts = ("body cut at 64 KiB",) if cut else ()
    complaint = _pattern_complaint(rule, body) or _json_complaint(rule, body, cut)
    if complaint is not None:
        return Failure.BODY, f"{reply.status}, but {complaint}", facts
    return None, None, facts


def _wrong_status(rule: HealthRule, reply: Reply) -> tuple[Failure, str]:
    words = f"{reply.status} {phrase(reply.status)}".rstrip()
    patience = reply.header(b"retry-after")
    if reply.status == 429 or (reply.status == 503 and patience is not None):
        wait = f": asks to come back in {int(patience)} s" if patience and patience.isdecimal() else ""
        return Failure.LOADED, words + wait
    place = reply.header(b"location") if 300 <= reply.status < 400 else None
    if place:
        words += f", to {place.partition('?')[0]}"
    if rule.status and reply.status < 400:
        words += f", expected {' or '.join(map(str, rule.status))}"
    return Failure.STATUS, words


def _says(body: bytes) -> tuple[str, ...]:
    """The beginning of an error's body, unless it is a page: often the one line that explains the night."""
    start = body.lstrip()[:1]
    return (f"it says: {_quote(body, 160)}",) if start and start != b"<" else ()


def phrase(status: int) -> str:
    """The standard words for a status code, or nothing; never the server's own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def inflate(reply: Reply) -> tuple[bytes, bool]:
    """The body as it was meant, at most BODY_LIMIT bytes, and whether that is not all of it. Raises Unreadable.

    An encoding was not asked for. gzip and zlib are undone up to the limit, however much they would inflate to.
    """
    encoding = (reply.header(b"content-encoding") or "identity").strip().lower()
    if encoding in ("identity", ""):
        return reply.body, reply.truncated
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(
            Failure.ENCODING, f"its body is encoded as {safe(encoding, limit=40)}, which was not asked for"
        )
    inflater = zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
    try:
        body = inflater.decompress(reply.body, BODY_LIMIT)
    except zlib.error as error:
        raise Unreadable(Failure.ENCODING, f"its body is not the {encoding} it claims to be") from error
    return body, reply.truncated or not inflater.eof


def _pattern_complaint(rule: HealthRule, body: bytes) -> str | None:
    if rule.body is None:
        return None
    import regex  # the one engine with a time limit; the standard one would stop the whole process

    try:
        if _compiled(rule.body).search(body.decode("utf-8", "replace"), timeout=PATTERN_SECONDS):
            return None
    except TimeoutError:
        return f"/{safe(rule.body, limit=_QUOTED)}/ was still searching its body after {PATTERN_SECONDS:g} s"
    except regex.error:
        return f"/{safe(rule.body, limit=_QUOTED)}/ is not a regular expression"
    begins = f', which begins "{_quote(body, _QUOTED)}"' if body.strip() else ", which is empty"
    return f"/{safe(rule.body, limit=_QUOTED)}/ is not in its body{begins}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import regex

    return regex.compile(pattern)


def _json_complaint(rule: HealthRule, body: bytes, cut: bool) -> str | None:
    if not rule.json:
        return None
    if cut:
        return "its JSON is longer than 64 KiB"
    try:
        document = read_json(body)
    except ValueError as error:
        return f"its body is not usable JSON: {error}"
    for pointer, wanted in rule.json.items():
        value = at(document, pointer)
        if value is MISSING:
            return f"{safe(pointer, limit=_QUOTED)} is missing, expected {_shown(wanted)}"
        if not _same(value, wanted):
            return f"{safe(pointer, limit=_QUOTED)} is {_shown(value)}, expected {_shown(wanted)}"
    return None


def _same(value: Any, wanted: str | int | float | bool) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):  # in Python, True is 1
        return value is wanted
    return bool(value == wanted)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return safe(json.dumps(value, ensure_ascii=False), limit=_QUOTED)


def _quote(body: bytes, limit: int) -> str:
    return safe(" ".join(body[: 4 * limit].decode("utf-8", "replace").split()), limit=limit)
