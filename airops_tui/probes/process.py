"""What process tables and sockets say about one service: its family, what it uses, who holds its port. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from airops_tui.model import Listener, Port, Process, Usage

_FORWARDERS = frozenset(
    {
        "docker-proxy",
        "rootlesskit",
        "rootlessport",
        "slirp4netns",
        "pasta",
        "conmon",
        "com.docker.backend",
        "vpnkit",
        "gvproxy",
    }
)
"""Programs that hold a port on behalf of a container: nothing in the process table ties them to it."""

_INIT = 1  # systemd and launchd hold the sockets of services that they start on demand


Children = Mapping[int, Sequence[int]]
"""The pids of the children of each process that has any."""


def children_of(processes: Mapping[int, Process]) -> Children:
    """Who is whose child in a process table."""
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    return children


def family(processes: Mapping[int, Process], pid: int, children: Children | None = None) -> set[int]:
    """A process and all its descendants; empty when there is no such process.

    `children` saves counting them again, for whoever asks about many processes of one table.
    """
    if pid not in processes:
        return set()
    children = children_of(processes) if children is None else children
    found, unvisited = {pid}, [pid]
    while unvisited:
        born = [child for child in children.get(unvisited.pop(), ()) if child not in found]
        found.update(born)
        unvisited += born
    return found


def usage(
    before: Mapping[int, Process],
    after: Mapping[int, Process],
    pid: int,
    seconds: float,
    children: Children | None = None,
) -> Usage:
    """What a process and its descendants use: CPU between two process tables `seconds` apart, memory in the later one.

    CPU is None without an earlier table. Processes that ended in between are not counted, those born in between are.
    Memory is the sum of resident sets: pages that processes share count for each of them.
    """
    members = [after[member] for member in family(after, pid, children)]
    spent = [_spent(before.get(member.pid), member) for member in members] if before and seconds > 0 else []
    known = [cpu for cpu in spent if cpu is not None]
    sizes = [member.memory_bytes for member in members if member.memory_bytes is not None]
    return Usage(
        cpu_percent=100 * sum(known) / seconds if known else None,
        memory_bytes=sum(sizes) if sizes else None,
        processes=len(members),
    )


def _spent(before: Process | None, after: Process) -> float | None:
    """CPU seconds between two sightings of a process; a reused pid is another process, all of whose time is new."""
    if after.cpu_seconds is None:
        return None
    known = before is not None and before.started_at == after.started_at
    return max(0.0, after.cpu_seconds - ((before.cpu_seconds or 0.0) if known and before else 0.0))


def port_of(
    number: int,
    listeners: Sequence[Listener],
    processes: Mapping[int, Process],
    owners: Collection[int] | None,
) -> Port:
    """Who listens on a port, and whether that is somebody else than the service it belongs to.

    `owners`: the pids of the service, none when it does not run, None when they are not known (then nothing is a
    conflict). Its ancestors may hold the port for it (a cluster's master, systemd), and so may what forwards to
    containers. Whoever cannot be identified is a conflict only for a service that does not run.
    """
    holders = [listener.pid for listener in listeners if listener.port == number]
    if not holders:
        return Port(number, listening=False)
    known = [processes[pid] for pid in holders if pid is not None and pid in processes]
    ours = next((process for process in known if _belongs(process, owners, processes)), None)
    if ours is not None or owners is None:
        return Port(number, listening=True, owner=ours or next(iter(known), None))
    if not known:
        return Port(number, listening=True, conflict=not owners)
    return Port(number, listening=True, owner=known[0], conflict=True)


def _belongs(holder: Process, owners: Collection[int] | None, processes: Mapping[int, Process]) -> bool:
    if owners is None:
        return False
    if holder.pid == _INIT or holder.program in _FORWARDERS:
        return True
    if any(pid in owners for pid in _lineage(holder.pid, processes)):
        return True
    return any(holder.pid in _lineage(owner, processes) for owner in owners)


def _lineage(pid: int, processes: Mapping[int, Process]) -> Iterator[int]:
    """A process, its parent, the parent of that, and so on."""
    visited: set[int] = set()
    while pid not in visited:
        yield pid
        visited.add(pid)
        process = processes.get(pid)
        if process is None:
            return
        pid = process.parent
