"""Whose port is whose: listening sockets, processes and managers' units joined into a list that an operator recognises.

Pure. A socket belongs to the unit that is nearest above its process; what is left belongs to the program that holds it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from airops_tui.managers.base import Found
from airops_tui.model import Listener, Process, UnitState

# What publishes a container's port outside it: Docker's own, rootless, Desktop, OrbStack, Colima and Lima, podman.
_PROXIES = {"docker-proxy", "rootlessport", "com.docker.backend", "com.docke", "OrbStack Helper", "limactl", "gvproxy"}
_FIRST = ("systemd", "init", "launchd")
_CONTAINERS = ("compose", "docker")
_MOST_SPECIFIC_FIRST = ("compose", "docker", "pm2", "supervisor", "launchd", "systemd-user", "systemd")
_RANK = {kind: rank for rank, kind in enumerate(_MOST_SPECIFIC_FIRST)}

# Listeners of every installation, none of an operator's business.
_NOISE = re.compile(
    r"systemd-.*|dbus.*|avahi-daemon|cups.*|rpcbind|rpc\..*|chronyd|ntpd|dnsmasq|snapd|containerd.*|dockerd|multipathd"
    r"|rapportd|ControlCe.*|identityservice.*|sharingd|AirPlay.*|remoted|mDNSResponder|ARDAgent|screensharingd|launchd"
    r"|Google Chrome.*|Code Helper.*|code-[0-9a-f]{6,}|Dropbox.*|Spotify.*|Electron.*"
)
_NOISY_PORTS = {53, 111, 631, 5353, 5355}
# The daemons that carry what is shown anyway; one that failed is shown nevertheless.
_CARRIERS = {"docker", "containerd", "podman", "supervisor", "supervisord"}
_USUAL = {
    "nginx": (80, 443), "apache2": (80, 443), "httpd": (80, 443), "caddy": (80, 443), "haproxy": (80, 443),
    "traefik": (80, 443), "ssh": (22,), "sshd": (22,), "postgresql": (5432,), "mysql": (3306,), "mariadb": (3306,),
    "redis": (6379,), "redis-server": (6379,), "mongod": (27017,), "postfix": (25,), "exim4": (25,),
}  # fmt: skip
_INTERPRETERS = re.compile(r"(python|node|nodejs|ruby|perl|php|java|bun|deno|bash|sh)[\d.]*")
_EVERYBODYS = {"main", "app", "server", "index", "manage", "run", "start", "__main__", "wsgi", "asgi", "dist", "src"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A manager's unit and the ports it listens on, the one people use first. `note`: how its ports are known."""

    found: Found
    ports: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that listens and belongs to no unit. `process` is None where the system does not tell who it is."""

    name: str
    ports: tuple[int, ...]
    process: Process | None = None
    note: str = ""


def joined(
    found: Sequence[Found], processes: Mapping[int, Process], listeners: Sequence[Listener]
) -> tuple[tuple[Unit, ...], tuple[Program, ...]]:
    """The units with their ports, and the programs that listen without one; apps before the system's own."""
    units = _distinct(found)
    at = {unit.status.pid: index for index, unit in enumerate(units) if unit.status.pid}
    published = {port: index for index, unit in enumerate(units) if unit.manager in _CONTAINERS for port in unit.ports}
    mine: defaultdict[int, list[Listener]] = defaultdict(list)
    programs: defaultdict[int, list[Listener]] = defaultdict(list)
    unknown: list[Listener] = []
    for listener in listeners:
        process = processes.get(listener.pid) if listener.pid else None
        above = next((at[pid] for pid in _upwards(listener.pid, processes) if pid in at), None)
        if listener.port in published and (process is None or process.program in _PROXIES):
            mine[published[listener.port]].append(listener)
        elif above is not None:
            mine[above].append(listener)
        elif process is None or (process.pid == 1 and process.program in _FIRST):  # socket activation
            unknown.append(listener)
        else:
            programs[_leader(process, processes).pid].append(listener)
    known = _with_usual(_units(units, mine, processes), unknown)
    given = {port for unit in known for port in unit.ports}
    left = {listener.port for listener in unknown} - given - _NOISY_PORTS
    return known, (*_programs(programs, processes), *_strangers(left))


def _distinct(found: Sequence[Found]) -> list[Found]:
    """The units, each process only once: that of the most specific manager."""
    ordered = sorted(found, key=lambda unit: _RANK.get(unit.manager, len(_RANK)))
    seen: set[int] = set()
    kept = []
    for unit in ordered:
        if unit.status.pid in seen:
            continue
        seen |= {unit.status.pid} if unit.status.pid else set()
        kept.append(unit)
    return kept


def _units(
    found: Sequence[Found], mine: Mapping[int, Sequence[Listener]], processes: Mapping[int, Process]
) -> tuple[Unit, ...]:
    carriers = {pid for unit in found if unit.status.pid for pid in list(_upwards(unit.status.pid, processes))[1:]}
    shown = []
    for index, unit in enumerate(found):
        ports = _ports(mine.get(index, ()), unit.ports)
        carries = unit.name in _CARRIERS or unit.status.pid in carriers
        if not (carries and not ports and unit.status.state is UnitState.RUNNING):
            shown.append(Unit(unit, ports))
    return tuple(shown)


def _with_usual(units: Sequence[Unit], unknown: Sequence[Listener]) -> tuple[Unit, ...]:
    """Sockets whose holder is not told, given to the running unit whose usual port it is."""
    held = {listener.port for listener in unknown}
    result = []
    for unit in units:
        name = unit.found.name.partition("@")[0]
        usual = tuple(port for port in _USUAL.get(name, ()) if port in held)
        if usual and not unit.ports and unit.found.status.state is UnitState.RUNNING:
            unit = Unit(unit.found, usual, f"the usual port of {name}; the system does not tell who holds it")
        result.append(unit)
    return tuple(result)


def _programs(held: Mapping[int, Sequence[Listener]], processes: Mapping[int, Process]) -> Iterator[Program]:
    for pid, listeners in sorted(held.items(), key=lambda item: _ports(item[1])[0]):
        process = processes[pid]
        if not _NOISE.fullmatch(process.program):
            yield Program(_called(process), _ports(listeners), process)


def _strangers(ports: Collection[int]) -> Iterator[Program]:
    """Ports that somebody holds whom the system does not name, under the name that the port usually has."""
    for port in sorted(ports):
        name = next((name for name, usual in _USUAL.items() if usual == (port,)), f"port-{port}")
        yield Program(name, (port,), None, "the system does not tell who holds it")


def _upwards(pid: int | None, processes: Mapping[int, Process]) -> Iterator[int]:
    """A process and those above it, itself first."""
    seen: set[int] = set()
    while pid and pid in processes and pid not in seen:
        seen.add(pid)
        yield pid
        pid = processes[pid].parent


def _leader(process: Process, processes: Mapping[int, Process]) -> Process:
    """The first of a family of processes of one program: nginx's master, not its worker."""
    for pid in _upwards(process.pid, processes):
        if processes[pid].program != process.program or pid == 1:
            break
        process = processes[pid]
    return process


def _ports(listeners: Sequence[Listener], more: Sequence[int] = ()) -> tuple[int, ...]:
    """Distinct ports, those reachable from elsewhere first, then by number."""
    local = {listener.port: True for listener in listeners}
    for listener in listeners:
        local[listener.port] &= listener.address.startswith(("127.", "::1", "localhost"))
    return tuple(sorted({*local, *more}, key=lambda port: (local.get(port, False), port)))


def _called(process: Process) -> str:
    """What people call a program: of an interpreter its script, or the folder of a script that is called like all."""
    name = PurePath(process.program).name or "program"
    if not _INTERPRETERS.fullmatch(name):
        return name
    words = process.command.split()[1:]
    for index, word in enumerate(words):
        if word == "-m" and index + 1 < len(words):
            module = words[index + 1]
            return module if module.count(".") < 2 else module.rpartition(".")[2]
        if not word.startswith("-"):
            path = PurePath(word)
            return next((part for part in (path.stem, *reversed(path.parent.parts)) if _tells(part)), path.stem) or name
    return name


def _tells(part: str) -> bool:
    return bool(re.match(r"\w", part)) and part not in _EVERYBODYS
