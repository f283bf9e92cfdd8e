"""What the facts mean: the state of a service and why, the state of the whole, when a fact is too old to be believed.

Pure: the time is an argument. The rules stand in the order in which they are asked; the first that speaks decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from airops_tui.errors import ExitCode
from airops_tui.model import Failure, Health, Port, Process, Service, State, UnitState, UnitStatus

Verdict = tuple[State, str]
"""A state and, in one sentence without a full stop, why."""

GRACE = 30.0
"""Seconds after its start in which a service that does not answer yet is starting, not down."""

_DEAF = {Failure.REFUSED, Failure.HANG, Failure.UNREACHABLE, Failure.PROTOCOL}
_DEGRADES = {Failure.LOADED, Failure.BODY, Failure.ENCODING, Failure.REDIRECT}


class Sight(msgspec.Struct, frozen=True):
    """Everything that decides the state of one service. None is "not looked at, or not yet".

    `looks` says whether a health rule exists at all: without one a running unit is enough to be up. `answered`: it was
    well once since it started, so what falls silent is not starting.
    """

    looks: bool = False
    unit: UnitStatus | None = None
    health: Health | None = None
    public: Health | None = None
    port: Port | None = None
    process: Process | None = None
    grace: float = GRACE
    answered: bool = False


def judge(sight: Sight, now: float) -> Verdict:
    """The state of a service at `now` (epoch seconds), and the reason in the words a person needs first."""
    for rule in _RULES:
        verdict = rule(sight, now)
        if verdict is not None:
            return verdict
    return State.UNKNOWN, "not looked at yet"


def _taken(sight: Sight, now: float) -> Verdict | None:
    if sight.port is None or not sight.port.conflict:
        return None
    held = f"port {sight.port.number} is held by {describe_owner(sight.port.owner)}"
    if sight.unit is not None and sight.unit.state is UnitState.STOPPED:
        return State.DEGRADED, f"stopped, and {held}"
    return State.DOWN, held


def _ended(sight: Sight, now: float) -> Verdict | None:
    unit = sight.unit
    if unit is None:
        return None
    if sight.process is not None and sight.process.state == "zombie":
        return State.DOWN, f"pid {sight.process.pid} is a zombie: ended, not collected by its parent"
    if unit.state is UnitState.FAILED:
        return State.DOWN, unit.words or "failed"
    if unit.state not in (UnitState.STOPPED, UnitState.ABSENT):
        return None
    if sight.health is not None and sight.health.ok:
        return State.DEGRADED, f"answers, but its unit does not run: {unit.words or unit.state.value}"
    if unit.state is UnitState.ABSENT:
        return State.DOWN, unit.words or "no such unit"
    return State.STOPPED, unit.words or "stopped"


def _between(sight: Sight, now: float) -> Verdict | None:
    if sight.unit is None:
        return None
    if sight.unit.state is UnitState.STOPPING:
        return State.DEGRADED, sight.unit.words or "stopping"
    if sight.unit.state is UnitState.STARTING and not (sight.health and sight.health.ok):
        return State.STARTING, sight.unit.words or "starting"
    return None


def _unwell(sight: Sight, now: float) -> Verdict | None:
    health = sight.health
    if health is None or health.ok:
        return None
    reason = health.error or (health.failure.value if health.failure else "not well")
    deaf = health.failure in _DEAF or (health.status or 0) >= 500
    if deaf and health.failure is not Failure.LOADED and (age := _young(sight, now)) is not None:
        return State.STARTING, f"started {age:.0f} s ago: {reason}"
    if health.failure is Failure.DNS:
        return State.UNKNOWN, reason
    if health.failure in _DEGRADES or (health.failure is Failure.STATUS and not deaf):
        return State.DEGRADED, reason
    if health.failure in _DEAF and sight.unit is not None and sight.unit.state is UnitState.RUNNING:
        return State.DOWN, f"{reason}; its process lives{_pid(sight.unit)}"
    return State.DOWN, reason


def _silent(sight: Sight, now: float) -> Verdict | None:
    if sight.looks or sight.port is None or sight.port.listening is not False:
        return None
    reason = f"nothing listens on port {sight.port.number}"
    if (age := _young(sight, now)) is not None:
        return State.STARTING, f"started {age:.0f} s ago: {reason}"
    return State.DOWN, reason


def _ailing(sight: Sight, now: float) -> Verdict | None:
    """Runs, but its manager's own health check says otherwise, or a part of it failed."""
    unit = sight.unit
    if unit is None or unit.state is not UnitState.RUNNING or unit.healthy is not False:
        return None
    return State.DEGRADED, unit.words or "unhealthy"


def _well(sight: Sight, now: float) -> Verdict | None:
    health = sight.health
    if health is None or not health.ok:
        return None
    reason = describe_health(health)
    if sight.public is not None and not sight.public.ok:
        return State.DEGRADED, f"public address: {sight.public.error or 'not well'}"
    if health.slow:
        return State.SLOW, reason
    if sight.unit is not None and sight.unit.state is UnitState.UNKNOWN:
        return State.UP, f"{reason}; {sight.unit.words}"
    return State.UP, reason


def _runs(sight: Sight, now: float) -> Verdict | None:
    unit = sight.unit
    if unit is not None and unit.state is UnitState.UNKNOWN and not (sight.port and sight.port.listening):
        return State.UNKNOWN, unit.words or "its manager could not be asked"
    if sight.looks:
        return None
    if sight.public is not None and not sight.public.ok:
        return State.DEGRADED, f"public address: {sight.public.error or 'not well'}"
    if unit is not None and unit.state is UnitState.RUNNING:
        return State.UP, unit.words or "running"
    if sight.port is not None and sight.port.listening:
        return State.UP, f"port {sight.port.number} is open"
    return None


_RULES: tuple[Callable[[Sight, float], Verdict | None], ...] = (
    _taken,
    _ended,
    _between,
    _unwell,
    _silent,
    _ailing,
    _well,
    _runs,
)


def _young(sight: Sight, now: float) -> float | None:
    """Seconds since the unit's start while that is within its grace and it has not answered yet, else None."""
    started = sight.unit.started_at if sight.unit and sight.unit.state is UnitState.RUNNING else None
    if started is None or sight.answered:
        return None
    age = max(0.0, now - started)
    return age if age < sight.grace else None


def _pid(unit: UnitStatus) -> str:
    return f" (pid {unit.pid})" if unit.pid else ""


def describe_health(health: Health) -> str:
    """ "200 in 12 ms", "200 in 2.4 s": a good answer in the fewest words."""
    if health.latency_ms is None:
        return str(health.status or "ok")
    spent = f"{health.latency_ms:.0f} ms" if health.latency_ms < 1000 else f"{health.latency_ms / 1000:.1f} s"
    return f"{health.status or 'open'} in {spent}"


def describe_owner(owner: Process | None) -> str:
    """Who holds a port, as far as the system tells: program, pid and user."""
    if owner is None:
        return "another process (whose name needs root)"
    user = f", user {owner.user}" if owner.user else ""
    return f"{owner.program or 'a process'} (pid {owner.pid}{user})"


def is_stale(looked_mono: float | None, now_mono: float, period: float, deadline: float) -> bool:
    """Whether a fact is older than two periods and the deadline of one look: a look was missed, not merely slow."""
    return looked_mono is not None and now_mono - looked_mono > 2 * period + deadline


def overall(services: Iterable[Service]) -> State:
    """The state of the whole: down before unknown before anything unwell; nothing to look at is unknown."""
    states = {service.state for service in services}
    if not states:
        return State.UNKNOWN
    if states <= {State.UP, State.STOPPED}:
        return State.UP
    return min(states - {State.UP, State.STOPPED}, key=lambda state: state.rank)


def exit_code(state: State) -> ExitCode:
    """The code of a report, after the convention of monitoring plugins: 0 ok, 1 warning, 2 critical, 3 unknown."""
    if state in (State.UP, State.STOPPED):
        return ExitCode.OK
    return {State.DOWN: ExitCode.DOWN, State.UNKNOWN: ExitCode.UNKNOWN}.get(state, ExitCode.DEGRADED)


def worst_first(services: Iterable[Service]) -> list[Service]:
    """Services in the order trouble is read: worst state first, in the order of the config within one state."""
    return sorted(services, key=lambda service: service.state.rank)
