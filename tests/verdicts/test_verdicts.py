"""What the facts mean, as a table: each line is a situation an operator knows, and the verdict they should read."""

from __future__ import annotations

import pytest

from airops_tui.errors import ExitCode
from airops_tui.model import Failure, Health, Port, Process, Service, State, UnitState, UnitStatus
from airops_tui.verdicts import Sight, exit_code, is_stale, judge, overall, worst_first

NOW = 1_000_000.0
RUNS = UnitStatus(UnitState.RUNNING, "active (running)", pid=41, started_at=NOW - 3600)
YOUNG = UnitStatus(UnitState.RUNNING, "active (running)", pid=41, started_at=NOW - 3)
STOPPED = UnitStatus(UnitState.STOPPED, "stopped on purpose")
FAILED = UnitStatus(UnitState.FAILED, "ended with exit code 1", exit_code=1)
ABSENT = UnitStatus(UnitState.ABSENT, "systemd knows no unit x.service")
UNASKED = UnitStatus(UnitState.UNKNOWN, "pm2 not found")
UNWELL = UnitStatus(UnitState.RUNNING, "1 of 2 running: web-2 exited with 3", healthy=False)
STARTING = UnitStatus(UnitState.STARTING, "activating (auto-restart)")
GOOD = Health(True, 200, 12.0)
SLOW = Health(True, 200, 2400.0, slow=True)
REFUSED = Health(False, error="refused", failure=Failure.REFUSED)
HANG = Health(False, error="no answer in 10 s", failure=Failure.HANG)
FREE = Port(8000, listening=False)
OPEN = Port(8000, listening=True)
TAKEN = Port(8000, listening=True, owner=Process(812, 1, "nginx", "www-data"), conflict=True)


def failing(failure: Failure, status: int | None = None) -> Health:
    return Health(False, status, 5.0, f"{failure.value}!", failure)


SITUATIONS = {
    "all is well": (Sight(True, RUNS, GOOD), State.UP, "200 in 12 ms"),
    "well but late": (Sight(True, RUNS, SLOW), State.SLOW, "200 in 2.4 s"),
    "no manager, answers": (Sight(True, None, GOOD), State.UP, "200 in 12 ms"),
    "its process ended": (Sight(True, FAILED, REFUSED), State.DOWN, "ended with exit code 1"),
    "it lives but is deaf": (Sight(True, RUNS, HANG), State.DOWN, "no answer in 10 s; its process lives (pid 41)"),
    "it just started": (Sight(True, YOUNG, REFUSED), State.STARTING, "started 3 s ago: refused"),
    "it just started, answered, and fell silent": (Sight(True, YOUNG, HANG, answered=True), State.DOWN, "no answer"),
    "its manager is about to start it again": (Sight(True, STARTING, REFUSED), State.STARTING, "auto-restart"),
    "stopped on purpose": (Sight(True, STOPPED, REFUSED), State.STOPPED, "stopped on purpose"),
    "stopped, yet something answers": (Sight(True, STOPPED, GOOD), State.DEGRADED, "answers, but its unit does not"),
    "the unit does not exist": (Sight(True, ABSENT, REFUSED), State.DOWN, "knows no unit"),
    "manager not there, service answers": (Sight(True, UNASKED, GOOD), State.UP, "200 in 12 ms; pm2 not found"),
    "manager not there, nothing else known": (Sight(False, UNASKED), State.UNKNOWN, "pm2 not found"),
    "manager not there, and it refuses": (Sight(True, UNASKED, REFUSED), State.DOWN, "refused"),
    "another on its port": (Sight(True, FAILED, GOOD, port=TAKEN), State.DOWN, "held by nginx (pid 812, user www"),
    "stopped, another on its port": (Sight(True, STOPPED, None, port=TAKEN), State.DEGRADED, "stopped, and port 8000"),
    "wrong content": (Sight(True, RUNS, failing(Failure.BODY, 200)), State.DEGRADED, "body!"),
    "asks for patience": (Sight(True, RUNS, failing(Failure.LOADED, 503)), State.DEGRADED, "loaded!"),
    "asks for patience right after its start": (Sight(True, YOUNG, failing(Failure.LOADED, 503)), State.DEGRADED, ""),
    "server error": (Sight(True, RUNS, failing(Failure.STATUS, 502)), State.DOWN, "status!"),
    "not found": (Sight(True, RUNS, failing(Failure.STATUS, 404)), State.DEGRADED, "status!"),
    "certificate": (Sight(True, RUNS, failing(Failure.TLS)), State.DOWN, "tls!"),
    "its name does not resolve": (Sight(True, RUNS, failing(Failure.DNS)), State.UNKNOWN, "dns!"),
    "the edge fails": (Sight(True, RUNS, GOOD, failing(Failure.STATUS, 530)), State.DEGRADED, "public address:"),
    "a port and nothing on it": (Sight(False, RUNS, port=FREE), State.DOWN, "nothing listens on port 8000"),
    "a port not open yet": (Sight(False, YOUNG, port=FREE), State.STARTING, "started 3 s ago: nothing listens"),
    "a port and it is open": (Sight(False, None, port=OPEN), State.UP, "port 8000 is open"),
    "unwell by its manager's own check": (Sight(False, UNWELL), State.DEGRADED, "1 of 2 running: web-2 exited with 3"),
    "unwell by its manager's own check, answers": (Sight(True, UNWELL, GOOD), State.DEGRADED, "1 of 2 running"),
    "unwell by its manager's own check, and deaf": (Sight(True, UNWELL, HANG), State.DOWN, "no answer in 10 s"),
    "only a unit": (Sight(False, RUNS), State.UP, "active (running)"),
    "a zombie": (Sight(True, RUNS, REFUSED, process=Process(41, 1, "x", state="zombie")), State.DOWN, "zombie"),
    "not looked at yet": (Sight(True), State.UNKNOWN, "not looked at yet"),
    "unit looked at, endpoint not yet": (Sight(True, RUNS), State.UNKNOWN, "not looked at yet"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_service_is_judged(situation: str):
    sight, state, words = SITUATIONS[situation]
    verdict = judge(sight, NOW)
    assert verdict[0] is state
    assert words in verdict[1]


def test_every_failure_has_a_verdict_that_is_not_up():
    for failure in Failure:
        state, reason = judge(Sight(True, RUNS, failing(failure)), NOW)
        assert state not in (State.UP, State.SLOW, State.STOPPED) and reason


def test_the_clock_going_back_does_not_make_a_service_younger_than_new():
    assert judge(Sight(True, YOUNG, REFUSED), NOW - 100) == (State.STARTING, "started 0 s ago: refused")


@pytest.mark.parametrize(
    ("states", "whole", "code"),
    [
        ((State.UP, State.STOPPED), State.UP, ExitCode.OK),
        ((State.UP, State.SLOW), State.SLOW, ExitCode.DEGRADED),
        ((State.STARTING,), State.STARTING, ExitCode.DEGRADED),
        ((State.DEGRADED, State.UNKNOWN), State.UNKNOWN, ExitCode.UNKNOWN),
        ((State.UNKNOWN, State.DOWN, State.UP), State.DOWN, ExitCode.DOWN),
        ((), State.UNKNOWN, ExitCode.UNKNOWN),
    ],
)
def test_the_whole_is_as_bad_as_its_worst_part(states: tuple[State, ...], whole: State, code: ExitCode):
    services = [Service(str(number), "", state, "") for number, state in enumerate(states)]
    assert overall(services) is whole
    assert exit_code(whole) is code


def test_worst_first_and_otherwise_as_configured():
    services = [Service(name, "", state, "") for name, state in (("a", State.UP), ("b", State.DOWN), ("c", State.UP))]
    assert [service.name for service in worst_first(services)] == ["b", "a", "c"]


def test_a_fact_is_stale_only_after_a_missed_look():
    assert not is_stale(100.0, 119.0, period=5, deadline=10)
    assert is_stale(100.0, 121.0, period=5, deadline=10)
    assert not is_stale(None, 121.0, period=5, deadline=10)
