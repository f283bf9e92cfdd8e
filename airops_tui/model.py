"""The facts airops deals in: what a service, a unit, a look at an endpoint, a machine *is*. No I/O and no clock.

Everything is frozen: a newer fact replaces an older one, nothing is edited. Text fields hold text that has been
through `text.clean()` already. Moments are seconds since the epoch (float, UTC) where they name a point in the world's
time, and seconds of the monotonic clock where they only serve to tell an age (named `…_mono`). `None` is "not known".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class State(StrEnum):
    """The state of a service, a node, or the whole: the words of `--snapshot`, worst first."""

    DOWN = "down"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    SLOW = "slow"
    STARTING = "starting"
    STOPPED = "stopped"
    UP = "up"

    @property
    def rank(self) -> int:
        """0 for the worst; the order in which lists show states."""
        return list(State).index(self)


class UnitState(StrEnum):
    """What a service manager says of a unit, one vocabulary for all of them."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  # ended against its will; the words say whether the manager tries again by itself
    ABSENT = "absent"  # the manager answered and knows no such unit
    UNKNOWN = "unknown"  # the manager could not be asked: no tool, dead daemon, timeout, nonsense


class UnitStatus(msgspec.Struct, frozen=True):
    """One unit as its manager sees it. `words` is the manager's own sentence, or why it could not be asked.

    `exit_code` is as a shell tells it: 128+n for signal n. `healthy` is what the manager's own health check says.
    """

    state: UnitState
    words: str = ""
    pid: int | None = None
    started_at: float | None = None
    restarts: int | None = None
    exit_code: int | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    healthy: bool | None = None


class Failure(StrEnum):
    """Why a look at an endpoint failed; the first word a person reads."""

    REFUSED = "refused"  # nothing listens
    HANG = "hang"  # connected, no complete answer within the deadline
    UNREACHABLE = "unreachable"  # no route, or no connection within the deadline
    DNS = "dns"
    TLS = "tls"
    PROTOCOL = "protocol"  # not HTTP, or cut off in the middle
    STATUS = "status"  # an answer, but not one of the expected codes
    LOADED = "loaded"  # 429 or 503 with Retry-After: alive and asking for patience
    REDIRECT = "redirect"
    ENCODING = "bad-encoding"
    BODY = "body"  # the right code with the wrong content


class Health(msgspec.Struct, frozen=True):
    """One look at an endpoint.

    `error` is one sentence for a person, None when ok. `slow` says that an answer came, later than the threshold.
    `facts` are notes worth showing beside it (a certificate's last day, a truncated body).
    """

    ok: bool
    status: int | None = None
    latency_ms: float | None = None
    error: str | None = None
    failure: Failure | None = None
    slow: bool = False
    facts: tuple[str, ...] = ()


class Process(msgspec.Struct, frozen=True):
    """One process of a host, as its process table shows it. `state` is psutil's word ("running", "zombie", …).

    `cpu_seconds` is user + system time since its start; `program` is the short name, `command` the cleaned line.
    """

    pid: int
    parent: int
    program: str
    user: str | None = None
    command: str = ""
    state: str = ""
    started_at: float | None = None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None


class Listener(msgspec.Struct, frozen=True):
    """A listening TCP socket; `pid` is None where the system does not tell us who holds it."""

    address: str
    port: int
    pid: int | None = None


class Port(msgspec.Struct, frozen=True):
    """The port a service should own. `conflict`: somebody else holds it, and `owner` says who."""

    number: int
    listening: bool | None = None
    owner: Process | None = None
    conflict: bool = False


class Usage(msgspec.Struct, frozen=True):
    """What a process and its descendants use together. CPU in percent of one core."""

    cpu_percent: float | None = None
    memory_bytes: int | None = None
    processes: int = 0


class LogOrigin(msgspec.Struct, frozen=True):
    """Where lines of a service come from.

    `kind` is file, journal, journal-user or docker; `place` its path, unit or container, `socket` docker's own.
    """

    kind: str
    place: str
    stream: str = "out"  # out | err | both
    socket: str | None = None


class LastWords(msgspec.Struct, frozen=True):
    """The last lines a service wrote before or while it was in trouble, and where they stand."""

    origin: str
    lines: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """The last change of state that was seen. `was` is None for the first look."""

    at: float
    was: State | None


class Service(msgspec.Struct, frozen=True):
    """Everything known about one service at one moment: the row, and the detail pane beside it.

    `looked_mono` is when the oldest fact that decides its state was read; `stale` says it is older than it should be.
    """

    name: str
    title: str
    state: State
    reason: str
    host: str = "local"
    manager: str | None = None
    unit: str | None = None
    unit_status: UnitStatus | None = None
    health: Health | None = None
    public: Health | None = None
    port: Port | None = None
    pid: int | None = None
    started_at: float | None = None
    restarts: int | None = None
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    processes: int = 0
    looked_mono: float | None = None
    stale: bool = False
    change: Change | None = None
    last_words: LastWords | None = None
    health_url: str | None = None
    public_url: str | None = None
    directory: str | None = None
    logs: tuple[LogOrigin, ...] = ()
    depends_on: tuple[str, ...] = ()


class Disk(msgspec.Struct, frozen=True):
    """One mounted file system. `percent` is used space as `df` counts it."""

    path: str
    percent: float
    free_bytes: int


class Machine(msgspec.Struct, frozen=True):
    """The machine airops runs on. `load` is the 1, 5 and 15 minute average; `cores` makes sense of it."""

    cpu_percent: float | None = None
    load: tuple[float, float, float] | None = None
    memory_percent: float | None = None
    memory_available_bytes: int | None = None
    swap_percent: float | None = None
    disks: tuple[Disk, ...] = ()
    cores: int | None = None
    booted_at: float | None = None


class Problem(msgspec.Struct, frozen=True):
    """Something airops itself could not do or look at: what, where, and the next thing to do."""

    what: str
    where: str = ""
    hint: str = ""


class Reading(msgspec.Struct, frozen=True):
    """One read of one source: its data, or why there is none. Never both.

    `mono` is the monotonic clock when the read ended, `at` the wall clock, `took_ms` its duration.
    """

    source: str
    mono: float
    at: float
    took_ms: float = 0.0
    data: Any = None
    error: str | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """The whole picture at one moment; what the screens draw and `--snapshot` prints.

    `mono` and `at` are the same moment on both clocks. `services` stand in the order of the config.
    `discovered` says that there is no config and this is what was found on the machine.
    """

    title: str
    host: str
    at: float
    mono: float
    took_ms: float = 0.0
    timezone: str = ""
    refresh: float = 5.0
    environment: str = ""
    read_only: bool = False
    discovered: bool = False
    machine: Machine | None = None
    services: tuple[Service, ...] = ()
    problems: tuple[Problem, ...] = ()
    extra: Mapping[str, Any] = {}

    def service(self, name: str) -> Service | None:
        """The service of that name, or None."""
        return next((service for service in self.services if service.name == name), None)
