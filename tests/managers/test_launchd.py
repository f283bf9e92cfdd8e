"""launchd's dialect. No launchd runs but on macOS: the outputs are written after published ones (recorded/launchd says
how), and the last tests run a stand-in for `launchctl` that plays a loaded domain. What they show is that the dialect
speaks as the manual says; that launchd listens is shown on a Mac only.
"""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path
from typing import Any

import pytest

from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Command, ListFolder, ReadFile, Request, Trouble, ask, hold
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.launchd import Launchd
from airops_tui.managers.launchd_jobs import (
    Job,
    is_disabled,
    parse_list,
    parse_plist,
    parse_print,
    split_target,
    status_of,
)
from airops_tui.model import LogOrigin, UnitState, UnitStatus

from .conversation import ABSENT, RECORDED, recorded, says, service, talk

RUNNING, STARTING, STOPPED, FAILED = UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPED, UnitState.FAILED
LABEL = "com.llmclassroom.proto4"
AGENTS = "/Users/ops/Library/LaunchAgents"
MANAGER = Launchd(501, "/Users/ops")
NOT_FOUND = says("", 113, f'Bad request.\nCould not find service "{LABEL}" in domain for user gui: 501\n')
NO_DOMAIN = says("", 112, "Bad request.\nCould not find domain for user gui: 501\n")


def job(name: str) -> Job:
    told = parse_print(says(recorded(f"launchd/{name}.txt")))
    assert isinstance(told, Job)
    return told


@pytest.mark.parametrize(
    ("case", "state", "words", "exit_code"),
    [
        ("running", RUNNING, "running", None),
        ("restarted", RUNNING, "running", None),
        ("starting", STARTING, "starting", None),
        ("first-start", STARTING, "launchd starts it within 30 s", None),
        ("ended-well", STARTING, "launchd starts it within 30 s", None),
        ("stopping", UnitState.STOPPING, "stopping (SIGTERMed)", None),
        (
            "crashing",
            FAILED,
            "exited with 3, launchd starts it again (6 restarts so far), 30 s after its last start",
            3,
        ),
        (
            "throttled",
            FAILED,
            "killed by SIGTERM, launchd starts it again (3 restarts so far), 30 s after its last start",
            143,
        ),
        (
            "segfault",
            FAILED,
            "killed by SIGSEGV, launchd starts it again (1 restart so far), 30 s after its last start",
            139,
        ),
        (
            "no-program",
            FAILED,
            "exited with 78 (EX_CONFIG: launchd could not run its program, enter its folder or open its logs), "
            "launchd starts it again (53 restarts so far), 30 s after its last start",
            78,
        ),
        (
            "signed-wrongly",
            FAILED,
            "killed by macOS: OS_REASON_CODESIGNING, "
            "launchd starts it again (8 restarts so far), 30 s after its last start",
            None,
        ),
        ("loaded", STOPPED, "loaded, not started yet", None),
        ("finished", STOPPED, "not running, exited with 0", 0),
        ("stopped", STOPPED, "not running, killed by SIGTERM", 143),
        ("failed", FAILED, "exited with 1", 1),
        ("killed", FAILED, "killed by SIGKILL", 137),
        ("unheard-of", UnitState.UNKNOWN, "launchd gave no known state: hibernating", None),
    ],
)
def test_a_job_in_every_state_is_told_in_one_sentence(
    case: str, state: UnitState, words: str, exit_code: int | None
) -> None:
    told = status_of(job(case))
    assert (told.state, told.words, told.exit_code) == (state, words, exit_code)


def test_a_running_job_has_its_pid_and_its_restarts() -> None:
    told = status_of(job("restarted"))
    assert (told.pid, told.restarts) == (4121, 3)
    assert status_of(job("crashing")).pid is None


def test_a_line_of_the_environment_is_neither_taken_for_the_jobs_nor_kept() -> None:
    assert job("running").lines["state"] == "running"
    assert "canary" in recorded("launchd/running.txt").decode()
    assert "canary" not in repr((job("running"), plist("com.llmclassroom.proto4")))


def plist(label: str) -> Any:
    return parse_plist(recorded(f"launchd/{label}.plist"))


def test_a_property_list_tells_whether_the_job_is_kept_alive_and_where_it_writes() -> None:
    told = plist(LABEL)
    assert (told.label, told.keep_alive, told.run_at_load) == (LABEL, True, True)
    assert told.logs == (
        LogOrigin("file", "/Users/ops/llmclass_platform/logs/proto4.log", "out"),
        LogOrigin("file", "/Users/ops/llmclass_platform/logs/proto4.error.log", "err"),
    )
    assert not plist("com.example.tool").keep_alive


def test_a_binary_property_list_is_read_and_a_broken_one_is_none() -> None:
    told = {"Label": "x", "KeepAlive": True, "StandardOutPath": "/var/log/x", "StandardErrorPath": "/var/log/x"}
    read = parse_plist(plistlib.dumps(told, fmt=plistlib.FMT_BINARY))
    assert read is not None
    assert read.logs == (LogOrigin("file", "/var/log/x", "both"),)
    bomb = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist><string>&a;</string></plist>'
    for content in (b"", b"bplist00", b"<plist>", b"<plist><dict/></plist>", bomb, plistlib.dumps({"Label": 5})):
        assert parse_plist(content) is None


@pytest.mark.parametrize(
    ("unit", "parts"),
    [
        (LABEL, ("", LABEL)),
        (f"gui/501/{LABEL}", ("gui/501", LABEL)),
        ("system/com.example.daemon", ("system", "com.example.daemon")),
        ("homebrew.mxcl.postgresql@16", ("", "homebrew.mxcl.postgresql@16")),
        ("a/b", None),
        ("gui/501/", None),
        ("a\nb", None),
        ("", None),
    ],
)
def test_a_unit_is_a_label_or_a_service_target(unit: str, parts: tuple[str, str] | None) -> None:
    assert split_target(unit) == parts


def test_the_disabled_are_told_in_the_words_of_old_and_new_versions() -> None:
    for version in ("12", "26"):
        told = recorded(f"launchd/disabled-{version}.txt")
        assert is_disabled(told, "com.llmclassroom.hub")
        assert not is_disabled(told, "com.example.tool")
        assert not is_disabled(told, "com.llmclassroom")


def test_the_pids_of_all_jobs_are_read_from_one_list() -> None:
    assert parse_list(recorded("launchd/list.txt")) == {LABEL: 4121, "com.apple.Finder": 812, "com.example.tool": 913}


class Mac:
    """A Mac by its parts: loaded jobs by target, property lists by path."""

    def __init__(
        self, jobs: dict[str, Answer] | None = None, plists: tuple[str, ...] = (), disabled: bytes = b""
    ) -> None:
        self.jobs = jobs or {}
        self.plists = plists
        self.disabled = disabled

    def __call__(self, request: Request) -> Answer:
        if isinstance(request, Command):
            verb = request.argv[1]
            if verb == "list":
                return says(recorded("launchd/list.txt"))
            return self.jobs.get(request.argv[2], NOT_FOUND) if verb == "print" else says(self.disabled)
        assert isinstance(request, ReadFile | ListFolder)
        if isinstance(request, ReadFile):
            name = request.path.rpartition("/")[2]
            return says(recorded(f"launchd/{name}")) if request.path in self.plists else ABSENT
        names = [path.rpartition("/")[2] for path in self.plists if path.startswith(f"{request.path}/")]
        return says("\n".join(names)) if names else ABSENT


TARGET = f"gui/501/{LABEL}"
PLIST = f"{AGENTS}/{LABEL}.plist"


def loaded(case: str, target: str = TARGET) -> Mac:
    return Mac({target: says(recorded(f"launchd/{case}.txt"))}, (PLIST,))


def status(mac: Any, unit: str = LABEL, manager: Launchd = MANAGER) -> UnitStatus:
    return talk(manager.status([service("proto4", unit=unit)]), mac).result["proto4"]


def test_one_command_tells_a_job_that_is_loaded() -> None:
    talked = talk(MANAGER.status([service(LABEL)]), loaded("running"))
    assert talked.commands == [("launchctl", "print", TARGET)]
    assert talked.result[LABEL].state is RUNNING


@pytest.mark.parametrize("target", [f"user/501/{LABEL}", f"system/{LABEL}"])
def test_a_plain_label_is_looked_for_in_the_users_domains_and_in_the_systems(target: str) -> None:
    assert status(loaded("running", target)).state is RUNNING
    assert (
        talk(Launchd(0, "/var/root").status([service(LABEL)]), loaded("running", target))
        .commands[0][2]
        .startswith("system/")
    )


def test_a_job_that_is_not_loaded_is_stopped_if_it_has_a_property_list_and_absent_if_not() -> None:
    there = status(Mac(plists=(PLIST,)))
    assert (there.state, there.words) == (STOPPED, f"not loaded: `launchctl bootstrap gui/501 {PLIST}`")
    nowhere = status(Mac())
    assert nowhere.state is UnitState.ABSENT
    assert "com.llmclassroom.proto4.plist" in nowhere.words
    assert "~/Library/LaunchAgents" in nowhere.words


def test_a_disabled_job_says_what_enables_it() -> None:
    mac = Mac(plists=(PLIST,), disabled=f'"{LABEL}" => disabled\n'.encode())
    assert status(mac).words == f"disabled: `launchctl enable {TARGET}` before it can start"


def test_without_a_graphical_login_the_reason_is_said() -> None:
    told = status(Mac({TARGET: NO_DOMAIN}, (PLIST,)))
    assert (told.state, told.words) == (
        UnitState.UNKNOWN,
        "no graphical login of user 501: LaunchAgents start only after one",
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ABSENT, "launchctl not found"),
        (Answer(trouble=Trouble.TIMEOUT), "launchctl did not answer within its deadline"),
        (says("", 1, "Operation not permitted"), "launchctl: Operation not permitted"),
        (says("!!!! unexpected"), "launchctl gave no state of the job"),
    ],
)
def test_why_launchd_could_not_be_asked_is_said(answer: Answer, words: str) -> None:
    told = status(lambda request: answer)
    assert (told.state, told.words) == (UnitState.UNKNOWN, words)


def orders(verb: str, mac: Any) -> list[tuple[str, ...]]:
    requests = talk(getattr(MANAGER, verb)(service("proto4", unit=LABEL)), mac).result
    assert all(request.writes for request in requests)
    return [request.argv[1:] for request in requests]


def test_starting_loads_what_is_not_loaded_and_kicks_what_is() -> None:
    assert orders("start", Mac(plists=(PLIST,))) == [("bootstrap", "gui/501", PLIST)]
    assert orders("start", loaded("failed")) == [("kickstart", TARGET)]
    assert orders("start", loaded("running")) == []


def test_starting_a_job_that_nothing_starts_kicks_it_after_loading() -> None:
    tool = f"{AGENTS}/com.example.tool.plist"
    requests = talk(MANAGER.start(service("tool", unit="com.example.tool")), Mac(plists=(tool,))).result
    assert [request.argv[1:] for request in requests if isinstance(request, Command)] == [
        ("bootstrap", "gui/501", tool),
        ("kickstart", "gui/501/com.example.tool"),
    ]


def test_stopping_unloads_what_launchd_would_start_again_and_only_ends_the_rest() -> None:
    assert orders("stop", loaded("running")) == [("bootout", TARGET)]
    assert orders("stop", loaded("crashing")) == [("bootout", TARGET)]
    tool = recorded("launchd/running.txt").replace(LABEL.encode(), b"com.example.tool")
    mac = Mac({TARGET: says(tool)}, (f"{AGENTS}/com.example.tool.plist",))
    assert orders("stop", mac) == [("kill", "SIGTERM", TARGET)]
    assert orders("stop", Mac(plists=(PLIST,))) == []


def test_restarting_kicks_past_the_throttle_or_loads() -> None:
    assert orders("restart", loaded("crashing")) == [("kickstart", "-k", TARGET)]
    assert orders("restart", Mac(plists=(PLIST,))) == [("bootstrap", "gui/501", PLIST)]


@pytest.mark.parametrize(
    ("mac", "reason"),
    [
        (Mac(), "launchd knows no job"),
        (Mac({TARGET: NO_DOMAIN}, (PLIST,)), "no graphical login"),
        (Mac(plists=(PLIST,), disabled=f'"{LABEL}" => true\n'.encode()), "is disabled"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused_with_what_to_do(mac: Mac, reason: str) -> None:
    with pytest.raises(AiropsError, match=reason) as error:
        orders("start", mac)
    assert "`launchctl " in error.value.hint


def test_what_is_under_way_already_is_no_failure() -> None:
    assert MANAGER.failed(says("", 36, "Boot-out failed: 36: Operation now in progress")) is None
    assert (
        MANAGER.failed(says("", 5, "Bootstrap failed: 5: Input/output error"))
        == "Bootstrap failed: 5: Input/output error"
    )


def test_logs_are_those_of_the_loaded_job_or_of_its_property_list() -> None:
    for mac in (loaded("running"), Mac(plists=(PLIST,))):
        logs = talk(MANAGER.logs(service("proto4", unit=LABEL)), mac).result
        assert [origin.stream for origin in logs] == ["out", "err"]
    assert talk(MANAGER.logs(service("proto4", unit=LABEL)), Mac()).result == ()


def test_finding_tells_jobs_that_are_kept_alive_or_run_and_no_helpers_between_two_runs() -> None:
    plists = (PLIST, f"{AGENTS}/com.example.tool.plist", f"{AGENTS}/com.example.updater.plist")
    found = {item.name: item for item in talk(MANAGER.find(), Mac(loaded("running").jobs, plists)).result}
    assert set(found) == {"proto4", "tool"}
    assert (found["proto4"].unit, found["proto4"].status.state) == (LABEL, RUNNING)
    assert found["proto4"].directory == "/Users/ops/llmclass_platform/proto4"
    assert talk(MANAGER.find(), [ABSENT]).result == ()


FAKE = """#!{python}
import pathlib, sys
home, recorded = pathlib.Path({home!r}), pathlib.Path({recorded!r})
loaded, (verb, *words) = home / "loaded", sys.argv[1:]
(home / "calls").open("a").write(" ".join([verb, *words]) + "\\n")
if verb == "print" and loaded.exists() and words[0].startswith("gui/501/"):
    sys.stdout.write((recorded / loaded.read_text()).read_text())
elif verb == "print":
    sys.exit("Bad request.\\nCould not find service in domain" if words[0][0] == "g" else 113)
elif verb == "print-disabled":
    print("disabled services = {{}}")
elif verb == "bootstrap" and loaded.exists():
    sys.stderr.write("Bootstrap failed: 5: Input/output error\\n"); sys.exit(5)
elif verb in ("bootstrap", "kickstart"):
    loaded.write_text("running.txt")
elif verb == "bootout":
    loaded.unlink()
"""


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a LaunchAgent, and a stand-in for launchctl on PATH."""
    agents = tmp_path / "Library" / "LaunchAgents"
    agents.mkdir(parents=True)
    (agents / f"{LABEL}.plist").write_bytes(recorded(f"launchd/{LABEL}.plist"))
    launchctl = tmp_path / "bin" / "launchctl"
    launchctl.parent.mkdir()
    launchctl.write_text(FAKE.format(python=sys.executable, home=str(tmp_path), recorded=str(RECORDED / "launchd")))
    launchctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(launchctl.parent), prepend=":")
    return tmp_path


def test_a_job_is_started_and_stopped_through_the_program_on_path(mac: Path) -> None:
    manager, host, proto4 = Launchd(501, str(mac)), LocalHost(), service("proto4", unit=LABEL)

    def look() -> UnitStatus:
        return hold(host, manager.status([proto4]))["proto4"]

    def act(verb: str) -> list[str | None]:
        return [manager.failed(ask(host, request)) for request in hold(host, getattr(manager, verb)(proto4))]

    assert look().state is STOPPED
    assert act("start") == [None]
    assert look().state is RUNNING
    assert act("start") == []
    assert act("restart") == [None]
    (mac / "loaded").write_text("crashing.txt")
    assert look().state is FAILED
    assert act("stop") == [None]
    assert look().state is STOPPED
    calls = [line for line in (mac / "calls").read_text().splitlines() if not line.startswith("print")]
    assert calls == [
        f"bootstrap gui/501 {mac}/Library/LaunchAgents/{LABEL}.plist",
        f"kickstart -k {TARGET}",
        f"bootout {TARGET}",
    ]


def test_a_launchctl_that_fails_is_told_in_its_words(mac: Path) -> None:
    (mac / "loaded").write_text("running.txt")
    bootstrap = Command(argv=("launchctl", "bootstrap", "gui/501", "x.plist"))
    assert Launchd(501, str(mac)).failed(ask(LocalHost(), bootstrap)) == "Bootstrap failed: 5: Input/output error"
