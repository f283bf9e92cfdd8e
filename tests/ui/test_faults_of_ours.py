"""A bug of ours costs a line, not the console: what raises says so in its place, and the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import airops_tui.ui.panels.detail
import airops_tui.ui.panels.services
import airops_tui.ui.screens.main
from airops_tui.model import Port
from airops_tui.ui.panels.services import ServicesPanel
from tests.ui.conftest import Open
from tests.ui.replay import classroom, newer

SECRET = "AIROPS_CANARY_0815"


def broken(*arguments: object) -> None:
    secret = SECRET  # noqa: F841 - a local variable that must not be told
    raise KeyError("gone")


@pytest.mark.parametrize(
    ("module", "name", "still_there"),
    [
        (airops_tui.ui.panels.detail, "detail", "proto4"),
        (airops_tui.ui.panels.services, "arrange", "LLM Classroom"),
        (airops_tui.ui.screens.main, "header", "proto4"),
        (airops_tui.ui.screens.main, "machine", "proto4"),
        (airops_tui.ui.screens.main, "notices", "proto4"),
    ],
    ids=["details", "list", "header", "machine", "notices"],
)
async def test_a_part_that_raises_says_so_in_its_place(
    open_console: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: object, name: str, still_there: str
) -> None:
    async with open_console() as console:
        good = getattr(module, name)
        monkeypatch.setattr(module, name, broken)
        await console.show(newer(classroom()))
        await console.until(lambda: "ERROR(KeyError)" in console.text)
        assert still_there in console.text
        assert "of ours" in console.text.splitlines()[-1]
        await console.press("j", "k")
        monkeypatch.setattr(module, name, good)
        await console.show(newer(newer(classroom())))
        await console.until(lambda: "ERROR(KeyError)" not in console.text)
        files = list((tmp_path / "state").glob("*"))
        assert len(files) == 1
        assert SECRET not in files[0].read_text()


async def test_a_row_that_cannot_be_drawn_leaves_the_others_alone(open_console: Open) -> None:
    site = classroom()
    odd = replace(site.services[0], port=Port("no number", True))  # type: ignore[arg-type]
    odd = replace(odd, memory_bytes="much")  # type: ignore[arg-type]
    async with open_console(replace(site, services=(odd, *site.services[1:]))) as console:
        assert "ERROR(" in console.text
        assert "proto4" in console.text
        assert console.app.is_running


async def test_a_key_that_raises_costs_a_line_at_the_bottom(
    open_console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ServicesPanel, "action_faults", broken)
    async with open_console() as console:
        await console.press("ctrl+z")
        await console.until(lambda: "1 error of ours" in console.text)
        await console.press("j")
        assert console.selected == "admin"
