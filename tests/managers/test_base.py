"""What all managers share: one status for many processes, exit codes in words, and who is asked where."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from airops_tui.config.settings import ManagerKind
from airops_tui.errors import UsageError
from airops_tui.hosts.base import Answer, Command, Trouble
from airops_tui.managers.base import (
    complaint,
    could_not_ask,
    decoded,
    describe_exit,
    nobody_listens,
    starts_again,
    together,
)
from airops_tui.managers.catalog import Account, local_managers, manager_for, own_account
from airops_tui.managers.pm2 import Pm2
from airops_tui.managers.supervisor import Supervisor
from airops_tui.managers.systemd import Systemd
from airops_tui.model import UnitState, UnitStatus

from .conversation import says, service, talk

RUNNING, STOPPED, FAILED = UnitState.RUNNING, UnitState.STOPPED, UnitState.FAILED
UP = UnitStatus(RUNNING, "running", pid=7, started_at=100.0, restarts=1, memory_bytes=10, cpu_percent=0.5)
LATER = UnitStatus(RUNNING, "running", pid=8, started_at=200.0, restarts=2, memory_bytes=20)
CRASHED = UnitStatus(FAILED, "exited with 3", restarts=5, exit_code=3)
OFF = UnitStatus(STOPPED, "stopped")


def members(*statuses: UnitStatus) -> UnitStatus:
    return together({f"#{number}": status for number, status in enumerate(statuses)})


def test_a_single_process_is_its_own_status() -> None:
    assert members(CRASHED) is CRASHED


def test_processes_that_all_run_are_counted_and_added_up() -> None:
    told = members(UP, LATER)
    assert told == UnitStatus(
        RUNNING, "2 running", pid=7, started_at=200.0, restarts=3, memory_bytes=30, cpu_percent=0.5
    )


@pytest.mark.parametrize(
    ("statuses", "state", "healthy", "words"),
    [
        ((UP, CRASHED), RUNNING, False, "1 of 2 running: #1 exited with 3"),
        ((UP, OFF), RUNNING, None, "1 of 2 running: #1 stopped"),
        ((OFF, OFF), STOPPED, None, "0 of 2 running: #0 stopped, #1 stopped"),
        ((OFF, CRASHED), FAILED, False, "0 of 2 running: #0 stopped, #1 exited with 3"),
        ((OFF, UnitStatus(UnitState.STARTING, "starting")), UnitState.STARTING, None, "0 of 2 running"),
        ((OFF, OFF, OFF, OFF, OFF), STOPPED, None, "#2 stopped and 2 more"),
    ],
)
def test_a_service_runs_as_long_as_one_of_its_processes_does(
    statuses: tuple[UnitStatus, ...], state: UnitState, healthy: bool | None, words: str
) -> None:
    told = members(*statuses)
    assert (told.state, told.healthy) == (state, healthy)
    assert words in told.words


def test_it_is_healthy_only_if_every_health_check_says_so() -> None:
    well, ill = UnitStatus(RUNNING, "running", healthy=True), UnitStatus(RUNNING, "unhealthy: no db", healthy=False)
    assert members(well, well).healthy is True
    assert members(well, UP).healthy is None
    assert members(well, ill).healthy is False
    assert members(well, ill).words == "2 of 2 running: #1 unhealthy: no db"


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exited with 0"), (3, "exited with 3"), (137, "exited with 137 (SIGKILL)"), (255, "exited with 255")],
)
def test_an_exit_code_is_told_with_its_signal(code: int, words: str) -> None:
    assert describe_exit(code) == words


def test_the_number_of_restarts_is_told_as_one_says_it() -> None:
    assert starts_again("ended", "pm2") == "ended, pm2 starts it again"
    assert starts_again("ended", "pm2", 1).endswith("(1 restart so far)")
    assert starts_again("ended", "pm2", 2).endswith("(2 restarts so far)")


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_of_a_host_is_an_unknown_state_that_names_the_tool(trouble: Trouble) -> None:
    told = could_not_ask("pm2", Answer(trouble=trouble, detail="here"))
    assert told is not None
    assert told.state is UnitState.UNKNOWN
    assert told.words.endswith(": here")
    assert "pm2" in told.words or trouble is Trouble.UNREACHABLE
    assert could_not_ask("pm2", Answer()) is None


def test_a_tool_that_is_not_there_is_named_once() -> None:
    told = could_not_ask("launchctl", Answer(trouble=Trouble.ABSENT, detail="No such file or directory: launchctl"))
    assert told is not None
    assert told.words == "launchctl not found"


def test_a_daemon_that_listens_nowhere_is_told_with_the_first_place_of_many() -> None:
    assert nobody_listens("dockerd", ["/a"]).words == "dockerd not running: no socket at /a"
    assert nobody_listens("dockerd", ["/a", "/b", "/c"]).words == "dockerd not running: no socket at /a nor at 2 more"


def test_what_a_failed_command_said_is_one_cleaned_line() -> None:
    assert complaint(says("out", 1, "\x1b[31mno\nmore")) == "no␊more"
    assert complaint(says("only out\n", 2, " ")) == "only out"
    assert complaint(says("", 2)) == "ended with 2"
    assert complaint(says("warning", 0)) is None


@pytest.mark.parametrize("text", [b"", b"{", b'"\xff"', b"[" * 100_000, b"null"])
def test_json_of_another_shape_is_none(text: bytes) -> None:
    assert decoded(text, list[str]) is None


ACCOUNT = Account(1000, "/home/ops", "linux", {"PATH": "/bin", "XDG_RUNTIME_DIR": "/run/user/1000"})


@pytest.mark.parametrize("kind", get_args(ManagerKind))
def test_every_manager_of_the_config_has_a_dialect(kind: ManagerKind) -> None:
    assert manager_for(kind, service("web"), ACCOUNT).kind == kind


def test_a_service_without_a_manager_has_none() -> None:
    with pytest.raises(UsageError, match="web has no manager"):
        manager_for(None, service("web"))


def engine(environ: dict[str, str] | None = None, system: str = "linux", **settings: Any) -> Any:
    account = Account(1000, "/home/ops", system, environ or {})
    docker: Any = manager_for("docker", service("web", **settings), account)
    return docker.engine


def test_docker_is_asked_where_the_service_says_then_where_docker_host_says_then_in_the_usual_places() -> None:
    assert engine(socket="~/d.sock").sockets == ("/home/ops/d.sock",)
    assert engine({"DOCKER_HOST": "unix:///run/x.sock"}).sockets == ("/run/x.sock",)
    assert engine({"DOCKER_HOST": "unix:///run/x.sock"}, socket="/own.sock").sockets == ("/own.sock",)
    usual = engine().sockets
    assert usual[:2] == ("/var/run/docker.sock", "/run/user/1000/docker.sock")
    assert "/home/ops/.docker/run/docker.sock" in usual
    assert "/run/user/1000/podman/podman.sock" in usual


def test_a_docker_host_that_is_no_unix_socket_is_a_reason_not_an_address() -> None:
    told = engine({"DOCKER_HOST": "tcp://user:secret@10.0.0.1:2375"})
    assert told.sockets == ()
    assert told.problem == "DOCKER_HOST is a tcp address; only a unix socket can be asked: set `socket`"


def test_containers_on_a_mac_have_pids_of_another_machine() -> None:
    assert engine().native
    assert not engine(system="darwin").native


def test_pm2_is_spoken_to_as_its_user_has_it() -> None:
    environ = {"PM2_HOME": "/srv/pm2", "PATH": "/opt/bin", "NVM_DIR": "/opt/nvm"}
    told = manager_for("pm2", service("web"), Account(1000, "/home/ops", "linux", environ))
    assert told == Pm2(home="/srv/pm2", user_home="/home/ops", path="/opt/bin", nvm="/opt/nvm")
    named = manager_for("pm2", service("web", pm2_home="~/other", program="~/bin/pm2"), ACCOUNT)
    assert named == Pm2(home="/home/ops/other", user_home="/home/ops", path="/bin", program="/home/ops/bin/pm2")


def test_supervisor_is_asked_at_the_services_socket_or_in_the_usual_places() -> None:
    assert manager_for("supervisor", service("web", socket="/s"), ACCOUNT) == Supervisor(("/s",))
    usual = manager_for("supervisor", service("web"), ACCOUNT)
    assert isinstance(usual, Supervisor)
    assert usual.sockets[0] == "/var/run/supervisor.sock"


def test_a_user_session_is_found_without_the_environment_of_a_login() -> None:
    bare = Account(1000, "/home/ops", "linux")
    assert manager_for("systemd-user", service("web"), bare) == Systemd(True, {"XDG_RUNTIME_DIR": "/run/user/1000"})


@pytest.mark.parametrize(
    ("system", "kinds"),
    [
        ("linux", ["systemd", "systemd-user", "pm2", "supervisor", "docker", "compose"]),
        ("darwin", ["launchd", "pm2", "supervisor", "docker", "compose"]),
    ],
)
def test_looking_around_asks_the_managers_that_a_system_can_have(system: str, kinds: list[str]) -> None:
    managers = local_managers(Account(501, "/Users/ops", system))
    assert [manager.kind for manager in managers] == kinds


def test_looking_around_never_touches_podman_which_would_start_it() -> None:
    for manager in local_managers(ACCOUNT):
        asked = talk(manager.find(), lambda request: Answer(trouble=Trouble.ABSENT)).asked
        assert not [request for request in asked if "podman" in repr(request)]
        assert all(not request.writes for request in asked)
        assert all(request.timeout <= 10 for request in asked if isinstance(request, Command))


def test_the_own_account_is_that_of_this_process() -> None:
    account = own_account()
    assert account.home.startswith("/")
    assert account.system in ("linux", "darwin")
