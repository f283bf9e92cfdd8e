"""supervisord, as it really answers over its socket: programs in every state, groups, and its misleading codes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from airops_tui.config.settings import ServiceSettings
from airops_tui.managers.supervisor import Supervisor
from airops_tui.model import UnitState

from .driving import act, find, logs, look, look_at_all, wait_until
from .lab.component import wait_for, wait_for_equal
from .lab.supervisord import Supervisord

pytestmark = pytest.mark.real

LASTING = {"command": "sleep 6000", "startsecs": "0"}


def of(name: str, unit: str = "") -> ServiceSettings:
    return ServiceSettings(name=name, unit=unit, manager="supervisor")


def manager_of(daemon: Supervisord) -> Supervisor:
    return Supervisor(sockets=(str(daemon.socket),))


def test_a_program_is_started_restarted_as_another_process_and_stopped(supervisord: Supervisord) -> None:
    supervisord.start({"web": {**LASTING, "autostart": "false"}})
    manager = manager_of(supervisord)
    assert look(manager, of("web")).state is UnitState.STOPPED

    assert act("start", manager, of("web")) is None
    first = look(manager, of("web"))
    assert first.state is UnitState.RUNNING
    assert first.pid is not None
    assert Path(f"/proc/{first.pid}").exists()
    assert first.started_at == pytest.approx(time.time(), abs=60)
    assert act("start", manager, of("web")) is None, "a program that runs already is no failure"

    assert act("restart", manager, of("web")) is None
    assert look(manager, of("web")).pid not in (None, first.pid)
    assert act("stop", manager, of("web")) is None
    assert look(manager, of("web")).state is UnitState.STOPPED
    assert act("restart", manager, of("web")) is None, "restart starts what was stopped"
    assert look(manager, of("web")).state is UnitState.RUNNING


def test_programs_in_all_other_states_are_told_apart_in_one_look(supervisord: Supervisord) -> None:
    quits = f"{sys.executable} -c 'raise SystemExit(7)'"
    supervisord.start(
        {
            "fatal": {"command": quits, "startretries": "0"},
            "retrying": {"command": quits, "startretries": "1000"},
            "done": {"command": f"{sys.executable} -c 'pass'", "startsecs": "0", "autorestart": "false"},
            "crashed": {"command": quits, "startsecs": "0", "autorestart": "false"},
            "slow": {"command": "sleep 6000", "startsecs": "600"},
            "nothing": {"command": "/no/such/program", "startretries": "0"},
        }
    )
    manager = manager_of(supervisord)
    names = ("fatal", "retrying", "done", "crashed", "slow", "nothing", "absent")
    expected = {
        "fatal": UnitState.FAILED,
        "retrying": UnitState.FAILED,
        "done": UnitState.STOPPED,
        "crashed": UnitState.FAILED,
        "slow": UnitState.STARTING,
        "nothing": UnitState.FAILED,
        "absent": UnitState.ABSENT,
    }

    def states() -> dict[str, UnitState]:
        return {name: status.state for name, status in look_at_all(manager, [of(name) for name in names]).items()}

    wait_for_equal(states, expected)
    assert look(manager, of("crashed")).exit_code == 7
    fatal = look(manager, of("fatal"))
    assert "xited too quickly" in fatal.words
    assert fatal.exit_code is None, "supervisor says 0 here, which is not what it ended with"
    assert "no/such/program" in look(manager, of("nothing")).words
    assert supervisord.ctl("status").returncode == 3, "which is no error: something is just not running"


def test_a_program_that_does_not_come_up_is_a_complaint_with_a_reason(supervisord: Supervisord) -> None:
    options = {"command": f"{sys.executable} -c 'raise SystemExit(7)'", "startretries": "0", "autostart": "false"}
    supervisord.start({"broken": options})
    manager = manager_of(supervisord)
    complaint = act("start", manager, of("broken"))
    assert complaint is not None
    assert "broken" in complaint
    wait_until(manager, of("broken"), UnitState.FAILED)


def test_a_group_is_one_service_and_its_members_are_others(supervisord: Supervisord) -> None:
    workers = {**LASTING, "numprocs": "3", "process_name": "%(program_name)s_%(process_num)d"}
    supervisord.start({"worker": workers})
    manager = manager_of(supervisord)
    wait_for("all to run", lambda: look(manager, of("worker")).words == "3 running")
    one = of("one", "worker:worker_1")
    assert act("stop", manager, one) is None
    assert look(manager, one).state is UnitState.STOPPED
    group = look(manager, of("worker"))
    assert group.state is UnitState.RUNNING
    assert "2 of 3 running: worker_1" in group.words
    assert act("restart", manager, of("worker")) is None
    assert look(manager, of("worker")).words == "3 running"


def test_the_output_of_a_program_is_in_the_files_it_names(supervisord: Supervisord, tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    command = f"{sys.executable} -uc 'import time; print(\"said aloud\"); time.sleep(600)'"
    supervisord.start({"web": {"command": command, "stdout_logfile": str(file)}})
    origins = logs(manager_of(supervisord), of("web"))
    place = next(origin.place for origin in origins if origin.stream == "out")
    assert place == str(file)
    wait_for("the output", lambda: "said aloud" in Path(place).read_text())


def test_a_programs_environment_reaches_no_status(supervisord: Supervisord) -> None:
    supervisord.start({"web": {**LASTING, "environment": 'TOKEN="s3cret-canary"'}})
    manager = manager_of(supervisord)
    assert set(find(manager)) == {"web"}
    assert "s3cret-canary" not in repr((find(manager), look(manager, of("web")), logs(manager, of("web"))))


def test_a_daemon_that_was_killed_leaves_a_socket_behind_and_is_said_to_be_dead(supervisord: Supervisord) -> None:
    supervisord.start({"web": LASTING})
    supervisord.kill()
    assert supervisord.socket.exists()
    status = look(manager_of(supervisord), of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "not running" in status.words
    assert find(manager_of(supervisord)) == {}


def test_no_daemon_at_all_is_unknown(tmp_path: Path) -> None:
    status = look(Supervisor(sockets=(str(tmp_path / "s.sock"),)), of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "not running" in status.words


def test_a_daemon_that_hangs_costs_the_deadline_and_is_unknown(supervisord: Supervisord) -> None:
    supervisord.start({"web": LASTING})
    with supervisord.suspended():
        status = look(manager_of(supervisord), of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "did not answer within its deadline" in status.words
    assert look(manager_of(supervisord), of("web")).state is UnitState.RUNNING
