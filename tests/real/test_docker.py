"""Docker and compose, as a real daemon runs them: containers in every state, their health, and projects of several."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import AiropsError
from airops_tui.hosts.base import hold
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.compose import Compose
from airops_tui.managers.docker import Docker
from airops_tui.managers.engine import Engine
from airops_tui.model import UnitState
from airops_tui.sources.words import last_words

from .driving import act, find, logs, look, wait_until
from .lab.component import wait_for
from .lab.dockerd import Dockerd

pytestmark = pytest.mark.real

POLITE = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
"""A container's first process is deaf to SIGTERM unless it asks for it."""


@pytest.fixture
def manager(docker: Dockerd) -> Docker:
    return Docker(Engine(sockets=(str(docker.socket),)))


@pytest.fixture
def container(docker: Dockerd) -> Iterator[Callable[..., ServiceSettings]]:
    """A function that runs a container and returns the service for it; all are removed afterwards."""
    made: list[str] = []

    def run(name: str, *argv: str, options: tuple[str, ...] = ()) -> ServiceSettings:
        made.append(name)
        docker.run("run", "-d", "--name", name, *options, docker.IMAGE, *argv, check=False)
        return ServiceSettings(name=name, manager="docker")

    yield run
    docker.run("rm", "-f", *made)


def test_a_container_is_started_restarted_as_another_process_and_stopped(
    manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    web = container("web", *POLITE)
    first = look(manager, web)
    assert first.state is UnitState.RUNNING
    assert first.started_at == pytest.approx(time.time(), abs=60)
    assert first.pid is not None
    assert Path(f"/proc/{first.pid}").exists()

    assert act("restart", manager, web) is None
    second = look(manager, web)
    assert second.state is UnitState.RUNNING
    assert second.pid not in (None, first.pid)

    assert act("stop", manager, web) is None
    assert look(manager, web).state is UnitState.STOPPED
    assert act("start", manager, web) is None
    assert look(manager, web).state is UnitState.RUNNING


def test_a_paused_container_is_stopped_until_start_unpauses_it(
    docker: Dockerd, manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    web = container("napping", *POLITE)
    docker.run("pause", "napping")
    assert look(manager, web).state is UnitState.STOPPED
    assert "unpause" in look(manager, web).words
    assert act("start", manager, web) is None
    assert look(manager, web).state is UnitState.RUNNING


def test_health_is_what_dockers_own_check_says_and_quotes_its_last_words(
    docker: Dockerd, manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    check = "test -e /well && echo fine || { echo database is gone; exit 1; }"
    options = ("--health-cmd", check, "--health-interval", "300ms", "--health-retries", "1")
    web = container("checked", *POLITE, options=options)
    wait_for("the first verdict", lambda: look(manager, web).healthy is False)
    assert "unhealthy: database is gone" in look(manager, web).words
    docker.run("exec", "checked", "touch", "/well")
    wait_for("the check to pass", lambda: look(manager, web).healthy)


@pytest.mark.parametrize(
    ("argv", "options", "exit_code", "words"),
    [
        (("sh", "-c", "exit 3"), (), 3, "exited with 3"),
        (("sh", "-c", "exit 4"), ("--restart", "on-failure:1"), 4, "1 restart did not help"),
        (("tail", "/dev/zero"), ("--memory", "20m"), 137, "OOM"),
        (("/no/such/program",), (), None, "no such file or directory"),
    ],
    ids=["exit", "gave-up", "oom", "no-program"],
)
def test_a_container_that_failed_says_how(
    manager: Docker,
    container: Callable[..., ServiceSettings],
    argv: tuple[str, ...],
    options: tuple[str, ...],
    exit_code: int | None,
    words: str,
    request: pytest.FixtureRequest,
) -> None:
    failing = container(f"failing-{request.node.callspec.id}", *argv, options=options)
    wait_for(words, lambda: words in look(manager, failing).words)
    status = look(manager, failing)
    assert status.state is UnitState.FAILED
    assert status.exit_code == exit_code


def test_a_crash_looping_container_is_failed_and_said_to_be_tried_again(
    manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    looping = container("looping", "sh", "-c", "exit 5", options=("--restart", "always"))
    wait_for("docker to wait before the next try", lambda: "starts it again" in look(manager, looping).words)
    status = wait_until(manager, looping, UnitState.FAILED)
    assert status.exit_code == 5


def test_a_container_that_is_not_there_is_absent_and_cannot_be_started(manager: Docker) -> None:
    nobody = ServiceSettings(name="nobody", manager="docker")
    assert look(manager, nobody).state is UnitState.ABSENT
    with pytest.raises(AiropsError, match="nobody"):
        act("start", manager, nobody)


def test_a_containers_output_is_with_docker_and_its_environment_nowhere(
    docker: Dockerd, manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    options = ("--env", "TOKEN=s3cret-canary")
    web = container("talking", "sh", "-c", "echo said aloud; exec sleep 600", options=options)
    [origin] = logs(manager, web)
    assert origin.kind == "docker"
    wait_for("the output", lambda: "said aloud" in docker.run("logs", origin.place).stdout)
    heard = hold(LocalHost(read_only=True), last_words(web, lambda service: manager))
    assert heard is not None
    assert (heard.origin, heard.lines) == ("output of talking", ("said aloud",))
    assert "s3cret-canary" not in repr((look(manager, web), find(manager)))


def test_finding_shows_services_with_their_ports_and_not_finished_jobs(
    manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    container("shop", *POLITE, options=("-p", "18080:80", "--restart", "unless-stopped"))
    job = container("job", "true")
    wait_until(manager, job, UnitState.STOPPED)
    found = find(manager)
    assert found["shop"].ports == (18080,)
    assert "job" not in found


def test_no_daemon_behind_the_socket_is_unknown_and_starts_none(tmp_path: Path) -> None:
    manager = Docker(Engine(sockets=(str(tmp_path / "docker.sock"),)))
    status = look(manager, ServiceSettings(name="web", manager="docker"))
    assert status.state is UnitState.UNKNOWN
    assert "not running" in status.words
    assert find(manager) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_daemon_that_hangs_costs_the_deadline_and_is_unknown(
    docker: Dockerd, manager: Docker, container: Callable[..., ServiceSettings]
) -> None:
    web = container("patient", *POLITE)
    with docker.suspended():
        status = look(manager, web)
    assert status.state is UnitState.UNKNOWN
    assert "did not answer within its deadline" in status.words
    assert look(manager, web).state is UnitState.RUNNING


@pytest.fixture
def project(compose: Dockerd, tmp_path: Path) -> Iterator[Path]:
    """A project of two web containers and one that crashed, as `docker compose up` made it."""
    folder = tmp_path / "My.Shop"
    folder.mkdir()
    services = {
        "web": {"image": compose.IMAGE, "command": POLITE, "scale": 2},
        "jobs": {"image": compose.IMAGE, "command": ["sh", "-c", "exit 7"]},
    }
    (folder / "compose.yaml").write_text(json.dumps({"services": services}))
    compose.run("compose", "--project-directory", folder, "up", "--detach")
    yield folder
    compose.run("compose", "--project-directory", folder, "down", "--timeout", "0", "--remove-orphans")


def of(project: Path, name: str) -> ServiceSettings:
    return ServiceSettings(name=name, manager="compose", directory=str(project))


def test_a_compose_service_is_all_of_its_containers(compose: Dockerd, project: Path) -> None:
    manager = Compose(Engine(sockets=(str(compose.socket),)))
    web = of(project, "web")
    assert look(manager, web).words == "2 running"
    assert look(manager, of(project, "nothing")).state is UnitState.ABSENT

    compose.run("kill", "myshop-web-2")
    wait_for("one to be missed", lambda: "1 of 2 running" in look(manager, web).words)
    assert "web-2" in look(manager, web).words
    assert look(manager, web).state is UnitState.RUNNING

    assert act("restart", manager, web) is None
    assert look(manager, web).words == "2 running"
    assert act("stop", manager, web) is None
    assert look(manager, web).state is UnitState.STOPPED
    assert act("start", manager, web) is None
    assert look(manager, web).words == "2 running"
    assert {origin.place for origin in logs(manager, web)} == {"myshop-web-1", "myshop-web-2"}


def test_a_crashed_compose_service_is_failed_and_found(compose: Dockerd, project: Path) -> None:
    manager = Compose(Engine(sockets=(str(compose.socket),)))
    status = wait_until(manager, of(project, "jobs"), UnitState.FAILED)
    assert status.exit_code == 7
    found = find(manager)
    assert set(found) == {"web", "jobs"}
    assert found["web"].project == "myshop"
    assert found["web"].directory == str(project)


def test_a_compose_service_taken_down_is_created_again_by_start(
    compose: Dockerd, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DOCKER_CONFIG", "HOME"):
        monkeypatch.setenv(name, compose.env[name])
    manager = Compose(Engine(sockets=(str(compose.socket),)))
    compose.run("compose", "--project-directory", project, "down", "--timeout", "0")
    web = of(project, "web")
    assert look(manager, web).state is UnitState.ABSENT
    assert act("start", manager, web) is None
    assert look(manager, web).words == "2 running"
