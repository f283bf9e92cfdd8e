"""systemd's dialect against what systemd 252 and 257 really printed of units in every state."""

from __future__ import annotations

import pytest

from airops_tui.errors import AiropsError
from airops_tui.hosts.base import Answer, Command, Trouble
from airops_tui.managers.systemd import Systemd, unit_name
from airops_tui.managers.systemd_units import (
    LOOK,
    SEARCH,
    declared_output,
    moment,
    number,
    parse_show,
    status_of,
    worth_showing,
)
from airops_tui.model import LogOrigin, UnitState, UnitStatus

from .conversation import ABSENT, recorded, says, service, talk

RUNNING, STARTING, STOPPING = UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPING
STOPPED, FAILED = UnitState.STOPPED, UnitState.FAILED

CASES = {
    "demo": (RUNNING, "running", None),
    "tpl_one": (RUNNING, "running", None),
    "systemd-journald": (RUNNING, "running: Processing requests...", None),
    "exited": (RUNNING, "active (exited)", 0),
    "tick.timer": (RUNNING, "active (waiting)", None),
    "gone": (RUNNING, "running; its unit file is gone", None),
    "starting": (STARTING, "starting (start)", None),
    "slowstop": (STOPPING, "stopping (stop-sigterm)", None),
    "off": (STOPPED, "stopped", None),
    "cron2": (STOPPED, "masked: `systemctl unmask cron2.service` before it can start", None),
    "nosuch": (UnitState.ABSENT, "systemd knows no unit nosuch.service", None),
    "auto0": (STARTING, "exited with 0, systemd starts it again", 0),
    "auto": (FAILED, "exited with 3, systemd starts it again", 3),
    "limit": (
        FAILED,
        "blocked by systemd: start-limit-hit (exited with 3), `systemctl reset-failed limit.service` after mending",
        3,
    ),
    "crash": (FAILED, "exited with 3", 3),
    "prevent": (FAILED, "exited with 3", 3),
    "off143": (FAILED, "exited with 143 (SIGTERM)", 143),
    "segv": (FAILED, "killed by SIGSEGV", 139),
    "killed": (FAILED, "killed by SIGKILL (by hand, or for lack of memory)", 137),
    "noexec": (FAILED, "its program cannot be executed (exit 203)", 203),
    "nodir": (FAILED, "its WorkingDirectory cannot be entered (exit 200)", 200),
    "nouser": (FAILED, "its user does not exist (exit 217)", 217),
    "late": (FAILED, "it took too long to start or stop (timeout)", 143),
    "watch": (FAILED, "its watchdog got no sign of life (watchdog)", 134),
    "bad": (
        FAILED,
        "its unit file is wrong: Unit bad.service has a bad unit file setting.; "
        "`systemd-analyze verify bad.service` says where",
        None,
    ),
}


def only(text: bytes) -> UnitStatus:
    [unit] = parse_show(text)
    return status_of(unit)


@pytest.mark.parametrize("version", ["252", "257"])
@pytest.mark.parametrize("case", CASES)
def test_a_unit_in_every_state_is_told_in_one_sentence(version: str, case: str) -> None:
    status = only(recorded(f"systemd-{version}/{case}.txt"))
    assert (status.state, status.words, status.exit_code) == CASES[case]


@pytest.mark.parametrize("version", ["252", "257"])
def test_only_what_runs_has_a_pid_a_start_and_memory(version: str) -> None:
    running = only(recorded(f"systemd-{version}/demo.txt"))
    assert running.pid and running.started_at and running.memory_bytes
    assert 1_795_000_000 < running.started_at < 1_796_000_000
    for case in ("crash", "auto", "auto0", "off", "nosuch"):
        idle = only(recorded(f"systemd-{version}/{case}.txt"))
        assert (idle.pid, idle.started_at, idle.memory_bytes) == (None, None, None)


@pytest.mark.parametrize("version", ["252", "257"])
def test_the_whole_list_of_properties_reads_like_the_few_that_are_asked_for(version: str) -> None:
    status = only(recorded(f"systemd-{version}/everything.txt"))
    assert (status.state, status.restarts, status.memory_bytes) == (RUNNING, 0, None)


def unit(**properties: str) -> dict[str, str]:
    return {"Id": "web.service", "LoadState": "loaded", "ActiveState": "failed", "SubState": "failed", **properties}


@pytest.mark.parametrize(
    ("properties", "state", "words"),
    [
        ({"Result": "oom-kill", "ExecMainCode": "2", "ExecMainStatus": "9"}, FAILED, "killed for lack of memory"),
        ({"Result": "start-limit-hit"}, FAILED, "blocked by systemd: start-limit-hit, `systemctl reset-failed web"),
        ({"Result": "core-dump", "ExecMainCode": "3", "ExecMainStatus": "6"}, FAILED, "SIGABRT, core dumped"),
        ({"Result": "protocol"}, FAILED, "it ended without saying that it was ready (protocol)"),
        ({"Result": "something-new"}, FAILED, "something-new"),
        ({"Result": ""}, FAILED, "failed"),
        ({"LoadState": "error", "ActiveState": "inactive"}, FAILED, "its unit file is wrong: error"),
        ({"ActiveState": "reloading"}, RUNNING, "reloading"),
        ({"ActiveState": "active", "SubState": "running", "NeedDaemonReload": "yes"}, RUNNING, "daemon-reload"),
        ({"ActiveState": "maintenance"}, UnitState.UNKNOWN, "gave no state"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart-queued", "Result": "exit-code", "NRestarts": "7"},
            FAILED,
            "systemd starts it again (7 restarts so far)",
        ),
    ],
)
def test_states_that_are_hard_to_record(properties: dict[str, str], state: UnitState, words: str) -> None:
    status = status_of(unit(**properties))
    assert status.state is state
    assert words in status.words


def test_a_service_stopped_by_hand_after_restarts_is_not_said_to_be_blocked() -> None:
    stopped = unit(
        Result="exit-code", ExecMainCode="1", ExecMainStatus="143", Restart="always", NRestarts="9", StartLimitBurst="5"
    )
    assert "start-limit" not in status_of(stopped).words


def test_the_words_for_a_user_unit_name_the_command_of_a_user() -> None:
    assert "`systemctl --user reset-failed" in status_of(unit(Result="start-limit-hit"), user=True).words


@pytest.mark.parametrize(
    "text", ["[not set]", "[no data]", "18446744073709551615", "infinity", "", "-1", "٣", "9" * 30]
)
def test_a_counter_that_is_not_kept_is_none(text: str) -> None:
    assert number(text) is None


def test_a_time_is_read_only_in_utc() -> None:
    assert moment("Thu 1970-01-01 00:01:00 UTC") == 60
    assert moment("Thu 1970-01-01 09:01:00 KST") is None
    assert moment("Thu 1970-13-45 09:01:00 UTC") is None
    assert moment("n/a") is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("web", "web.service"),
        ("web.service", "web.service"),
        ("app@blue", "app@blue.service"),
        ("backup.timer", "backup.timer"),
        ("my.app", "my.app.service"),
        ("-x", "-x.service"),
        (r"a\x20b", r"a\x20b.service"),
        ("a b", None),
        ("sm*", None),
        ("/srv/web", None),
        ("app@", None),
        ("", None),
        ("x" * 300, None),
        ("web\n", None),
    ],
)
def test_a_unit_may_be_written_with_or_without_its_kind(written: str, name: str | None) -> None:
    assert unit_name(written) == name


def test_one_command_looks_at_all_units_by_property_names_in_utc() -> None:
    services = [service("web"), service("api", unit="demo.service"), service("dash", unit="-x")]
    talked = talk(Systemd().status(services), [says(recorded("systemd-252/demo.txt"))])
    [look] = talked.asked
    assert isinstance(look, Command)
    assert look.argv == (
        *("systemctl", "show", "--no-pager", f"--property={LOOK}", "--"),
        *("-x.service", "demo.service", "web.service"),
    )
    assert look.env["TZ"] == "UTC"
    assert "Environment" not in LOOK + SEARCH
    assert talked.result["api"].state is RUNNING
    assert talked.result["web"].state is UnitState.UNKNOWN, "systemd said nothing of it"


@pytest.mark.parametrize("version", ["252", "257"])
def test_many_units_in_one_answer_are_told_apart_by_their_names(version: str) -> None:
    services = [service(name) for name in ("demo", "auto", "nosuch", "tpl@one", "tick.timer")]
    told = talk(Systemd().status(services), [says(recorded(f"systemd-{version}/many.txt"))]).result
    assert [told[one.name].state.value for one in services] == ["running", "failed", "absent", "running", "running"]


def test_a_unit_is_found_by_its_alias_too() -> None:
    text = "Id=ssh.service\nNames=ssh.service sshd.service\nLoadState=loaded\nActiveState=active\nSubState=running\n"
    assert talk(Systemd().status([service("sshd")]), [says(text)]).result["sshd"].state is RUNNING


def test_a_name_that_is_none_is_not_asked_for_and_spoils_nothing() -> None:
    told = talk(Systemd().status([service("demo"), service("a b")]), [says(recorded("systemd-252/demo.txt"))])
    assert told.commands[0][-1] == "demo.service"
    assert told.result["demo"].state is RUNNING
    assert told.result["a b"].words == "a b is no name of a unit"
    assert talk(Systemd().status([service("a b")]), []).asked == []


NOT_BOOTED = (
    "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus\n"
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says("", 1, NOT_BOOTED), "this machine was not booted with systemd"),
        (says("", 1, "Failed to connect to bus: Permission denied"), "no connection to systemd: Failed to connect"),
        (says("", 1, "Failed to connect to user scope bus via local transport: $DBUS…"), "no connection to systemd"),
        (says("", 1), "systemctl: ended with 1"),
        (Answer(trouble=Trouble.ABSENT), "systemctl not found"),
        (Answer(trouble=Trouble.TIMEOUT, detail="systemctl: 10 s"), "systemctl did not answer within its deadline"),
    ],
)
def test_why_systemd_could_not_be_asked_is_said(answer: Answer, words: str) -> None:
    status = talk(Systemd().status([service("web")]), [answer]).result["web"]
    assert status.state is UnitState.UNKNOWN
    assert status.words.startswith(words)


def test_a_user_session_is_looked_for_where_it_runs_and_its_absence_explained() -> None:
    user = Systemd(user=True, env={"XDG_RUNTIME_DIR": "/run/user/1000"})
    talked = talk(user.status([service("web")]), [says("", 1, "Failed to connect to bus: No medium found")])
    [look] = talked.asked
    assert isinstance(look, Command)
    assert look.argv[:3] == ("systemctl", "--user", "show")
    assert look.env["XDG_RUNTIME_DIR"] == "/run/user/1000"
    assert "loginctl enable-linger" in talked.result["web"].words


@pytest.mark.parametrize(
    ("verb", "case", "orders"),
    [
        ("start", "off", [("systemctl", "--no-ask-password", "start", "--", "off.service")]),
        ("start", "demo", []),
        ("stop", "demo", [("systemctl", "--no-ask-password", "stop", "--", "demo.service")]),
        ("stop", "auto", [("systemctl", "--no-ask-password", "stop", "--", "auto.service")]),
        ("stop", "off", []),
        ("restart", "demo", [("systemctl", "--no-ask-password", "restart", "--", "demo.service")]),
    ],
)
def test_orders_never_ask_for_a_password_and_none_is_given_without_need(
    verb: str, case: str, orders: list[tuple[str, ...]]
) -> None:
    dialogue = getattr(Systemd(), verb)(service(case))
    requests = talk(dialogue, [says(recorded(f"systemd-252/{case}.txt"))]).result
    assert [request.argv for request in requests] == orders
    assert all(request.writes and request.timeout > 90 for request in requests)


@pytest.mark.parametrize("answer", [says(recorded("systemd-252/nosuch.txt")), says("", 1, NOT_BOOTED), ABSENT])
def test_an_order_that_cannot_be_carried_out_is_refused_with_the_reason(answer: Answer) -> None:
    with pytest.raises(AiropsError) as error:
        talk(Systemd().restart(service("nosuch")), [answer])
    assert error.value.hint


def test_a_failed_order_is_told_in_systemds_first_sentence() -> None:
    said = 'Failed to start cron2.service: Unit cron2.service is masked.\nSee "systemctl status" for details.\n'
    assert Systemd().failed(says("", 1, said)) == "Failed to start cron2.service: Unit cron2.service is masked."
    denied = "Failed to stop demo.service: Access denied\nSee system logs"
    assert "polkit" in str(Systemd().failed(says("", 4, denied)))
    assert Systemd().failed(says("")) is None


def logs_of(*answers: str, user: bool = False) -> tuple[LogOrigin, ...]:
    return talk(Systemd(user=user).logs(service("web@7")), [says(answer) for answer in answers]).result


def test_output_in_the_journal_is_found_there() -> None:
    assert logs_of("StandardOutput=journal\nStandardError=inherit\n") == (
        LogOrigin("journal", "web@7.service", "both"),
    )
    assert logs_of("StandardOutput=journal\nStandardError=null\n") == (LogOrigin("journal", "web@7.service", "out"),)
    assert logs_of("", user=True) == (LogOrigin("journal-user", "web@7.service", "both"),)


def test_output_in_a_file_is_found_in_the_units_own_files_the_last_word_counting() -> None:
    show = "StandardOutput=append\nStandardError=journal\n"
    cat = "# /etc/web@.service\nStandardOutput=append:/old\n# drop-in\nStandardOutput = append:/var/log/%i.log\n"
    assert logs_of(show, cat) == (
        LogOrigin("file", "/var/log/7.log", "out"),
        LogOrigin("journal", "web@7.service", "err"),
    )


def test_a_log_file_named_with_another_specifier_is_left_out() -> None:
    assert declared_output(b"StandardOutput=append:%h/x.log\nEnvironment=A=b\n", "web.service") == {}


@pytest.mark.parametrize("version", ["252", "257"])
def test_finding_shows_what_an_operator_made_or_what_failed_and_not_the_base_system(version: str) -> None:
    talked = talk(Systemd().find(), [says(recorded(f"systemd-{version}/search.txt"))])
    assert "--all" in talked.commands[0]
    assert talked.commands[0][-1] == "*.service"
    names = {found.name for found in talked.result}
    assert {"demo", "tpl@one", "limit", "auto", "gone"} <= names
    assert not {"dbus", "systemd-journald", "getty@tty1", "once", "tick", "exited", "off", "nosuch", "cron2"} & names
    demo = next(found for found in talked.result if found.name == "demo")
    assert (demo.unit, demo.title, demo.directory) == ("demo.service", "demo.service demo", "/srv")


@pytest.mark.parametrize(
    ("properties", "shown"),
    [
        ({"Id": "nginx.service", "FragmentPath": "/lib/systemd/system/nginx.service"}, True),
        ({"Id": "cronicle.service", "FragmentPath": "/usr/lib/systemd/system/cronicle.service"}, True),
        ({"Id": "cron.service", "FragmentPath": "/lib/systemd/system/cron.service"}, False),
        ({"Id": "cron.service", "FragmentPath": "/lib/systemd/system/cron.service", "ActiveState": "failed"}, True),
        ({"Id": "snapd.service", "FragmentPath": "/etc/systemd/system/snapd.service"}, True),
        ({"Id": "nginx.service", "FragmentPath": "/lib/x", "ActiveState": "inactive"}, False),
        ({"Id": "web.service", "FragmentPath": "/etc/systemd/system/web.service", "ActiveState": "inactive"}, False),
        (
            {
                **{"Id": "web.service", "FragmentPath": "/etc/systemd/system/web.service", "ActiveState": "inactive"},
                "UnitFileState": "enabled",
            },
            True,
        ),
    ],
)
def test_what_is_worth_showing(properties: dict[str, str], shown: bool) -> None:
    running = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Type": "simple"}
    assert worth_showing({**running, **properties}) is shown


def test_a_users_session_shows_only_the_users_own_units() -> None:
    running = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running"}
    own = {**running, "Id": "hub.service", "FragmentPath": "/home/ops/.config/systemd/user/hub.service"}
    desktop = {**running, "Id": "pipewire.service", "FragmentPath": "/usr/lib/systemd/user/pipewire.service"}
    assert worth_showing(own, user=True)
    assert not worth_showing(desktop, user=True)


def test_nothing_is_found_where_systemd_is_not() -> None:
    assert talk(Systemd().find(), [ABSENT]).result == []
    assert talk(Systemd().find(), [says("", 1, NOT_BOOTED)]).result == []
