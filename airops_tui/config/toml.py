"""Settings values as TOML text: durations and sizes as people write them, secrets never."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from airops_tui.config.settings import Kind, Struct
from airops_tui.config.shapes import Leaf, Many, Pairs, Shape, Table
from airops_tui.text import REDACTED, Secret

Rewrite = Callable[[str, Kind | None], str]
"""What to make of a text before it is written, by the kind of value it is."""

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def toml(shape: Shape, value: Any, rewrite: Rewrite) -> str:
    """A value on one line. A table whose only setting is the one it is short for becomes that setting."""
    match shape:
        case Leaf():
            return _leaf(shape, value, rewrite)
        case Many():
            return f"[{', '.join(toml(shape.item, item, rewrite) for item in value)}]"
        case Pairs():
            pairs = {name: toml(shape.item, item, rewrite) for name, item in value.items()}
        case Table():
            short = shape.struct.short_for
            given = {name: getattr(value, name) for name in shape.fields if is_given(shape, name, value)}
            if short and set(given) == {short}:
                return toml(shape.fields[short].shape, given[short], rewrite)
            pairs = {name: toml(shape.fields[name].shape, item, rewrite) for name, item in given.items()}
    return f"{{ {', '.join(f'{key(name)} = {text}' for name, text in pairs.items())} }}"


def is_given(shape: Table, name: str, value: Struct) -> bool:
    """Whether a setting says more than its default does."""
    field = shape.fields[name]
    return bool(field.required or getattr(value, name) != field.default)


def document_of(struct: Struct) -> dict[str, Any]:
    """The settings of a struct that differ from their defaults, as a document that it can be read from again."""
    shape = Table(type(struct))
    found = {name: getattr(struct, name) for name in shape.fields if is_given(shape, name, struct)}
    return {name: document_of(value) if isinstance(value, Struct) else value for name, value in found.items()}


def key(name: str) -> str:
    """A key, quoted if it has to be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quote(name)


def quote(text: str) -> str:
    """A basic string. JSON's escapes are TOML's; only DEL must be escaped here and not there."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def keep(text: str, _kind: Kind | None) -> str:
    """The rewrite that changes nothing."""
    return text


def _leaf(shape: Leaf, value: Any, rewrite: Rewrite) -> str:
    if isinstance(value, Secret):
        return quote(REDACTED)
    if isinstance(value, str):
        return quote(rewrite(value, shape.kind))
    if isinstance(value, bool):
        return str(value).lower()
    if shape.kind is Kind.DURATION:
        return _duration(value)
    if shape.kind is Kind.SIZE:
        return _size(value)
    return repr(value)


def _duration(seconds: float) -> str:
    """Whole minutes and more as "15m"; what is less is a plain number of seconds."""
    if seconds >= 60 and seconds == int(seconds):
        unit, length = next((unit, length) for unit, length in _UNITS if seconds % length == 0)
        return quote(f"{int(seconds) // length}{unit}")
    return f"{seconds:.15g}"


def _size(count: int) -> str:
    power = next(power for power in (3, 2, 1, 0) if count % 1024**power == 0)
    return quote(f"{count // 1024**power}{' KMG'[power]}") if power else str(count)


def pairs_of(struct: Struct) -> Mapping[str, tuple[Shape, Any]]:
    """The settings of a struct that hold anything, each with its shape, in the order of the struct."""
    fields = Table(type(struct)).fields
    found = {name: (field.shape, getattr(struct, name)) for name, field in fields.items()}
    return {name: (shape, value) for name, (shape, value) in found.items() if value not in (None, (), {}, "")}
