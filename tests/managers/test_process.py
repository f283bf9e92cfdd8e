"""The manager of our own processes, with real processes: what runs, what ended, and what is not ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts import spawned
from airops_tui.hosts.base import Answer, Trouble, ask, hold
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.process import ProcessManager
from airops_tui.model import UnitState, UnitStatus

HOST = LocalHost()
SLEEP = (sys.executable, "-c", "import time; time.sleep(300)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)",
)


class Yard:
    """A service of one's own: start, stop, look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager = ProcessManager(str(folder / "state"))
        self.service = ServiceSettings(name="web", directory=str(folder), command=SLEEP)

    def running(self, *argv: str, env_file: str | None = None) -> None:
        self.service = ServiceSettings(name="web", directory=str(self.folder), command=argv, env_file=env_file)
        assert self.act("start").trouble is None

    def act(self, verb: str) -> Answer:
        answer = Answer()
        for request in hold(HOST, getattr(self.manager, verb)(self.service)):
            answer = ask(HOST, request)
            if answer.trouble:
                return answer
        return answer

    def status(self) -> UnitStatus:
        return hold(HOST, self.manager.status([self.service]))["web"]

    def becomes(self, state: UnitState) -> UnitStatus:
        assert eventually(lambda: self.status().state is state), self.status()
        return self.status()

    def log(self, stream: str) -> Path:
        origins = hold(HOST, self.manager.logs(self.service))
        return Path(next(origin.place for origin in origins if origin.stream == stream))


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    yard.act("stop")


def test_what_was_never_started_is_stopped_not_failed(yard: Yard):
    assert yard.status().state is UnitState.STOPPED


def test_start_status_stop(yard: Yard):
    yard.running(*SLEEP)
    status = yard.status()
    assert status.state is UnitState.RUNNING and status.pid and psutil.pid_exists(status.pid)
    assert abs((status.started_at or 0) - time.time()) < 30
    yard.act("stop")
    assert yard.status() == UnitStatus(UnitState.STOPPED, "stopped on purpose", restarts=0, exit_code=-15)


def test_starting_twice_is_refused_and_names_the_pid(yard: Yard):
    yard.running(*SLEEP)
    answer = yard.act("start")
    assert answer.trouble is Trouble.DENIED
    assert f"pid {yard.status().pid}" in answer.detail


def test_a_restart_is_a_new_process_and_is_counted(yard: Yard):
    yard.running(*SLEEP)
    before = yard.status()
    yard.act("restart")
    after = yard.status()
    assert after.state is UnitState.RUNNING and after.pid != before.pid and after.restarts == 1


def test_its_end_and_exit_code_are_seen(yard: Yard):
    yard.running(sys.executable, "-c", "import sys; sys.exit(7)")
    status = yard.becomes(UnitState.FAILED)
    assert (status.exit_code, status.words, status.pid) == (7, "ended with exit code 7", None)


def test_a_killed_process_says_by_which_signal(yard: Yard):
    yard.running(*SLEEP)
    os.kill(yard.status().pid or 0, signal.SIGKILL)
    assert yard.becomes(UnitState.FAILED).words == "killed by SIGKILL"


def test_one_that_ignores_sigterm_is_killed_after_its_grace(yard: Yard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("airops_tui.managers.process.STOP_GRACE", 0.3)
    yard.running(*STUBBORN)
    assert eventually(lambda: yard.log("out").read_text() == "deaf\n")
    assert b"SIGKILL" in yard.act("stop").out
    assert yard.status().state is UnitState.STOPPED


def test_children_left_behind_by_a_process_that_ended_are_ended_by_stop(yard: Yard):
    yard.running(sys.executable, "-c", "import subprocess; print(subprocess.Popen(['sleep','300']).pid, flush=True)")
    yard.becomes(UnitState.FAILED)
    child = int(yard.log("out").read_text())
    assert spawned.start_mark(child) is not None
    yard.act("stop")
    assert eventually(lambda: spawned.start_mark(child) is None)


def test_a_group_ends_with_its_leader(yard: Yard):
    code = "import subprocess,time; print(subprocess.Popen(['sleep','300']).pid, flush=True); time.sleep(300)"
    yard.running(sys.executable, "-c", code)
    assert eventually(lambda: yard.log("out").read_text().endswith("\n"))
    child = int(yard.log("out").read_text())
    yard.act("stop")
    assert eventually(lambda: spawned.start_mark(child) is None)


def test_a_reused_pid_is_not_ours_and_is_never_signalled(yard: Yard):
    yard.running(*SLEEP)
    yard.act("stop")
    with subprocess.Popen(SLEEP) as stranger:
        record = Path(yard.manager.record(yard.service))
        told = json.loads(record.read_text())
        record.write_text(json.dumps({**told, "pid": stranger.pid, "stopped": False}))
        assert yard.status().state is UnitState.FAILED
        assert b"was not running" in yard.act("stop").out
        assert stranger.poll() is None
        stranger.kill()


def test_a_record_of_an_earlier_boot_is_void(yard: Yard):
    yard.running(*SLEEP)
    pid = yard.status().pid
    record = Path(yard.manager.record(yard.service))
    kept = record.read_text()
    record.write_text(json.dumps({**json.loads(kept), "boot": "another-boot"}))
    assert yard.status().words == "not started since the machine booted"
    record.write_text(kept)
    assert yard.status().pid == pid


def test_a_damaged_record_is_no_reason_to_crash_or_to_guess(yard: Yard):
    record = Path(yard.manager.record(yard.service))
    record.parent.mkdir(parents=True)
    for content in ("", "{", "[]", '{"pid": 1}', "\x00\xff"):
        record.write_text(content)
        assert yard.status().state is UnitState.STOPPED


def test_a_process_started_by_a_nohup_script_is_seen_and_stopped(yard: Yard):
    (yard.folder / ".pids").mkdir()
    with subprocess.Popen(SLEEP) as child:
        (yard.folder / ".pids" / "web.pid").write_text(f"{child.pid}\n")
        status = yard.status()
        assert (status.state, status.pid) == (UnitState.RUNNING, child.pid)
        yard.act("stop")
        assert child.wait(5) == -signal.SIGTERM


def test_a_pid_file_beside_the_services_folder_counts_too(yard: Yard, tmp_path: Path):
    (tmp_path / ".pids").mkdir()
    (tmp_path / "app").mkdir()
    with subprocess.Popen(SLEEP) as child:
        (tmp_path / ".pids" / "web.pid").write_text(str(child.pid))
        yard.service = ServiceSettings(name="web", directory=str(tmp_path / "app"), command=SLEEP)
        assert yard.status().pid == child.pid
        child.kill()


def test_a_process_younger_than_its_pid_file_is_another_one(yard: Yard):
    pids = yard.folder / ".pids"
    pids.mkdir()
    with subprocess.Popen(SLEEP) as stranger:
        path = pids / "web.pid"
        path.write_text(str(stranger.pid))
        long_ago = time.time() - 86400
        os.utime(path, (long_ago, long_ago))
        assert yard.status().state is UnitState.FAILED
        yard.act("stop")
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a file that belongs to another user")
def test_a_pid_file_of_another_user_is_not_believed(yard: Yard):
    (yard.folder / ".pids").mkdir()
    with subprocess.Popen(SLEEP) as stranger:
        path = yard.folder / ".pids" / "web.pid"
        path.write_text(str(stranger.pid))
        os.chown(path, 12345, 12345)
        assert yard.status().pid is None
        yard.act("stop")
        assert stranger.poll() is None
        stranger.kill()


def test_output_goes_to_log_files_of_its_own(yard: Yard):
    yard.running(sys.executable, "-c", "import sys; print('hello'); print('trouble', file=sys.stderr)")
    yard.becomes(UnitState.FAILED)
    assert yard.log("out").read_text() == "hello\n"
    assert yard.log("err").read_text() == "trouble\n"
    assert yard.log("out").stat().st_mode & 0o777 == 0o600


def test_an_env_file_reaches_the_service_and_our_environment_does_not(yard: Yard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIROPS_CANARY", "canary-77aa")
    (yard.folder / ".env").write_text("PORT=8123\n")
    code = "import os; print(os.environ.get('PORT'), os.environ.get('AIROPS_CANARY'))"
    yard.running(sys.executable, "-c", code, env_file=".env")
    yard.becomes(UnitState.FAILED)
    assert yard.log("out").read_text() == "8123 None\n"


def test_a_command_that_is_not_there_fails_with_its_name(yard: Yard):
    yard.service = ServiceSettings(name="web", directory=str(yard.folder), command=("no-such-server",))
    answer = yard.act("start")
    assert answer.trouble is Trouble.ABSENT and "no-such-server" in answer.detail
