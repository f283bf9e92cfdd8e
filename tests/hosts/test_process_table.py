"""The process table: what it says of real processes, and what it remembers between two looks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from airops_tui.hosts import portable, system
from airops_tui.model import Process

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
if sys.platform == "linux":
    from airops_tui.hosts import proc


def until(condition: Callable[[], bool], patience: float = 10.0) -> None:
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.02)


@pytest.fixture(params=["system", "portable"])
def read(request: pytest.FixtureRequest) -> Callable[[], dict[int, Process]]:
    return system.processes if request.param == "system" else portable.ProcessTable().read


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[str]]:
    """A shell that turns into `sleep` on request."""
    argv = ["/bin/sh", "-c", "read line; exec sleep 60", "--password=hunter2hunter2"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, text=True) as child:
        yield child
        child.kill()


def test_our_own_process_is_in_it_as_the_system_knows_it(read) -> None:
    own, known = read()[os.getpid()], psutil.Process()
    assert own.parent == os.getppid()
    assert own.user == known.username()
    assert own.started_at == pytest.approx(known.create_time(), abs=0.02)
    assert own.memory_bytes == pytest.approx(known.memory_info().rss, rel=0.3)
    assert own.cpu_seconds == pytest.approx(sum(known.cpu_times()[:2]), abs=1.0)
    assert own.state in ("running", "sleeping")
    assert "python" in own.command.lower() or "pytest" in own.command.lower()


def test_every_living_process_is_in_it(read) -> None:
    before = set(psutil.pids())
    assert len(before & set(read())) >= 0.9 * len(before)


def test_secrets_on_a_command_line_are_not_shown(read, waiting) -> None:
    until(lambda: "read line" in read()[waiting.pid].command)
    assert "hunter2" not in read()[waiting.pid].command


@linux
def test_a_process_that_runs_another_program_is_called_by_its_new_name(waiting) -> None:
    table = proc.ProcessTable()
    table.read()
    assert waiting.stdin is not None
    waiting.stdin.write("go\n")
    waiting.stdin.flush()
    until(lambda: table.read()[waiting.pid].program == "sleep")
    assert table.read()[waiting.pid].command == "sleep 60"


def test_a_zombie_is_called_one(read, waiting) -> None:
    read()
    waiting.kill()
    until(lambda: read()[waiting.pid].state == "zombie")


def test_a_process_that_ended_is_forgotten(read, waiting) -> None:
    assert waiting.pid in read()
    waiting.kill()
    waiting.wait()
    assert waiting.pid not in read()


# the formats of /proc, made up


class Kernel:
    """A /proc of the test's own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def process(self, pid: int, name: str = "app", *, command: str = "app\0--port\08000\0", started: int = 500) -> None:
        folder = self.root / str(pid)
        folder.mkdir(exist_ok=True)
        rest = f"S 1 {pid} {pid} 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 1 0 {started} 1000000 25 0"
        (folder / "stat").write_bytes(f"{pid} ({name}) {rest}\n".encode())
        (folder / "status").write_text(f"Name:\t{name}\nUid:\t1000\t{os.geteuid()}\t0\t0\n")
        (folder / "cmdline").write_bytes(command.encode())


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    (tmp_path / "net").mkdir()
    (tmp_path / "sys").mkdir()
    return Kernel(tmp_path)


@linux
def test_a_stat_line_is_read_whatever_the_program_is_called(kernel: Kernel) -> None:
    for name in ("app", "a b", "a) R 1 (b", "()", "tab\there"):
        kernel.process(7, name)
        stat = proc.parse_stat((kernel.root / "7" / "stat").read_bytes())
        assert stat.program == name
        assert (stat.pid, stat.parent, stat.state, stat.ticks, stat.started, stat.pages) == (
            7,
            1,
            "sleeping",
            200,
            500,
            25,
        )


@linux
def test_names_that_would_drive_a_terminal_are_cleaned(kernel: Kernel) -> None:
    kernel.process(7, "a\x1b[31m\u202eb", command="evil\0\x1b]0;x\x07\0\nnext\0")
    process = proc.ProcessTable(str(kernel.root)).read()[7]
    assert process.program == "a\ufffdb"
    assert process.command.isprintable() and "evil" in process.command


@linux
def test_what_a_process_is_called_is_read_once_a_minute_and_not_more_often(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(proc.time, "monotonic", lambda: now[0])
    table = proc.ProcessTable(str(kernel.root))
    kernel.process(7, command="old title\0")
    assert table.read()[7].command == "old title"
    kernel.process(7, command="new title\0")
    assert table.read()[7].command == "old title"
    now[0] += 125.0
    assert table.read()[7].command == "new title"


@linux
def test_threads_of_the_kernel_are_known_without_asking_further() -> None:
    table, known = proc.ProcessTable().read(), psutil.Process(2) if psutil.pid_exists(2) else None
    if known is None or known.name() != "kthreadd":
        pytest.skip("the kernel's threads are not in this namespace")
    assert (table[2].program, table[2].user, table[2].command) == ("kthreadd", "root", "")


@linux
def test_a_reused_pid_is_somebody_else_at_once(kernel: Kernel) -> None:
    table = proc.ProcessTable(str(kernel.root))
    kernel.process(7, command="first\0")
    assert table.read()[7].command == "first"
    kernel.process(7, command="second\0", started=900)
    assert table.read()[7].command == "second"


@linux
@pytest.mark.parametrize("content", [b"", b"7 (cut", b"7 () S", b"\xff\xfe"])
def test_a_process_that_ends_while_it_is_read_is_left_out(kernel: Kernel, content: bytes) -> None:
    kernel.process(7)
    kernel.process(8)
    (kernel.root / "8" / "stat").write_bytes(content)
    assert set(proc.ProcessTable(str(kernel.root)).read()) == {7}
