"""What the service managers say: one source for each daemon that is asked, all its units in one look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import msgspec
from msgspec.structs import replace

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Host, hold
from airops_tui.managers.base import Manager
from airops_tui.model import UnitStatus
from airops_tui.text import redact
from airops_tui.threads import in_thread


class UnitsSource(msgspec.Struct, frozen=True):
    """The units of one manager on one host. Reads `{service name: UnitStatus}`."""

    name: str
    host: Host
    manager: Manager
    services: tuple[ServiceSettings, ...]
    every: float
    deadline: float = 15.0

    async def read(self) -> Mapping[str, UnitStatus]:
        """Hold the manager's conversation in a thread of its own. What it quotes may hold secrets; from here on not."""
        statuses = await in_thread(lambda: hold(self.host, self.manager.status(self.services)))
        return {name: replace(status, words=redact(status.words)) for name, status in statuses.items()}


def units_sources(
    services: Sequence[ServiceSettings],
    hosts: Mapping[str, Host],
    dialect: Callable[[ServiceSettings], Manager],
    every: float,
) -> list[UnitsSource]:
    """One source per host, manager and daemon: services that agree in these share a look."""
    managed = sorted((service for service in services if service.manager), key=_daemon)
    sources = []
    for daemon, group in groupby(managed, key=_daemon):
        members = tuple(group)
        name = "units:" + ":".join(part for part in daemon if part)
        sources.append(UnitsSource(name, hosts[members[0].host], dialect(members[0]), members, every))
    return sources


def _daemon(service: ServiceSettings) -> tuple[str, ...]:
    return (
        service.host,
        service.manager or "",
        service.socket or "",
        service.pm2_home or "",
        service.program or "",
    )
