"""pm2's dialect against what pm2 7 really listed, and the search for a pm2 that is on no PATH."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Command, Request, Trouble
from airops_tui.managers.pm2 import Pm2
from airops_tui.managers.pm2_apps import App, parse_apps
from airops_tui.model import LogOrigin, UnitState

from .conversation import ABSENT, Files, recorded, says, service, talk

RUNNING, STOPPED, FAILED = UnitState.RUNNING, UnitState.STOPPED, UnitState.FAILED
HOME = "/home/ops"
MIXED = recorded("pm2/mixed.json")
MANAGER = Pm2(home=f"{HOME}/.pm2", user_home=HOME, path="/usr/bin:/bin")
DEAD = Answer(trouble=Trouble.REFUSED, detail=f"{HOME}/.pm2/rpc.sock")


def status(name: str, answer: Answer | None = None) -> Any:
    return talk(MANAGER.status([service(name)]), [answer or says(MIXED)]).result[name]


@pytest.mark.parametrize(
    ("name", "state", "words", "exit_code"),
    [
        ("api", RUNNING, "online", None),
        ("web", RUNNING, "2 running", None),
        ("off", STOPPED, "stopped", 0),
        ("off1", STOPPED, "stopped", 0),
        ("fast-ok", STOPPED, "stopped", 3),  # 3 is one of its stop_exit_codes
        ("once", FAILED, "exited with 3, and pm2 was told not to restart it", 3),
        ("bad", FAILED, "pm2 gave up after 1 restart: exited with 3", 3),
        ("backoff", FAILED, "exited with 3, pm2 starts it again (1 restart so far)", 3),
        ("nosuch", UnitState.ABSENT, "pm2 has no app nosuch in its list", None),
    ],
)
def test_an_app_in_every_state_is_told_in_one_sentence(
    name: str, state: UnitState, words: str, exit_code: int | None
) -> None:
    told = status(name)
    assert (told.state, told.words, told.exit_code) == (state, words, exit_code)


def test_a_cluster_is_one_status_with_its_memory_added_up() -> None:
    web = status("web")
    assert (web.pid, web.restarts, web.memory_bytes) == (18444, 0, 53657600 + 53563392)
    assert web.started_at == pytest.approx(1795224243, abs=5)


def test_the_pid_that_pm2_keeps_of_the_dead_is_not_told() -> None:
    assert status("backoff").pid is None


def listing(*entries: dict[str, Any]) -> bytes:
    return json.dumps(list(entries)).encode()


def entry(name: str, number: int, told: str, **env: Any) -> dict[str, Any]:
    return {"name": name, "pm_id": number, "pid": 70 + number, "pm2_env": {"status": told, "restart_time": 2, **env}}


def test_one_broken_worker_makes_a_cluster_unwell_and_is_named() -> None:
    told = status("web", says(listing(entry("web", 1, "online"), entry("web", 2, "errored", exit_code=1))))
    assert (told.state, told.healthy, told.restarts) == (RUNNING, False, 4)
    assert told.words == "1 of 2 running: #2 pm2 gave up after 2 restarts: exited with 1"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("launching", UnitState.STARTING),
        ("one-launch-status", UnitState.STARTING),
        ("stopping", UnitState.STOPPING),
        ("dreaming", UnitState.UNKNOWN),
    ],
)
def test_passing_and_unheard_of_states_are_named(told: str, state: UnitState) -> None:
    assert status("web", says(listing(entry("web", 1, told)))).state is state


def parsed(out: bytes) -> list[App]:
    apps = parse_apps(out)
    assert isinstance(apps, list)
    return apps


@pytest.mark.parametrize(
    "banner",
    [
        b"",
        recorded("pm2/cold.txt").removesuffix(b"[]"),
        b"\x1b[33m>>>> In-memory PM2 is out-of-date, do:\n>>>> $ pm2 update\x1b[39m\nIn memory PM2 version: [7.0.3]\n",
        b"[PM2] ids: []\n",
    ],
)
def test_the_list_is_found_among_banners_and_colours(banner: bytes) -> None:
    assert len(parsed(banner + MIXED)) == 10
    assert len(parsed(banner + MIXED + b"\n\x1b[32m[PM2]\x1b[39m done\n")) == 10


def test_an_empty_list_has_no_apps() -> None:
    assert parsed(recorded("pm2/cold.txt")) == []
    assert status("web", says("[]")).state is UnitState.ABSENT


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (DEAD, f"pm2 daemon not running: {HOME}/.pm2/rpc.sock"),
        (Answer(trouble=Trouble.TIMEOUT, detail="pm2: 10 s"), "pm2 did not answer within its deadline: pm2: 10 s"),
        (says("", 127, "/usr/bin/env: 'node': No such file"), "pm2 needs node, which is neither beside it nor on PATH"),
        (says("\x1b[31mUsage: pm2\x1b[0m [cmd]"), "pm2 gave no usable answer: Usage: pm2 [cmd]"),
        (says("", 1, "Error: boom\n at x"), "pm2 gave no usable answer: Error: boom␊ at x"),
    ],
)
def test_why_pm2_could_not_be_asked_is_said(answer: Answer, words: str) -> None:
    told = status("web", answer)
    assert (told.state, told.words) == (UnitState.UNKNOWN, words)


def test_what_is_quoted_of_a_broken_list_holds_no_environment() -> None:
    told = status("web", says(b"banner\n" + MIXED[:4000]))
    assert told.words == "pm2 gave no usable answer: banner␊["
    assert "canary" in MIXED[:4000].decode()


def test_no_environment_of_an_app_becomes_an_object() -> None:
    assert MIXED.count(b"canary-pm2") == 20
    assert "canary" not in repr((parsed(MIXED), talk(MANAGER.find(), [says(MIXED)]).result))


def test_a_look_needs_the_daemons_socket_and_gives_pm2_its_home() -> None:
    [look] = talk(MANAGER.status([service("a"), service("b")]), [says(MIXED)]).asked
    assert isinstance(look, Command)
    assert look.argv == ("pm2", "jlist")
    assert look.needs_socket == f"{HOME}/.pm2/rpc.sock"
    assert look.env == {"PM2_HOME": f"{HOME}/.pm2", "PATH": "/usr/bin:/bin"}


def where_pm2_is(*paths: str, **settings: Any) -> tuple[str, str]:
    """The program that is run in the end, and its PATH."""
    files = Files(*paths)

    def reply(request: Request) -> Answer:
        if isinstance(request, Command):
            return says(MIXED) if request.argv[0] in paths else ABSENT
        return files(request)

    manager = Pm2(home=f"{HOME}/.pm2", user_home=HOME, path="/usr/bin", **settings)
    talked = talk(manager.status([service("api")]), reply)
    last = talked.asked[-1]
    assert isinstance(last, Command), talked.result
    assert talked.result["api"].state is RUNNING
    return last.argv[0], last.env["PATH"]


def test_pm2_under_nvm_is_found_that_of_the_newest_node_that_has_one() -> None:
    versions = f"{HOME}/.nvm/versions/node"
    old, new = f"{versions}/v9.11.2/bin/pm2", f"{versions}/v20.9.0/bin/pm2"
    program, path = where_pm2_is(old, new, f"{versions}/v22.1.0/bin/node")
    assert program == new
    assert path == f"{versions}/v20.9.0/bin:/usr/bin", "node is beside it"


@pytest.mark.parametrize(
    "program",
    [
        "/opt/homebrew/bin/pm2",
        "/usr/local/bin/pm2",
        f"{HOME}/.volta/bin/pm2",
        f"{HOME}/.local/share/fnm/node-versions/v20.1.0/installation/bin/pm2",
    ],
)
def test_pm2_is_found_where_else_it_is_usually_put(program: str) -> None:
    assert where_pm2_is(program)[0] == program


def test_nvms_folder_may_be_elsewhere_and_a_named_program_is_not_searched_for() -> None:
    assert where_pm2_is("/opt/nvm/versions/node/v18.0.0/bin/pm2", nvm="/opt/nvm")[0].startswith("/opt/nvm")
    assert where_pm2_is("/opt/x/pm2", program="/opt/x/pm2") == ("/opt/x/pm2", "/opt/x:/usr/bin")


def test_a_pm2_that_is_nowhere_is_said_with_where_was_looked() -> None:
    told = talk(MANAGER.status([service("web")]), Files()).result["web"]
    assert told.state is UnitState.UNKNOWN
    for place in ("PATH", f"{HOME}/.nvm/versions/node/*/bin", "/opt/homebrew/bin", "set `program`"):
        assert place in told.words


@pytest.mark.parametrize(
    ("verb", "name", "words"),
    [
        ("start", "off", [("pm2", "start", "off")]),
        ("start", "api", []),  # `pm2 start` would restart it
        ("start", "bad", [("pm2", "start", "bad")]),
        ("stop", "web", [("pm2", "stop", "web")]),
        ("restart", "web", [("pm2", "restart", "web")]),
    ],
)
def test_orders_are_for_an_app_by_name_and_never_start_a_daemon(
    verb: str, name: str, words: list[tuple[str, ...]]
) -> None:
    requests = talk(getattr(MANAGER, verb)(service(name)), [says(MIXED)]).result
    assert [request.argv for request in requests] == words
    assert all(request.writes and request.needs_socket for request in requests)


@pytest.mark.parametrize("name", ["all", "0", "-x", "/web/", "json"])
def test_a_name_that_pm2_reads_as_something_else_is_given_as_a_number(name: str) -> None:
    apps = says(listing(entry(name, 7, "online"), entry("other", 8, "online")))
    [order] = talk(MANAGER.restart(service(name)), [apps]).result
    assert isinstance(order, Command)
    assert order.argv == ("pm2", "restart", "7")


def test_only_the_idle_part_of_a_cluster_is_started() -> None:
    apps = says(listing(entry("web", 1, "online"), entry("web", 2, "stopped")))
    [order] = talk(MANAGER.start(service("web")), [apps]).result
    assert isinstance(order, Command)
    assert order.argv == ("pm2", "start", "2")


@pytest.mark.parametrize("answer", [says(MIXED), DEAD])
def test_an_order_that_cannot_be_carried_out_is_refused_with_what_to_do(answer: Answer) -> None:
    with pytest.raises(AiropsError, match="no app nosuch|not running") as error:
        talk(MANAGER.start(service("nosuch")), [answer])
    assert "`pm2 " in error.value.hint


def test_a_failed_order_is_told_in_pm2s_error_line_whatever_it_ended_with() -> None:
    said = "\x1b[31m[PM2][ERROR] \x1b[39mProcess or Namespace nosuch not found\n"
    assert MANAGER.failed(says("", 1, said)) == "Process or Namespace nosuch not found"
    assert MANAGER.failed(says(said, 0)) == "Process or Namespace nosuch not found"
    assert MANAGER.failed(says("[PM2] ok", 0)) is None


def test_logs_are_the_files_that_pm2_names() -> None:
    logs = talk(MANAGER.logs(service("web")), [says(MIXED)]).result
    names = [(origin.place.rpartition("/")[2], origin.stream) for origin in logs]
    assert names == [
        ("web-out-1.log", "out"),
        ("web-error-1.log", "err"),
        ("web-out-2.log", "out"),
        ("web-error-2.log", "err"),
    ]


def test_logs_are_found_with_a_dead_daemon_too() -> None:
    files = Files(
        f"{HOME}/.pm2/logs/web-out-0.log", f"{HOME}/.pm2/logs/web-error.log", f"{HOME}/.pm2/logs/webby-out.log"
    )
    logs = talk(MANAGER.logs(service("web")), lambda request: DEAD if isinstance(request, Command) else files(request))
    assert logs.result == (
        LogOrigin("file", f"{HOME}/.pm2/logs/web-error.log", "err"),
        LogOrigin("file", f"{HOME}/.pm2/logs/web-out-0.log", "out"),
    )


def test_finding_tells_each_app_once_and_no_module_of_pm2() -> None:
    module = entry("pm2-logrotate", 9, "online", pmx_module=True)
    apps = json.loads(MIXED) + [module]
    found = {item.name: item for item in talk(MANAGER.find(), [says(listing(*apps))]).result}
    assert set(found) == {"api", "web", "bad", "once", "backoff", "delayed", "off", "off1", "fast-ok"}
    assert (found["web"].unit, found["web"].directory, found["web"].status.words) == ("web", "/srv/app", "2 running")


def test_nothing_is_found_and_nothing_started_without_a_daemon() -> None:
    talked = talk(MANAGER.find(), [DEAD])
    assert talked.result == ()
    assert len(talked.asked) == 1


@pytest.mark.parametrize("value", [None, "x", "NaN", True, 10**30, "1e400"])
def test_numbers_that_are_none_are_unknown(value: Any) -> None:
    odd = {**entry("web", 1, "online", pm_uptime=value), "pid": value, "monit": {"memory": value, "cpu": value}}
    told = status("web", says(listing(odd)))
    assert (told.state, told.pid, told.memory_bytes, told.cpu_percent) == (RUNNING, None, None, None)
