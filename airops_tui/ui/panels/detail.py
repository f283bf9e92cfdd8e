"""The pane with everything known about the selected service."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message

from airops_tui.model import Service
from airops_tui.ui.bindings import DETAIL, bindings
from airops_tui.ui.detail import detail
from airops_tui.ui.render import quiet
from airops_tui.ui.trends import Trends
from airops_tui.ui.view import Glance
from airops_tui.ui.widgets.lines import Fluid

LEAST = 20
"""Columns below which there is nothing to be told."""


class DetailPane(Fluid, can_focus=True):
    """Scrolls by itself once it has the focus; otherwise it follows the selection."""

    BINDINGS = bindings(DETAIL)

    class Left(Message):
        """Somebody wants back to the list."""

    class CopyWanted(Message):
        """Somebody wants the row on the clipboard."""

    def __init__(self) -> None:
        super().__init__(id="detail")
        self._name = ""

    def about(self, service: Service | None, glance: Glance, trends: Trends) -> None:
        """Show this service, from the top if it is another one than before."""
        name = service.name if service else ""
        self.tell(lambda width: _lines(service, glance, trends, width))
        if name != self._name:
            self._name = name
            self.scroll_to(y=0, animate=False, immediate=True)

    def action_move(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self.scroll_relative(y=by * max(1, self.size.height - 1), animate=False)

    def action_first(self) -> None:
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        self.scroll_end(animate=False)

    def action_back(self) -> None:
        self.post_message(self.Left())

    def action_copy(self) -> None:
        self.post_message(self.CopyWanted())


def _lines(service: Service | None, glance: Glance, trends: Trends, width: int) -> Sequence[Content]:
    if width < LEAST:
        return []
    return detail(service, glance, trends.of(service.name), width) if service else [quiet("no service selected")]
