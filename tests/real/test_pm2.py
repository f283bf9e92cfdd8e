"""PM2 from npm: its list and its traps. A look starts no daemon, and no secret of an app comes through the door."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import psutil
import pytest

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import AiropsError
from airops_tui.managers.pm2 import Pm2 as Manager
from airops_tui.model import UnitState

from .driving import act, find, logs, look, look_at_all
from .lab.component import suspended, wait_for, wait_for_equal
from .lab.pm2 import Pm2

pytestmark = pytest.mark.real

LASTING = "console.log('said aloud'); setInterval(() => {}, 1000)"
FAILING = "process.exit(3)"


def manager_of(pm2: Pm2) -> Manager:
    return Manager(home=str(pm2.home), user_home=str(pm2.user_home), path=pm2.env["PATH"], program=str(pm2.program))


def of(name: str) -> ServiceSettings:
    return ServiceSettings(name=name, manager="pm2")


def app(pm2: Pm2, name: str, script: str = LASTING, **options: object) -> dict[str, object]:
    """An ecosystem entry, its script written down."""
    path = pm2.folder / f"{name}.js"
    path.write_text(script)
    return {"name": name, "script": str(path), **options}


def test_an_app_is_restarted_as_another_process_stopped_and_started_again(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web")])
    manager = manager_of(pm2)
    first = look(manager, of("web"))
    assert first.state is UnitState.RUNNING
    assert first.pid is not None
    assert psutil.pid_exists(first.pid)
    assert first.started_at == pytest.approx(time.time(), abs=60)
    assert act("restart", manager, of("web")) is None
    second = look(manager, of("web"))
    assert second.pid not in (None, first.pid)
    assert act("start", manager, of("web")) is None
    assert look(manager, of("web")).pid == second.pid, "starting what runs leaves it alone"
    assert act("stop", manager, of("web")) is None
    assert look(manager, of("web")).state is UnitState.STOPPED
    assert act("start", manager, of("web")) is None
    assert look(manager, of("web")).state is UnitState.RUNNING


def test_apps_in_all_other_states_are_told_apart_in_one_look(pm2: Pm2) -> None:
    entries = [
        app(pm2, "gave-up", FAILING, max_restarts=2, min_uptime=60_000),  # however slow node is to start
        app(pm2, "waiting", FAILING, exp_backoff_restart_delay=60_000, max_restarts=100),
        app(pm2, "crashed-once", FAILING, autorestart=False),
        app(pm2, "done", "process.exit(0)", autorestart=False),
        app(pm2, "pair", instances=2, exec_mode="cluster"),
    ]
    pm2.start(entries)
    never_ready = app(pm2, "launching", wait_ready=True, listen_timeout=600_000, exec_mode="cluster")
    starting = pm2.folder / "starting.json"
    starting.write_text(json.dumps({"apps": [never_ready]}))
    pm2.spawn("start", starting)
    manager = manager_of(pm2)
    expected = {
        "gave-up": UnitState.FAILED,
        "waiting": UnitState.FAILED,
        "crashed-once": UnitState.FAILED,
        "done": UnitState.STOPPED,
        "pair": UnitState.RUNNING,
        "launching": UnitState.STARTING,
        "absent": UnitState.ABSENT,
    }

    def states() -> dict[str, UnitState]:
        return {name: status.state for name, status in look_at_all(manager, [of(name) for name in expected]).items()}

    wait_for_equal(states, expected)
    gave_up = look(manager, of("gave-up"))
    assert gave_up.exit_code == 3
    assert "gave up" in gave_up.words
    assert "starts it again" in look(manager, of("waiting")).words
    assert look(manager, of("pair")).words == "2 running"


def test_looking_where_no_daemon_runs_starts_none_and_writes_nothing(pm2: Pm2) -> None:
    manager = manager_of(pm2)
    status = look(manager, of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "daemon not running" in status.words
    assert find(manager) == {}
    assert logs(manager, of("web")) == ()
    with pytest.raises(AiropsError, match="not running"):
        act("start", manager, of("web"))
    assert not pm2.daemon()
    assert not pm2.home.exists()


def test_looking_after_the_daemon_died_starts_none_and_still_finds_the_logs(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web")])
    manager = manager_of(pm2)
    wait_for("the output", lambda: any("said aloud" in Path(log.place).read_text() for log in logs(manager, of("web"))))
    daemon = psutil.Process(pm2.daemon())
    apps = daemon.children(recursive=True)
    daemon.kill()
    for process in apps:
        process.kill()
    wait_for("the daemon to be gone", lambda: not pm2.listens())
    assert (pm2.home / "rpc.sock").exists(), "it cleaned up nothing"

    status = look(manager, of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "daemon not running" in status.words
    assert find(manager) == {}
    assert any("said aloud" in Path(log.place).read_text() for log in logs(manager, of("web")))
    assert not pm2.daemon()


def test_a_daemon_that_hangs_costs_the_deadline_and_is_unknown(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web")])
    with suspended(pm2.daemon()):
        status = look(manager_of(pm2), of("web"))
    assert status.state is UnitState.UNKNOWN
    assert "did not answer within its deadline" in status.words
    assert look(manager_of(pm2), of("web")).state is UnitState.RUNNING


def test_the_banner_of_a_newer_program_before_the_list_is_no_obstacle(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web")])
    modules = pm2.folder / "newer" / "node_modules"
    modules.mkdir(parents=True)
    for module in pm2.modules.iterdir():
        if module.name == "pm2":
            shutil.copytree(module, modules / "pm2", symlinks=True)
        else:
            (modules / module.name).symlink_to(module)
    package = modules / "pm2" / "package.json"
    package.write_text(json.dumps({**json.loads(package.read_text()), "version": "99.0.0"}))
    pm2.program = modules / "pm2" / "bin" / "pm2"
    listing = pm2.run("jlist")
    assert "out-of-date" in listing.stdout + listing.stderr
    assert look(manager_of(pm2), of("web")).state is UnitState.RUNNING


def test_no_secret_of_an_apps_environment_comes_through_the_door(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web", env={"TOKEN": "s3cret-canary", "PASSWORDS": '[{"s3cret-canary": 1}]'})])
    assert "s3cret-canary" in pm2.run("jlist").stdout
    manager = manager_of(pm2)
    seen = (look(manager, of("web")), find(manager), logs(manager, of("web")))
    assert "s3cret-canary" not in repr(seen)


def test_pm2_under_nvm_is_found_although_neither_it_nor_node_is_on_any_path(pm2: Pm2) -> None:
    pm2.start([app(pm2, "iamvet")])
    pm2.lay_out_like_nvm()
    manager = Manager(home=str(pm2.home), user_home=str(pm2.user_home), path="/no/such/folder")
    assert look(manager, of("iamvet")).state is UnitState.RUNNING
    assert act("restart", manager, of("iamvet")) is None
    assert set(find(manager)) == {"iamvet"}


def test_pm2_that_is_nowhere_is_said_to_be_absent(pm2: Pm2) -> None:
    pm2.start([app(pm2, "web")])
    nowhere = Manager(home=str(pm2.home), user_home=str(pm2.folder / "nobody"), path="/no/such/folder")
    status = look(nowhere, of("web"))
    assert status.state is UnitState.UNKNOWN
    if shutil.which("pm2", path="/opt/homebrew/bin:/usr/local/bin:/usr/bin") is None:
        assert "pm2 not found" in status.words


def test_an_order_for_an_app_with_an_odd_name_reaches_no_other(pm2: Pm2) -> None:
    names = ("all", "0", "my app", "-f", "json")
    pm2.start([app(pm2, "innocent"), *(app(pm2, "other") | {"name": name} for name in names)])
    manager = manager_of(pm2)

    def pids() -> dict[str, int | None]:
        return {name: status.pid for name, status in look_at_all(manager, [of(name) for name in every]).items()}

    every = ("innocent", *names)
    for name in names:
        before = pids()
        assert act("restart", manager, of(name)) is None
        after = pids()
        assert after.pop(name) not in (None, before.pop(name))
        assert after == before
        assert act("stop", manager, of(name)) is None
        assert pids() == {**before, name: None}
