"""Text from outside drives neither the terminal nor the console, wherever it stands: real attacks, all failing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from airops_tui.model import Change, Failure, Health, LastWords, LogOrigin, Port, Problem, Process, Snapshot, State
from airops_tui.ui.feed import Extra
from tests.ui.conftest import Open
from tests.ui.replay import AT, classroom, newer

CORPUS = Path(__file__).parents[1] / "corpus" / "evil"
MARKUP = [
    "[/]",
    "[/usr/bin/x]",
    "[a='b",
    "[link=http://x]y[/link]",
    "[@click=app.leave]see details[/]",
    "[red on blue]",
    "\\[",
]
ESCAPES = [
    "\x1b[c\x1b[>c\x1b[5n\x1b[>q",
    "\x1b]0;title\x07\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b[2J\x1b[H\x9b31mred",
    "\x90q\x9c\u202eevil\u2066",
    "nul\x00bell\x07\r\nfake line: ● up",
    "a" + "\u0301" * 500,
    "表" * 200,
]
LINES = [
    line.decode("utf-8", "replace") for path in sorted(CORPUS.glob("*.txt")) for line in path.read_bytes().split(b"\n")
]
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def hostile(text: str) -> Snapshot:
    """A picture in which every text is this one."""
    site = classroom()
    service = replace(
        site.services[1],
        name=text,
        title=text,
        host=text,
        manager=text,
        unit=text,
        state=State.DEGRADED,
        reason=text,
        health=Health(False, 500, 3.0, text, Failure.STATUS, facts=(text, text)),
        health_url=text,
        public=Health(True, 200, 1.0, facts=(text,)),
        public_url=text,
        port=Port(8001, True, Process(7, 1, text, text, text), conflict=True),
        change=Change(AT - 90, State.UP),
        last_words=LastWords(text, (text, text)),
        directory=text,
        logs=(LogOrigin("file", text), LogOrigin(text, text)),
        depends_on=(text, "hub"),
        unit_status=replace(site.services[1].unit_status, words=text),
    )
    return replace(
        site,
        title=text,
        host=text,
        environment=text,
        discovered=True,
        problems=(Problem(text, text, text),),
        services=(service, *site.services),
    )


@pytest.mark.parametrize("text", MARKUP + ESCAPES, ids=range(len(MARKUP + ESCAPES)))
async def test_hostile_text_in_every_field_is_only_text(open_console: Open, text: str) -> None:
    command = Extra(f"cmd {text}", text, lambda: text)
    async with open_console(hostile(text), size=(140, 45), commands=[command]) as console:
        for keys in [
            ("j",),
            ("G",),
            ("g",),
            ("enter",),
            ("escape",),
            ("y",),
            ("slash", "escape"),
            ("question_mark", "escape"),
        ]:
            await console.press(*keys)
        await console.press("colon")
        await console.paste("cmd")
        assert not FORBIDDEN.search(console.text.replace("\n", ""))
        await console.press("enter")
        await console.pilot.pause()
        assert console.app.is_running
        assert console.app.main.keybar._errors == 0
        assert not FORBIDDEN.search(console.text.replace("\n", ""))
        assert not FORBIDDEN.search(console.app.clipboard)


async def test_nothing_on_the_screen_runs_an_action_when_clicked(open_console: Open) -> None:
    async with open_console(hostile("[@click=app.leave]x[/]"), size=(140, 45)) as console:
        strips = console.app.screen._compositor.render_strips()
        metas = [segment.style.meta for strip in strips for segment in strip if segment.style]
        assert not any("@click" in meta for meta in metas)
        assert "[@click=app.leave]x[/]" in console.text


async def test_the_whole_corpus_scrolls_by_as_last_words(open_console: Open) -> None:
    assert len(LINES) > 50
    site = classroom()
    async with open_console(site, size=(140, 45)) as console:
        for start in range(0, len(LINES), 25):
            words = LastWords("evil.log", tuple(LINES[start : start + 25]))
            site = newer(replace(site, services=(replace(classroom().services[1], last_words=words),)))
            await console.show(site)
            await console.press("enter", "G")
            assert not FORBIDDEN.search(console.text.replace("\n", ""))
            await console.press("escape")
        assert console.app.main.keybar._errors == 0


async def test_columns_stay_aligned_beside_wide_and_combining_characters(open_console: Open) -> None:
    site = classroom()
    named = tuple(
        replace(one, name=name) for one, name in zip(site.services, ("수업", "表" * 30, "e\u0301" * 4), strict=False)
    )
    async with open_console(replace(site, services=named), size=(80, 24)) as console:
        rows = console.app.main.services.table.rows
        assert {rows.render_line(place).cell_length for place in range(rows.size.height)} == {rows.size.width}
        assert "수업" in console.text
