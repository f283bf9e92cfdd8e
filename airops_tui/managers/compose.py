"""compose's dialect: a service is whichever containers carry its labels, in any number.

The labels say all that a look needs, so neither the plugin nor the compose file has to be there. For the same reason
start, stop and restart go container by container through the Engine API. Only a service without containers (never
created, or after `docker compose down`) is started with `docker compose up`: nothing else knows what to create.
Labels: docker/compose, pkg/api/labels.go.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Command, Dialogue, Request
from airops_tui.managers import engine
from airops_tui.managers.base import Found, complaint, together, unit_of, unknown
from airops_tui.managers.containers import Container, Listed, status_of
from airops_tui.managers.docker import look, start_orders, worth_showing
from airops_tui.managers.engine import Daemon, Engine
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

PROJECT = "com.docker.compose.project"
CREATE_TIMEOUT = 300.0
"""Seconds for `docker compose up`: it may have to fetch an image."""


class Compose(msgspec.Struct, frozen=True):
    """The manager "compose"."""

    engine: Engine
    kind: str = "compose"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One list for all services, then a look at each of their containers."""
        asked = yield from self._ask()
        if isinstance(asked, UnitStatus):
            return {service.name: asked for service in services}
        daemon, listed = asked
        told = {}
        for service in services:
            members = members_of(service, listed)
            told[service.name] = (
                members if isinstance(members, UnitStatus) else (yield from self._look(daemon, members))
            )
        return told

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        daemon, containers = yield from self._containers(service)
        if not containers:
            return (_create(service, daemon),)
        return tuple(order for container in containers for order in start_orders(daemon, container))

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        return (yield from self._order(service, "stop"))

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        return (yield from self._order(service, "restart"))

    def failed(self, answer: Answer) -> str | None:
        """The daemon's words, or those of `docker compose up`, which alone writes to stderr."""
        return complaint(answer) if answer.err or answer.status == 0 else engine.failed(answer)

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The daemon keeps them, for each container."""
        asked = yield from self._ask()
        if isinstance(asked, UnitStatus):
            return ()
        daemon, listed = asked
        members = members_of(service, listed)
        return () if isinstance(members, UnitStatus) else tuple(daemon.log_of(member.name) for member in members)

    def find(self) -> Dialogue[Sequence[Found]]:
        """The services of every project that has containers here, without the jobs that did their work."""
        asked = yield from self._ask()
        if isinstance(asked, UnitStatus):
            return ()
        daemon, listed = asked
        groups: dict[tuple[str, str], list[Listed]] = defaultdict(list)
        for item in listed:
            if not _one_off(item):
                groups[item.compose("project"), item.compose("service")].append(item)
        several = len({project for project, _ in groups}) > 1
        found = []
        for (project, service), members in sorted(groups.items()):
            if (yield from self._is_service(daemon, members)):
                status = yield from self._look(daemon, members)
                found.append(_found(daemon, project, service, members, status, several))
        return found

    def _ask(self) -> Dialogue[tuple[Daemon, list[Listed]] | UnitStatus]:
        daemon = yield from self.engine.connect()
        if isinstance(daemon, UnitStatus):
            return daemon
        listed = yield from daemon.containers(PROJECT)
        return listed if isinstance(listed, UnitStatus) else (daemon, listed)

    def _look(self, daemon: Daemon, members: Sequence[Listed]) -> Dialogue[UnitStatus]:
        statuses = {}
        for member in members:
            statuses[clean(_short(member))] = yield from look(daemon, member.id, self.engine.native)
        return together(statuses)

    def _is_service(self, daemon: Daemon, members: Sequence[Listed]) -> Dialogue[bool]:
        for member in members:
            container = yield from daemon.inspect(member.id)
            failed = isinstance(container, Container) and status_of(container).state is UnitState.FAILED
            if isinstance(container, Container) and (failed or worth_showing(container)):
                return True
        return False

    def _containers(self, service: ServiceSettings) -> Dialogue[tuple[Daemon, list[Container]]]:
        """The service's containers, which may be none. Raises HostError when that cannot be said."""
        asked = yield from self._ask()
        if isinstance(asked, UnitStatus):
            raise HostError(asked.words, "start the docker daemon first")
        daemon, listed = asked
        members = members_of(service, listed)
        if isinstance(members, UnitStatus):
            if members.state is not UnitState.ABSENT:
                raise HostError(members.words)
            members = []
        containers = []
        for member in members:
            container = yield from daemon.inspect(member.id)
            if isinstance(container, Container):
                containers.append(container)
        return daemon, containers

    def _order(self, service: ServiceSettings, verb: str) -> Dialogue[tuple[Request, ...]]:
        daemon, containers = yield from self._containers(service)
        if not containers:
            raise HostError(f"compose: no container of {clean(unit_of(service))}", "start it first")
        return tuple(daemon.order(item.short_name, verb, item.stop_grace) for item in containers)


def members_of(service: ServiceSettings, listed: Sequence[Listed]) -> list[Listed] | UnitStatus:
    """The containers of a service, by container number; or the status that says why there are none.

    The project is the one that is named, else the one whose folder is the service's, else the one compose would name
    after that folder, else the only one that has such a service.
    """
    unit = unit_of(service)
    mine = [item for item in listed if item.compose("service") == unit and not _one_off(item)]
    if service.project:
        mine = [item for item in mine if item.compose("project") == service.project]
    elif service.directory:
        here = [item for item in mine if service.directory.rstrip("/") in _folders(item)]
        named = project_name(service.directory)
        mine = here or [item for item in mine if item.compose("project") == named]
    projects = sorted({item.compose("project") for item in mine})
    if not projects:
        project = service.project or project_name(service.directory or "")
        where = f" in project {project}" if project else ""
        words = f"no container of compose service {unit}{where}; `docker compose up -d {unit}` creates it"
        return UnitStatus(UnitState.ABSENT, clean(words, limit=300))
    if len(projects) > 1:
        return unknown(f"compose service {unit} is in projects {', '.join(projects)}: set `project`")
    return sorted(mine, key=_number)


def project_name(directory: str) -> str:
    """The name compose gives to a project in this folder: lower case, letters, digits, - and _ (compose-spec)."""
    return re.sub(r"[^a-z0-9_-]", "", PurePath(directory).name.lower()).lstrip("_-")


def _create(service: ServiceSettings, daemon: Daemon) -> Command:
    if not service.directory:
        raise HostError(
            f"compose: no container of {clean(unit_of(service))}, and no folder to create it from",
            f"set `directory` of {clean(service.name)} to the folder of its compose file",
        )
    project = ("--project-name", service.project) if service.project else ()
    return Command(
        argv=(service.program or "docker", "compose", *project, "up", "--detach", "--", unit_of(service)),
        cwd=service.directory,
        env={"DOCKER_HOST": f"unix://{daemon.socket}"},
        timeout=CREATE_TIMEOUT,
    )


def _found(
    daemon: Daemon, project: str, service: str, members: Sequence[Listed], status: UnitStatus, several: bool
) -> Found:
    return Found(
        name=clean(f"{project}-{service}" if several else service, limit=100),
        unit=clean(service, limit=100),
        manager="compose",
        status=status,
        title=clean(members[0].image or "", limit=100),
        directory=clean(members[0].compose("project.working_dir")) or None,
        ports=tuple(sorted({port for member in members for port in member.public_ports()})),
        logs=tuple(daemon.log_of(member.name) for member in members),
        project=clean(project, limit=100),
    )


def _one_off(item: Listed) -> bool:
    """A container of `docker compose run`: nobody's service."""
    return item.compose("oneoff").lower() == "true"


def _folders(item: Listed) -> set[str]:
    files = item.compose("project.config_files").split(",")
    return {item.compose("project.working_dir"), *(str(PurePath(file).parent) for file in files if file)}


def _number(item: Listed) -> tuple[int, str]:
    number = item.compose("container-number")
    return int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 0, item.name


def _short(item: Listed) -> str:
    return item.name.removeprefix(f"{item.compose('project')}-")
