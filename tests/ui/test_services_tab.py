"""The Services tab as an operator meets it: trouble first, the selection stays, nothing jumps."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.app import App

from airops_tui.model import Health, Machine, Problem, Snapshot, State
from airops_tui.ui.app import Console
from tests.ui.conftest import Open
from tests.ui.replay import MONO, Clock, ReplayFeed, classroom, many, newer

TROUBLE_FIRST = ["proto1", "admin", "web1", "proto3", "archive", "hub", "proto4", "tunnel"]


async def test_trouble_comes_first_and_the_worst_is_selected(open_console: Open) -> None:
    async with open_console() as console:
        assert console.names == TROUBLE_FIRST
        assert console.selected == "proto1"
        assert "✖ proto1  Strategic Learning" in console.text


async def test_the_header_tells_site_host_counts_age_and_beat(open_console: Open) -> None:
    async with open_console() as console:
        header = console.text.splitlines()[0]
        for words in ("LLM Classroom", "mini", "✖ 2 down", "▲ 1 slow", "● 3 up", "◌ 1 stale", "12:04:30", "every 5 s"):
            assert words in header


async def test_names_are_shown_before_the_first_look_is_in(open_console: Open) -> None:
    unseen = tuple(
        replace(service, state=State.UNKNOWN, reason="not looked at yet", looked_mono=None, health=None, stale=False)
        for service in classroom().services
    )
    async with open_console(replace(classroom(), services=unseen)) as console:
        assert "looking" in console.text
        assert all(name in console.text for name in TROUBLE_FIRST)
        assert "unknown" not in console.text


async def test_the_very_first_frame_has_the_names_and_no_errors() -> None:
    first = classroom()
    app = Console(ReplayFeed(first=first), clock=Clock())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert app.snapshot is first
        assert app.main.services.table.rows.selected == "proto1"
        assert app.main.keybar._errors == 0


async def test_what_runs_here_is_being_looked_for_before_anything_is_known() -> None:
    app = Console(ReplayFeed(first=Snapshot("airops", "mini", 0.0, MONO, discovered=True)), clock=Clock())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "looking at what runs on this machine" in text
        assert "Nothing to watch" not in text


async def test_the_service_selected_by_hand_stays_selected_when_it_moves(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("G")
        assert console.selected == "tunnel"
        fallen = [replace(one, state=State.DOWN) if one.name == "tunnel" else one for one in classroom().services]
        await console.show(newer(replace(classroom(), services=tuple(fallen))))
        assert console.names.index("tunnel") < 3
        assert console.selected == "tunnel"


async def test_until_somebody_selects_the_worst_service_is(open_console: Open) -> None:
    well = replace(
        classroom(), services=tuple(replace(one, state=State.UP, stale=False) for one in classroom().services)
    )
    async with open_console(well) as console:
        assert console.selected == "hub"
        await console.show(newer(classroom()))
        assert console.selected == "proto1"


async def test_a_selected_service_that_leaves_hands_on_to_its_neighbour(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("j", "j")
        assert console.selected == "web1"
        rest = tuple(one for one in classroom().services if one.name != "web1")
        await console.show(newer(replace(classroom(), services=rest)))
        assert console.selected == "proto3"


async def test_only_what_changed_is_sent_to_the_terminal(open_console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_console() as console:
        await console.show(newer(classroom()))
        await console.show(newer(newer(classroom())))
        sent: list[str] = []
        monkeypatch.setattr(
            App,
            "_display",
            lambda app, screen, update: sent.append(update.render_segments(app.console) if update else ""),
        )
        third = newer(newer(newer(classroom())))
        hub = replace(third.services[0], health=Health(True, 200, 8.0))
        await console.show(replace(third, services=(hub, *third.services[1:])))
        await console.until(lambda: any("8" in words for words in sent))
        assert len("".join(sent)) < 400


async def test_the_details_name_who_holds_a_port(open_console: Open) -> None:
    async with open_console(size=(160, 45)) as console:
        await console.press("j")
        assert "8080 taken: pid 811, nginx, user www" in console.text
        assert "→ Port 8080 is taken by pid 811, nginx, user www: end that process" in console.text


async def test_the_details_end_with_the_last_words(open_console: Open) -> None:
    async with open_console(size=(140, 45)) as console:
        assert "last words, proto1.error.log" in console.text
        assert "ModuleNotFoundError: No module named 'openai'" in console.text


async def test_a_stale_service_is_grey_and_tells_its_age(open_console: Open) -> None:
    async with open_console() as console:
        await console.press("j", "j")
        assert "stale: 1 min old, up then" in console.text
        assert "`ctrl+r`" in console.text


async def test_everything_is_stale_when_no_news_comes(open_console: Open) -> None:
    async with open_console() as console:
        await console.pass_time(45)
        assert "No news for 45 s" in console.text
        assert "◌ 8 stale" in console.text


async def test_the_age_shows_as_soon_as_a_look_is_late(open_console: Open) -> None:
    async with open_console() as console:
        assert " old" not in console.text.splitlines()[0]
        await console.pass_time(16)
        assert "15 s old" in console.text.splitlines()[0]


async def test_a_discovered_site_says_so_and_how_to_keep_it(open_console: Open) -> None:
    async with open_console(replace(classroom(), discovered=True)) as console:
        assert "No config yet" in console.text
        assert "`airops init`" in console.text


async def test_what_airops_could_not_look_at_is_told_with_the_next_step(open_console: Open) -> None:
    problem = Problem("supervisor did not answer", "/run/supervisor.sock", "see whether supervisord runs")
    async with open_console(replace(classroom(), problems=(problem,) * 4)) as console:
        assert "supervisor did not answer (/run/supervisor.sock)  see whether supervisord runs" in console.text
        assert "2 more like this" in console.text


async def test_an_empty_site_says_what_to_do(open_console: Open) -> None:
    async with open_console(Snapshot("airops", "mini", 0.0, 0.0)) as console:
        assert "Nothing to watch yet." in console.text
        assert "`airops demo`" in console.text


async def test_production_is_framed_and_read_only_says_so(open_console: Open) -> None:
    async with open_console(replace(classroom(), environment="production", read_only=True)) as console:
        assert "━━━━" in console.text.splitlines()[0]
        assert "production" in console.text
        assert "READ-ONLY" in console.text


async def test_a_disk_running_full_stands_out(open_console: Open) -> None:
    async with open_console(replace(classroom(), machine=Machine(memory_percent=97.0))) as console:
        assert "memory 97 %" in console.text


async def test_the_host_column_is_there_only_for_several_hosts(open_console: Open) -> None:
    async with open_console(size=(140, 40)) as console:
        assert "HOST" in console.text
    one_host = tuple(replace(one, host="mini") for one in classroom().services)
    async with open_console(replace(classroom(), services=one_host), size=(140, 40)) as console:
        assert "HOST" not in console.text


@pytest.mark.parametrize(
    ("size", "there", "gone"),
    [
        ((140, 45), ["PORT", "MEM", "UP", "CPU %", "MANAGER"], []),
        ((80, 24), ["MANAGER", "HEALTH", "CPU %"], ["PORT"]),
        ((60, 20), ["HEALTH", "CPU %"], ["PORT", "MEM", "UP "]),
        ((40, 15), ["STATE", "SERVICE", "HEALTH"], ["CPU", "MANAGER"]),
    ],
)
async def test_columns_drop_out_as_the_terminal_narrows(
    open_console: Open, size: tuple[int, int], there: list[str], gone: list[str]
) -> None:
    async with open_console(size=size) as console:
        titles = next(line for line in console.text.splitlines() if "STATE" in line)
        assert all(word in titles for word in there)
        assert not any(word in titles for word in gone)
        assert all(name in console.text for name in TROUBLE_FIRST)


async def test_below_a_hundred_columns_the_details_open_below_the_list(open_console: Open) -> None:
    async with open_console(size=(80, 24)) as console:
        assert "Strategic Learning" not in console.text
        await console.press("enter")
        assert "Strategic Learning" in console.text
        assert "❯✖ down" in console.text
        await console.press("escape")
        assert "Strategic Learning" not in console.text


@pytest.mark.parametrize("size", [(39, 24), (80, 14), (20, 5), (1, 1)])
async def test_too_small_for_a_list_still_counts_and_quits(open_console: Open, size: tuple[int, int]) -> None:
    async with open_console(size=size) as console:
        if size[0] > 10:
            assert "✖ 2" in console.text
            assert "too small" in console.text
        await console.press("question_mark")
        assert len(console.app.screen_stack) == 2
        await console.press("escape", "q")
        assert console.app.return_code == 0


async def test_a_resize_storm_ends_in_the_last_size(open_console: Open) -> None:
    async with open_console() as console:
        for number in range(25):
            await console.pilot.resize_terminal(1 + number * 7 % 200, 1 + number * 3 % 60)
        await console.pilot.resize_terminal(80, 24)
        await console.until(lambda: len(console.text.splitlines()) == 24 and "SERVICE" in console.text)


async def test_a_thousand_services_scroll_and_the_selection_is_always_in_view(open_console: Open) -> None:
    async with open_console(many(1000)) as console:
        await console.press("G")
        assert console.selected is not None and f"{console.selected}  " in console.text
        await console.press("pageup", "k", "g")
        assert console.selected == "service-0007"
        assert "service-0007" in console.text
