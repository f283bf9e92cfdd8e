"""Every fault can be seen from outside, over real HTTP, and goes away when it is mended."""

from __future__ import annotations

import http.client
from pathlib import Path

import psutil
import pytest

from airops_tui import arguments
from airops_tui.errors import UsageError
from airops_tui.hosts.base import hold
from airops_tui.model import UnitState, UnitStatus
from airops_tui.playground.services.faults import FAULTS
from airops_tui.playground.world import Playground
from tests.playground.conftest import alive, get, until

NAME = "proto1"


@pytest.fixture(autouse=True)
def all_well_again(playground: Playground):
    yield
    for name in playground.faults():
        playground.mend(name)


def port(playground: Playground, name: str = NAME) -> int:
    return playground.ports[name]


def status(playground: Playground, name: str = NAME) -> UnitStatus:
    return hold(playground.host, playground.manager.status([playground.services[name]]))[name]


def error_log(playground: Playground, name: str = NAME) -> str:
    origins = hold(playground.host, playground.manager.logs(playground.services[name]))
    return "".join(Path(origin.place).read_text() for origin in origins if origin.stream == "err")


def test_a_crashed_service_refuses_connections_and_ended_with_an_error(playground: Playground):
    playground.break_(NAME, "crash")
    with pytest.raises(ConnectionRefusedError):
        get(port(playground), "/health")
    seen = status(playground)
    assert (seen.state, seen.exit_code) == (UnitState.FAILED, 1)
    assert "PlaygroundFault: crash" in error_log(playground)


def test_a_crashed_service_stays_down_when_it_is_restarted_until_it_is_mended(playground: Playground):
    playground.break_(NAME, "crash")
    for request in hold(playground.host, playground.manager.start(playground.services[NAME])):
        playground.host.perform(request)
    until(lambda: status(playground).state is UnitState.FAILED, "the restarted service ends again")
    playground.mend(NAME)
    assert get(port(playground), "/health").status == 200


def test_a_hanging_service_lives_and_accepts_but_never_answers(playground: Playground):
    before = status(playground).pid
    playground.break_(NAME, "hang")
    with pytest.raises(TimeoutError):
        get(port(playground), "/health", timeout=0.5)
    assert (status(playground).state, status(playground).pid) == (UnitState.RUNNING, before)


def test_a_hanging_service_answers_those_who_still_wait_once_it_is_mended(playground: Playground):
    playground.break_(NAME, "hang")
    link = http.client.HTTPConnection("127.0.0.1", port(playground), timeout=10)
    link.request("GET", "/health")
    playground.mend(NAME)
    assert link.getresponse().status == 200
    link.close()


def test_a_hanging_service_keeps_no_thread_for_clients_that_left(playground: Playground):
    process = psutil.Process(status(playground).pid)
    playground.break_(NAME, "hang")
    before = process.num_threads()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            get(port(playground), "/health", timeout=0.02)
    until(lambda: process.num_threads() <= before + 2, "the threads of 20 lost clients end")


def test_a_slow_service_answers_after_two_to_four_seconds(playground: Playground):
    playground.break_(NAME, "slow")
    reply = get(port(playground), "/health")
    assert reply.status == 200
    assert reply.seconds >= 1.9


def test_a_failing_service_answers_500_with_a_traceback_in_its_log(playground: Playground):
    playground.break_(NAME, "error")
    assert get(port(playground), "/health").status == 500
    log = error_log(playground)
    assert "Exception while answering GET /health\nTraceback (most recent call last):" in log


def test_iamvet_without_its_database_still_answers_200_and_only_the_body_tells(playground: Playground):
    assert get(port(playground, "iamvet"), "/api/health").json["checks"]["database"] == "ok"
    playground.break_("iamvet", "error")
    reply = get(port(playground, "iamvet"), "/api/health")
    assert (reply.status, reply.json["status"], reply.json["checks"]["database"]) == (200, "ok", "error")
    assert get(port(playground, "iamvet"), "/api/lectures").status == 500


def test_a_leaking_service_grows_and_shrinks_again_when_mended(playground: Playground):
    process = psutil.Process(status(playground).pid)
    before = process.memory_info().rss
    playground.break_(NAME, "leak")
    until(lambda: process.memory_info().rss > before + 8_000_000, "8 MB leak")
    assert get(port(playground), "/health").status == 200
    playground.mend(NAME)
    until(lambda: process.memory_info().rss < before + 5_000_000, "what leaked is given back")


def test_a_taken_port_belongs_to_a_foreign_program_and_the_service_says_why_it_cannot_start(playground: Playground):
    playground.break_(NAME, "port-taken")
    assert status(playground).state is UnitState.FAILED
    assert "Address already in use" in error_log(playground)
    assert get(port(playground), "/health").status == 404
    holders = [
        c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port(playground)
    ]
    assert len(holders) == 1
    assert "airops_tui.playground.services.stranger" in psutil.Process(holders[0]).cmdline()
    playground.mend(NAME)
    assert get(port(playground), "/health").status == 200
    assert not alive(holders[0])


@pytest.mark.parametrize("first", FAULTS)
def test_one_fault_takes_the_place_of_another(playground: Playground, first: str):
    playground.break_(NAME, first)
    playground.break_(NAME, "error")
    assert playground.faults() == {NAME: "error"}
    assert get(port(playground), "/").status == 500


def test_a_tunnel_that_is_gone_takes_the_public_address_with_it_and_nothing_else(playground: Playground):
    public = port(playground, "public-proto4")
    assert get(public, "/health").status == 200
    playground.break_("tunnel", "crash")
    with pytest.raises(ConnectionRefusedError):
        get(public, "/health")
    assert get(port(playground, "proto4"), "/health").status == 200


def test_a_service_that_is_gone_is_a_502_at_its_public_address(playground: Playground):
    playground.break_("proto4", "crash")
    assert get(port(playground, "public-proto4"), "/health").status == 502
    assert "ERR Unable to reach the origin service" in error_log(playground, "tunnel")


@pytest.mark.parametrize(
    ("name", "fault", "hint"),
    [("proto5", "crash", "did you mean 'proto4'?"), ("hub", "hung", "did you mean 'hang'?"), ("hub", "zz", "one of")],
)
def test_what_cannot_be_broken_is_refused_with_a_suggestion(playground: Playground, name: str, fault: str, hint: str):
    with pytest.raises(UsageError) as refused:
        playground.break_(name, fault)
    assert hint in refused.value.hint
    assert not playground.faults()


def test_the_command_line_the_palette_and_the_services_know_the_same_faults(playground: Playground):
    assert tuple(FAULTS) == arguments.FAULTS
    names = {command.name for command in playground.commands()}
    assert {"break hub crash", "break slave-2 port-taken", "mend tunnel"} <= names
    assert len(names) == len(playground.names) * (len(FAULTS) + 1)


def test_a_command_of_the_palette_does_what_it_says_and_returns_a_sentence(playground: Playground):
    commands = {command.name: command.run for command in playground.commands()}
    assert commands["break hub error"]() == "hub answers 500 and fills the error log"
    assert get(port(playground, "hub"), "/lobby").status == 500
    assert commands["mend hub"]() == "hub answers well"
    assert get(port(playground, "hub"), "/lobby").status == 200
