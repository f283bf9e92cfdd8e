"""`airops demo` as a person runs it: in one terminal the playground, in another the faults, and a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airops_tui.playground.ownership import is_owned
from tests.playground.conftest import alive, get, until
from tests.playground.test_world import processes_of


class Terminal:
    """Runs airops in an environment of its own: no config, no state, no temporary folder of anybody else."""

    def __init__(self, home: Path) -> None:
        self.temporary = home / "tmp"
        self.temporary.mkdir()
        own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "TMPDIR": str(self.temporary)}
        self.environment = {**os.environ, **own}

    def start(self, *words: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "airops_tui", *words]
        return subprocess.Popen(
            argv,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        out, err = (process := self.start(*words)).communicate(timeout=30)
        return process.returncode, out + err

    def headless(self, *words: str) -> tuple[subprocess.Popen[str], Path]:
        demo = self.start("demo", "--headless", *words)
        assert demo.stdout is not None
        directory = Path(demo.stdout.readline().split(" in ")[1].strip())
        while "ctrl-c" not in demo.stdout.readline():
            pass
        return demo, directory


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    home = Terminal(tmp_path)
    yield home
    until(lambda: not processes_of_all(home.temporary), "nothing that ran in this home runs on")


def processes_of_all(temporary: Path) -> dict[int, float]:
    return {pid: since for folder in temporary.glob("airops-demo-*") for pid, since in processes_of(folder).items()}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_headless_playground_ends_with_everything_it_started(terminal: Terminal, number: int, code: int):
    demo, directory = terminal.headless()
    started = processes_of(directory)
    assert len(started) == 10
    demo.send_signal(number)
    assert demo.wait(20) == code
    assert [pid for pid, since in started.items() if alive(pid, since)] == []
    assert list(terminal.temporary.iterdir()) == []


def test_further_signals_do_not_cut_the_end_short(terminal: Terminal):
    demo, directory = terminal.headless()
    demo.send_signal(signal.SIGHUP)
    while demo.poll() is None and directory.exists():  # as often as can be: a lost terminal sends several
        demo.send_signal(signal.SIGHUP)
        demo.send_signal(signal.SIGTERM)
        time.sleep(0.01)
    assert demo.wait(20) in (129, 143)
    assert list(terminal.temporary.iterdir()) == []


def test_a_service_is_broken_and_mended_from_a_second_terminal(terminal: Terminal):
    demo, directory = terminal.headless("--dir", str(terminal.temporary / "kept"))
    port = find_port(directory, "proto1")
    assert terminal.run("demo", "break", "proto1", "error") == (0, "proto1 answers 500 and fills the error log\n")
    assert get(port, "/health").status == 500
    assert terminal.run("demo", "mend", "proto1") == (0, "proto1 answers well\n")
    assert get(port, "/health").status == 200
    code, words = terminal.run("demo", "break", "prot1", "error")
    assert (code, "did you mean 'proto1'?" in words) == (64, True)
    demo.terminate()
    demo.wait(20)
    assert directory.exists()
    assert not is_owned(directory)
    assert terminal.run("demo", "break", "proto1", "error")[0] == 64


def find_port(directory: Path, name: str) -> int:
    from airops_tui.playground.folder import read_mark

    return int(read_mark(directory)["ports"][name])
