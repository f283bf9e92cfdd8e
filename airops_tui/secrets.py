"""Secrets: a type that shows itself to nobody who does not ask, and the list of values to keep out of every output.

Making a `Secret` registers its value, so that `redaction.redact()` finds it wherever it turns up, in whatever coding:
marks at the source are forgotten sooner or later, so the values themselves are looked for at the sinks.
"""

from __future__ import annotations

import re
from typing import NoReturn

REDACTED = "[REDACTED]"
SHORTEST = 6  # characters; blacking out every "1234" or "true" would hide the facts and tell the secret
_PIECE = 16  # characters from which on a part of an address or one line of a key is worth finding by itself


class Secret:
    """A value that shows itself only to who asks by name: `reveal()`.

    `str`, `repr` and `format` give `[REDACTED]`, as do a pickle and `json.dumps(…, default=str)`; plain `json.dumps`
    refuses. It is no `str`, so that a type checker finds a forgotten `reveal()`. Two are compared in constant time.
    Values of fewer than `SHORTEST` characters are kept, but not looked for in other text.
    """

    __slots__ = ("_value",)
    _value: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)
        _register(value)

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
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
        import hmac  # brings OpenSSL: too slow for everybody who only shows text

        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_encoded(self._value), _encoded(other._value))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (REDACTED,)


_forms: tuple[str, ...] = ()  # replaced whole, never edited: any thread may be reading


def known_forms() -> tuple[str, ...]:
    """Every text that gives a registered secret away, the longest first."""
    return _forms


def _register(value: str) -> None:
    global _forms
    found = {form for part in _telling_parts(value.strip()) for form in _codings(part)}
    if not found.issubset(_forms):
        _forms = tuple(sorted(found.union(_forms), key=lambda form: (-len(form), form)))


def _telling_parts(value: str) -> set[str]:
    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= _PIECE}  # a key, logged line by line
    parts = _address_parts(value) or {value, *lines}
    return {part for part in parts if len(part) >= SHORTEST and part not in REDACTED}


def _address_parts(value: str) -> set[str]:
    """What is secret in an address: its password, long path, long pieces. Not its host, which a person has to see."""
    from urllib.parse import unquote

    address = re.fullmatch(r"(\w[\w+.-]*)://(?:(.*)@)?([^/?#@]*)(.*)", value)
    if not address:
        return set()
    scheme, user, host, path = address.groups(default="")
    password = user.partition(":")[2]
    name = host.rpartition(":")[0] or host
    parts = {piece for piece in re.split(r"[/?&=@:#]", value) if len(piece) >= _PIECE}
    if "." in name:
        parts.discard(name)
    if scheme.lower() in ("http", "https") and len(path) > _PIECE:
        parts.add(path.strip("/"))
    return parts | ({password, unquote(password)} if len(password) >= SHORTEST else set())


def _codings(value: str) -> set[str]:
    """`value` as it stands in addresses, JSON, HTML, shell lines, Python reprs, hexadecimal and base64."""
    import html
    import json
    import shlex
    from urllib.parse import quote, quote_plus

    raw = _encoded(value)
    percent = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    percent |= {re.sub("%..", lambda code: code[0].lower(), form) for form in percent}
    escaped = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    escaped |= {repr(value)[1:-1], html.escape(value)}
    escaped |= {form.replace("/", r"\/") for form in escaped}
    quoted = shlex.quote(value)
    if quoted != value:
        escaped.add(quoted[1:-1])
    return {value, raw.hex(), raw.hex().upper()} | percent | escaped | _base64_forms(raw)


def _base64_forms(raw: bytes) -> set[str]:
    """The characters that `raw` alone decides, for each of its three possible places in a group of three bytes."""
    from binascii import b2a_base64

    forms = set()
    for before in range(3):
        coded = b2a_base64(bytes(before) + raw, newline=False).decode()
        inner = coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
