"""A console to press keys in: no terminal, no poller, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from airops_tui.model import Snapshot
from airops_tui.ui.app import Console
from airops_tui.ui.theme import DARK
from tests.ui.replay import Clock, ReplayFeed, classroom


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-looks", action="store_true", help="store the looks of the console anew; review them by eye"
    )


class Opened:
    """An open console, its feed and its clock."""

    def __init__(self, app: Console, feed: ReplayFeed, clock: Clock, pilot: Pilot[Any]) -> None:
        self.app, self.feed, self.clock, self.pilot = app, feed, clock, pilot
        self.copied: list[str] = []

    @property
    def text(self) -> str:
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def selected(self) -> str | None:
        """The name of the selected service."""
        return self.app.main.services.table.rows.selected

    @property
    def names(self) -> list[str]:
        """The services in the list, from the top."""
        return [service.name for service in self.app.main.services.table.rows._services]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def paste(self, text: str) -> None:
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()
        await self.pilot.pause()

    async def show(self, snapshot: Snapshot) -> None:
        self.clock.now = max(self.clock.now, snapshot.mono)
        self.feed.publish(snapshot)
        await self.until(lambda: self.app.snapshot is snapshot)

    async def pass_time(self, seconds: float) -> None:
        """Let seconds go by without any news."""
        self.clock.now += seconds
        self.app._tick()
        await self.pilot.pause()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to become true, as long as anything still happens."""
        for _ in range(200):
            await self.pilot.pause()
            if true():
                return
        raise AssertionError(f"did not happen; on the screen:\n{self.text}")


Open = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the console over a snapshot; by default the classroom in a terminal of 120 x 40."""
    for name in ("NO_COLOR", "COLORFGBG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    @asynccontextmanager
    async def opened(
        snapshot: Snapshot | None = None,
        *,
        size: tuple[int, int] = (120, 40),
        theme: str = DARK.name,
        history: Sequence[Snapshot] = (),
        **options: Any,
    ) -> AsyncIterator[Opened]:
        feed, clock = ReplayFeed(), Clock()
        app = Console(feed, clock=clock, state=tmp_path / "state", **options)
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            for earlier in history:
                app.trends.add(earlier)
            console = Opened(app, feed, clock, pilot)
            await console.show(snapshot or classroom())
            yield console

    return opened
