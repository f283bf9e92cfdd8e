"""What the settings structs say about each of their values, read from their type hints.

The loader, the writers and the tests walk these shapes, so that a new setting is one new field and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from airops_tui.config.settings import Kind, Struct


class Leaf(msgspec.Struct, frozen=True):
    """One value of one of these types. `words`: the only ones it may have; `low` and `high`: its bounds, inclusive."""

    types: tuple[type, ...]
    kind: Kind | None = None
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


class Many(msgspec.Struct, frozen=True):
    """A list of values of one shape."""

    item: Shape


class Pairs(msgspec.Struct, frozen=True):
    """A table whose keys are free."""

    key: Leaf
    item: Shape


class Field(msgspec.Struct, frozen=True):
    """One key of a table. `default` is None for required ones too."""

    shape: Shape
    required: bool
    default: Any


class Table(msgspec.Struct, frozen=True):
    """A table whose keys are the fields of a struct."""

    struct: type[Struct]

    @property
    def fields(self) -> Mapping[str, Field]:
        """Its keys in the order of the struct."""
        return _fields(self.struct)


Shape = Leaf | Many | Pairs | Table


@cache
def _fields(struct: type[Struct]) -> Mapping[str, Field]:
    return {
        field.encode_name: Field(shape_of(field.type), field.required, _default(field))
        for field in msgspec.structs.fields(struct)
    }


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default


def shape_of(hint: Any) -> Shape:
    """The shape of a type hint. TypeError for hints that the settings do not use."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _marked(shape_of(arguments[0]), arguments[1:])
    if origin in (Union, UnionType):
        return _either([shape_of(argument) for argument in arguments if argument is not type(None)])
    if origin is tuple:
        return Many(shape_of(arguments[0]))
    if origin is dict:
        key = shape_of(arguments[0])
        assert isinstance(key, Leaf)
        return Pairs(key, shape_of(arguments[1]))
    if origin is Literal:
        return Leaf((str,), words=arguments)
    if not isinstance(hint, type):
        raise TypeError(f"settings hold no values of type {hint!r}")
    return Table(hint) if issubclass(hint, Struct) else Leaf((hint,))


def _marked(shape: Shape, marks: tuple[Any, ...]) -> Shape:
    assert isinstance(shape, Leaf), "only single values are marked"
    kind = next((mark for mark in marks if isinstance(mark, Kind)), None)
    bounds = next((mark for mark in marks if isinstance(mark, msgspec.Meta)), msgspec.Meta())
    return Leaf(shape.types, kind, shape.words, bounds.ge, bounds.le)


def _either(shapes: list[Shape]) -> Shape:
    if len(shapes) == 1:
        return shapes[0]
    leaves = [shape for shape in shapes if isinstance(shape, Leaf)]
    assert len(leaves) == len(shapes), "only single values have alternatives"
    return Leaf(tuple(kind for leaf in leaves for kind in leaf.types))
