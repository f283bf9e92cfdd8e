"""How the console looks, in pictures that a person has looked at; `pytest tests/ui --update-looks` stores them anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from airops_tui.model import Problem, State
from airops_tui.ui.theme import DARK, LIGHT, PLAIN
from tests.ui.conftest import Open, Opened
from tests.ui.replay import classroom, history

LOOKS = Path(__file__).parent / "looks"
SMALL, LARGE = (80, 24), (140, 45)


def picture(console: Opened) -> str:
    """The screen as SVG, without what differs between two runs or asks the network for a font."""
    svg = console.app.export_screenshot(title="airops")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return svg.replace("Fira Code", "DejaVu Sans Mono") + "\n"


async def settled(console: Opened) -> str:
    """The picture once nothing changes any more."""
    before = ""
    for _ in range(50):
        await console.pilot.pause()
        now = picture(console)
        if now == before:
            break
        before = now
    return before


async def same(name: str, console: Opened, config: pytest.Config) -> None:
    """Compare with the stored picture, or store it."""
    path, now = LOOKS / f"{name}.svg", await settled(console)
    if config.getoption("--update-looks", default=False):
        LOOKS.mkdir(exist_ok=True)
        path.write_text(now)
        return
    stored = path.read_text() if path.exists() else ""
    if now != stored:
        path.with_suffix(".new.svg").write_text(now)
    assert now == stored, f"{path} looks otherwise: compare it with {path.with_suffix('.new.svg')} by eye"


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name, PLAIN.name])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
async def test_services(open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int], theme: str) -> None:
    async with open_console(history=history(), size=size, theme=theme) as console:
        await same(f"services-{size[0]}x{size[1]}-{theme.removeprefix('airops-')}", console, pytestconfig)


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 20), (40, 15)], ids=["80x24", "140x45", "60x20", "40x15"])
async def test_details(open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int]) -> None:
    async with open_console(history=history(), size=size) as console:
        await console.press("j", "enter")
        await same(f"details-{size[0]}x{size[1]}", console, pytestconfig)


@pytest.mark.parametrize("size", [(60, 20), (40, 15), (30, 8)], ids=["60x20", "40x15", "30x8"])
async def test_small_terminals(open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int]) -> None:
    async with open_console(size=size) as console:
        await same(f"services-{size[0]}x{size[1]}", console, pytestconfig)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
async def test_production_paused_and_read_only(
    open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int]
) -> None:
    problem = Problem("supervisor did not answer", "/run/supervisor.sock", "see whether supervisord runs")
    site = replace(classroom(), environment="production", read_only=True, problems=(problem,))
    async with open_console(site, size=size) as console:
        await console.press("p")
        await console.pass_time(12)
        await same(f"production-{size[0]}x{size[1]}", console, pytestconfig)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
async def test_first_frame(open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int]) -> None:
    unseen = tuple(
        replace(
            service,
            state=State.UNKNOWN,
            reason="not looked at yet",
            looked_mono=None,
            health=None,
            unit_status=None,
            public=None,
            port=None,
            pid=None,
            started_at=None,
            restarts=None,
            cpu_percent=None,
            memory_bytes=None,
            stale=False,
            change=None,
            last_words=None,
        )
        for service in classroom().services
    )
    async with open_console(replace(classroom(), services=unseen, machine=None), size=size) as console:
        await same(f"first-{size[0]}x{size[1]}", console, pytestconfig)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("help", ["question_mark"]),
        ("palette", ["colon", "s", "o"]),
        ("sort", ["o"]),
        ("filter", ["slash", "p", "r", "o", "t"]),
        ("filtered", ["slash", "exclamation_mark", "p", "r", "o", "t", "enter"]),
        ("faults", ["ctrl+z"]),
    ],
)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x45"])
async def test_after_keys(
    open_console: Open, pytestconfig: pytest.Config, size: tuple[int, int], name: str, keys: list[str]
) -> None:
    async with open_console(size=size) as console:
        await console.press(*keys)
        await same(f"{name}-{size[0]}x{size[1]}", console, pytestconfig)
