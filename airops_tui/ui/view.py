"""What of a snapshot is shown, and in which order: filter, faults only, sort. Pure; the moment is an argument.

Trouble comes first unless somebody asks for another order, and services of one state keep the order of the config, so
that a row stands still while nothing about it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airops_tui.model import Service, Snapshot, State

WELL = frozenset({State.UP, State.STOPPED})
_RANK = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Glance:
    """A snapshot looked at later: `mono` is the monotonic clock at the moment of drawing.

    `blank`: it is the picture from before anything was looked at.
    """

    snapshot: Snapshot
    mono: float
    blank: bool = False

    @cached_property
    def outdated(self) -> bool:
        """Whether the feed itself has fallen silent: then nothing of the snapshot can be believed any more."""
        return self.mono - self.snapshot.mono > 3 * self.snapshot.refresh + 5

    @property
    def now(self) -> float:
        """The moment of drawing in seconds since the epoch."""
        return self.snapshot.at + self.mono - self.snapshot.mono

    @cached_property
    def looked_mono(self) -> float | None:
        """When the newest fact was read; None before the first look."""
        looks = [service.looked_mono for service in self.snapshot.services if service.looked_mono is not None]
        return max(looks, default=None)

    @cached_property
    def hosts(self) -> int:
        """How many machines the services run on."""
        return len({service.host for service in self.snapshot.services})

    def stale(self, service: Service) -> bool:
        """Whether a service is shown from memory."""
        return service.stale or (self.outdated and service.looked_mono is not None)

    def age(self, mono: float) -> float:
        """Seconds since a moment of the monotonic clock."""
        return max(0.0, self.mono - mono)

    def clock(self, moment: float) -> str:
        """A moment (epoch seconds) as the time of day at the site, with its date if that is not today's."""
        zone = _zone(self.snapshot.timezone)
        when, today = datetime.fromtimestamp(moment, zone), datetime.fromtimestamp(self.now, zone)
        return when.strftime("%H:%M:%S" if when.date() == today.date() else "%d %b %H:%M")

    def clock_mono(self, mono: float) -> str:
        """A moment of the monotonic clock as the time of day."""
        return self.clock(self.snapshot.at + mono - self.snapshot.mono)


@dataclass(frozen=True, slots=True)
class View:
    """What the operator asked to see. `wanted` is the text of the filter; with a `!` before it, everything else."""

    wanted: str = ""
    faults: bool = False
    sort: str = "state"
    reverse: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether rows may be hidden."""
        return bool(self.wanted.strip("! ") or self.faults)


@lru_cache(8)
def _zone(name: str) -> tzinfo | None:
    """A time zone; the machine's where none is named, or where this machine has never heard of it."""
    if name == "UTC":
        return UTC
    with suppress(ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(name) if name else None
    return None


Order = Callable[[Service, Glance], Any]
"""What a column sorts by: anything that compares, None last whichever way the order runs."""


def rank(service: Service, glance: Glance) -> int:
    """The place of a service when trouble comes first; what is stale stands where the unknown stands."""
    return _RANK[State.UNKNOWN if glance.stale(service) and service.state is not State.DOWN else service.state]


def is_fault(service: Service, glance: Glance) -> bool:
    """Whether a service wants a look: not well, or not known to be."""
    return service.state not in WELL or glance.stale(service)


def matches(service: Service, wanted: str) -> bool:
    """Whether the filter text occurs in anything that names the service or says how it is, whatever the case."""
    text = wanted.strip().casefold()
    inverse = text.startswith("!")
    needle = text.removeprefix("!").strip()
    return not needle or (needle in _words(service)) != inverse


def arrange(glance: Glance, view: View, orders: Mapping[str, Order]) -> Sequence[Service]:
    """The services to show, in their order."""
    shown: Sequence[Service] = glance.snapshot.services
    if view.wanted:
        shown = [service for service in shown if matches(service, view.wanted)]
    if view.faults:
        shown = [service for service in shown if is_fault(service, glance)]
    order = orders.get(view.sort, rank)
    places = [(order(service, glance), service) for service in shown]
    known = [pair for pair in places if pair[0] is not None]
    known.sort(key=itemgetter(0), reverse=view.reverse)
    return [service for _, service in known] + [service for place, service in places if place is None]


def _words(service: Service) -> str:
    port = f":{service.port.number}" if service.port else ""
    named = (service.name, service.title, service.host, service.manager or "", service.unit or "", port)
    stale = "stale" if service.stale else ""
    return "\n".join((*named, service.state.value, stale, service.reason)).casefold()
