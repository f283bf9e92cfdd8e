"""The dialect every service manager is spoken to in: requests out, answers in, nothing else.

A dialect never runs, opens or connects to anything. Everything it does is a conversation, because some tools must be
asked twice. Those of start, stop and restart only look (where is pm2? is the job loaded? which containers are the
service?) and end with the requests that would do it, so that a plan can show them before they happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from signal import Signals
from typing import Protocol, TypeVar

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Answer, Dialogue, Request, Trouble
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

N = TypeVar("N", int, float)
T = TypeVar("T")


class Found(msgspec.Struct, frozen=True):
    """A unit that a manager has on this machine, as needed to show it without a config or to write one.

    `name` is short and unique within the manager ("proto4"), `unit` what the manager calls it; `project` is compose's.
    """

    name: str
    unit: str
    manager: str
    status: UnitStatus
    title: str = ""
    directory: str | None = None
    command: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    logs: tuple[LogOrigin, ...] = ()
    project: str | None = None


class Manager(Protocol):
    """One service manager. An instance speaks to one daemon of one host."""

    @property
    def kind(self) -> str:
        """Its word in the config."""
        ...

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """The status of each of these services, by service name; every one of them is in the result."""
        ...

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        """The requests that start it, in order; none if it runs already (and none to stop what does not run).

        This one, stop and restart raise AiropsError when nothing can be done, saying why and what to do instead.
        """
        ...

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]: ...
    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]: ...

    def failed(self, answer: Answer) -> str | None:
        """Why the answer to start, stop or restart means that it failed, in the tool's own words; None if it did not.

        Not failing is no proof: exit codes lie. Whoever acts looks at the status afterwards.
        """
        ...

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """Where the manager puts the service's output."""
        ...

    def find(self) -> Dialogue[Sequence[Found]]:
        """The units of this manager worth showing on a machine without a config; empty when it is not there.

        Raises nothing: an absent tool or a dead daemon is an empty answer.
        """
        ...


def unit_of(service: ServiceSettings) -> str:
    """What the manager calls the service."""
    return service.unit or service.name


def could_not_ask(tool: str, answer: Answer) -> UnitStatus | None:
    """The status to show when the tool itself gave trouble; None when the answer is a proper one.

    The wording names the tool and the next thing to look at, because at night that is all one has.
    """
    if answer.trouble is None:
        return None
    said = {
        Trouble.ABSENT: f"{tool} not found",
        Trouble.REFUSED: f"{tool} daemon not running",
        Trouble.DENIED: f"{tool}: permission denied",
        Trouble.TIMEOUT: f"{tool} did not answer within its deadline",
        Trouble.UNREACHABLE: "host unreachable",
        Trouble.BROKEN: f"{tool} gave no usable answer",
    }[answer.trouble]
    detail = "" if answer.detail.endswith(f": {tool}") else answer.detail  # which was not found is said already
    return UnitStatus(UnitState.UNKNOWN, f"{said}: {detail}" if detail else said)


def nobody_listens(daemon: str, sockets: Sequence[str]) -> UnitStatus:
    """The status to show when none of the sockets where a daemon may listen is there."""
    others = f" nor at {len(sockets) - 1} more" if len(sockets) > 1 else ""
    return unknown(f"{daemon} not running: no socket at {''.join(sockets[:1])}{others}")


def decoded(text: bytes, shape: type[T]) -> T | None:
    """JSON of this shape; None for anything else. Keys the shape does not name are skipped, not decoded."""
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def unknown(words: str) -> UnitStatus:
    """The status of a unit that could not be asked after, and why; `words` are cleaned here."""
    return UnitStatus(UnitState.UNKNOWN, clean(words, limit=300))


def complaint(answer: Answer) -> str | None:
    """What a command that ended badly said, cleaned to one line; None if it ended with 0."""
    if answer.trouble is not None:
        return answer.detail or answer.trouble.value
    if answer.status == 0:
        return None
    said = clean((answer.err.strip() or answer.out.strip())[:400]).strip()
    return said or f"ended with {answer.status}"


def describe_exit(code: int) -> str:
    """An exit code in words, as a shell tells it: 137 is "exited with 137 (SIGKILL)"."""
    return f"exited with {code} ({describe_signal(code - 128)})" if 128 < code < 160 else f"exited with {code}"


def describe_signal(number: int) -> str:
    """The name of a signal, as "SIGKILL"."""
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def count_restarts(number: int) -> str:
    """ "1 restart", "2 restarts"."""
    return f"{number} restart{'' if number == 1 else 's'}"


def starts_again(ended: str, manager: str, restarts: int | None = None) -> str:
    """The sentence for a service that ended and waits for its manager to start it once more."""
    so_far = f" ({count_restarts(restarts)} so far)" if restarts else ""
    return f"{ended}, {manager} starts it again{so_far}"


def together(members: Mapping[str, UnitStatus]) -> UnitStatus:
    """One status for a service that is several processes (a cluster, a scaled container, a group), by member name.

    It runs as long as one member runs: the others make it unwell, not down, and the words name them. Otherwise it is as
    its worst member. Counters are summed; pid is the first that runs, the start the latest.
    """
    if len(members) == 1:
        return next(iter(members.values()))
    running = [status for status in members.values() if status.state is UnitState.RUNNING]
    worst = min((status.state for status in members.values()), key=_BADNESS.index)
    codes = [status.exit_code for status in members.values() if status.exit_code]
    return UnitStatus(
        UnitState.RUNNING if running else worst,
        _roll_call(members, len(running)),
        pid=next((status.pid for status in running if status.pid), None),
        started_at=max((status.started_at for status in running if status.started_at), default=None),
        restarts=_sum([status.restarts for status in members.values()]),
        exit_code=codes[0] if codes and not running else None,
        memory_bytes=_sum([status.memory_bytes for status in running]),
        cpu_percent=_sum([status.cpu_percent for status in running]),
        healthy=_all_well(members),
    )


_BADNESS = [
    UnitState.FAILED,
    UnitState.UNKNOWN,
    UnitState.STOPPING,
    UnitState.STARTING,
    UnitState.STOPPED,
    UnitState.ABSENT,
    UnitState.RUNNING,
]


def _roll_call(members: Mapping[str, UnitStatus], running: int) -> str:
    if running == len(members) and _all_well(members) is not False:
        return f"{running} running"
    odd = [
        f"{name} {status.words}"
        for name, status in members.items()
        if status.state is not UnitState.RUNNING or status.healthy is False
    ]
    rest = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
    return f"{running} of {len(members)} running: {', '.join(odd[:3])}{rest}"


def _all_well(members: Mapping[str, UnitStatus]) -> bool | None:
    """False if a member failed or its health check says so; True if every health check is content; None without any."""
    if any(status.healthy is False or status.state is UnitState.FAILED for status in members.values()):
        return False
    return True if all(status.healthy for status in members.values()) else None


def _sum(values: Sequence[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None
