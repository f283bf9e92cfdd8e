"""supervisor's dialect against what supervisord 4.3 really answered."""

from __future__ import annotations

import xmlrpc.client
from typing import Any

import pytest

from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Call, Request, Trouble
from airops_tui.managers.supervisor import MAX_ANSWER, Supervisor
from airops_tui.model import LogOrigin, UnitState

from .conversation import ABSENT, recorded, says, service, talk

RUNNING, STOPPED, FAILED = UnitState.RUNNING, UnitState.STOPPED, UnitState.FAILED
ALL = says(recorded("supervisor/all.xml"), 200)
MANAGER = Supervisor(("/run/supervisor.sock",))


def status(unit: str, answer: Answer = ALL) -> Any:
    return talk(MANAGER.status([service("it", unit=unit)]), [answer]).result["it"]


@pytest.mark.parametrize(
    ("unit", "state", "words", "exit_code"),
    [
        ("site:app", RUNNING, "running", None),
        ("app", RUNNING, "running", None),  # the only program of that name, in whatever group
        ("nolog", RUNNING, "running", None),
        ("slow", UnitState.STARTING, "starting", None),
        ("stubborn", UnitState.STOPPING, "stopping", None),
        ("off", STOPPED, "stopped", None),
        ("done", STOPPED, "exited with 0, as expected", 0),
        ("died", FAILED, "exited with 4", 4),
        ("bad", FAILED, "supervisor gave up: Exited too quickly (process log may have details)", None),
        ("backoff", FAILED, "Exited too quickly (process log may have details), supervisor starts it again", None),
        ("noexec", FAILED, "can't find command '/nosuch/program', supervisor starts it again", None),
        ("web", RUNNING, "2 running", None),
        ("web:*", RUNNING, "2 running", None),
        ("web:web_01", RUNNING, "running", None),
        ("nosuch", UnitState.ABSENT, "supervisor knows no program nosuch", None),
        ("site:nosuch", UnitState.ABSENT, "supervisor knows no program site:nosuch", None),
    ],
)
def test_a_program_in_every_state_is_told_in_one_sentence(
    unit: str, state: UnitState, words: str, exit_code: int | None
) -> None:
    told = status(unit)
    assert (told.state, told.words, told.exit_code) == (state, words, exit_code)


def test_only_what_lives_has_a_pid_and_a_start() -> None:
    app, bad = status("app"), status("bad")
    assert app.pid and app.started_at == 1795224546
    assert (bad.pid, bad.started_at) == (None, None)


def test_one_call_that_only_looks_tells_all_programs() -> None:
    talked = talk(MANAGER.status([service("app"), service("web"), service("off")]), [ALL])
    [call] = talked.asked
    assert isinstance(call, Call)
    assert (call.method, call.path, call.writes) == ("POST", "/RPC2", False)
    assert xmlrpc.client.loads(call.body) == ((), "supervisor.getAllProcessInfo")
    assert set(talked.result) == {"app", "web", "off"}


def program(name: str, group: str, **info: Any) -> dict[str, Any]:
    return {"name": name, "group": group, "state": 20, "statename": "RUNNING", "pid": 5, **info}


def answer_with(*programs: dict[str, Any]) -> Answer:
    return says(xmlrpc.client.dumps((list(programs),), methodresponse=True), 200)


def test_a_name_in_several_groups_asks_for_one_of_them() -> None:
    told = status("app", answer_with(program("app", "blue"), program("app", "green")))
    assert told.state is UnitState.UNKNOWN
    assert told.words == "several programs are called app: blue:app, green:app; set `unit` to one of them"


def test_a_group_with_a_program_that_gave_up_is_unwell_and_names_it() -> None:
    fatal = program("web_1", "web", state=200, statename="FATAL", spawnerr="Exited too quickly")
    told = status("web", answer_with(program("web_0", "web"), fatal))
    assert (told.state, told.healthy, told.pid) == (RUNNING, False, 5)
    assert told.words == "1 of 2 running: web_1 supervisor gave up: Exited too quickly"


BOMB = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;">]><methodResponse>&c;</methodResponse>'


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(BOMB, 200), "supervisord gave no usable answer (HTTP 200)"),
        (says("<html>", 200), "supervisord gave no usable answer"),
        (says("", 404), "supervisord gave no usable answer (HTTP 404)"),
        (says("", 401), "supervisord wants a user name and password on its socket"),
        (Answer(200, recorded("supervisor/all.xml"), truncated=True), "supervisord gave no usable answer (HTTP 200)"),
        (says(recorded("supervisor/nosuchMethod_.xml"), 200), "supervisor: UNKNOWN_METHOD"),
        (says(recorded("supervisor/stopProcess_slow.xml"), 200), "supervisord gave no usable answer"),
        (Answer(trouble=Trouble.DENIED, detail="/run/s"), "supervisord: permission denied: /run/s"),
        (Answer(trouble=Trouble.TIMEOUT), "supervisord did not answer within its deadline"),
        (Answer(trouble=Trouble.REFUSED, detail="/run/s"), "supervisord daemon not running: /run/s"),
        (ABSENT, "supervisord not running: no socket at /run/supervisor.sock"),
    ],
)
def test_why_supervisord_could_not_be_asked_is_said(answer: Answer, words: str) -> None:
    told = status("web", answer)
    assert (told.state, told.words) == (UnitState.UNKNOWN, words)


def test_an_answer_is_bounded() -> None:
    [call] = talk(MANAGER.find(), [ALL]).asked
    assert isinstance(call, Call)
    assert call.limit == MAX_ANSWER


def test_the_usual_sockets_are_tried_in_turn_and_a_dead_one_is_told() -> None:
    def reply(request: Request) -> Answer:
        assert isinstance(request, Call)
        return {"/a": ABSENT, "/b": Answer(trouble=Trouble.REFUSED, detail="/b"), "/c": ALL}[request.socket]

    several = Supervisor(("/a", "/b", "/c"))
    assert talk(several.status([service("web")]), reply).result["web"].state is RUNNING
    dead = Supervisor(("/a", "/b"))
    assert talk(dead.status([service("web")]), reply).result["web"].words == "supervisord daemon not running: /b"


@pytest.mark.parametrize(
    ("verb", "unit", "calls"),
    [
        ("start", "off", [("supervisor.startProcess", ("off", True))]),
        ("stop", "app", [("supervisor.stopProcess", ("site:app", True))]),
        ("stop", "web:web_00", [("supervisor.stopProcess", ("web:web_00", True))]),
        (
            "restart",
            "app",
            [("supervisor.stopProcess", ("site:app", True)), ("supervisor.startProcess", ("site:app", True))],
        ),
        ("restart", "web", [("supervisor.stopProcess", ("web:*", True)), ("supervisor.startProcess", ("web:*", True))]),
    ],
)
def test_orders_name_the_program_as_supervisor_does(verb: str, unit: str, calls: list[tuple[str, Any]]) -> None:
    requests = talk(getattr(MANAGER, verb)(service("it", unit=unit)), [ALL]).result
    told = [xmlrpc.client.loads(request.body) for request in requests]
    assert [(method, arguments) for arguments, method in told] == calls
    assert all(request.writes and request.timeout > 60 for request in requests)


@pytest.mark.parametrize("answer", [ALL, ABSENT])
def test_an_order_that_cannot_be_carried_out_is_refused_with_the_reason(answer: Answer) -> None:
    with pytest.raises(AiropsError, match="knows no program nosuch|not running") as error:
        talk(MANAGER.start(service("nosuch")), [answer])
    assert error.value.hint


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("startProcess_nosuch", "supervisor knows no such program: nosuch"),
        ("startProcess_bad", "it could not be started: bad"),
        ("startProcess_noexec", "its program cannot be found: can't find command '/nosuch/program'"),
        ("startProcess_site-app", None),  # it runs already
        ("stopProcess_off", None),  # it is stopped already
        ("startProcess_off", None),
        ("startProcess_web-all", None),
        ("stopProcessGroup_web", None),
        ("nosuchMethod_", "supervisor: UNKNOWN_METHOD"),
    ],
)
def test_a_fault_is_told_in_words_and_what_is_so_already_is_none(name: str, complaint: str | None) -> None:
    assert MANAGER.failed(says(recorded(f"supervisor/{name}.xml"), 200)) == complaint


def test_one_program_of_a_group_that_did_not_start_is_a_complaint() -> None:
    results = [{"name": "web_0", "status": 80}, {"name": "web_1", "status": 50, "description": "SPAWN_ERROR: web_1"}]
    assert MANAGER.failed(answer_with(*results)) == "it could not be started: web_1"


def test_logs_are_the_files_that_supervisor_names() -> None:
    def find_logs(unit: str) -> tuple[LogOrigin, ...]:
        return talk(MANAGER.logs(service(unit)), [ALL]).result

    assert [(origin.kind, origin.stream) for origin in find_logs("bad")] == [("file", "out"), ("file", "err")]
    assert find_logs("bad")[0].place.startswith("/var/log/supervisor/bad-stdout")
    assert find_logs("nolog") == ()
    assert find_logs("nosuch") == ()


def test_every_program_is_found_because_an_operator_put_it_there() -> None:
    found = {item.name: item for item in talk(MANAGER.find(), [ALL]).result}
    assert len(found) == 12
    assert (found["app"].unit, found["off"].unit) == ("site:app", "off")
    assert talk(MANAGER.find(), [ABSENT]).result == ()


def test_a_program_with_strange_values_is_told_as_unknown() -> None:
    odd = {"name": 5, "group": "web", "state": "20", "pid": "x", "start": True, "statename": "", "stdout_logfile": 1}
    [told] = talk(MANAGER.find(), [answer_with(odd)]).result
    assert (told.unit, told.status.state, told.logs) == ("web:5", UnitState.UNKNOWN, ())
