"""A config in the making: what was found or imported, and what a person should know about it before trusting it."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from airops_tui.config.check import check
from airops_tui.config.convert import Converter
from airops_tui.config.settings import ServiceSettings, Settings
from airops_tui.config.toml import document_of
from airops_tui.config.variables import PREFIX, Variables
from airops_tui.text import clean


@dataclass(frozen=True, slots=True)
class Hint:
    """A setting worth a look: the value as it would be written, and why it is not simply set."""

    key: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One service of a draft. `guesses`: setting -> where its value is from. `hints`: settings left switched off."""

    service: ServiceSettings
    guesses: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """`origin` says where it all comes from; `left_out` what was seen and not taken, one sentence each."""

    origin: str
    title: str = ""
    candidates: tuple[Candidate, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings that the draft amounts to as it stands."""
        services = tuple(candidate.service for candidate in self.candidates)
        return Settings(title=self.title, services=services) if self.title else Settings(services=services)


def tidy(text: str) -> str:
    """A name that load() accepts, as near to the text as possible: "My App (web)" becomes "My-App-web"."""
    name = re.sub(r"-{2,}", "-", re.sub(r"[^\w.@:+-]+", "-", text))[:60]
    name = re.sub(r"^\W+|[-.:@+]+$", "", name) or "service"
    return name.replace(":", "-", 1) if name.startswith(PREFIX) else name  # that would be a reference


def distinct(name: str, taken: Collection[str], qualifier: str = "") -> str:
    """A name not yet taken: itself, with the qualifier, or with the first number that is free."""
    candidates = [name, *([f"{name}-{tidy(qualifier)}"] if qualifier else [])]
    candidates += [f"{candidates[-1]}-{number}" for number in range(2, len(taken) + 3)]
    return next(candidate for candidate in candidates if candidate not in taken)


def sound(origin: str, title: str, candidates: Iterable[Candidate], left_out: Iterable[str] = ()) -> Draft:
    """A draft that load() will accept, whatever the candidates hold: names distinct, ports claimed once, no circles.

    A candidate that cannot be expressed (its unit begins with a dash, …) is left out, and that is told.
    """
    notes = list(left_out)
    taken: dict[str, Candidate] = {}
    ports: set[tuple[str, int]] = set()
    for candidate in map(_plain, candidates):
        if (candidate.service.host, candidate.service.port) in ports:
            candidate = _without_port(candidate)
        service = candidate.service
        if objection := _objection(service):
            notes.append(f"{clean(service.name, limit=60)}: {objection}")
            continue
        if service.port:
            ports.add((service.host, service.port))
        name = distinct(service.name, taken, service.project or service.manager or str(service.port or ""))
        unit = service.unit or (service.name if service.manager else "")
        service = msgspec.structs.replace(service, name=name, unit="" if unit == name else unit)
        taken[name] = replace(candidate, service=service)
    linked = tuple(_linked(candidate, taken) for candidate in taken.values())
    return Draft(origin, title, _without_circles(linked), tuple(notes))


def _plain(candidate: Candidate) -> Candidate:
    """Somebody's title must not become a look into the environment: one that starts like that loses its colon."""
    title = candidate.service.title
    if not title.startswith(PREFIX):
        return candidate
    safe = f"{PREFIX[:-1]} {title.removeprefix(PREFIX)}"
    return replace(candidate, service=msgspec.structs.replace(candidate.service, title=safe))


def _objection(service: ServiceSettings) -> str:
    """What load() would say of this service, without where; empty if nothing."""
    converter = Converter(Variables({}, Path("/nonexistent/.env")))
    alone = msgspec.structs.replace(service, depends_on=(), host="local")
    settings = converter.settings({"services": [document_of(alone)]}, Path("/"))
    faults = converter.faults or check(settings, ())
    return ": ".join([*(str(step) for step in faults[0].at[2:]), faults[0].what]) if faults else ""


def _without_port(candidate: Candidate) -> Candidate:
    """The same service without the port that another one claims, and without what was concluded from it."""
    guesses = {key: why for key, why in candidate.guesses.items() if key != "port"}
    return Candidate(msgspec.structs.replace(candidate.service, port=None), guesses)


def _linked(candidate: Candidate, taken: Collection[str]) -> Candidate:
    service = candidate.service
    known = tuple(name for name in service.depends_on if name in taken and name != service.name)
    return replace(candidate, service=msgspec.structs.replace(service, depends_on=known))


def _without_circles(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    try:
        graphlib.TopologicalSorter({one.service.name: one.service.depends_on for one in candidates}).prepare()
    except graphlib.CycleError:
        return tuple(replace(one, service=msgspec.structs.replace(one.service, depends_on=())) for one in candidates)
    return candidates
