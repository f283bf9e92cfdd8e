"""docker's dialect: single containers, by name.

Start, stop and restart go to the Engine API as well, so that there is one way in, and errors are docker's sentences:
`POST /containers/NAME/start`, `/stop` and `/restart` with the container's own time to stop, `/unpause` when paused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Dialogue, Request
from airops_tui.managers import engine
from airops_tui.managers.base import Found, unit_of
from airops_tui.managers.containers import Container, Listed, status_of
from airops_tui.managers.engine import Daemon, Engine
from airops_tui.model import LogOrigin, UnitStatus
from airops_tui.text import clean

MANY = 100
"""Containers looked at on a machine without a config; the newest come first."""


class Docker(msgspec.Struct, frozen=True):
    """The manager "docker"."""

    engine: Engine
    kind: str = "docker"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One look at each container: what is worth knowing is not in the list of all."""
        daemon = yield from self.engine.connect()
        if isinstance(daemon, UnitStatus):
            return {service.name: daemon for service in services}
        told = {}
        for service in services:
            told[service.name] = yield from look(daemon, unit_of(service), self.engine.native)
        return told

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        daemon = yield from self.engine.command()
        container = yield from existing(daemon, unit_of(service))
        return start_orders(daemon, container)

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        daemon = yield from self.engine.command()
        container = yield from existing(daemon, unit_of(service))
        return (daemon.order(container.short_name, "stop", container.stop_grace),)

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        daemon = yield from self.engine.command()
        container = yield from existing(daemon, unit_of(service))
        return (daemon.order(container.short_name, "restart", container.stop_grace),)

    def failed(self, answer: Answer) -> str | None:
        return engine.failed(answer)

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The daemon keeps them."""
        daemon = yield from self.engine.connect()
        if isinstance(daemon, UnitStatus):
            return ()
        container = yield from daemon.inspect(unit_of(service))
        kept = isinstance(container, Container) and container.keeps_logs
        return (daemon.log_of(unit_of(service)),) if kept else ()

    def find(self) -> Dialogue[Sequence[Found]]:
        """Containers that run, or that docker was told to keep running; those of compose are the other manager's."""
        daemon = yield from self.engine.connect()
        listed = (yield from daemon.containers()) if isinstance(daemon, Daemon) else None
        if not isinstance(daemon, Daemon) or not isinstance(listed, list):
            return ()
        found = []
        for item in [item for item in listed if not item.compose("project") and not item.name.startswith("k8s_")][
            :MANY
        ]:
            container = yield from daemon.inspect(item.id)
            if isinstance(container, Container) and worth_showing(container):
                found.append(self._found(daemon, item, container))
        return found

    def _found(self, daemon: Daemon, listed: Listed, container: Container) -> Found:
        name = clean(listed.name, limit=100)
        status = status_of(container, self.engine.native)
        image = clean(listed.image or "", limit=100)
        logs = (daemon.log_of(listed.name),) if container.keeps_logs else ()
        return Found(name, name, self.kind, status, title=image, ports=listed.public_ports(), logs=logs)


def look(daemon: Daemon, container: str, native: bool) -> Dialogue[UnitStatus]:
    """The status of one container; its memory too where no process table shows it."""
    told = yield from daemon.inspect(container)
    if not isinstance(told, Container):
        return told
    status = status_of(told, native)
    if native or told.condition != "running":
        return status
    return msgspec.structs.replace(status, memory_bytes=(yield from daemon.memory(container)))


def existing(daemon: Daemon, container: str) -> Dialogue[Container]:
    """The container to act on. Raises HostError when there is none."""
    told = yield from daemon.inspect(container)
    if isinstance(told, UnitStatus):
        raise HostError(told.words, "`docker ps -a` lists the containers")
    return told


def start_orders(daemon: Daemon, container: Container) -> tuple[Request, ...]:
    """What starts a container: nothing if it runs."""
    if container.condition in ("running", "restarting"):
        return ()
    verb = "unpause" if container.condition == "paused" else "start"
    return (daemon.order(container.short_name, verb),)


def worth_showing(container: Container) -> bool:
    """Not what ended and was never meant to be kept running: a job, a leftover."""
    return container.condition not in ("exited", "created", "stopped") or container.restart_policy != "no"
