"""Looking around on a machine: in time, whatever hangs or fails, and with something to show for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airops_tui.config.load import load
from airops_tui.config.write import write
from airops_tui.hosts.base import Answer, Command, Dialogue, Request
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.base import Found
from airops_tui.model import Listener, LogOrigin, Process, UnitState, UnitStatus
from airops_tui.sources.discover import discover, draft_from, settings_from


@dataclass
class Machine:
    """A host of recorded facts. `reply` performs what managers ask for."""

    table: Mapping[int, Process] = field(default_factory=dict)
    sockets: Sequence[Listener] = ()
    reply: Callable[[Request], Answer] = lambda request: Answer()
    name: str = "local"
    read_only: bool = True

    def perform(self, request: Request) -> Answer:
        return self.reply(request)

    def processes(self) -> Mapping[int, Process]:
        return self.table

    def listeners(self) -> Sequence[Listener]:
        return self.sockets


@dataclass
class Keeper:
    """A manager of which only finding matters here."""

    kind: str
    units: Sequence[Found] = ()
    asks: Request | None = None

    def find(self) -> Dialogue[Sequence[Found]]:
        if self.asks:
            yield self.asks
        return self.units

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"discovery has no need of {name}")


@pytest.fixture
def hanging() -> Iterator[Callable[[Request], Answer]]:
    """A host that does not answer before the test is over."""
    over = threading.Event()

    def reply(request: Request) -> Answer:
        over.wait(30)
        return Answer()

    yield reply
    over.set()


HUB = Found(
    "hub", "hub.service", "systemd", UnitStatus(UnitState.RUNNING, pid=10), title="Student Hub", directory="/srv"
)


def test_a_manager_that_hangs_delays_no_other_and_is_told(hanging: Callable[[Request], Answer]) -> None:
    machine = Machine({10: Process(10, 1, "python3")}, [Listener("::", 8003, 10)], hanging)
    began = time.monotonic()
    found = discover(
        machine,
        managers=[Keeper("docker", asks=Command(argv=("x",), writes=False)), Keeper("systemd", [HUB])],
        deadline=0.3,
    )
    assert time.monotonic() - began < 10
    assert [unit.ports for unit in found.units] == [(8003,)]
    assert [(problem.where, problem.what) for problem in found.problems] == [("docker", "no answer within 0.3 s")]


def test_what_fails_is_told_in_one_safe_line() -> None:
    def broken(request: Request) -> Answer:
        raise OSError("\x1b]0;owned\x07 no such thing")

    asking = Keeper("docker", asks=Command(argv=("x",), writes=False))
    [problem] = discover(Machine(reply=broken), managers=[asking]).problems
    assert problem.where == "docker"
    assert problem.what.isprintable()


def test_a_look_around_asks_for_nothing_that_writes() -> None:
    """The command line discovers on a read-only host; a manager that would start something is refused and told."""
    [problem] = discover(Machine(), managers=[Keeper("pm2", asks=Command(argv=("pm2", "ping")))]).problems
    assert "read-only" in problem.what


def test_what_was_found_becomes_settings_that_load_takes_back(tmp_path: Path) -> None:
    machine = Machine(
        {
            10: Process(10, 1, "python3"),
            20: Process(20, 1, "node", command="node /srv/iamvet/server.js --token=s3cr3t-canary-value"),
            21: Process(21, 1, "python3", command="python3 main.py"),
            22: Process(22, 1, "python3", command="python3 main.py"),
        },
        [
            Listener("::", 8003, 10),
            Listener("::", 3000, 20),
            Listener("::", 3001, 20),
            Listener("::", 81, 21),
            Listener("::", 82, 22),
        ],
    )
    units = [
        HUB,
        Found(
            "web", "web", "compose", UnitStatus(UnitState.RUNNING), ports=(8080,), project="air", directory="/srv/air"
        ),
        Found("web", "my web", "pm2", UnitStatus(UnitState.STOPPED), title="env:HOME"),
        Found("-x", "--evil", "supervisor", UnitStatus(UnitState.STOPPED), logs=(LogOrigin("file", "/x"),)),
    ]
    found = discover(machine, managers=[Keeper("systemd", units)])
    draft = draft_from(found)
    text = write(draft)
    path = tmp_path / "airops.toml"
    path.write_text(text)
    path.chmod(0o600)
    settings = load(path, environ={"HOME": "/root-of-all"})
    assert [(s.name, s.manager, s.unit, s.port) for s in settings.services] == [
        ("web", "compose", "", 8080),
        ("web-pm2", "pm2", "my web", None),
        ("hub", "systemd", "hub.service", 8003),
        ("main", None, "", 81),
        ("main-82", None, "", 82),
        ("iamvet", None, "", 3000),
    ]
    assert settings.services[0].project == "air"
    assert settings.services[1].title == "env HOME"
    assert "canary" not in text
    assert "# also 3001" in text
    assert '#   x: unit: "--evil" begins with a dash' in text
    assert [s.name for s in settings_from(found).services] == [s.name for s in settings.services]


def test_this_machine_shows_a_program_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = discover(LocalHost(read_only=True), deadline=20)
        assert port in [port for one in (*found.units, *found.programs) for port in one.ports]
