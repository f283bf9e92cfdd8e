"""From the values of a TOML document to the settings structs: value by value, so that every fault is found at once."""

from __future__ import annotations

import math
import os.path
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Union
from urllib.parse import urlsplit

import msgspec

from airops_tui.config import wording
from airops_tui.config.faults import Fault, Place, nearest, quoted
from airops_tui.config.settings import Kind, Settings, Struct
from airops_tui.config.shapes import Leaf, Many, Pairs, Shape, Table
from airops_tui.config.values import READERS, Wrong
from airops_tui.config.variables import PREFIX, Variables
from airops_tui.text import Secret

_UNUSABLE: Final = object()
_PATHS = (Kind.PATH, Kind.SOCKET, Kind.PROGRAM)
_MAY_HOLD_SECRETS = (Kind.URL, Kind.COUNTER, Kind.ARGUMENT)
_CREDENTIAL = r"(?i)auth|cookie|token|secret|key|passw"
_LOGIN_IN_URL = r"https?://[^/?#]*:[^/?#]*@"


class Converter:
    """One pass over one document. What is wrong is noted in `faults`, and the rest goes on with defaults.

    `open_secrets`: the places where a secret stands in the file itself instead of `"env:NAME"`.
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self.faults: list[Fault] = []
        self.open_secrets: list[Place] = []

    def settings(self, document: Mapping[str, Any], folder: Path) -> Settings:
        """The settings of a whole document whose relative paths start at `folder`."""
        settings = self._table(Table(Settings), document, (), folder)
        assert isinstance(settings, Settings)
        return settings

    def _value(self, shape: Shape, value: Any, at: Place, folder: Path) -> Any:
        match shape:
            case Table():
                return self._table(shape, value, at, folder)
            case Many():
                return self._many(shape, value, at, folder)
            case Pairs():
                return self._pairs(shape, value, at, folder)
            case Leaf():
                return self._leaf(shape, value, at, folder)

    def _table(self, shape: Table, value: Any, at: Place, folder: Path) -> Any:
        struct = shape.struct
        if struct.short_for and isinstance(value, str):
            short = self._value(shape.fields[struct.short_for].shape, value, at, folder)
            return _UNUSABLE if short is _UNUSABLE else struct(**{struct.short_for: short})
        if not isinstance(value, Mapping):
            what = f"must be a table{' or an address' if struct.short_for else ''}, not {wording.noun(value)}"
            self._fault(at, what, wording.as_table(value, at))
            return _UNUSABLE
        for key in value:
            if key not in shape.fields:
                self._fault((*at, key), "unknown key", wording.meant(key, shape, at))
        return struct(**self._fields(shape, value, at, folder))

    def _fields(self, shape: Table, value: Mapping[str, Any], at: Place, folder: Path) -> dict[str, Any]:
        """The values of a struct's fields. An unusable one is left to its default; a required one must be something."""
        base = _base(shape.struct, value, folder)
        found: dict[str, Any] = {}
        for key, field in shape.fields.items():
            start = folder if key == shape.struct.base else base
            if key in value:
                converted = self._value(field.shape, value[key], (*at, key), start)
                if converted is not _UNUSABLE:
                    found[key] = converted
                elif field.required:
                    found[key] = value[key] if isinstance(value[key], str) else ""
            elif field.required:
                self._fault(at, f"{key} is missing")
                found[key] = ""
            elif isinstance(field.default, str) and isinstance(field.shape, Leaf) and field.shape.kind is Kind.PATH:
                found[key] = _absolute(field.default, start)
        return found

    def _many(self, shape: Many, value: Any, at: Place, folder: Path) -> Any:
        if not isinstance(value, (list, tuple)):
            self._fault(at, f"must be a list, not {wording.noun(value)}", wording.as_list(shape, value, str(at[-1])))
            return _UNUSABLE
        items = [self._value(shape.item, item, (*at, index), folder) for index, item in enumerate(value)]
        if isinstance(shape.item, Table):  # later checks speak of them by their index
            empty = {key: "" for key, field in shape.item.fields.items() if field.required}
            return tuple(shape.item.struct(**empty) if item is _UNUSABLE else item for item in items)
        return tuple(item for item in items if item is not _UNUSABLE)

    def _pairs(self, shape: Pairs, value: Any, at: Place, folder: Path) -> Any:
        if not isinstance(value, Mapping):
            self._fault(at, f"must be a table, not {wording.noun(value)}")
            return _UNUSABLE
        found = {}
        for key, item in value.items():
            name = self._leaf(shape.key, key, (*at, key), folder)
            converted = self._value(shape.item, item, (*at, key), folder)
            if name is not _UNUSABLE and converted is not _UNUSABLE:
                found[name] = converted
        return found

    def _leaf(self, shape: Leaf, value: Any, at: Place, folder: Path) -> Any:
        try:
            if isinstance(value, str) and value.startswith(PREFIX):
                return self._from_variable(shape, value.removeprefix(PREFIX), folder)
            known = _read(shape, value, folder, strict=True)
        except Wrong as wrong:
            self._fault(at, wrong.what, wrong.suggestion)
            return _UNUSABLE
        if isinstance(known, str) and _is_hidden(shape, known, at):
            self.open_secrets.append(at)
            return Secret(known) if Secret in shape.types else _known_password(known)
        return known

    def _from_variable(self, shape: Leaf, name: str, folder: Path) -> Any:
        text = self._variables.look_up(name)
        try:
            value = _read(shape, text, folder, strict=False, shown=f"the value of {name}")
        except Wrong as wrong:
            raise Wrong(wrong.what, "" if wrong.suggestion.startswith("did you mean") else wrong.suggestion) from None
        hide = isinstance(value, str) and (Secret in shape.types or shape.kind in _MAY_HOLD_SECRETS)
        return _hide(shape, value) if hide else value

    def _fault(self, at: Place, what: str, suggestion: str = "") -> None:
        self.faults.append(Fault(at, what, suggestion))


def _read(shape: Leaf, value: Any, folder: Path, *, strict: bool, shown: str = "") -> Any:
    """A value, checked and in the unit of the settings. `shown`: what to call it where it must not be repeated."""
    if not shown:
        shown = quoted(value) if isinstance(value, str) and Secret not in shape.types else "it"
    if shape.kind and isinstance(value, str):
        try:
            value = READERS[shape.kind](value)
        except Wrong as wrong:
            raise Wrong(f"{shown} {wrong.what}", wrong.suggestion) from None
        if shape.kind in _PATHS and not (shape.kind is Kind.PROGRAM and "/" not in value):
            value = _absolute(value, folder)
    typed = _typed(shape, value, strict=strict)
    if shape.words and typed not in shape.words:
        raise Wrong(f"{shown} is not known here", nearest(typed, shape.words) or f"use {', '.join(shape.words)}")
    if isinstance(typed, (int, float)) and not isinstance(typed, bool):
        _within(shape, typed)
    return typed


def _typed(shape: Leaf, value: Any, *, strict: bool) -> Any:
    types = tuple(str if kind is Secret else kind for kind in shape.types)
    try:
        return msgspec.convert(value, type=Union[types], strict=strict)  # noqa: UP007 - built at run time
    except msgspec.ValidationError:
        what = f"must be {wording.wanted(shape)}, not {wording.noun(value)}"
        raise Wrong(what, wording.rewritten(types, value)) from None


def _within(shape: Leaf, number: float) -> None:
    if not math.isfinite(number):
        raise Wrong(f"must be a number, not {number}")
    unit = " seconds" if shape.kind is Kind.DURATION else ""
    low, high = shape.low, shape.high
    if low is not None and high is not None and not low <= number <= high:
        raise Wrong(f"must be {low:g} to {high:g}, not {number:g}")
    if low is not None and number < low:
        raise Wrong(f"must be at least {low:g}{unit}, not {number:g}")


def _absolute(text: str, folder: Path) -> str:
    """A path from the file made absolute; `~` is the home of who runs airops. Links are not resolved."""
    try:
        return os.path.normpath(folder / Path(text).expanduser())
    except RuntimeError:
        raise Wrong(f"{quoted(text)}: the system knows no home folder of that user") from None


def _base(struct: type[Struct], value: Mapping[str, Any], folder: Path) -> Path:
    """Where the relative paths of a table start. A folder that cannot be used is told of elsewhere, once."""
    named = value.get(struct.base) if struct.base else None
    try:
        return Path(_absolute(named, folder)) if isinstance(named, str) else folder
    except Wrong:
        return folder


def _is_hidden(shape: Leaf, value: str, at: Place) -> bool:
    """Whether text written in the file itself is a secret. In headers, which hold both, their name tells."""
    if Secret in shape.types:
        return len(shape.types) == 1 or bool(re.search(_CREDENTIAL, str(at[-1])))
    return shape.kind in (Kind.URL, Kind.COUNTER) and bool(re.match(_LOGIN_IN_URL, value))


def _hide(shape: Leaf, value: str) -> Secret | str:
    """The value as a Secret; where the setting is plain text it stays, but is kept out of every output from now on."""
    secret = Secret(value)
    return secret if Secret in shape.types else value


def _known_password(address: str) -> str:
    """The address, after its password has been made known as a secret; its path stays readable."""
    Secret(urlsplit(address).password or "")
    return address
