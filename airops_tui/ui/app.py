"""The console itself: it takes in snapshots, keeps the newest, and does what no single screen can.

The feed lives in threads of its own and reaches the console through one message. Nothing here blocks, nothing here
looks at the world, and nothing here changes it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import LineFilter, NoColor
from textual.reactive import var
from textual.screen import Screen

from airops_tui.crash import report_crash
from airops_tui.errors import ExitCode
from airops_tui.model import Snapshot
from airops_tui.report.quantities import span
from airops_tui.text import clean, describe
from airops_tui.ui.bindings import ANYWHERE, bindings
from airops_tui.ui.feed import Copy, Extra, Feed
from airops_tui.ui.glyphs import Gate, ascii_only, speaks_utf8, without_controls
from airops_tui.ui.headline import Beat
from airops_tui.ui.messages import CommandEnded, Failed, SnapshotArrived, TerminalLost
from airops_tui.ui.panels.services import ServicesPanel
from airops_tui.ui.screens.main import MainScreen
from airops_tui.ui.terminal import Terminal
from airops_tui.ui.theme import DARK, THEMES, choose
from airops_tui.ui.trends import Trends
from airops_tui.ui.update import Cells
from airops_tui.ui.view import Glance
from airops_tui.ui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from airops_tui.ui.screens.palette import Command

PERIODS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0)
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
MOST_CRASH_FILES = 3


class Console(App[None], inherit_bindings=False):
    """The full-screen console over a feed of snapshots.

    `commands` are offered in the palette. `copy` puts text on this machine's clipboard. `state` is the folder for crash
    files. `clock` is the monotonic clock, an argument so that a test can hold it still.
    """

    CSS_PATH = Path(__file__).with_name("airops.tcss")
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ANYWHERE)]

    snapshot: var[Snapshot | None] = var[Snapshot | None](None)

    def __init__(
        self,
        feed: Feed,
        *,
        commands: Sequence[Extra] = (),
        copy: Copy | None = None,
        state: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(driver_class=Terminal)
        self.feed, self.commands, self.state = feed, tuple(commands), state
        self.main, self.trends = MainScreen(), Trends()
        self.last_words = ""
        self._copy, self._clock = copy, clock
        self._kinds_failed: set[str] = set()
        self._gates: list[LineFilter] = [Gate(without_controls)]
        if not speaks_utf8(os.environ):
            self._gates.append(Gate(ascii_only))
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        # not assigned: Textual would parse all of the CSS a second time
        self.set_reactive(App.theme, choose(os.environ, self.console.color_system))
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line passes on its way to the terminal."""
        return [NoColor(), *self._gates] if self.no_color else self._gates

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Textual calls this with what is to be sent to the terminal."""
        if isinstance(renderable, ChopsUpdate):
            renderable = Cells(renderable)  # type: ignore[assignment]  # drawn by render_segments(), as any update
        super()._display(screen, renderable)

    def get_default_screen(self) -> Screen[Any]:
        return self.main

    @property
    def beat(self) -> Beat:
        """How the console looks at the world right now."""
        return Beat(self.feed.period, self.feed.paused)

    def glance(self) -> Glance | None:
        """The newest snapshot as of now."""
        if self.snapshot is None:
            return None
        return Glance(self.snapshot, self._clock(), blank=self.snapshot is self.feed.first)

    # -- life

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in ENDING_SIGNALS:
                loop.add_signal_handler(number, self._end, 128 + number)
        self.snapshot = self.feed.first
        self.feed.listen(self._take)
        # the names are painted first: what the feed imports and looks at competes for the same interpreter
        self.call_after_refresh(self.feed.start)
        self.set_interval(1.0, self._tick)

    def _take(self, snapshot: Snapshot) -> None:
        """Called in the feed's thread."""
        self.post_message(SnapshotArrived(snapshot))

    def _end(self, code: int) -> None:
        self.exit(return_code=code)

    def _tick(self) -> None:
        """Once a second: let what is shown grow older, and draw anew for a terminal that did not keep up."""
        if isinstance(self._driver, Terminal) and self._driver.behind and not self._driver.stuck:
            self._driver.behind = False
            self.refresh(layout=True)
        glance = self.glance()
        if glance is not None:
            self.main.age(glance, self.beat)

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        if self.snapshot is self.feed.first:
            gc.freeze()  # what stands on the screen lives as long as the console: no garbage to be looked for in it
        self.trends.add(message.snapshot)
        self.snapshot = message.snapshot

    def watch_snapshot(self) -> None:
        glance = self.glance()
        if glance is not None:
            self.main.show(glance, self.beat, self.trends)

    def on_terminal_lost(self, message: TerminalLost) -> None:
        self._end(128 + signal.SIGHUP)

    # -- what goes wrong

    async def run_action(self, action: Any, default_namespace: DOMNode | None = None, namespaces: Any = None) -> bool:
        """Do what a key or a command asks for. An action that raises costs a line at the bottom, not the console."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends here
            self.post_message(Failed(error))
            return True

    def on_failed(self, message: Failed) -> None:
        """Count an error of our own, keep its traceback once, and go on."""
        self.main.keybar.count_error()
        kind = f"{type(message.error).__name__} {describe(message.error)}"
        if kind not in self._kinds_failed and len(self._kinds_failed) < MOST_CRASH_FILES:
            self._kinds_failed.add(kind)
            report_crash(message.error, self.state)

    def _handle_exception(self, error: Exception) -> None:
        """Textual calls this with what nobody caught. It would print all local variables; this keeps a file instead."""
        self.last_words = self.last_words or report_crash(error, self.state)
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._return_code = int(ExitCode.BUG)
        self._close_messages_no_wait()

    # -- what the keys do

    def action_help(self) -> None:
        from airops_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.main.keys))

    def action_palette(self) -> None:
        from airops_tui.ui.screens.palette import PaletteScreen

        self.push_screen(PaletteScreen(self._everything()), self._run_command)

    def action_refresh(self) -> None:
        self.feed.refresh()
        self.say("looking…")

    def action_pause(self) -> None:
        if self.feed.paused:
            self.feed.resume()
        else:
            self.feed.pause()
        self._tick()

    def action_slower(self) -> None:
        self._set_period(next((period for period in PERIODS if period > self.feed.period), PERIODS[-1]))

    def action_faster(self) -> None:
        self._set_period(next((period for period in reversed(PERIODS) if period < self.feed.period), PERIODS[0]))

    def action_leave(self) -> None:
        self.exit()

    def action_interrupt(self) -> None:
        self.say("q quits")

    def say(self, sentence: str, *, failed: bool = False) -> None:
        """Show a sentence at the bottom for a while."""
        self.main.keybar.say(sentence, failed=failed)

    def _set_period(self, seconds: float) -> None:
        self.feed.set_period(seconds)
        self.say(f"looking every {span(self.feed.period)}")
        self._tick()

    def on_services_panel_sort_wanted(self, message: ServicesPanel.SortWanted) -> None:
        from airops_tui.ui.screens.sort import SortScreen

        panel = self.main.services
        self.push_screen(SortScreen(panel.view), lambda key: panel.action_sort_by(key) if key else None)

    def on_services_panel_copy_wanted(self, message: ServicesPanel.CopyWanted) -> None:
        line = message.line
        self.copy_to_clipboard(line)
        self.in_thread(lambda: _copied(line, self._copy(line) if self._copy else None))

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        self.simulate_key(message.key.keys.split(",")[0])

    def in_thread(self, work: Callable[[], str]) -> None:
        """Run something that may block in a thread that cannot hold up quitting; its sentence is shown."""

        def run() -> None:
            try:
                self.post_message(CommandEnded(work()))
            except Exception as error:  # noqa: BLE001 - somebody else's command; what it raised is shown
                self.post_message(CommandEnded(describe(error), failed=True))

        threading.Thread(target=run, daemon=True, name="airops-command").start()

    def on_command_ended(self, message: CommandEnded) -> None:
        self.say(message.sentence, failed=message.failed)

    def _everything(self) -> list[Command]:
        """Every command there is: those of the keys, the commands that were brought along, the themes."""
        from airops_tui.ui.screens.palette import Command

        keys = [
            Command(key.help, key.shown, key.action, danger=key.danger)
            for table in self.main.keys.values()
            for key in table
            if key.palette
        ]
        brought = [
            Command(extra.name, "", f"app.extra({place})", extra.help) for place, extra in enumerate(self.commands)
        ]
        themes = [
            Command(f"theme: {theme.name.removeprefix('airops-')}", "", f"app.theme('{theme.name}')")
            for theme in THEMES
        ]
        return [*keys, *brought, *themes]

    async def _run_command(self, action: str | None) -> None:
        if action is None:
            return
        panel = self.main.services
        name = action.partition("(")[0]
        namespace: DOMNode = panel if hasattr(panel, f"action_{name}") else self
        await self.run_action(action, namespace)

    def action_extra(self, place: int) -> None:
        extra = self.commands[place]
        self.say(f"{clean(extra.name)}…")
        self.in_thread(extra.run)

    def action_theme(self, name: str) -> None:
        self.theme = name


def run_console(
    feed: Feed, commands: Sequence[Extra] = (), *, copy: Copy | None = None, state: Path | None = None
) -> int:
    """Run the console until it is left, and return the exit code: 0, 128 + n after signal n, 70 after a bug of ours."""
    app = Console(feed, commands=commands, copy=copy, state=state)
    app.run()
    feed.stop()
    code = app.return_code or 0
    if app.last_words:
        sys.stderr.write(f"{app.last_words}\n")
        code = int(ExitCode.BUG)
    return code


def _copied(line: str, program: str | None) -> str:
    """What is known about a copy, and no more: a terminal does not say whether it took it."""
    return f"copied by {program}: {line}" if program else f"sent to the terminal's clipboard, if it takes such: {line}"
