"""From sightings to the Snapshot: joins what managers, endpoints, processes and sockets say about each service.

It remembers two things from picture to picture: the state each service was in and since when, and which process has
answered before.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from airops_tui.config.settings import ServiceSettings, Settings
from airops_tui.model import (
    Change,
    Health,
    LastWords,
    LogOrigin,
    Port,
    Problem,
    Reading,
    Service,
    Snapshot,
    State,
    UnitState,
    UnitStatus,
    Usage,
)
from airops_tui.probes.process import family, port_of, usage
from airops_tui.sources.base import Now, Sightings
from airops_tui.sources.table import Table
from airops_tui.text import redact_url
from airops_tui.verdicts import GRACE, Sight, is_stale, judge

UNWELL = frozenset({State.DOWN, State.DEGRADED, State.UNKNOWN, State.STARTING})
"""States in which the last words of a service are worth reading."""

_UNITS_DEADLINE = 15.0


class Picture:
    """Draws the Snapshot of one site. Call it with the sightings, a moment and the period between looks."""

    def __init__(
        self,
        settings: Settings,
        unit_sources: Mapping[str, str],
        *,
        discovered: bool = False,
        unasked: Sequence[Problem] = (),
    ) -> None:
        """`unit_sources`: the name of the source that knows the unit of each managed service.

        `unasked`: what cannot be looked at all the while.
        """
        self._unasked = tuple(unasked)
        self._settings = settings
        self._unit_sources = unit_sources
        self._discovered = discovered
        self._host = socket.gethostname().partition(".")[0]
        self._services: Mapping[str, Service] = {}
        self._answered: dict[str, int | None] = {}
        self._drawn: dict[str, _Drawn] = {}

    def unwell(self) -> Collection[str]:
        """The names of the services that were not well in the last picture."""
        return [service.name for service in self._services.values() if service.state in UNWELL]

    def __call__(self, sightings: Sightings, now: Now, period: float) -> Snapshot:
        """The Snapshot of this moment."""
        view = _View(sightings, now, period)
        drawn = [self._draw(settings, view) for settings in self._settings.services]
        services = explain_dependencies(drawn)
        self._services = {service.name: service for service in services}
        return Snapshot(
            title=self._settings.title,
            host=self._host,
            at=now.at,
            mono=now.mono,
            timezone=self._settings.timezone or "",
            refresh=period,
            environment=self._settings.environment,
            read_only=self._settings.read_only,
            discovered=self._discovered,
            machine=view.data("machine"),
            services=tuple(services),
            problems=(*self._unasked, *problems(sightings)),
        )

    def _draw(self, settings: ServiceSettings, view: _View) -> Service:
        rests_on = view.readings_of(settings.name, self._unit_sources.get(settings.name))
        kept = self._drawn.get(settings.name)
        if kept is None or any(new is not old for new, old in zip(rests_on, kept.rests_on, strict=True)):
            facts = gather(settings, view, self._unit_sources.get(settings.name))
            facts = replace(facts, sight=replace(facts.sight, answered=self._has_answered(settings.name, facts)))
            self._drawn[settings.name] = kept = _Drawn(rests_on, facts)
        before = self._services.get(settings.name)
        state, reason = judge(kept.facts.sight, view.now.at)
        deadline = settings.health.timeout if settings.health else _UNITS_DEADLINE
        looked = kept.facts.looked.mono if kept.facts.looked else None
        stale = is_stale(looked, view.now.mono, view.period, deadline)
        if stale and looked is not None:
            state, reason = State.UNKNOWN, f"no look for {view.now.mono - looked:.0f} s; then it was {state}: {reason}"
        if kept.service is None or (kept.service.state, kept.service.reason) != (state, reason):
            change = _changed(before, state, kept.facts, view.now)
            kept.service = _service(settings, kept.facts, state, reason, stale, change)
        return kept.service

    def _has_answered(self, name: str, facts: Facts) -> bool:
        """Whether the process that runs now was well at some look."""
        if facts.sight.health is not None and facts.sight.health.ok:
            self._answered[name] = facts.pid
        return facts.pid is not None and self._answered.get(name) == facts.pid


class _View(msgspec.Struct, frozen=True):
    """The sightings of one moment, with shorthands."""

    sightings: Sightings
    now: Now
    period: float

    def readings_of(self, service: str, units: str | None) -> tuple[Reading | None, ...]:
        """Every reading that facts about a service come from."""
        names = (f"health:{service}", f"public:{service}", units or "", "table", "words")
        latest = self.sightings.get(units or "")
        return (*map(self.reading, names), latest.latest if latest else None)

    def reading(self, source: str) -> Reading | None:
        """The last reading of a source that had data."""
        seen = self.sightings.get(source)
        return seen.good if seen else None

    def data(self, source: str) -> Any:
        """The data of that reading, or None."""
        reading = self.reading(source)
        return reading.data if reading else None

    def failed(self, source: str) -> str | None:
        """Why a source has never had data, if it was tried."""
        seen = self.sightings.get(source)
        return seen.latest.error if seen and seen.good is None else None


class _Drawn(msgspec.Struct):
    """A service as it was drawn last, to be drawn again only when a reading it rests on, or time, has changed it."""

    rests_on: tuple[Reading | None, ...]
    facts: Facts
    service: Service | None = None


class Facts(msgspec.Struct, frozen=True):
    """What is known of one service at one moment. `looked` is the reading that its state rests on."""

    sight: Sight
    looked: Reading | None
    pid: int | None = None
    started_at: float | None = None
    usage: Usage = Usage()
    words: LastWords | None = None


def gather(settings: ServiceSettings, view: _View, unit_source: str | None) -> Facts:
    """Collect what each source says about a service."""
    units, table = view.reading(unit_source or ""), view.data("table")
    unit = _unit(settings, units, view.failed(unit_source or ""))
    health: Health | None = view.data(f"health:{settings.name}")
    port = _port(settings, table, unit)
    pid = (unit.pid if unit else None) or (port.owner.pid if port and port.owner and not port.conflict else None)
    process = table.processes.get(pid) if table and pid else None
    sight = Sight(
        looks=settings.health is not None,
        unit=unit,
        health=health,
        public=view.data(f"public:{settings.name}"),
        port=port,
        process=process,
        grace=settings.recover.grace if settings.recover else GRACE,
    )
    looked = view.reading(f"health:{settings.name}") or units or (view.reading("table") if settings.port else None)
    words: Mapping[str, LastWords] = view.data("words") or {}
    started = (unit.started_at if unit else None) or (process.started_at if process else None)
    return Facts(sight, looked, pid, started, _usage(table, pid), words.get(settings.name))


def _unit(settings: ServiceSettings, units: Reading | None, failed: str | None) -> UnitStatus | None:
    if units is not None:
        status: UnitStatus | None = units.data.get(settings.name)
        return status
    return UnitStatus(UnitState.UNKNOWN, f"{settings.manager}: {failed}") if failed else None


def _port(settings: ServiceSettings, table: Table | None, unit: UnitStatus | None) -> Port | None:
    if settings.port is None:
        return None
    if table is None or settings.host != "local":
        return Port(settings.port)
    own: set[int] | None = None  # a unit may run without telling its pid: a container in a virtual machine, for one
    if unit is not None and unit.pid:
        own = family(table.processes, unit.pid, table.children) or None  # none: it was restarted between the two looks
    elif unit is not None and unit.state in (UnitState.STOPPED, UnitState.FAILED):
        own = set()
    return port_of(settings.port, table.listeners_by_port.get(settings.port, ()), table.processes, own)


def _usage(table: Table | None, pid: int | None) -> Usage:
    if table is None or pid is None:
        return Usage()
    return usage(table.before, table.processes, pid, table.seconds, table.children)


def _changed(before: Service | None, state: State, facts: Facts, now: Now) -> Change | None:
    """When the service came into its state; None until it was looked at for the first time."""
    if facts.looked is None and facts.sight.unit is None:
        return before.change if before else None
    if before is None or before.change is None:
        return Change(now.at, None)
    return before.change if before.state is state else Change(now.at, before.state)


def _service(
    settings: ServiceSettings, facts: Facts, state: State, reason: str, stale: bool, change: Change | None
) -> Service:
    unit, sight = facts.sight.unit, facts.sight
    return Service(
        name=settings.name,
        title=settings.title or settings.name,
        state=state,
        reason=reason,
        host=settings.host,
        manager=settings.manager,
        unit=(settings.unit or settings.name) if settings.manager else None,
        unit_status=unit,
        health=sight.health,
        public=sight.public,
        port=sight.port,
        pid=facts.pid,
        started_at=facts.started_at,
        restarts=unit.restarts if unit else None,
        cpu_percent=facts.usage.cpu_percent if facts.usage.processes else (unit.cpu_percent if unit else None),
        memory_bytes=facts.usage.memory_bytes or (unit.memory_bytes if unit else None),
        processes=facts.usage.processes,
        looked_mono=facts.looked.mono if facts.looked else None,
        stale=stale,
        change=change,
        last_words=facts.words if state in UNWELL else None,
        health_url=_shown(settings.health.url) if settings.health else None,
        public_url=_shown(settings.public.url) if settings.public else None,
        directory=settings.directory,
        logs=tuple(LogOrigin("file", path) for path in settings.logs),
        depends_on=settings.depends_on,
    )


@lru_cache(4096)
def _shown(url: str) -> str:
    """An address without what lets in; remembered, because the same ones are asked for at every look."""
    return redact_url(url)


def explain_dependencies(services: Sequence[Service]) -> list[Service]:
    """Say of a service in trouble which of the services it needs are down: the cause is often there."""
    down = {service.name for service in services if service.state is State.DOWN}
    return [
        replace(service, reason=f"{service.reason}; it needs {' and '.join(missing)}, down as well")
        if service.state in (State.DOWN, State.DEGRADED) and (missing := [n for n in service.depends_on if n in down])
        else service
        for service in services
    ]


def problems(sightings: Sightings) -> list[Problem]:
    """What airops itself could not look at, one entry per source whose latest look failed."""
    return [
        Problem(seen.latest.error, where=name)
        for name, seen in sorted(sightings.items())
        if seen.latest.error is not None
    ]

