"""Starting and ending a playground: everything comes, everything goes, nothing else is touched."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from airops_tui.errors import HostError
from airops_tui.hosts.base import hold
from airops_tui.model import UnitState
from airops_tui.playground import ownership
from airops_tui.playground.folder import is_free
from airops_tui.playground.world import Playground, find_playground, open_playground
from tests.playground.conftest import alive, get, until
from tests.playground.test_releases import HostWithoutGit

OWNER = """
import sys, time
from pathlib import Path
from airops_tui.playground import ownership
from airops_tui.playground.world import open_playground
ownership.notes_folder = lambda: Path(sys.argv[1])
running = open_playground(Path(sys.argv[2]) if sys.argv[2:] else None)
running.start()
print(running.directory, flush=True)
time.sleep(300)
"""


def processes_of(playground: Path) -> dict[int, float]:
    """Every living process that runs in a playground: pid and when it started."""
    found = {}
    for process in psutil.process_iter(["cmdline", "create_time", "status"]):
        if str(playground) in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found[process.pid] = process.info["create_time"]
    return found


def owner_process(notes: Path, directory: Path | None = None) -> tuple[subprocess.Popen[str], Path]:
    arguments = [str(notes), *([str(directory)] if directory else [])]
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    return owner, Path(owner.stdout.readline().strip())


@dataclass(frozen=True)
class Ended:
    """A playground that ran with a port taken, and was stopped, twice."""

    playground: Playground
    processes: dict[int, float]
    bystander: int | None


@pytest.fixture(scope="module")
def ended() -> Iterator[Ended]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ownership, "notes_folder", lambda: Path("/nonexistent/notes"))
        playground = open_playground().start()
    playground.break_("proto3", "port-taken")
    processes = processes_of(playground.directory)
    waits_for_input = [sys.executable, "-c", "input()", f"{playground.directory}"]
    bystander = subprocess.Popen(waits_for_input, stdin=subprocess.PIPE)
    playground.stop()
    playground.stop()
    yield Ended(playground, processes, bystander.poll())
    bystander.communicate(b"\n", timeout=10)


def test_stopping_ends_every_process_that_was_started(ended: Ended):
    assert len(ended.processes) == 10  # eight services, one stranger in the place of the ninth, the visitors
    assert [pid for pid, since in ended.processes.items() if alive(pid, since)] == []


def test_stopping_frees_every_port(ended: Ended):
    assert [name for name, port in ended.playground.ports.items() if not is_free(port)] == []


def test_stopping_removes_the_temporary_folder(ended: Ended):
    assert not ended.playground.directory.exists()


def test_stopping_ends_nothing_else(ended: Ended):
    assert ended.bystander is None  # not ended


def test_a_playground_that_never_started_leaves_nothing():
    playground = open_playground()
    playground.stop()
    assert not playground.directory.exists()


def test_a_given_folder_is_kept_with_its_ports_and_its_edited_config_but_without_faults(tmp_path: Path):
    first = open_playground(tmp_path / "kept")
    (first.directory / "faults" / "hub").write_text("error\n")
    first.config_path.write_text(first.config_path.read_text().replace("LLM Classroom", "My Classroom"))
    first.stop()
    with open_playground(first.directory).start() as second:
        assert second.ports == first.ports
        assert "My Classroom" in second.config_path.read_text()
        assert second.faults() == {}
        assert get(first.ports["hub"], "/health").status == 200


def test_a_kept_folder_gets_new_ports_where_an_old_one_is_taken_and_the_old_config_is_set_aside(tmp_path: Path):
    first = open_playground(tmp_path / "kept")
    first.stop()
    port = first.ports["proto1"]
    with socket.create_server(("127.0.0.1", port)):
        second = open_playground(first.directory)
        second.stop()
    assert second.ports["proto1"] != port
    assert str(port) not in second.config_path.read_text()
    assert str(port) in (first.directory / "airops.toml.old").read_text()


def test_two_playgrounds_at_once_do_not_meet():
    with open_playground().start() as one, open_playground().start() as other:
        assert set(one.ports.values()).isdisjoint(other.ports.values())
        one.break_("hub", "crash")
        assert other.faults() == {}
        one.stop()
        assert get(other.ports["hub"], "/health").status == 200
        assert len(processes_of(other.directory)) == 10


def test_a_kept_playground_starts_again_right_after_its_owner_was_killed(notes: Path, tmp_path: Path):
    owner, directory = owner_process(notes, tmp_path / "kept")
    before = processes_of(directory)
    ports = find_playground(directory).ports
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait(10)
    with open_playground(directory).start() as again:
        assert again.ports == ports
        assert get(ports["hub"], "/health").status == 200
        assert processes_of(directory).keys().isdisjoint(before)


@dataclass(frozen=True)
class Killed:
    """A playground of another process: found, broken and mended from here, then its owner was killed."""

    notes: Path
    directory: Path
    found: Path
    while_broken: int
    when_mended: int
    processes: dict[int, float]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    notes = tmp_path_factory.mktemp("notes")
    owner, directory = owner_process(notes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ownership, "notes_folder", lambda: notes)
        there = find_playground()
    there.break_("hub", "port-taken")
    while_broken = get(there.ports["hub"], "/health").status
    there.mend("hub")
    when_mended = get(there.ports["hub"], "/health").status
    processes = processes_of(directory)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait(10)
    return Killed(notes, directory, there.directory, while_broken, when_mended, processes)


def test_another_process_finds_the_playground_and_breaks_and_mends_there(killed: Killed):
    assert killed.found == killed.directory
    assert (killed.while_broken, killed.when_mended) == (404, 200)


def test_when_the_owner_is_killed_its_services_end_and_so_does_what_was_mended_from_elsewhere(killed: Killed):
    assert len(killed.processes) == 10
    until(lambda: not any(alive(pid, since) for pid, since in killed.processes.items()), "all services end")


def test_what_a_killed_owner_left_is_cleared_up_by_the_next_one(killed: Killed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ownership, "notes_folder", lambda: killed.notes)
    assert killed.directory.exists()
    open_playground().stop()
    assert not killed.directory.exists()


def test_a_service_started_by_hand_without_an_owner_ends_at_once_and_says_why(tmp_path: Path):
    playground = open_playground(tmp_path / "kept")
    playground.stop()
    hub = playground.services["hub"]
    done = subprocess.run(hub.command, cwd=hub.directory, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "nobody runs the playground" in done.stderr


def test_without_git_the_playground_says_so_and_offers_no_update(tmp_path: Path):
    playground = open_playground(tmp_path / "kept", HostWithoutGit())
    playground.stop()
    assert playground.notes == ("git was not found: proto4 is a plain folder without releases",)
    assert "[services.update]" not in playground.config_path.read_text()
    assert (playground.directory / "llmclass_platform" / "proto4" / "main.py").exists()


def test_a_service_that_cannot_start_ends_the_whole_start_and_leaves_nothing():
    playground = open_playground()
    (playground.directory / "faults" / "proto3").write_text("crash\n")
    with pytest.raises(HostError, match="proto3 does not run: ended with exit code 1"):
        playground.start()
    assert processes_of(playground.directory) == {}
    assert not playground.directory.exists()


def test_the_services_are_started_by_the_manager_that_the_console_asks(playground: Playground):
    states = hold(playground.host, playground.manager.status(list(playground.services.values())))
    assert {status.state for status in states.values()} == {UnitState.RUNNING}
