"""Speaking to a manager through this machine's host, as the product does: looks, actions, and patience."""

from __future__ import annotations

from collections.abc import Sequence

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Host, ask, hold
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.base import Found, Manager
from airops_tui.model import LogOrigin, UnitState, UnitStatus

from .lab.component import wait_for


def look(manager: Manager, service: ServiceSettings) -> UnitStatus:
    """The status of one service, by a host that refuses to change anything."""
    return look_at_all(manager, [service])[service.name]


def look_at_all(manager: Manager, services: Sequence[ServiceSettings]) -> dict[str, UnitStatus]:
    """The status of several services in one look."""
    statuses = dict(hold(LocalHost(read_only=True), manager.status(services)))
    assert set(statuses) == {service.name for service in services}
    return statuses


def find(manager: Manager) -> dict[str, Found]:
    """What the manager has here, by short name."""
    return {found.name: found for found in hold(LocalHost(read_only=True), manager.find())}


def logs(manager: Manager, service: ServiceSettings) -> tuple[LogOrigin, ...]:
    """Where the manager puts the output of a service."""
    return hold(LocalHost(read_only=True), manager.logs(service))


def act(verb: str, manager: Manager, service: ServiceSettings) -> str | None:
    """Start, stop or restart; the complaint if it failed."""
    host: Host = LocalHost()
    for request in hold(host, getattr(manager, verb)(service)):
        complaint = manager.failed(ask(host, request))
        if complaint is not None:
            return complaint
    return None


def wait_until(manager: Manager, service: ServiceSettings, state: UnitState, timeout: float = 20) -> UnitStatus:
    """The status once the service is in this state."""
    seen: list[UnitStatus] = []

    def there() -> bool:
        seen.append(look(manager, service))
        return seen[-1].state is state

    try:
        wait_for(f"{service.name} to be {state}", there, timeout)
    except AssertionError as late:
        raise AssertionError(f"{late}; it is {seen[-1]}") from None
    return seen[-1]
