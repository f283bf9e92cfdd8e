"""Every key of the console, pressed; and what must not be a key."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from airops_tui.model import State
from airops_tui.ui.bindings import (
    ANYWHERE,
    CHOICES,
    DETAIL,
    FILTER,
    MODAL,
    SERVICE_TABLE,
    SORT_CHOICES,
    SORTS,
    Key,
)
from airops_tui.ui.feed import Extra
from tests.ui.conftest import Open
from tests.ui.replay import classroom, many

TABLES = {
    "anywhere": ANYWHERE,
    "list": SERVICE_TABLE + SORTS,
    "detail": DETAIL,
    "filter": FILTER,
    "modal": MODAL,
    "choices": CHOICES,
    "sort": SORT_CHOICES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_key_is_declared_twice_in_one_place(table: tuple[Key, ...]) -> None:
    keys = [name for key in table for name in key.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_no_key_of_the_list_hides_one_that_works_everywhere() -> None:
    everywhere = {name for key in ANYWHERE for name in key.keys.split(",")}
    assert not everywhere & {name for key in SERVICE_TABLE + SORTS for name in key.keys.split(",")}


def test_every_key_says_what_it_does_and_none_is_dangerous() -> None:
    for table in TABLES.values():
        for key in table:
            assert key.help and key.shown and not key.danger


async def test_every_key_of_the_list_is_safe_to_press(open_console: Open) -> None:
    async with open_console(many(30)) as console:
        for key in SERVICE_TABLE + SORTS + ANYWHERE:
            for name in key.keys.split(",") if key.action != "leave" else ():
                await console.press(name)
                assert console.app.main.keybar._errors == 0, name
                assert console.app.is_running, name
                while len(console.app.screen_stack) > 1 or console.app.main.services.view.narrowed:
                    await console.press("escape")


async def test_moving_by_letters_and_by_arrows(open_console: Open) -> None:
    async with open_console() as console:
        for keys, selected in [
            (("j",), "admin"),
            (("down",), "web1"),
            (("k",), "admin"),
            (("up",), "proto1"),
            (("up",), "proto1"),
            (("G",), "tunnel"),
            (("j",), "tunnel"),
            (("g",), "proto1"),
            (("end",), "tunnel"),
            (("home",), "proto1"),
            (("pagedown",), "tunnel"),
            (("pageup",), "proto1"),
        ]:
            await console.press(*keys)
            assert console.selected == selected, keys


async def test_filter_as_you_type(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.type("PROTO")
        assert console.names == ["proto1", "proto3", "proto4"]
        assert "3 of 8" in console.text
        await console.press("enter")
        assert "/PROTO   3 of 8 shown" in console.text
        await console.press("j")
        assert console.selected == "proto3"
        await console.press("escape")
        assert len(console.names) == 8
        assert console.selected == "proto3"


async def test_an_exclamation_mark_shows_the_others(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.paste("!proto")
        assert console.names == ["admin", "web1", "archive", "hub", "tunnel"]


@pytest.mark.parametrize("wanted", ["systemd", "sydney", "stale", "SLOW", ":8003", "llmclassroom.hub", "strategic"])
async def test_the_filter_finds_whatever_names_or_tells_of_a_service(open_console: Open, wanted: str) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.paste(wanted)
        assert len(console.names) == 1


async def test_esc_leaves_the_field_first_then_everything_is_shown(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.paste("nothing like it")
        assert console.names == []
        assert "Nothing matches the filter." in console.text
        await console.press("escape")
        assert len(console.names) == 8
        assert not isinstance(console.app.focused, Input)


async def test_letters_typed_into_the_filter_are_not_keys(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.type("qpoy?:G")
        assert console.app.is_running
        assert not console.feed.paused
        assert len(console.app.screen_stack) == 1
        assert console.app.main.services.view.wanted == "qpoy?:G"


async def test_moving_works_while_typing_a_filter(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.paste("proto")
        await console.press("down")
        assert console.selected == "proto3"


async def test_faults_only_and_back(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("ctrl+z")
        assert console.names == ["proto1", "admin", "web1", "proto3"]
        assert "faults only   4 of 8 shown   ctrl+z shows all" in console.text
        await console.press("ctrl+z")
        assert len(console.names) == 8


async def test_no_faults_is_said_in_so_many_words(open_console: Open) -> None:
    well = replace(classroom(), services=(classroom().services[0],))
    async with open_console(well) as console:
        await console.press("ctrl+z")
        assert "No faults." in console.text
        await console.press("escape")
        assert console.names == ["hub"]


@pytest.mark.parametrize(
    ("letter", "first", "last"),
    [
        ("E", "admin", "web1"),
        ("P", "proto4", "tunnel"),
        ("C", "proto3", "archive"),
        ("M", "proto3", "archive"),
        ("A", "hub", "web1"),
        ("O", "hub", "web1"),
        ("S", "hub", "admin"),
    ],
)
async def test_a_letter_sorts_and_its_column_shows_an_arrow(
    open_console: Open, letter: str, first: str, last: str
) -> None:
    async with open_console(size=(160, 40)) as console:
        await console.press(letter)
        assert (console.names[0], console.names[-1]) == (first, last)
        titles = next(line for line in console.text.splitlines() if "SERVICE" in line)
        assert ("↑" in titles) or ("↓" in titles)


async def test_the_same_letter_again_turns_the_order_round(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("E")
        forward = console.names
        await console.press("E")
        assert console.names == forward[::-1]


async def test_sorting_keeps_equal_rows_in_the_order_of_the_config(open_console: Open) -> None:
    async with open_console(many(100)) as console:
        well = [name for name in console.names if int(name[-4:]) % 50 != 7]
        assert well == sorted(well)


async def test_o_asks_what_to_sort_by_and_o_again_reverses(open_console: Open) -> None:
    async with open_console() as console:
        before = console.names
        await console.press("o")
        assert "sort by" in console.text
        await console.press("o")
        assert console.names[0] == before[-1] or console.names != before
        await console.press("o", "E")
        assert console.names == sorted(console.names)
        await console.press("o", "j", "enter")
        assert console.app.main.services.view.sort == "title"
        await console.press("o", "escape")
        assert console.app.main.services.view.sort == "title"


async def test_pause_and_resume(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("p")
        assert console.feed.paused
        assert "PAUSED" in console.text.splitlines()[0]
        await console.pass_time(20)
        assert "20 s old" in console.text.splitlines()[0]
        await console.press("p")
        assert not console.feed.paused
        assert "PAUSED" not in console.text


async def test_slower_and_faster(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("plus")
        assert console.feed.period == 10
        assert "looking every 10 s" in console.text
        await console.press("minus", "minus", "minus", "minus", "minus")
        assert console.feed.period == 1
        await console.press(*["plus"] * 12)
        assert console.feed.period == 300


async def test_refresh_looks_now(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("ctrl+r")
        assert "refresh" in console.feed.asked


async def test_help_lists_the_keys_of_this_view(open_console: Open) -> None:
    async with open_console(size=(120, 50)) as console:
        await console.press("question_mark")
        assert "filter as you type" in console.text
        assert "sort by the underlined letter" in console.text
        assert "stopped on purpose" in console.text
        await console.press("escape")
        await console.press("enter", "f1")
        assert "back to the list" in console.text
        assert "filter as you type" not in console.text


async def test_help_scrolls_where_it_does_not_fit(open_console: Open) -> None:
    async with open_console(size=(60, 15)) as console:
        await console.press("question_mark", "G")
        assert "known only from earlier" in console.text
        await console.press("g")
        assert "details of the selected service" in console.text


async def test_the_palette_lists_every_command_with_its_key(open_console: Open) -> None:
    for opener in ("colon", "ctrl+p"):
        async with open_console(size=(120, 60)) as console:
            await console.press(opener)
            for words in ("faults only, and back", "ctrl+z", "look now", "ctrl+r", "theme: light", "sort by health"):
                assert words in console.text


async def test_the_palette_does_what_was_chosen(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("colon")
        await console.paste("faults")
        await console.press("enter")
        await console.until(lambda: len(console.names) == 4)
        await console.press("colon")
        await console.paste("theme light")
        await console.press("enter")
        await console.until(lambda: console.app.theme == "airops-light")


async def test_the_palette_says_when_nothing_is_called_so(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("colon")
        await console.paste("make coffee")
        assert "no such command" in console.text
        await console.press("enter")
        assert len(console.app.screen_stack) == 2
        await console.press("escape")
        assert len(console.app.screen_stack) == 1


async def test_a_command_that_was_brought_along_runs_without_holding_up_the_console(open_console: Open) -> None:
    go_on, began = threading.Event(), threading.Event()

    def slowly() -> str:
        began.set()
        go_on.wait(5)
        return "proto1 hangs now"

    async with open_console(commands=[Extra("break proto1 hang", "lives, but does not answer", slowly)]) as console:
        await console.press("colon")
        await console.paste("proto1 hang")
        assert "lives, but does not answer" in console.text
        await console.press("enter")
        await console.until(began.is_set)
        await console.press("j")
        assert console.selected == "admin"
        go_on.set()
        await console.until(lambda: "proto1 hangs now" in console.text)


async def test_a_command_that_fails_says_why(open_console: Open) -> None:
    def fail() -> str:
        raise PermissionError(13, "Permission denied", "/run/x")

    async with open_console(commands=[Extra("fail", "", fail)]) as console:
        await console.press("colon")
        await console.paste("fail")
        await console.press("enter")
        await console.until(lambda: "Permission denied: /run/x" in console.text)


async def test_copying_tells_who_took_it(open_console: Open) -> None:
    taken: list[str] = []

    def copy(text: str) -> str:
        taken.append(text)
        return "wl-copy"

    async with open_console(copy=copy) as console:
        await console.press("y")
        await console.until(lambda: "copied by wl-copy: proto1: down since 12:01:07" in console.text)
        assert "refused: nothing listens on localhost:8001, port 8001, launchd on mini" in taken[0]


async def test_copying_does_not_claim_what_it_does_not_know(open_console: Open) -> None:
    async with open_console(copy=lambda text: None) as console:
        await console.press("y")
        await console.until(lambda: "sent to the terminal's clipboard, if it takes such" in console.text)
        assert console.app.clipboard.startswith("proto1: down")


async def test_details_are_entered_scrolled_and_left(open_console: Open) -> None:
    async with open_console(size=(100, 16)) as console:
        await console.press("enter")
        assert console.app.main.services.detail.has_focus
        top = console.text
        await console.press("G")
        assert "ModuleNotFoundError" in console.text
        await console.press("g")
        assert console.text == top
        await console.press("j", "k", "pagedown", "pageup")
        assert console.selected == "proto1"
        await console.press("escape")
        assert console.app.main.services.table.rows.has_focus


async def test_esc_never_quits(open_console: Open) -> None:
    async with open_console() as console:
        await console.press(*["escape"] * 5)
        assert console.app.is_running


async def test_ctrl_c_says_how_to_quit(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("ctrl+c")
        assert "q quits" in console.text
        assert console.app.is_running


@pytest.mark.parametrize("keys", [("q",), ("ctrl+q",), ("question_mark", "ctrl+q"), ("slash", "ctrl+q")])
async def test_quitting(open_console: Open, keys: tuple[str, ...]) -> None:
    async with open_console() as console:
        await console.press(*keys)
        assert console.app.return_code == 0


async def test_pasted_text_is_never_a_key(open_console: Open) -> None:
    async with open_console() as console:
        await console.paste("q\nq\np\n:quit\n" * 1000)
        assert console.app.is_running
        assert not console.feed.paused
        assert len(console.app.screen_stack) == 1


async def test_pasted_text_fills_the_filter_with_one_safe_line(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("slash")
        await console.paste("pro\x1b[cto\nq\n")
        assert "\x1b" not in console.text
        assert console.app.is_running


async def test_the_mouse_selects_opens_sorts_and_presses(open_console: Open) -> None:
    async with open_console() as console:
        await console.pilot.click("#rows", offset=(5, 2))
        assert console.selected == "web1"
        await console.pilot.click("#titles", offset=(13, 0))
        await console.until(lambda: console.names[0] == "admin")
        await console.pilot.click("#rows", offset=(5, 1), times=2)
        await console.until(lambda: bool(console.app.main.services.detail.has_focus))
        place = console.text.splitlines()[-1].index("? help")
        await console.pilot.click("#keybar", offset=(place, 0))
        await console.until(lambda: len(console.app.screen_stack) == 2)


async def test_the_wheel_scrolls_the_list_and_leaves_the_selection(open_console: Open) -> None:
    async with open_console(many(200)) as console:
        rows = console.app.main.services.table.rows
        rows.scroll_to(y=20, animate=False, immediate=True)
        await console.pilot.pause()
        assert console.selected == "service-0007"
        assert "service-0050" in console.text


async def test_keys_at_the_bottom_are_those_that_work_here(open_console: Open) -> None:
    async with open_console() as console:

        def bar() -> str:
            return " ".join(console.text.splitlines()[-1].split())

        assert bar() == "enter details / filter ctrl+z faults o sort y copy ? help : commands q quit"
        await console.press("slash")
        assert bar() == "enter keep esc clear"
        await console.press("escape", "enter")
        assert bar().startswith("esc back y copy")


async def test_a_stopped_service_is_no_fault(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("ctrl+z")
        stopped = [one.name for one in classroom().services if one.state is State.STOPPED]
        assert not set(stopped) & set(console.names)
