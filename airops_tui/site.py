"""A site put together: from settings to the sources that look at it and the picture they are joined in.

The one place, beside the command line, that knows all the rooms. What it builds serves console and report alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from airops_tui.config.settings import ServiceSettings, Settings
from airops_tui.hosts.base import Host
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.base import Manager
from airops_tui.managers.process import ProcessManager
from airops_tui.model import Problem
from airops_tui.poller import Outfit
from airops_tui.probes.dial import Dialer
from airops_tui.sources.base import Source
from airops_tui.sources.health import HealthSource
from airops_tui.sources.machine import MachineSource
from airops_tui.sources.picture import Picture
from airops_tui.sources.table import TableSource
from airops_tui.sources.units import units_sources
from airops_tui.sources.words import WordsSource

_SLOW_BEAT = 6
"""Public addresses are looked at this many times less often than the service itself: the edge is not ours to load."""


@dataclass(frozen=True, slots=True)
class Site:
    """What looks at one site. `sources` are independent of each other, `picture` joins what they read."""

    settings: Settings
    hosts: Mapping[str, Host]
    sources: tuple[Source, ...]
    picture: Picture
    words: WordsSource

    def outfit(self) -> Outfit:
        """What a poller needs to look at it."""
        return (*self.sources, self.words), self.picture


def build(settings: Settings, *, read_only: bool = False) -> Site:
    """Put the site of a config together. Nothing is looked at yet."""
    return _built(settings, read_only=read_only)


def discover_site() -> Site:
    """Put a site together from what runs on this machine; takes a few seconds at most."""
    from airops_tui.sources.discover import discover, settings_from

    discovery = discover(LocalHost(read_only=True))
    return _built(settings_from(discovery), read_only=True, discovered=True, unasked=discovery.problems)


def _built(
    settings: Settings, *, read_only: bool, discovered: bool = False, unasked: Sequence[Problem] = ()
) -> Site:
    local = LocalHost(read_only=read_only or settings.read_only)
    hosts: dict[str, Host] = {"local": local}
    dialect = dialects(settings)
    every = settings.refresh
    dialer = Dialer()
    reached = [service for service in settings.services if service.host in hosts]
    units = units_sources(reached, hosts, dialect, every)
    picture = Picture(
        settings,
        {service.name: source.name for source in units for service in source.services},
        discovered=discovered,
        unasked=(*unasked, *_unreached(settings, hosts)),
    )
    looks = [HealthSource(f"health:{s.name}", s.health, dialer, every) for s in settings.services if s.health]
    edges = [
        HealthSource(f"public:{s.name}", s.public, dialer, every * _SLOW_BEAT) for s in settings.services if s.public
    ]
    sources: tuple[Source, ...] = (*looks, *units, TableSource(local, every), MachineSource(every), *edges)
    words = WordsSource(reached, hosts, dialect, picture.unwell, every)
    return Site(settings, hosts, sources, picture, words)


def _unreached(settings: Settings, hosts: Mapping[str, Host]) -> list[Problem]:
    """A word on each host that is only looked at from here: by the addresses of its services, not by their managers."""
    names = dict.fromkeys(service.host for service in settings.services if service.host not in hosts)
    hint = "its services are judged by their addresses alone"
    return [Problem("managers of other hosts are not asked", name, hint) for name in names]


def dialects(settings: Settings) -> Callable[[ServiceSettings], Manager]:
    """Who speaks the dialect of a service's manager."""
    process = ProcessManager(settings.state) if settings.state else ProcessManager()

    def dialect(service: ServiceSettings) -> Manager:
        if service.manager is None:
            raise ValueError(f"{service.name} has no manager")
        if service.manager == "process":
            return process
        from airops_tui.managers.catalog import manager_for

        return manager_for(service.manager, service)

    return dialect
