"""Whose port is whose, and what an operator is spared."""

from __future__ import annotations

import pytest

from airops_tui.managers.base import Found
from airops_tui.model import Listener, Process, UnitState, UnitStatus
from airops_tui.sources.joining import Program, Unit, joined


def process(pid: int, program: str, parent: int = 1, command: str = "") -> Process:
    return Process(pid, parent, program, command=command or program)


def unit(
    name: str, pid: int | None = None, manager: str = "systemd", *, ports: tuple[int, ...] = (), failed: bool = False
) -> Found:
    state = UnitState.FAILED if failed else UnitState.RUNNING if pid else UnitState.STOPPED
    return Found(name, name, manager, UnitStatus(state, pid=pid), ports=ports)


def look(
    found: list[Found], processes: list[Process], listeners: list[Listener]
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Units and programs with their ports, by name."""
    table = {one.pid: one for one in [process(1, "systemd", 0), *processes]}
    units, programs = joined(found, table, listeners)
    return {one.found.name: one.ports for one in units}, {one.name: one.ports for one in programs}


def test_a_port_belongs_to_the_unit_above_the_process_that_holds_it() -> None:
    units, programs = look(
        [unit("nginx", 100), unit("llm-classroom", 200)],
        [process(100, "nginx"), process(101, "nginx", 100), process(200, "uvicorn"), process(201, "python3", 200)],
        [Listener("0.0.0.0", 80, 101), Listener("::", 80, 100), Listener("0.0.0.0", 8000, 201)],
    )
    assert units == {"nginx": (80,), "llm-classroom": (8000,)}
    assert programs == {}


def test_a_port_below_two_units_belongs_to_the_nearest() -> None:
    """PM2 started by systemd: the app is shown, and what only carries it is not."""
    units, _ = look(
        [unit("pm2-ubuntu", 300), unit("iamvet", 301, "pm2")],
        [process(300, "PM2 v7"), process(301, "node", 300)],
        [Listener("::", 3000, 301)],
    )
    assert units == {"iamvet": (3000,)}


def test_a_carrier_with_a_port_of_its_own_or_in_trouble_is_shown() -> None:
    processes = [process(300, "supervisord"), process(301, "python3", 300)]
    web = unit("web", 301, "supervisor")
    assert "supervisord" in look([unit("supervisord", 300), web], processes, [Listener("127.0.0.1", 9001, 300)])[0]
    assert "docker" in look([unit("docker", failed=True)], [], [])[0]
    assert "docker" not in look([unit("docker", 5)], [process(5, "dockerd")], [])[0]


def test_a_published_port_belongs_to_its_container_whoever_holds_the_socket() -> None:
    units, programs = look(
        [unit("docker", 5), unit("master", 900, "compose", ports=(8000,))],
        [process(5, "dockerd"), process(6, "docker-proxy", 5), process(900, "python3")],
        [Listener("0.0.0.0", 8000, 6), Listener("127.0.0.1", 8100, 900)],
    )
    assert units == {"master": (8000, 8100)}
    assert programs == {}
    seen_by_a_plain_user, _ = look([unit("master", ports=(8000,), manager="compose")], [], [Listener("::", 8000)])
    assert seen_by_a_plain_user == {"master": (8000,)}


def test_a_process_known_to_two_managers_is_shown_once_by_the_one_that_says_more() -> None:
    units, _ = look(
        [unit("hub", 7), unit("hub-1", 7, "docker"), unit("hub", 7, "compose")], [process(7, "python3")], []
    )
    assert list(units) == ["hub"]


def test_programs_without_a_unit_are_shown_with_all_their_ports() -> None:
    _, programs = look(
        [],
        [process(10, "caddy"), process(11, "caddy", 10), process(12, "mediamtx")],
        [Listener("::", 443, 11), Listener("::", 80, 10), Listener("127.0.0.1", 2019, 10), Listener("::", 1935, 12)],
    )
    assert programs == {"caddy": (80, 443, 2019), "mediamtx": (1935,)}


def test_a_port_reachable_from_elsewhere_comes_before_one_that_is_not() -> None:
    _, programs = look([], [process(10, "app")], [Listener("127.0.0.1", 80, 10), Listener("0.0.0.0", 8000, 10)])
    assert programs == {"app": (8000, 80)}


@pytest.mark.parametrize(
    ("program", "command", "name"),
    [
        ("python3", "python3 /srv/classroom/proto4/main.py", "proto4"),
        ("python3", "python3 main.py", "main"),
        ("python3.11", "/usr/bin/python3.11 -u -m http.server 8000", "http.server"),
        ("python3", "python3 -m classroom.services.hub --port 1", "hub"),
        ("node", "node --max-old-space-size=512 /home/u/iamvet/dist/server.js", "iamvet"),
        ("java", "java -Xmx1g", "java"),
        ("python3", "python3", "python3"),
        ("uvicorn", "/venv/bin/uvicorn main:app", "uvicorn"),
    ],
)
def test_an_interpreter_is_called_after_what_it_runs(program: str, command: str, name: str) -> None:
    _, programs = look([], [process(9, program, command=command)], [Listener("::", 8000, 9)])
    assert programs == {name: (8000,)}


@pytest.mark.parametrize(
    "program", ["systemd-resolve", "cupsd", "avahi-daemon", "rapportd", "ControlCenter", "rpcbind"]
)
def test_what_every_installation_listens_with_is_left_out(program: str) -> None:
    assert look([], [process(9, program)], [Listener("127.0.0.1", 631, 9)])[1] == {}


def test_sshd_is_shown() -> None:
    assert look([], [process(9, "sshd")], [Listener("0.0.0.0", 22, 9)])[1] == {"sshd": (22,)}


def test_sockets_of_unknown_holders_go_to_the_unit_whose_usual_port_it_is() -> None:
    """A plain user is not told who holds the sockets of root's programs."""
    units, programs = joined(
        [unit("nginx", 80), unit("worker", 81)],
        {80: process(80, "nginx")},
        [Listener("0.0.0.0", 80), Listener("::", 7)],
    )
    assert units[0] == Unit(unit("nginx", 80), (80,), "the usual port of nginx; the system does not tell who holds it")
    assert units[1].ports == ()
    assert programs == (Program("port-7", (7,), None, "the system does not tell who holds it"),)


def test_a_socket_that_the_first_process_keeps_for_sshd_is_called_ssh() -> None:
    assert look([], [], [Listener("::", 22, 1), Listener("::", 53, 1)])[1] == {"ssh": (22,)}


def test_in_a_container_the_first_process_is_a_program_like_others() -> None:
    _, programs = joined([], {1: process(1, "gunicorn", 0)}, [Listener("::", 8000, 1)])
    assert [(one.name, one.ports) for one in programs] == [("gunicorn", (8000,))]


def test_a_circle_in_the_process_table_is_no_trap() -> None:
    """Two looks a moment apart can disagree when pids are used again."""
    _, programs = look([], [process(5, "a", 6), process(6, "a", 5)], [Listener("::", 1, 5)])
    assert list(programs) == ["a"]
