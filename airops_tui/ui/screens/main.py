"""The main screen: the header, what has to be said, the tab, and the keys that work in it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen

from airops_tui.ui.bindings import ANYWHERE, SERVICE_TABLE, SORTS, Key, bar
from airops_tui.ui.headline import Beat, age, header, machine, notices, too_small
from airops_tui.ui.panels.services import ServicesPanel
from airops_tui.ui.trends import Trends
from airops_tui.ui.view import Glance
from airops_tui.ui.widgets.keybar import KeyBar
from airops_tui.ui.widgets.lines import Fluid

LEAST = (40, 15)
"""Columns and lines below which only the counts are shown."""


class Notices(Fluid):
    """As high as there is something to say."""

    def __init__(self) -> None:
        super().__init__(id="notices")

    def instead(self, lines: Sequence[Content] | None) -> None:
        self.styles.height = len(self._lines if lines is None else lines)
        super().instead(lines)


class MainScreen(Screen[None], inherit_bindings=False):
    """Hands every picture to its parts. What is too small for a list still tells how things are."""

    HORIZONTAL_BREAKPOINTS = [(0, "-thin"), (LEAST[0], "-narrow"), (80, "-medium"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST[1], "-low"), (24, "-tall")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.header, self.notices, self.keybar = Fluid(id="header"), Notices(), KeyBar()
        self.machine, self.small = Fluid(id="machine"), Fluid(id="toosmall")
        self.services = ServicesPanel()
        self._glance: Glance | None = None
        self._beat = Beat(5.0)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.notices
        yield self.services
        yield self.small
        yield self.machine
        yield self.keybar

    def on_mount(self) -> None:
        self.services.table.rows.focus()

    @property
    def keys(self) -> dict[str, tuple[Key, ...]]:
        """Every key that does something here now, by where it does."""
        tab = self.services.keys
        return {"here": (*tab, *(SORTS if tab is SERVICE_TABLE else ())), "everywhere": ANYWHERE}

    def show(self, glance: Glance, beat: Beat, trends: Trends) -> None:
        """Show a newer picture."""
        self._tell(glance, beat)
        self.services.show(glance, trends)

    def age(self, glance: Glance, beat: Beat) -> None:
        """Let the same picture grow older; costs nothing while that changes nothing."""
        before = self._glance
        if before is not None and glance.outdated != before.outdated:
            self.services.show(glance, self.services.trends)
        if before is None or (beat, age(glance, beat)) != (self._beat, age(before, self._beat)):
            self._tell(glance, beat)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.offer()

    def on_resize(self, event: events.Resize) -> None:
        self.small.tell(lambda width: too_small(event.size.width, event.size.height, LEAST))

    def offer(self) -> None:
        """Show the keys that work now."""
        self.keybar.offer(bar(self.services.keys) if self.services.filter.typing else bar(self.services.keys, ANYWHERE))

    def _tell(self, glance: Glance, beat: Beat) -> None:
        self._glance, self._beat = glance, beat
        environment = glance.snapshot.environment.casefold()
        self.set_class(environment in ("production", "prod"), "-production")
        self.header.tell(lambda width: [header(glance, beat, width)])
        self.notices.tell(lambda width: notices(glance, width))
        self.machine.tell(lambda width: [machine(glance, width)])
