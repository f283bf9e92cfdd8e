"""What only shows when the whole config is looked at: names twice, references to nothing, circles, missing company."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence

from airops_tui.config.faults import Fault, Place, nearest, quoted
from airops_tui.config.settings import ServiceSettings, Settings

LOCAL = "local"


def check(settings: Settings, known: Sequence[Fault]) -> list[Fault]:
    """The faults between the parts of a config.

    `known` are those found inside the parts: what is wrong already is not judged again for the same reason.
    """
    broken = {fault.at[:2] for fault in known}
    found = [
        *_twice("services", [service.name for service in settings.services]),
        *_twice("hosts", [host.name for host in settings.hosts]),
        *_twice("clusters", [cluster.name for cluster in settings.clusters]),
        *_twice("backups", [backup.name for backup in settings.backups]),
        *_hosts(settings),
        *_references(settings),
        *_members(settings),
        *_circles(settings.services),
        *_ports(settings.services),
        *_lists(settings),
    ]
    for index, service in enumerate(settings.services):
        if ("services", index) not in broken:
            found += _company(service, ("services", index))
    return found


def _twice(table: str, names: Sequence[str]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            yield Fault((table, index, "name"), f"{quoted(name)} is there already", other=(table, first[name], "name"))


def _hosts(settings: Settings) -> Iterator[Fault]:
    hosts = [host.name for host in settings.hosts]
    for index, name in enumerate(hosts):
        if name == LOCAL:
            yield Fault(("hosts", index, "name"), '"local" is this machine and always there', "choose another name")
    for index, service in enumerate(settings.services):
        if service.host not in (LOCAL, *hosts):
            hint = nearest(service.host, [LOCAL, *hosts]) or "add it as [[hosts]] with name and ssh"
            yield Fault(("services", index, "host"), f"there is no host {quoted(service.host)}", hint)


def _references(settings: Settings) -> Iterator[Fault]:
    names = [service.name for service in settings.services]
    wanted: list[tuple[Place, Sequence[str]]] = [
        (("services", index, "depends_on"), service.depends_on) for index, service in enumerate(settings.services)
    ]
    wanted += [(("backups", index, "stop"), backup.stop) for index, backup in enumerate(settings.backups)]
    for place, references in wanted:
        for index, name in enumerate(references):
            if name not in names:
                yield Fault((*place, index), f"there is no service {quoted(name)}", nearest(name, names))


def _members(settings: Settings) -> Iterator[Fault]:
    pairs = [f"{service.host}/{service.name}" for service in settings.services]
    for at, cluster in enumerate(settings.clusters):
        for index, member in enumerate(cluster.members):
            place: Place = ("clusters", at, "members", index)
            if member.count("/") != 1:
                yield Fault(place, f"{quoted(member)} is no host/service pair", 'write it as "local/app"')
            elif member not in pairs:
                host, _, name = member.partition("/")
                elsewhere = next((pair for pair in pairs if pair.endswith(f"/{name}")), "")
                hint = f"did you mean {quoted(elsewhere)}?" if elsewhere else nearest(member, pairs)
                yield Fault(place, f"there is no service {quoted(name)} on host {quoted(host)}", hint)


def _circles(services: Sequence[ServiceSettings]) -> Iterator[Fault]:
    """Services that wait for each other. Each circle is told once, then one of its links is cut to find the next."""
    needs: dict[str, set[str]] = {service.name: set(service.depends_on) for service in services if service.name}
    index = {service.name: number for number, service in reversed(list(enumerate(services)))}
    while circle := _circle(needs):
        start = min(range(len(circle)), key=lambda at: index.get(circle[at], len(index)))
        way = circle[start:] + circle[:start]
        told = " → ".join(quoted(name) for name in (*way, way[0]))
        what = "waits for itself" if len(way) == 1 else f"goes in a circle: {told}"
        yield Fault(("services", index[way[0]], "depends_on"), what)
        needs[way[0]].discard(way[1 % len(way)])


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    """The names of one circle, each needing the next; empty if there is none."""
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        needed_first: list[str] = error.args[1][:-1]
        return needed_first[::-1]
    return []


def _ports(services: Sequence[ServiceSettings]) -> Iterator[Fault]:
    claimed: dict[tuple[str, int], int] = {}
    for index, service in enumerate(services):
        if service.port is None:
            continue
        first = claimed.setdefault((service.host, service.port), index)
        if first != index:
            what = f"{service.port} is the port of {quoted(services[first].name)} already"
            yield Fault(("services", index, "port"), what, other=("services", first, "port"))


def _company(service: ServiceSettings, at: Place) -> Iterator[Fault]:
    """Settings of a service that make no sense without another one."""
    if service.manager is None and not (service.port or service.health or service.public or service.logs):
        yield Fault(at, "there is nothing to look at", "give it a manager, a port or a health address")
    if service.manager is None and service.recover:
        yield Fault((*at, "recover"), "nobody can restart it", "add manager = … to the service, or take recover away")
    if service.manager == "process" and not service.command:
        yield Fault((*at, "manager"), '"process" needs a command to run', 'add command = ["program", "argument"]')


def _lists(settings: Settings) -> Iterator[Fault]:
    for index, cluster in enumerate(settings.clusters):
        if cluster.scale and not any("{count}" in word for word in cluster.scale):
            yield Fault(("clusters", index, "scale"), "has no {count}, so it could never change anything")
    activity = settings.activity
    if activity.caution_users < activity.safe_users:
        what = f"{activity.caution_users} is less than safe_users, {activity.safe_users}"
        yield Fault(("activity", "caution_users"), what)
    for index, backup in enumerate(settings.backups):
        if not (backup.include or backup.capture or backup.dump):
            yield Fault(("backups", index), "there is nothing to back up", "give it include, capture or dump")
