"""Values as text: the small pure decisions behind every cell, line and sentence."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.color import Color
from textual.content import Content
from textual.theme import Theme

from airops_tui.model import Failure, Health, Machine, Port, Process, Service, Snapshot, State, UnitState, UnitStatus
from airops_tui.ui import render
from airops_tui.ui.advice import advise
from airops_tui.ui.columns import SERVICES, fit, natural, total
from airops_tui.ui.detail import detail
from airops_tui.ui.glyphs import ascii_only, speaks_utf8, without_controls
from airops_tui.ui.headline import Beat, age, header, machine
from airops_tui.ui.theme import DARK, LIGHT, PLAIN, THEMES, choose
from airops_tui.ui.trends import LENGTH, Trend, Trends
from airops_tui.ui.view import Glance, View, arrange, is_fault, matches
from tests.ui.replay import MONO, classroom, newer, up

SITE = classroom()
GLANCE = Glance(SITE, MONO)


def site(**changes: object) -> tuple[Service, Glance]:
    """The classroom's hub with these changes, and a glance at it alone."""
    service = replace(up("hub", "Classroom hub", 8003, 2210), **changes)
    return service, Glance(replace(SITE, services=(service,)), MONO)


@pytest.mark.parametrize(
    ("changes", "shown", "style"),
    [
        ({"health": Health(True, 200, 12.0)}, "200   12 ms", ""),
        ({"health": Health(True, 200, 2412.0, slow=True)}, "200   2.4 s", "$slow"),
        ({"health": Health(False, 502, 3.0, "502", Failure.STATUS)}, "502    3 ms", "$down"),
        ({"health": Health(False, 404, 3.0, "404", Failure.STATUS)}, "404    3 ms", "$degraded"),
        ({"health": Health(False, None, None, "no", Failure.REFUSED)}, "refused", "$down"),
        ({"health": Health(True, None, 4.0)}, "open    4 ms", ""),
        ({"health": Health(True, 200, 12.0), "stale": True}, "200   12 ms", "$quiet"),
        ({"health": None, "port": Port(80, True)}, "open", "$quiet"),
        ({"health": None, "port": Port(80, False)}, "closed", "$down"),
        ({"health": None, "port": Port(80, False), "state": State.STOPPED}, "closed", "$quiet"),
        ({"health": None, "port": None}, "running", "$quiet"),
        ({"health": None, "port": None, "unit_status": UnitStatus(UnitState.UNKNOWN)}, "–", "$quiet"),
        ({"health": None, "looked_mono": None}, "…", "$quiet"),
        ({"health": None, "looked_mono": None, "health_url": None}, "–", "$quiet"),
    ],
)
def test_health_in_a_cell(changes: dict[str, object], shown: str, style: str) -> None:
    assert render.health(*site(**changes)) == (shown, style)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"state": State.DOWN}, ("✖ down", "bold $down")),
        ({"state": State.UP}, ("● up", "$up")),
        ({"state": State.UP, "stale": True}, ("◌ stale", "$unknown")),
        ({"state": State.UNKNOWN, "looked_mono": None}, ("· looking", "$quiet")),
        ({"state": State.UNKNOWN}, ("◌ unknown", "$unknown")),
    ],
)
def test_state_is_symbol_word_and_colour(changes: dict[str, object], shown: tuple[str, str]) -> None:
    assert render.state(*site(**changes)) == shown


def test_states_differ_in_their_word_not_only_in_their_colour() -> None:
    assert len({render.state(*site(state=state))[0] for state in State}) == len(State)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (4, "0 s"), (7, "5 s"), (59, "55 s"), (119, "1 min"), (7300, "2h 1m")]
)
def test_durations_change_rarely(seconds: float, shown: str) -> None:
    assert render.coarse(seconds) == shown


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], "    "),
        ([0, 50, 100], "▁▄█ "),
        ([None, 100], "·█  "),
        ([1, 2, 3, 4, 100, 0], "▁▁█▁"),
        ([0, 0], "▁▁  "),
        ([None, None], "··  "),
    ],
)
def test_sparklines(values: list[float | None], bars: str) -> None:
    assert render.spark(values, 4) == bars


def test_a_sparkline_of_small_values_stays_flat() -> None:
    assert render.spark([1.0, 2.0], 2, top=100.0) == "▁▁"


@pytest.mark.parametrize("width", [1, 5, 11, 40])
def test_text_is_fitted_to_the_cell(width: int) -> None:
    for words in ("proto1", "수업 서비스", "", "e\u0301" * 9):
        for right in (True, False):
            assert render.fit(Content(words), width, right=right).cell_length == width


def test_code_is_folded_and_prose_is_wrapped() -> None:
    assert [line.plain for line in render.wrap(Content("aaaa bbbb"), 6, fold=True)] == ["aaaa b", "bbb"]
    assert [line.plain.rstrip() for line in render.wrap(Content("aaaa bbbb"), 6)] == ["aaaa", "bbbb"]


def test_a_row_to_paste_tells_state_reason_place_and_time() -> None:
    assert render.one_line(SITE.services[1], GLANCE) == (
        "proto1: down since 12:01:07, refused: nothing listens on localhost:8001, "
        "port 8001, launchd on mini, seen 12:04:30"
    )


@pytest.mark.parametrize("width", range(10, 200, 7))
def test_columns_always_fit(width: int) -> None:
    shown = [column for column in SERVICES if column.wanted(GLANCE)]
    fitted = fit(shown, natural(shown, GLANCE), width)
    assert {"state", "service"} <= {one.column.key for one in fitted}
    assert total(fitted) <= max(width, 20)


def test_port_memory_and_uptime_drop_out_in_that_order() -> None:
    widths = natural(SERVICES, GLANCE)
    gone: list[str] = []
    for width in range(160, 20, -1):
        left = {one.column.key for one in fit(SERVICES, widths, width)}
        gone += [column.key for column in SERVICES if column.key not in left and column.key not in gone]
    assert gone == ["title", "port", "mem", "up", "manager", "host", "cpu", "health"]


def test_a_filter_of_nothing_shows_everything() -> None:
    assert all(matches(SITE.services[0], wanted) for wanted in ("", " ", "!", "! ", "HUB", "!web1"))
    assert not matches(SITE.services[0], "!hub")


def test_what_has_no_value_sorts_last_either_way() -> None:
    orders = {column.key: column.order for column in SERVICES}
    for reverse in (False, True):
        names = [service.name for service in arrange(GLANCE, View(sort="port", reverse=reverse), orders)]
        assert names[-1] == "tunnel"


def test_a_fault_is_what_is_not_well_or_not_known_to_be() -> None:
    assert [one.name for one in SITE.services if is_fault(one, GLANCE)] == ["proto1", "proto3", "admin", "web1"]


@pytest.mark.parametrize("width", range(30, 200, 9))
def test_the_header_always_fits_and_always_counts(width: int) -> None:
    glance = Glance(replace(SITE, environment="production", read_only=True), MONO + 15)
    line = header(glance, Beat(5.0, paused=True), width)
    assert line.cell_length == width
    assert "✖ 2" in line.plain


@pytest.mark.parametrize(
    ("later", "paused", "shown"),
    [
        (0, False, ""),
        (14, False, ""),
        (16, False, "15 s old"),
        (3, True, ""),
        (10, True, "10 s old"),
        (130, True, "2 min old"),
    ],
)
def test_age_is_told_when_it_matters(later: float, paused: bool, shown: str) -> None:
    assert age(Glance(SITE, MONO + later), Beat(5.0, paused)) == shown


def test_the_machine_line_is_quiet_until_something_runs_short() -> None:
    assert "$slow" not in str(machine(GLANCE, 120).spans)
    short = Machine(memory_percent=95.0)
    assert "$slow" in str(machine(Glance(replace(SITE, machine=short), MONO), 120).spans)
    assert machine(Glance(replace(SITE, machine=None), MONO), 120).plain == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stale": True}, "ctrl+r"),
        (
            {"port": Port(80, True, Process(7, 1, "nginx", "www"), conflict=True)},
            "Port 80 is taken by pid 7, nginx, user www",
        ),
        ({"port": Port(80, True, None, conflict=True)}, "somebody unknown (root sees who)"),
        ({"state": State.STARTING}, "give it a moment"),
        ({"state": State.DOWN, "unit_status": UnitStatus(UnitState.ABSENT)}, "launchd knows no `com.llmclassroom.hub`"),
        ({"state": State.DOWN, "unit_status": UnitStatus(UnitState.FAILED)}, "start it through launchd"),
        ({"state": State.DOWN, "unit_status": UnitStatus(UnitState.FAILED), "manager": "process"}, "then start it."),
        ({"state": State.UNKNOWN, "unit_status": UnitStatus(UnitState.UNKNOWN), "health": None}, "could not be asked"),
        (
            {"state": State.DOWN, "health": Health(False, failure=Failure.REFUSED)},
            "Its process lives, but nothing listens",
        ),
        ({"state": State.DOWN, "health": Health(False, failure=Failure.REFUSED), "pid": None}, "Nothing listens there"),
        ({"state": State.DOWN, "health": Health(False, failure=Failure.HANG)}, "before a restart wipes the trace"),
        ({"state": State.UNKNOWN, "health": Health(False, failure=Failure.DNS)}, "does not resolve"),
        ({"state": State.DOWN, "health": Health(False, failure=Failure.TLS)}, "certificate"),
        ({"state": State.SLOW, "health": Health(True, 200, 2400, slow=True)}, "answers late"),
        ({"state": State.DEGRADED, "public": Health(False, failure=Failure.STATUS)}, "not from outside"),
        ({"state": State.DEGRADED, "health": Health(False, 404, failure=Failure.STATUS)}, "not as it should"),
    ],
)
def test_every_trouble_has_a_next_step(changes: dict[str, object], words: str) -> None:
    assert words in (advise(*site(**changes)) or "")


@pytest.mark.parametrize("failure", list(Failure))
def test_every_kind_of_failure_has_a_next_step(failure: Failure) -> None:
    assert advise(*site(state=State.DOWN, health=Health(False, failure=failure)))


def test_what_is_well_needs_no_advice() -> None:
    assert advise(*site()) is None
    assert advise(*site(state=State.STOPPED)) is None


@pytest.mark.parametrize("width", [20, 36, 60, 120])
def test_the_details_of_every_service_fit_every_width(width: int) -> None:
    for service in SITE.services:
        for line in detail(service, GLANCE, Trend(), width):
            assert line.cell_length <= width


def test_the_details_tell_everything_that_is_known() -> None:
    (service,) = (one for one in SITE.services if one.name == "proto4")
    text = "\n".join(line.plain for line in detail(service, GLANCE, Trend(), 100))
    for words in (
        "● proto4  Socratic Learning",
        "200 in 12 ms",
        "http://localhost:8000/health",
        "https://socratic.llmclass.org",
        "certificate good until 2027-02-11, 83 days",
        "8000 listening",
        "4121  up 3d 0h",
        "restarts 0",
        "0.4 %",
        "84 M  4 processes",
        "launchd  com.llmclassroom.proto4",
        "running",
        "/Users/ops/llmclass_platform/proto4",
        "/Users/ops/logs/proto4.log",
    ):
        assert words in text
    text = "\n".join(line.plain for line in detail(SITE.services[1], GLANCE, Trend(), 100))
    assert "● tunnel  ● hub" in text
    assert "12:01:07, was up  3 min ago" in text


def test_a_service_of_which_nothing_is_known_has_details_too() -> None:
    blank = Service("x", "x", State.UNKNOWN, "not looked at yet")
    lines = detail(blank, Glance(Snapshot("t", "h", 0.0, 0.0, services=(blank,)), 0.0), Trend(), 40)
    assert [line.plain for line in lines][:3] == ["· x", "looking", "not looked at yet"]


def test_a_trend_takes_each_look_once_and_keeps_the_newest() -> None:
    trends, picture = Trends(), SITE
    for _ in range(LENGTH + 20):
        trends.add(picture)
        trends.add(picture)
        picture = newer(picture)
    assert list(trends.of("hub").latency) == [9.0] * LENGTH
    assert list(trends.of("proto1").latency) == [None] * LENGTH
    assert len(trends.of("web1").latency) == 1
    trends.add(replace(picture, services=()))
    assert not trends.of("hub").latency


@pytest.mark.parametrize(
    ("environ", "utf8"),
    [
        ({}, True),
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "ko_KR.utf8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C.UTF-8"}, True),
        ({"LC_CTYPE": "de_DE.UTF-8"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, False),
    ],
)
def test_the_locale_decides_about_signs(environ: dict[str, str], utf8: bool) -> None:
    assert speaks_utf8(environ) is utf8


@pytest.mark.parametrize(
    ("text", "shown"), [("✖ 1 down ● up", "x 1 down * up"), ("▁▃█·…–", ".:#.~-"), ("수업 é", "???? ?"), ("┌─┐", "+-+")]
)
def test_without_utf8_signs_have_stand_ins_of_the_same_width(text: str, shown: str) -> None:
    assert ascii_only(text) == shown


def test_the_last_gate_lets_no_control_character_pass() -> None:
    assert without_controls("plain ● text") == "plain ● text"
    assert "\x1b" not in without_controls("\x1b[2Jx\x9b\x00")


@pytest.mark.parametrize(
    ("environ", "colours", "theme"),
    [
        ({}, "truecolor", DARK),
        ({"COLORFGBG": "0;15"}, "256", LIGHT),
        ({"COLORFGBG": "15;0"}, "256", DARK),
        ({"COLORFGBG": "nonsense"}, "256", DARK),
        ({"NO_COLOR": ""}, "truecolor", PLAIN),
        ({}, "standard", PLAIN),
        ({}, None, PLAIN),
    ],
)
def test_the_theme_follows_the_terminal(environ: dict[str, str], colours: str | None, theme: Theme) -> None:
    assert choose(environ, colours) == theme.name


def test_every_theme_has_a_colour_for_every_state() -> None:
    for theme in THEMES:
        assert {state.value for state in State} <= set(theme.variables)
        assert set(DARK.variables) <= set(theme.variables)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_colours_are_legible_on_their_background(theme: Theme) -> None:
    background = Color.parse(str(theme.background))
    for name in [*State, "quiet", "danger"]:
        assert contrast(Color.parse(theme.variables[name]), background) >= 4.5, name


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2: 4.5 is enough for text."""

    def luminance(colour: Color) -> float:
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
