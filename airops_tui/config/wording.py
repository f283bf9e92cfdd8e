"""The words for values that are not what was expected, and for how they are written rightly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airops_tui.config.faults import Place, nearest
from airops_tui.config.settings import Kind, Settings
from airops_tui.config.shapes import Leaf, Many, Table
from airops_tui.text import Secret, clean

_TEXT = "text in quotes"
_TYPES = {str: _TEXT, Secret: _TEXT, int: "a whole number", float: "a number", bool: "true or false"}
_KINDS = {Kind.DURATION: 'a duration as "30s" or a number of seconds', Kind.SIZE: 'a size as "512M"'}


def wanted(shape: Leaf) -> str:
    """What a value of this shape is, as in "must be a whole number"."""
    if shape.kind in _KINDS:
        return _KINDS[shape.kind]
    return " or ".join(dict.fromkeys(_TYPES[kind] for kind in shape.types))


def noun(value: Any) -> str:
    """What a value is instead, as in "not a list"."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}" if abs(value) < 1e15 else "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case Mapping():
            return "a table"
    return "a date or time"


def rewritten(types: tuple[type, ...], value: Any) -> str:
    """How the same value would be written rightly, where that is plain to see."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d+)?|true|false", value):
        return f"write {value} without quotes"
    if str in types and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'write "{value}"'
    if str in types and not isinstance(value, (list, Mapping)):
        return "put it in quotes"
    return ""


def as_list(shape: Many, value: Any, key: str) -> str:
    """How a single value under `key` is written as the list it should be."""
    if isinstance(shape.item, Table):
        return f"write [[{key}]]" if isinstance(value, Mapping) else ""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return ""
    words: list[Any] = [value]
    if isinstance(value, str) and isinstance(shape.item, Leaf) and shape.item.kind is Kind.ARGUMENT:
        import shlex

        try:
            words = shlex.split(value)
        except ValueError:
            return "write each word in quotes, between [ and ]"
    import json

    text = clean(json.dumps(words, ensure_ascii=False))
    return f"write {text}" if len(text) <= 80 else "put it between [ and ]"


def as_table(value: Any, at: Place) -> str:
    """How one table is written where somebody wrote a list of them."""
    many = isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value)
    return f"write [{'.'.join(step for step in at if isinstance(step, str))}]" if many else ""


def meant(key: str, shape: Table, at: Place) -> str:
    """What an unknown key probably is: a misspelt one, or one that belongs to a table inside or to the top."""
    if close := nearest(key, list(shape.fields)):
        return close
    for name, field in shape.fields.items():
        if isinstance(field.shape, Table) and key in field.shape.fields:
            table = ".".join(step for step in (*at, name) if isinstance(step, str))
            return f"it belongs in [{table}]"
    if shape.struct is not Settings and key in Table(Settings).fields:
        return "it belongs to the top of the file, above the first [section]"
    return f"known here: {', '.join(shape.fields)}" if len(shape.fields) <= 12 else ""
