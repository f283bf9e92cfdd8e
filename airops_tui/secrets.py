"""Secrets, and keeping them out of everything that is shown, logged, stored or sent.

Two nets. A `Secret` remembers its value, so `redact()` finds it wherever it turns up, in whatever coding. Patterns find what
nobody declared: authorization headers, passwords in addresses, `token=` pairs, well-known token shapes, private keys. Flags
at the source are forgotten sooner or later; both nets therefore stand at the sinks.
"""

from __future__ import annotations

import binascii
import re
from functools import cache
from typing import NoReturn

REDACTED = "[REDACTED]"
SHORTEST = 6  # characters; a shorter value would black out ordinary words and numbers, patterns alone guard it


class Secret:
    """A value that shows itself to nobody who does not ask by name: `reveal()`.

    `str`, `repr`, `format` give `[REDACTED]`, and so do `json.dumps(…, default=str)` and a pickle (plain `json.dumps` refuses).
    It is no `str`, so that a type checker finds the forgotten `reveal()`. Making one registers its value with `redact()`.
    """

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)
        _register(value)

    def reveal(self) -> str:
        """The value itself; keep the result in no variable that outlives the call it is for."""
        return self._value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change")

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        import hmac  # takes OpenSSL along: too slow for everybody who only shows text

        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (REDACTED,)


_forms: tuple[str, ...] = ()  # replaced, never edited: readers in other threads hold a whole one


def _register(value: str) -> None:
    global _forms
    found = {form for part in _parts(value) for form in _codings(part)}
    if not found.issubset(_forms):
        _forms = tuple(sorted(found.union(_forms), key=lambda form: (-len(form), form)))


def _parts(value: str) -> set[str]:
    """What of a value is to be hidden. Of an address: not the host, which the operator needs to see."""
    value = value.strip()
    parts = {value, *(line.strip() for line in value.splitlines() if len(line.strip()) >= 16)}
    address = re.fullmatch(r"(\w[\w+.-]*)://(?:([^/?#]*)@)?([^/?#@]*)(.*)", value)
    if address:
        scheme, user, _, path = address.groups(default="")
        inside = {user, user.partition(":")[2], path.strip("/") if scheme.lower() in ("http", "https") else ""}
        parts = {part for part in inside if len(part) >= SHORTEST} or parts
    return {part for part in parts if len(part) >= SHORTEST and part not in REDACTED}


def _codings(value: str) -> set[str]:
    import html
    import json
    import shlex
    from urllib.parse import quote, quote_plus

    raw = _bytes(value)
    percent = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], html.escape(value)}
    escaped |= {form.replace("/", r"\/") for form in escaped} | {shlex.quote(value)[1:-1]} - {value[1:-1]}
    lower = {re.sub("%..", lambda code: code[0].lower(), form) for form in percent}
    return {value, raw.hex(), raw.hex().upper()} | percent | lower | escaped | _base64_forms(raw)


def _base64_forms(raw: bytes) -> set[str]:
    """The characters that depend on `raw` alone, for each of the three places it can have in a group of three bytes."""
    forms = set()
    for before in range(3):
        coded = binascii.b2a_base64(bytes(before) + raw, newline=False).decode()
        inner = coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


_NAMES = (
    r"(?:token|secret|passw(?:or)?d|passphrase|passwd|pwd|credentials?|signature|session[_-]?id"
    r"|(?:api|access|private|secret|signing|encryption|account|auth|shared)[_-]?key(?:[_-]id)?|(?<![a-z])(?:key|sig|auth))"
)
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s&,;"'<>)\]}]+)"""
_ADDRESS_PART = r"[^\s\"'<>]+"
_TOKEN_START = r"(?<![A-Za-z0-9_-])"

# hints (in lower case: one of them must occur for the pattern to be tried at all), pattern, replacement
_PATTERNS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("-begin ",), r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", REDACTED),
    (
        ("authorization",),
        r"""(?i)(authorization["']?\s{0,4}[:=]\s{0,4}["']?)(?:(digest|aws4-hmac-sha256)[^"'\n]+|((?:[a-z]+ )?)[^\s"',;]+)""",
        rf"\1\2\3{REDACTED}",
    ),
    (("bearer ", "basic "), r"(?i)\b(bearer|basic) +(?:(?=[a-z+/._~=-]*\d)[\w+/.~=-]{8,}|[\w+/.~=-]{24,})", rf"\1 {REDACTED}"),
    (("cookie",), r"(?i)(cookie[\"']?\s{0,4}[:=]\s{0,4})[^\n]+", rf"\1{REDACTED}"),
)


@cache
def _compiled() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    return tuple((hints, re.compile(pattern), replacement) for hints, pattern, replacement in _PATTERNS)


def redact(text: str) -> str:
    """`text` without secrets: every registered value in every usual coding, and what looks like a secret. Idempotent."""
    for form in _forms:
        if form in text:
            text = text.replace(form, REDACTED)
    lower = text.lower()
    for hints, pattern, replacement in _compiled():
        if any(hint in lower for hint in hints):
            text = pattern.sub(replacement, text)
    return text


def redact_url(url: str) -> str:
    """An address fit for a log."""
    return redact(url)
