"""The columns of a table as data, and which of them fit into a width. Pure.

Room goes to what tells most: when it runs short the column that says least drops out, and names are cut last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from airops_tui.model import Service
from airops_tui.report.quantities import NONE
from airops_tui.text import cells, clean
from airops_tui.ui import render
from airops_tui.ui.render import Part
from airops_tui.ui.view import Glance, Order, rank

SPACE = 2
"""Blank cells between two columns."""
LUXURY = 1
"""The `drop` of a column that is shown only where there is room to spare."""


_SHORT = 16
_SHRINK = 6
"""Names shrink by so many cells, but not below _SHORT, before a column drops out for them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `letter`, a capital of the title, sorts by it; `descends`: the first time the largest come first. It is as wide as
    its widest cell, of `least` to `most`. `drop` says how early it drops out where room runs short: 1 first, 0 never.
    `wanted` hides it where it says nothing.
    """

    key: str
    title: str
    letter: str
    cell: Callable[[Service, Glance], Part]
    order: Order
    least: int
    most: int
    drop: int = 0
    right: bool = False
    descends: bool = False
    wanted: Callable[[Glance], bool] = lambda glance: True


SERVICES: tuple[Column, ...] = (
    Column("state", "STATE", "S", render.state, rank, 10, 10),
    Column("service", "SERVICE", "E", lambda s, g: (s.name, "bold"), lambda s, g: s.name.casefold(), 8, 24),
    Column(
        "title",
        "TITLE",
        "T",
        lambda s, g: ("" if s.title == s.name else s.title, "$quiet"),
        lambda s, g: s.title.casefold(),
        5,
        24,
        drop=LUXURY,
        wanted=lambda glance: any(s.title not in ("", s.name) for s in glance.snapshot.services),
    ),
    Column(
        "host",
        "HOST",
        "O",
        lambda s, g: (s.host, "$quiet"),
        lambda s, g: s.host,
        4,
        12,
        drop=6,
        wanted=lambda glance: glance.hosts > 1,
    ),
    Column(
        "manager",
        "MANAGER",
        "A",
        lambda s, g: (s.manager or NONE, "$quiet"),
        lambda s, g: s.manager,
        7,
        12,
        drop=5,
    ),
    Column("port", "PORT", "P", render.port, lambda s, g: s.port.number if s.port else None, 5, 5, drop=2, right=True),
    Column(
        "health",
        "HEALTH",
        "H",
        render.health,
        lambda s, g: s.health.latency_ms if s.health else None,
        12,
        12,
        drop=8,
        descends=True,
    ),
    Column("cpu", "CPU %", "C", render.cpu, lambda s, g: s.cpu_percent, 5, 5, drop=7, right=True, descends=True),
    Column("mem", "MEM", "M", render.memory, lambda s, g: s.memory_bytes, 5, 5, drop=3, right=True, descends=True),
    Column("up", "UP", "U", render.uptime, lambda s, g: s.started_at, 6, 6, drop=4, right=True),
)

ORDERS: dict[str, Order] = {column.key: column.order for column in SERVICES}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column that is shown, and how many cells it takes."""

    column: Column
    width: int


def natural(columns: Sequence[Column], glance: Glance) -> dict[str, int]:
    """How wide each column would like to be for these services."""
    widths = {}
    for column in columns:
        if column.least == column.most:
            widths[column.key] = column.least
            continue
        longest = max((_width(column.cell(service, glance)[0]) for service in glance.snapshot.services), default=0)
        widths[column.key] = min(column.most, max(column.least, len(column.title), longest))
    return widths


@lru_cache(8192)
def _width(raw: str) -> int:
    return cells(clean(raw))


def fit(columns: Sequence[Column], widths: dict[str, int], room: int) -> tuple[Fitted, ...]:
    """The columns that fit into `room` cells, and their widths. Names shrink a little before a column drops out."""
    shown = [Fitted(column, widths[column.key]) for column in columns]
    while (over := total(shown) - room) > 0:
        first = min((fitted for fitted in shown if fitted.column.drop), key=_drop, default=None)
        names = next(fitted for fitted in shown if not fitted.column.drop and fitted.column.most > fitted.column.least)
        spare = names.width - (_SHORT if first else names.column.least)
        if first and (_drop(first) == LUXURY or spare < min(over, _SHRINK)):
            shown.remove(first)
        elif spare > 0:
            shown[shown.index(names)] = Fitted(names.column, names.width - min(over, spare))
        else:
            break
    return tuple(shown)


def _drop(fitted: Fitted) -> int:
    return fitted.column.drop


def total(shown: Sequence[Fitted]) -> int:
    """How many cells these columns take together."""
    return sum(fitted.width for fitted in shown) + SPACE * max(0, len(shown) - 1)
