"""JSON that others wrote: read so that it means one thing only, and looked into by pointer.

Two readers may disagree about a key that stands there twice or about NaN; a health check must not. So such documents
are refused, as are those nested deeper than anything a person wrote.
"""

from __future__ import annotations

import json
import math
from typing import Any

MISSING: Any = object()
"""What a pointer to nothing yields; equal to no value of any document."""

MAX_DEPTH = 32


def read_json(body: bytes) -> Any:
    """A JSON document that means the same to everybody. Raises ValueError, its message safe to show.

    Refused: NaN and infinities (written out or by overflow), a key twice in one object, more than MAX_DEPTH levels.
    """
    try:
        document = json.loads(
            body.decode("utf-8-sig"), parse_constant=_finite, parse_float=_finite, object_pairs_hook=_unambiguous
        )
    except RecursionError as error:
        raise ValueError("too many levels") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg.lower()} at character {error.pos}") from error
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    level, depth = [document], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError("too many levels")
        level = [child for parent in level if isinstance(parent, dict | list) for child in _children(parent)]
        depth += 1
    return document


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) points at; MISSING when there is none."""
    if not pointer:
        return document
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return MISSING
    return document


def _children(parent: dict[str, Any] | list[Any]) -> list[Any]:
    return list(parent.values()) if isinstance(parent, dict) else parent


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number that is none (NaN or out of range)")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same key twice")
    return found
