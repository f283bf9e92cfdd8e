"""What the README promises a newcomer: a fresh clone, one command, and a console over services that really run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from .lab.component import MARK, REPOSITORY, RUN, end, launch, run, short_folder, wait_for
from .lab.terminal import Terminal

pytestmark = pytest.mark.real

INSTALL_TIME = 240.0
LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What came of the README's first command: the screen before quitting, and how it ended."""

    folder: Path
    screen: str
    exit_code: int
    restored: bool
    left: tuple[str, ...]

    @property
    def airops(self) -> Path:
        return self.folder / ".venv" / "bin" / "airops"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return run(self.airops, *argv, env=_environment(self.folder), cwd=self.folder, check=False, timeout=60)


@pytest.fixture(scope="module")
def first(leaves_nothing: None) -> Iterator[FirstRun]:
    """The first command of the README, typed into a terminal in a fresh clone; `q` once every service is up."""
    with short_folder() as folder:
        clone = folder / "airops"
        ownership = folder / "gitconfig"
        ownership.write_text("[safe]\n\tdirectory = *\n")
        run("git", "clone", "-q", REPOSITORY, clone, env={**os.environ, "GIT_CONFIG_GLOBAL": str(ownership)})
        terminal = Terminal(["bash", "-c", _command(clone)], clone, _environment(clone))
        try:
            terminal.wait_for("proto4", timeout=INSTALL_TIME)
            screen = terminal.wait_for("9 up", timeout=30)
            terminal.press("q")
            code = terminal.wait(timeout=20)
        finally:
            terminal.close()
        restored = LEAVE_ALTERNATE_SCREEN in terminal.written
        yield FirstRun(clone, screen, code, restored, tuple(_running_from(clone)))


def test_the_first_command_ends_in_the_console_over_running_services(first: FirstRun) -> None:
    for name in ("hub", "proto1", "proto3", "proto4", "iamvet", "master", "slave-1", "slave-2", "tunnel"):
        assert name in first.screen


def test_quitting_restores_the_terminal_and_ends_every_service(first: FirstRun) -> None:
    assert first.exit_code == 0
    assert first.restored
    assert first.left == ()


def test_installing_and_running_changes_no_file_of_the_clone(first: FirstRun) -> None:
    assert run("git", "status", "--porcelain", cwd=first.folder).stdout == ""


def test_the_playground_told_as_a_report_says_the_same(first: FirstRun) -> None:
    text = first.run("demo", "--snapshot")
    assert text.returncode == 0, text.stdout + text.stderr
    assert re.search(r"up +proto4 ", text.stdout)
    told = first.run("demo", "--snapshot", "--format", "json")
    states = {service["name"]: service["state"] for service in json.loads(told.stdout)["services"]}
    assert states["proto4"] == "up"
    assert _running_from(first.folder) == []


def test_a_fault_in_a_running_playground_is_red_in_the_snapshot_and_green_when_mended(first: FirstRun) -> None:
    home = first.folder.parent / "playground"
    config = str(home / "airops.toml")
    log = first.folder.parent / "playground.log"
    demo = launch([first.airops, "demo", "--headless", "--dir", home], log, _environment(first.folder))
    try:
        wait_for("all to be up", lambda: first.run("--config", config, "--snapshot").returncode == 0, timeout=60)
        assert first.run("demo", "--dir", str(home), "break", "proto4", "crash").returncode == 0
        report = wait_for("proto4 to be down", lambda: _if_code(2, first.run("--config", config, "--snapshot")))
        first_service = report.splitlines()[3]
        assert "down" in first_service
        assert "proto4" in first_service
        assert first.run("demo", "--dir", str(home), "mend", "proto4").returncode == 0
        wait_for("all to be up again", lambda: first.run("--config", config, "--snapshot").returncode == 0, timeout=60)
    finally:
        end(demo)
    assert _running_from(first.folder) == []


def _command(clone: Path) -> str:
    """The first command in the README, as it stands there."""
    lines = (clone / "README.md").read_text().splitlines()
    return next(line for line in lines if line.startswith("python3 -m venv"))


def _environment(folder: Path) -> dict[str, str]:
    """This run's, for its proxies and package index; a home of its own, and nothing of this virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON", "XDG_"))}
    state = {"XDG_STATE_HOME": str(folder.parent / "state"), "XDG_CONFIG_HOME": str(folder.parent / "config")}
    return {**kept, **state, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", MARK: RUN}


def _running_from(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in word for word in process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def _if_code(code: int, done: subprocess.CompletedProcess[str]) -> str | None:
    return done.stdout if done.returncode == code else None
