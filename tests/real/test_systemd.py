"""systemd, as a guest runs it: every state a unit can be in, and what start, stop and restart do to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import AiropsError
from airops_tui.managers.systemd import Systemd
from airops_tui.model import UnitState

from .driving import act, find, logs, look, look_at_all, wait_until
from .lab.component import suspended, wait_for
from .lab.guest import Guest

pytestmark = pytest.mark.real

systemd = Systemd()
LASTING = "ExecStart=/bin/sleep 6000"


@pytest.fixture(autouse=True)
def inside(guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`systemctl` on PATH is the guest's."""
    monkeypatch.setenv("PATH", str(guest.shims(tmp_path / "shims", "systemctl")), prepend=":")


@pytest.fixture
def unit(guest: Guest) -> Callable[..., ServiceSettings]:
    """A function that puts a unit file into the guest and returns the service for it."""

    def put(name: str, service: str, section: str = "") -> ServiceSettings:
        text = f"[Unit]\nDescription={name} for a test\n{section}\n[Service]\n{service}\n"
        guest.write(f"/etc/systemd/system/{name}.service", text)
        guest.run("systemctl", "daemon-reload")
        return ServiceSettings(name=name, manager="systemd")

    return put


def test_a_unit_is_started_restarted_as_another_process_and_stopped(unit: Callable[..., ServiceSettings]) -> None:
    web = unit("web", LASTING)
    assert look(systemd, web).state is UnitState.STOPPED

    assert act("start", systemd, web) is None
    first = look(systemd, web)
    assert first.state is UnitState.RUNNING
    assert first.pid
    assert first.started_at == pytest.approx(time.time(), abs=60)

    assert act("restart", systemd, web) is None
    second = look(systemd, web)
    assert second.state is UnitState.RUNNING
    assert second.pid != first.pid

    assert act("stop", systemd, web) is None
    assert look(systemd, web).state is UnitState.STOPPED
    assert look(systemd, web).pid is None


def test_memory_is_known_where_it_is_counted_and_none_where_systemd_says_not_set(
    guest: Guest, unit: Callable[..., ServiceSettings]
) -> None:
    counted, uncounted = unit("counted", LASTING), unit("uncounted", f"{LASTING}\nMemoryAccounting=no")
    for service in (counted, uncounted):
        act("start", systemd, service)
    assert "[not set]" in guest.run("systemctl", "show", "-p", "MemoryCurrent", "uncounted").stdout
    statuses = look_at_all(systemd, [counted, uncounted])
    assert statuses["uncounted"].memory_bytes is None
    assert (statuses["counted"].memory_bytes or 0) > 4096


@pytest.mark.parametrize(
    ("service", "exit_code", "words"),
    [
        ("ExecStart=/bin/sh -c 'exit 3'", 3, "exited with 3"),
        ("ExecStart=/bin/sh -c 'kill -9 $$$$'", 137, "SIGKILL"),
        ("ExecStart=/no/such/program", 203, "cannot be executed"),
        ("WorkingDirectory=/no/such/folder\nExecStart=/bin/true", 200, "WorkingDirectory"),
        ("Type=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep 600", 143, "too long to start"),
        ("User=nobody-here\nExecStart=/bin/true", 217, "user does not exist"),
    ],
    ids=["exit", "signal", "no program", "no folder", "never ready", "no user"],
)
def test_a_unit_that_fails_says_with_what(
    unit: Callable[..., ServiceSettings], service: str, exit_code: int, words: str, request: pytest.FixtureRequest
) -> None:
    failing = unit(f"failing-{request.node.callspec.id.replace(' ', '-')}", service)
    act("start", systemd, failing)
    status = wait_until(systemd, failing, UnitState.FAILED)
    assert status.exit_code == exit_code
    assert words in status.words


def test_a_crash_looping_unit_is_failed_and_said_to_be_tried_again(unit: Callable[..., ServiceSettings]) -> None:
    looping = unit("looping", "ExecStart=/bin/sh -c 'exit 4'\nRestart=always\nRestartSec=2")
    act("start", systemd, looping)
    status = wait_until(systemd, looping, UnitState.FAILED)
    assert status.exit_code == 4
    assert "systemd starts it again" in status.words
    wait_for("a restart to be counted", lambda: (look(systemd, looping).restarts or 0) >= 1)
    assert act("stop", systemd, looping) is None


@pytest.mark.parametrize("delay", ["0", "100ms"])
def test_a_unit_that_systemd_gave_up_on_names_the_start_limit_and_reset_failed(
    unit: Callable[..., ServiceSettings], delay: str
) -> None:
    limit = "StartLimitBurst=3\nStartLimitIntervalSec=60"
    limited = unit(f"limited-{delay}", f"ExecStart=/bin/sh -c 'exit 5'\nRestart=always\nRestartSec={delay}", limit)
    act("start", systemd, limited)
    wait_for("systemd to give up", lambda: "start-limit-hit" in look(systemd, limited).words)
    status = look(systemd, limited)
    assert status.state is UnitState.FAILED
    assert f"systemctl reset-failed {limited.name}.service" in status.words
    assert "exited with 5" in status.words


def test_a_manual_start_refused_by_the_start_limit_is_a_complaint(
    guest: Guest, unit: Callable[..., ServiceSettings]
) -> None:
    limited = unit("hand", LASTING, "StartLimitBurst=1\nStartLimitIntervalSec=600")
    unit("needs-hand", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true", "Wants=hand.service")
    guest.run(
        "systemctl", "start", "needs-hand"
    )  # a unit nobody refers to is unloaded when it ends, and its limit lost
    assert act("stop", systemd, limited) is None
    complaint = act("start", systemd, limited)
    assert complaint is not None
    assert "hand.service" in complaint
    status = look(systemd, limited)
    assert status.state is UnitState.FAILED
    assert "start-limit-hit" in status.words


def test_looking_never_resets_a_failure(guest: Guest, unit: Callable[..., ServiceSettings]) -> None:
    failing = unit("kept", "ExecStart=/bin/false")
    act("start", systemd, failing)
    wait_until(systemd, failing, UnitState.FAILED)
    find(systemd)
    assert guest.run("systemctl", "is-failed", "kept", check=False).stdout.strip() == "failed"


def test_units_in_all_other_states_are_told_apart_in_one_look(
    guest: Guest, unit: Callable[..., ServiceSettings]
) -> None:
    slow = unit("slow", f"ExecStartPre=/bin/sleep 6000\n{LASTING}")
    deaf = unit("deaf", "ExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'\nTimeoutStopSec=600")
    once = unit("once", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true")
    wrong = unit("wrong", "ExecStart=no/absolute/path")
    template = unit("worker@", LASTING)
    worker = ServiceSettings(name="worker", unit="worker@7", manager="systemd")
    masked = ServiceSettings(name="masked", manager="systemd")
    guest.run("systemctl", "mask", "masked.service", check=False)
    absent = ServiceSettings(name="absent", manager="systemd")
    odd = ServiceSettings(name="odd", unit="-H root@elsewhere", manager="systemd")
    guest.run("systemctl", "start", "--no-block", "slow")
    for service in (deaf, once, worker):
        assert act("start", systemd, service) is None
    guest.run("systemctl", "stop", "--no-block", "deaf")

    everything = [slow, deaf, once, wrong, template, worker, masked, absent, odd]
    states = {name: status.state for name, status in look_at_all(systemd, everything).items()}
    guest.run("systemctl", "kill", "--signal=KILL", "deaf")
    guest.run("systemctl", "stop", "slow")
    assert states == {
        "slow": UnitState.STARTING,
        "deaf": UnitState.STOPPING,
        "once": UnitState.RUNNING,
        "wrong": UnitState.FAILED,
        "worker@": UnitState.UNKNOWN,
        "worker": UnitState.RUNNING,
        "masked": UnitState.STOPPED,
        "absent": UnitState.ABSENT,
        "odd": UnitState.UNKNOWN,
    }


def test_acting_on_an_unknown_unit_is_refused_by_its_name(guest: Guest) -> None:
    with pytest.raises(AiropsError, match=r"nowhere\.service"):
        act("restart", systemd, ServiceSettings(name="nowhere", manager="systemd"))


def test_the_output_of_a_unit_is_found_where_it_really_is(guest: Guest, unit: Callable[..., ServiceSettings]) -> None:
    say = "ExecStart=/bin/sh -c 'echo said aloud; exec sleep 6000'"
    journaled, filed = unit("journaled", say), unit("filed", f"{say}\nStandardOutput=append:/var/log/filed.log")
    for service in (journaled, filed):
        assert act("start", systemd, service) is None
    [journal] = logs(systemd, journaled)
    read = ("journalctl", "--no-pager", "-o", "cat", "-u", journal.place)
    assert journal.kind == "journal"
    wait_for("the journal to have it", lambda: "said aloud" in guest.run(*read, check=False).stdout)
    file = next(origin for origin in logs(systemd, filed) if origin.kind == "file")
    wait_for("the file to have it", lambda: "said aloud" in guest.run("cat", file.place, check=False).stdout)


def test_finding_shows_the_operators_units_and_not_those_of_the_system(
    guest: Guest, unit: Callable[..., ServiceSettings]
) -> None:
    mine, broken = unit("mine", LASTING), unit("broken", "ExecStart=/bin/false")
    act("start", systemd, mine)
    act("start", systemd, broken)
    wait_until(systemd, broken, UnitState.FAILED)
    found = find(systemd)
    assert found["mine"].status.state is UnitState.RUNNING
    assert found["mine"].title == "mine for a test"
    assert found["broken"].status.state is UnitState.FAILED
    assert not [name for name in found if name.startswith(("systemd-", "dbus", "getty"))]


def test_secrets_of_a_units_environment_reach_no_status(guest: Guest, unit: Callable[..., ServiceSettings]) -> None:
    keeper = unit("keeper", f"Environment=TOKEN=s3cret-canary\n{LASTING}")
    act("start", systemd, keeper)
    assert "s3cret-canary" not in repr((look(systemd, keeper), find(systemd), logs(systemd, keeper)))


def test_a_machine_that_was_not_booted_with_systemd_says_so(
    monkeypatch: pytest.MonkeyPatch, guest: Guest, tmp_path: Path
) -> None:
    """The guest's systemctl with nothing in /run/systemd: what a container or a chroot looks like."""
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "systemctl").write_text(f'#!/bin/sh\nexec chroot {guest.root} systemctl "$@"\n')
    (bare / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(bare), prepend=":")
    status = look(systemd, ServiceSettings(name="web", manager="systemd"))
    assert status.state is UnitState.UNKNOWN
    assert "not booted with systemd" in status.words
    assert find(systemd) == {}


@pytest.fixture
def session(guest: Guest) -> Systemd:
    """The manager of root's own session in the guest, which runs without a login."""
    guest.run("loginctl", "enable-linger", "root")
    runtime = {"XDG_RUNTIME_DIR": "/run/user/0"}
    is_up = ("systemctl", "--user", "is-system-running")
    wait_for("the session", lambda: "running" in guest.run(*is_up, check=False, env=runtime).stdout)
    return Systemd(user=True, env=runtime)


def test_a_unit_of_a_user_session_is_started_restarted_and_stopped(guest: Guest, session: Systemd) -> None:
    guest.write("/etc/systemd/user/tunnel.service", f"[Service]\n{LASTING}\n")
    guest.run("systemctl", "--user", "daemon-reload", env=session.env)
    tunnel = ServiceSettings(name="tunnel", manager="systemd-user")
    assert act("start", session, tunnel) is None
    first = look(session, tunnel)
    assert first.state is UnitState.RUNNING
    assert look(systemd, tunnel).state is UnitState.ABSENT
    assert act("restart", session, tunnel) is None
    assert look(session, tunnel).pid not in (None, first.pid)
    assert "tunnel" in find(session)
    assert act("stop", session, tunnel) is None
    assert look(session, tunnel).state is UnitState.STOPPED


def test_a_user_session_that_cannot_be_reached_is_unknown_and_says_what_to_do(guest: Guest) -> None:
    status = look(Systemd(user=True, env={"XDG_RUNTIME_DIR": "/run/user/4711"}), ServiceSettings(name="tunnel"))
    assert status.state is UnitState.UNKNOWN
    assert "enable-linger" in status.words


def test_a_systemd_that_hangs_costs_the_deadline_and_is_unknown(
    guest: Guest, unit: Callable[..., ServiceSettings]
) -> None:
    web = unit("patient", LASTING)
    act("start", systemd, web)
    with suspended(guest.leader):
        status = look(systemd, web)
    assert status.state is UnitState.UNKNOWN
    assert "did not answer within its deadline" in status.words
    wait_until(systemd, web, UnitState.RUNNING)
