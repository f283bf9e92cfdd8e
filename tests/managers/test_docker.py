"""docker's and compose's dialects against what a real daemon said of containers in every state."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Call, Command, ReadFile, Request, Trouble
from airops_tui.managers.compose import Compose, project_name
from airops_tui.managers.containers import Container, Memory, moment, output, status_of
from airops_tui.managers.docker import Docker
from airops_tui.managers.engine import Engine, last_output
from airops_tui.model import LogOrigin, UnitState

from .conversation import ABSENT, recorded, says, service, talk

SOCKET = "/srv/docker.sock"
COMPOSE = "docker/compose.json"
RUNNING, STOPPED, FAILED = UnitState.RUNNING, UnitState.STOPPED, UnitState.FAILED

CASES: dict[str, tuple[UnitState, str, int | None, bool | None]] = {
    "web": (RUNNING, "running, healthy", None, True),
    "sick": (RUNNING, "running, unhealthy: no database", None, False),
    "young": (UnitState.STARTING, "running, its health check has not passed yet", None, None),
    "logless": (RUNNING, "running", None, None),
    "plain": (STOPPED, "paused: `docker unpause plain`", None, None),
    "loop": (FAILED, "exited with 7, docker starts it again (7 restarts so far)", 7, None),
    "gaveup": (FAILED, "exited with 4, 2 restarts did not help", 4, None),
    "done": (STOPPED, "ended by itself (exited with 0)", 0, None),
    "dead": (FAILED, "exited with 3", 3, None),
    "byhand": (STOPPED, "stopped by hand (exited with 137 (SIGKILL))", 137, None),
    "byhand-no": (FAILED, "exited with 137 (SIGKILL): by hand, or for lack of memory", 137, None),
    "termed": (STOPPED, "stopped (exited with 143 (SIGTERM))", 143, None),
    "oom": (FAILED, "killed for lack of memory (OOM), exited with 137 (SIGKILL)", 137, None),
    "created": (STOPPED, "created, never started", None, None),
}


def container(name: str) -> Container:
    return msgspec.json.decode(recorded(f"docker/{name}.json"), type=Container)


@pytest.mark.parametrize("case", CASES)
def test_a_container_in_every_state_is_told_in_one_sentence(case: str) -> None:
    status = status_of(container(case))
    assert (status.state, status.words, status.exit_code, status.healthy) == CASES[case]


def test_a_container_whose_program_is_missing_says_which() -> None:
    status = status_of(container("nocmd"))
    assert status.state is FAILED
    assert "cannot start: " in status.words
    assert "/bin/nosuch" in status.words


def test_only_what_lives_has_a_pid_and_a_start() -> None:
    web, loop = status_of(container("web")), status_of(container("loop"))
    assert (web.pid, web.started_at) == (20001, pytest.approx(1795224307.0, abs=0.1))
    assert (loop.pid, loop.started_at, loop.restarts) == (None, None, 7)


def test_a_pid_in_a_virtual_machine_is_none_of_this_host() -> None:
    assert status_of(container("web"), native=False).pid is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00.123456789Z", 60.123456),
        ("1970-01-01T09:01:00+09:00", 60),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("1970-99-01T00:01:00Z", None),
    ],
)
def test_times_come_with_nanoseconds_or_in_another_zone_or_not_at_all(text: str, seconds: float | None) -> None:
    assert moment(text) == (pytest.approx(seconds) if seconds else None)


class Daemon:
    """A daemon with these containers: recorded ones by name, and the list of all."""

    def __init__(self, listing: str = "docker/list.json", **changes: Any) -> None:
        self.listed = json.loads(recorded(listing))
        self.changes = changes

    def __call__(self, request: Request) -> Answer:
        if not isinstance(request, Call):
            return ABSENT
        assert request.socket == SOCKET
        if request.path == "/_ping":
            return says("OK", 200)
        if request.path.startswith("/containers/json"):
            return says(json.dumps(self.listed), 200)
        return self._inspected(request.path.split("/")[2])

    def _inspected(self, name: str) -> Answer:
        for item in self.listed:
            if name in (item["Id"], item["Names"][0].removeprefix("/")):
                state = {"Status": item["State"], "Pid": 4121, "ExitCode": 1 if item["State"] == "exited" else 0}
                inspected = {"Id": item["Id"], "Name": item["Names"][0], "State": state, "RestartCount": 1}
                return says(json.dumps(inspected | self.changes.get(item["Names"][0].removeprefix("/"), {})), 200)
        return says(json.dumps({"message": f"No such container: {name}"}), 404)


def docker(native: bool = True) -> Docker:
    return Docker(Engine((SOCKET,), native))


def compose() -> Compose:
    return Compose(Engine((SOCKET,)))


def replying_with(name: str) -> Callable[[Request], Answer]:
    """A daemon whose only container is a recorded one."""

    def reply(request: Request) -> Answer:
        if isinstance(request, Call):
            return says("OK", 200) if request.path == "/_ping" else says(recorded(f"docker/{name}.json"), 200)
        return ABSENT

    return reply


def test_each_container_is_looked_at_by_name_and_an_unknown_one_is_absent() -> None:
    talked = talk(docker().status([service("web"), service("x", unit="a/b c")]), Daemon())
    assert talked.paths == ["/_ping", "/containers/web/json", "/containers/a%2Fb%20c/json"]
    assert talked.result["web"].state is RUNNING
    assert talked.result["x"].state is UnitState.ABSENT
    assert talked.result["x"].words == "No such container: a%2Fb%20c"


def test_memory_is_asked_of_the_daemon_only_where_no_process_table_shows_it() -> None:
    stats = b'{"memory_stats":{"usage":5000,"stats":{"inactive_file":1000}}}'

    def reply(request: Request) -> Answer:
        stats_asked = isinstance(request, Call) and "/stats" in request.path
        return says(stats, 200) if stats_asked else replying_with("web")(request)

    assert talk(docker(native=False).status([service("web")]), reply).result["web"].memory_bytes == 4000
    assert talk(docker(native=True).status([service("web")]), reply).result["web"].memory_bytes is None
    assert Memory().used is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({SOCKET: Trouble.ABSENT}, f"docker daemon not running: no socket at {SOCKET}"),
        ({SOCKET: Trouble.REFUSED}, "docker daemon not running"),
        ({SOCKET: Trouble.DENIED}, "docker: permission denied: x; the group docker may use it"),
        ({SOCKET: Trouble.TIMEOUT}, "docker did not answer within its deadline"),
        ({"/a": Trouble.ABSENT, "/b": Trouble.DENIED, "/c": Trouble.REFUSED}, "docker: permission denied"),
    ],
)
def test_why_no_daemon_could_be_asked_is_said_the_worst_first(answers: dict[str, Trouble], words: str) -> None:
    def reply(request: Request) -> Answer:
        assert isinstance(request, Call)
        return Answer(trouble=answers[request.socket], detail="x")

    status = talk(Docker(Engine(tuple(answers))).status([service("web")]), reply).result["web"]
    assert status.state is UnitState.UNKNOWN
    assert status.words.startswith(words)


def test_a_second_socket_is_tried_when_the_first_is_not_there() -> None:
    def reply(request: Request) -> Answer:
        assert isinstance(request, Call)
        return ABSENT if request.socket == "/first" else replying_with("web")(request)

    assert talk(Docker(Engine(("/first", SOCKET))).status([service("web")]), reply).result["web"].state is RUNNING


@pytest.mark.parametrize("held", [b"SubState=listening\n", b"SubState=running\n"])
def test_a_socket_that_only_systemd_holds_is_not_touched_because_that_would_start_the_daemon(held: bytes) -> None:
    def reply(request: Request) -> Answer:
        if isinstance(request, ReadFile):
            return ABSENT
        return says(held) if isinstance(request, Command) else says("OK", 200)

    talked = talk(Docker(Engine(("/var/run/docker.sock",))).find(), reply)
    touched = [request for request in talked.asked if isinstance(request, Call)]
    assert bool(touched) is (held == b"SubState=running\n")


def test_a_running_daemon_is_known_by_its_pid_file_without_asking_systemd() -> None:
    def reply(request: Request) -> Answer:
        return says("812") if isinstance(request, ReadFile) else says("[]", 200)

    assert talk(Docker(Engine(("/var/run/docker.sock",))).find(), reply).commands == []


def test_an_address_that_is_no_unix_socket_is_said_to_be_none() -> None:
    status = talk(Docker(Engine((), problem="DOCKER_HOST is a tcp address")).status([service("web")]), []).result["web"]
    assert (status.state, status.words) == (UnitState.UNKNOWN, "DOCKER_HOST is a tcp address")


@pytest.mark.parametrize(
    ("verb", "case", "paths", "patience"),
    [
        ("start", "dead", ["/containers/dead/start"], 20),
        ("start", "plain", ["/containers/plain/unpause"], 20),
        ("start", "web", [], 0),
        ("start", "loop", [], 0),
        ("stop", "web", ["/containers/web/stop"], 30),
        ("stop", "byhand", ["/containers/byhand/stop"], 21),
        ("restart", "web", ["/containers/web/restart"], 30),
    ],
)
def test_orders_wait_as_long_as_the_container_may_take_to_stop(
    verb: str, case: str, paths: list[str], patience: float
) -> None:
    requests = talk(getattr(docker(), verb)(service(case)), replying_with(case)).result
    assert [request.path for request in requests] == paths
    for request in requests:
        assert (request.method, request.writes, request.timeout) == ("POST", True, patience)


def test_an_order_for_a_container_that_is_not_there_is_refused() -> None:
    with pytest.raises(AiropsError, match="No such container: nosuch"):
        talk(docker().stop(service("nosuch")), Daemon())


def test_a_failed_order_is_told_in_the_daemons_words() -> None:
    said = '{"message":"cannot start a paused container, try unpause instead"}\n'
    assert docker().failed(says(said, 409)) == "cannot start a paused container, try unpause instead"
    assert docker().failed(says("<html>", 502)) == "HTTP 502"
    assert docker().failed(says("", 304)) is None
    assert docker().failed(says("", 204)) is None


def test_logs_are_with_the_daemon_unless_it_keeps_none() -> None:
    assert talk(docker().logs(service("web")), replying_with("web")).result == (
        LogOrigin("docker", "web", "both", SOCKET),
    )
    assert talk(docker().logs(service("logless")), replying_with("logless")).result == ()


FRAMES = b"\x01\0\0\0\0\0\0\x06hello\n\x02\0\0\0\0\0\0\x05oops\n"


def test_output_comes_in_frames_of_either_stream_or_as_a_terminal_got_it() -> None:
    assert output(FRAMES) == b"hello\noops\n"
    assert output(FRAMES[:-3]) == b"hello\noo"
    assert output(b"plain\n") == b"plain\n"
    assert output(b"") == b""


def test_the_last_words_of_a_container_are_asked_of_its_daemon() -> None:
    origin = LogOrigin("docker", "web", "both", SOCKET)
    talked = talk(last_output(origin, 6), [says(FRAMES, 200)])
    assert talked.result == b"hello\noops\n"
    assert talked.paths == ["/containers/web/logs?stdout=1&stderr=1&tail=6"]
    assert talk(last_output(origin, 6), [says('{"message":"gone"}', 404)]).result == b""


def test_finding_leaves_out_jobs_that_ended_and_what_compose_made() -> None:
    kept = {"RestartPolicy": {"Name": "always"}}
    found = talk(docker().find(), Daemon(dead={"HostConfig": kept})).result
    names = {item.name for item in found}
    assert {"web", "sick", "loop", "dead"} <= names
    assert not {"done", "created", "byhand-no"} & names
    assert talk(docker().find(), Daemon("docker/compose.json")).result == []


def test_finding_tells_the_ports_that_are_published() -> None:
    [web] = talk(docker().find(), Daemon("docker/list-ports.json")).result
    assert (web.name, web.unit, web.ports, web.title) == ("web", "web", (8085,), "probe/app:1")


def test_no_environment_of_a_container_becomes_an_object() -> None:
    everything = [talk(docker().status([service(case)]), replying_with(case)).result for case in CASES]
    assert "canary" not in repr((everything, [container(case) for case in CASES]))


def in_project(name: str, **settings: Any) -> Any:
    return service(name, manager="compose", directory="/srv/airclass", **settings)


def test_a_scaled_compose_service_is_one_status() -> None:
    talked = talk(compose().status([in_project("master"), in_project("slave"), in_project("job")]), Daemon(COMPOSE))
    told = talked.result
    assert (told["slave"].state, told["slave"].words, told["slave"].restarts) == (RUNNING, "3 running", 3)
    assert (told["master"].state, told["master"].words) == (RUNNING, "running")
    assert (told["job"].state, told["job"].words) == (FAILED, "exited with 1")
    assert sum(path.startswith("/containers/json") for path in talked.paths) == 1


def test_one_failed_container_of_many_makes_the_service_unwell_not_down() -> None:
    crashed = {"State": {"Status": "exited", "ExitCode": 3}}
    daemon = Daemon(COMPOSE, **{"airclass-slave-2": crashed})
    told = talk(compose().status([in_project("slave")]), daemon).result["slave"]
    assert (told.state, told.healthy) == (RUNNING, False)
    assert told.words == "2 of 3 running: slave-2 exited with 3"


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"project": "airclass"}, RUNNING),
        ({"project": "other"}, UnitState.ABSENT),
        ({"directory": "/srv/airclass/"}, RUNNING),
        ({"directory": "/opt/AirClass"}, RUNNING),  # compose would call that project airclass
        ({"directory": "/opt/elsewhere"}, UnitState.ABSENT),
        ({}, RUNNING),
        ({"unit": "nosuch"}, UnitState.ABSENT),
    ],
)
def test_the_project_is_found_by_name_by_folder_or_because_it_is_the_only_one(
    settings: dict[str, str], state: UnitState
) -> None:
    told = talk(compose().status([service("master", **settings)]), Daemon(COMPOSE)).result["master"]
    assert told.state is state


def test_a_service_in_two_projects_asks_for_the_projects_name() -> None:
    daemon = Daemon(COMPOSE)
    twin = json.loads(json.dumps(daemon.listed[1]))
    twin["Labels"]["com.docker.compose.project"] = "staging"
    daemon.listed.append(twin)
    told = talk(compose().status([service("master")]), daemon).result["master"]
    assert told.state is UnitState.UNKNOWN
    assert told.words == "compose service master is in projects airclass, staging: set `project`"


def test_a_service_without_containers_says_what_creates_them() -> None:
    told = talk(compose().status([in_project("web")]), Daemon(COMPOSE)).result["web"]
    assert told.state is UnitState.ABSENT
    assert (
        told.words == "no container of compose service web in project airclass; `docker compose up -d web` creates it"
    )


def test_orders_go_to_each_container_and_none_to_those_that_run() -> None:
    restart = talk(compose().restart(in_project("slave")), Daemon(COMPOSE)).result
    assert [request.path for request in restart] == [f"/containers/airclass-slave-{n}/restart" for n in (1, 2, 3)]
    assert talk(compose().start(in_project("slave")), Daemon(COMPOSE)).result == ()
    [start] = talk(compose().start(in_project("job")), Daemon(COMPOSE)).result
    assert isinstance(start, Call)
    assert start.path == "/containers/airclass-job-1/start"


def test_a_service_without_containers_is_created_by_compose_itself() -> None:
    [up] = talk(compose().start(in_project("web", project="airclass")), Daemon(COMPOSE)).result
    assert isinstance(up, Command)
    assert up.argv == ("docker", "compose", "--project-name", "airclass", "up", "--detach", "--", "web")
    assert (up.cwd, up.env) == ("/srv/airclass", {"DOCKER_HOST": f"unix://{SOCKET}"})
    with pytest.raises(AiropsError, match="no folder to create it from"):
        talk(compose().start(service("web")), Daemon(COMPOSE))
    with pytest.raises(AiropsError, match="no container of web"):
        talk(compose().stop(in_project("web")), Daemon(COMPOSE))


def test_a_failed_order_of_compose_is_told_whether_the_daemon_or_the_client_said_it() -> None:
    assert compose().failed(says("", 1, "no such service: web\n")) == "no such service: web"
    assert compose().failed(says('{"message":"No such container: x"}', 404)) == "No such container: x"
    assert compose().failed(says("", 0)) is compose().failed(says("", 204)) is None


def test_finding_tells_each_service_of_a_project_once_without_one_off_runs() -> None:
    found = {item.name: item for item in talk(compose().find(), Daemon(COMPOSE)).result}
    assert set(found) == {"master", "slave", "job"}
    slave = found["slave"]
    assert (slave.unit, slave.project, slave.directory) == ("slave", "airclass", "/srv/airclass")
    assert slave.status.words == "3 running"
    assert {origin.place for origin in slave.logs} == {f"airclass-slave-{number}" for number in (1, 2, 3)}


def test_services_of_several_projects_are_told_apart_by_name() -> None:
    daemon = Daemon(COMPOSE)
    twin = json.loads(json.dumps(daemon.listed[1]))
    twin["Labels"]["com.docker.compose.project"] = "staging"
    daemon.listed.append(twin)
    names = {item.name for item in talk(compose().find(), daemon).result}
    assert {"airclass-master", "staging-master", "airclass-slave"} <= names


@pytest.mark.parametrize(
    ("folder", "name"), [("/srv/AirClass", "airclass"), ("/srv/My.Shop_2/", "myshop_2"), ("/srv/_-x", "x"), ("", "")]
)
def test_a_projects_name_is_made_from_its_folder_as_compose_does(folder: str, name: str) -> None:
    assert project_name(folder) == name
