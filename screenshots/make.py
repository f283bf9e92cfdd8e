"""Draws the pictures of the README: the real console over the playground, some of its services broken.

    python screenshots/make.py

They are SVG, so that they stay sharp; no font is fetched for them.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from airops_tui.config.load import load
from airops_tui.model import LastWords, Snapshot, State
from airops_tui.playground.world import Playground, open_playground
from airops_tui.poller import Poller
from airops_tui.site import build
from airops_tui.ui.app import Console

HERE = Path(__file__).parent
FAULTS = {"proto1": "crash", "proto3": "slow", "iamvet": "error", "master": "port-taken"}
LOOKS = 8
"""How many looks go well before something breaks."""

CELL = 12.2
"""The width of a character in the picture."""

_INDENTED = (
    r'x="(?P<x>[\d.]+)"(?P<y> y="[\d.]+" )textLength="(?P<length>[\d.]+)"'
    r"(?P<rest>[^>]*)>(?P<spaces>(?:&#160;)+)(?=[^<&])"
)

Pilot = Any
Scene = Callable[[Pilot], Awaitable[None]]


class Staged(Poller):
    """The poller of the playground, on a machine and in a folder that are nobody's."""

    def listen(self, listener: Callable[[Snapshot], None]) -> None:
        super().listen(lambda snapshot: listener(_elsewhere(snapshot)))


def _elsewhere(snapshot: Snapshot) -> Snapshot:
    services = tuple(
        replace(service, last_words=LastWords(words.origin, tuple(map(_moved, words.lines))))
        if (words := service.last_words)
        else service
        for service in snapshot.services
    )
    return replace(snapshot, host="mini", services=services)


def _moved(line: str) -> str:
    return line.replace(str(HERE.parent), "/opt/airops").replace(sys.base_prefix, "/usr")


async def as_it_comes(pilot: Pilot) -> None:
    """The screen as it opens."""


def press(*keys: str) -> Scene:
    """The screen after these keys."""

    async def act(pilot: Pilot) -> None:
        await pilot.press(*keys)
        await pilot.pause(0.3)

    return act


PICTURES: dict[str, tuple[tuple[int, int], Scene]] = {
    "services": ((130, 34), as_it_comes),
    "narrow": ((80, 24), press("enter")),
    "palette": ((100, 26), press("colon", *"break")),
    "help": ((100, 36), press("question_mark")),
}


async def draw(ground: Playground, name: str) -> None:
    """Open the console over a sound site, break some of it, and keep the screen."""
    settings = load(ground.config_path)
    size, act = PICTURES[name]
    for broken in FAULTS:
        ground.mend(broken)
    app = Console(Staged(lambda: build(settings).outfit(), period=settings.refresh))
    async with app.run_test(size=size) as pilot:
        await _until(pilot, lambda: _unwell(app) == 0 and len(app.trends.of("proto1").latency) >= LOOKS)
        for broken, fault in FAULTS.items():
            await asyncio.to_thread(ground.break_, broken, fault)
        await _until(pilot, lambda: _unwell(app) == len(FAULTS))
        await act(pilot)
        (HERE / f"{name}.svg").write_text(_portable(app.export_screenshot(title="airops")), "utf-8")


async def _until(pilot: Pilot, condition: Callable[[], bool]) -> None:
    while not condition():
        await pilot.pause(0.2)


def _unwell(app: Console) -> int:
    services = app.snapshot.services if app.snapshot else ()
    return sum(service.state in (State.DOWN, State.DEGRADED, State.SLOW) for service in services)


def _portable(svg: str) -> str:
    """Without addresses of web fonts, and with indents as positions: not every viewer keeps leading spaces."""

    def place(match: re.Match[str]) -> str:
        indent = CELL * (len(match["spaces"]) // len("&#160;"))
        x, length = float(match["x"]) + indent, float(match["length"]) - indent
        return f'x="{x:.1f}"{match["y"]}textLength="{length:.1f}"{match["rest"]}>'

    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return re.sub(_INDENTED, place, svg)


async def main() -> None:
    """Draw all the pictures."""
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color", LANG="C.UTF-8")
    folder = Path(tempfile.gettempdir()) / "airops"
    with open_playground(folder) as ground:
        ground.start()
        for name in sys.argv[1:] or PICTURES:
            await draw(ground, name)
            print(HERE / f"{name}.svg")


if __name__ == "__main__":
    asyncio.run(main())
