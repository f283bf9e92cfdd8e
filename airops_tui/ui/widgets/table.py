"""A table of services: a line of titles and rows below it. The selection belongs to a name, not to a place.

Only the rows in view are ever rendered, so a thousand of them scroll like ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.style import Style

from airops_tui.model import Service
from airops_tui.ui import render
from airops_tui.ui.columns import LUXURY, SPACE, Column, Fitted, fit, natural, total
from airops_tui.ui.render import join, text
from airops_tui.ui.view import Glance, View
from airops_tui.ui.widgets.lines import Lines

MARGIN = 1
"""Blank cells before the first column and after the last."""
_GAP = Content(" " * SPACE)
_REVERSE = Style(reverse=True)
_BOLD = Style(bold=True)


class Titles(Lines):
    """The line of titles: the letter that sorts by a column is underlined, the sorted one has an arrow."""

    class Clicked(Message):
        """The title of this column was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(id="titles")
        self._fitted: tuple[Fitted, ...] = ()

    def head(self, fitted: tuple[Fitted, ...], view: View) -> None:
        """Show the titles of these columns, sorted as `view` says."""
        self._fitted = fitted
        parts: list[Content | str] = [" " * MARGIN]
        for place, column in enumerate(fitted):
            parts += [" " * (SPACE - 1) if place else "", _title(column, view)]
        self.show([join(*parts)])

    def on_click(self, event: events.Click) -> None:
        edge = MARGIN
        for fitted in self._fitted:
            edge += fitted.width + SPACE
            if event.x < edge:
                self.post_message(self.Clicked(fitted.column.key))
                return


class Rows(Lines, can_focus=True):
    """The rows. `services` are shown in the order in which they come."""

    class Selected(Message):
        """Another service is selected, or none. `by_hand`: somebody did it, not a new snapshot."""

        def __init__(self, name: str | None, *, by_hand: bool) -> None:
            super().__init__()
            self.name = name
            self.by_hand = by_hand

    class Opened(Message):
        """A row was clicked twice."""

    def __init__(self) -> None:
        super().__init__(id="rows")
        self._services: Sequence[Service] = ()
        self._fitted: tuple[Fitted, ...] = ()
        self._glance: Glance | None = None
        self._place = 0
        self.selected: str | None = None
        self.held = False

    @property
    def count(self) -> int:
        return len(self._services)

    def fill(
        self, services: Sequence[Service], fitted: tuple[Fitted, ...], glance: Glance, nothing: Sequence[Content]
    ) -> None:
        """Show these services. What was selected by hand stays selected wherever it stands; until then the first is."""
        self._services, self._fitted, self._glance = services, fitted, glance
        names = [service.name for service in services]
        if self.held and self.selected in names:
            place = names.index(self.selected)
        else:
            place = min(self._place, len(names) - 1) if self.held else 0
        self._select(place, by_hand=False)
        self.instead(None if services else nothing)

    def content(self, index: int) -> Content:
        assert self._glance is not None
        here, chosen = index == self._place, index == self._place and self.has_focus
        service, glance = self._services[index], self._glance
        cells = tuple(
            (*fitted.column.cell(service, glance), fitted.width, fitted.column.right) for fitted in self._fitted
        )
        return _row(cells, "❯" if here and not chosen else " " * MARGIN, plain=chosen)

    def emphasis(self, index: int) -> Style:
        if index != self._place:
            return Style.null()
        return _REVERSE if self.has_focus else _BOLD

    def move(self, by: int) -> None:
        """Select the row so many rows below, or above."""
        self.go(self._place + by)

    def go(self, place: int) -> None:
        """Select a row by its place, as near as there is one."""
        if self._services:
            self.held = True
            self._select(max(0, min(place, len(self._services) - 1)), by_hand=True)
            self.changed()

    def on_click(self, event: events.Click) -> None:
        place = event.y + self.scroll_offset.y
        if place < len(self._services):
            self.go(place)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_focus(self) -> None:
        self.changed()

    def on_blur(self) -> None:
        self.changed()

    def _select(self, place: int, *, by_hand: bool) -> None:
        name = self._services[place].name if self._services else None
        moved = place != self._place
        self._place = max(0, place)
        if name != self.selected:
            self.selected = name
            self.post_message(self.Selected(name, by_hand=by_hand))
        if moved or by_hand:
            self._reveal(self._place)

    def _reveal(self, place: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if place < top:
            self.scroll_to(y=place, animate=False, immediate=True)
        elif height and place >= top + height:
            self.scroll_to(y=place - height + 1, animate=False, immediate=True)


class Table(Vertical):
    """Titles and rows, with the columns that fit."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(id="table")
        self._columns = columns
        self._widths: dict[str, int] = {}
        self._measured: list[str] = []
        self._shown: Sequence[Column] = ()
        self._last: tuple[Sequence[Service], Glance, View, Sequence[Content]] | None = None
        self.titles, self.rows = Titles(), Rows()

    def compose(self) -> ComposeResult:
        yield self.titles
        yield self.rows

    def fill(self, services: Sequence[Service], glance: Glance, view: View, nothing: Sequence[Content]) -> None:
        """Show these services, or `nothing`. A column never becomes narrower than it was, so that nothing shifts."""
        self._last = services, glance, view, nothing
        self._measure(glance)
        if not self.rows.size.width:
            return
        fitted = fit(self._shown, self._widths, self.rows.scrollable_content_region.width - 2 * MARGIN)
        self.titles.head(fitted, view)
        self.rows.fill(services, fitted, glance, nothing)

    def _measure(self, glance: Glance) -> None:
        names = [service.name for service in glance.snapshot.services]
        if names != self._measured:
            self._measured = names
            self._shown = [column for column in self._columns if column.wanted(glance)]
            wished = natural(self._shown, glance)
            self._widths = {key: max(width, self._widths.get(key, 0)) for key, width in wished.items()}

    @property
    def wished(self) -> int:
        """How many cells wide it would like to be, without what is only shown where there is room to spare."""
        return 2 * MARGIN + total([Fitted(one, self._widths[one.key]) for one in self._shown if one.drop != LUXURY])

    def on_resize(self) -> None:
        if self._last is not None:
            self.call_after_refresh(self._again)

    def _again(self) -> None:
        if self._last is not None:
            self.fill(*self._last)


@lru_cache(4096)
def _row(cells: tuple[tuple[str, str, int, bool], ...], mark: str, *, plain: bool) -> Content:
    """A row from what its cells are made of, each time the same object. `plain`: only the first keeps its style."""
    parts: list[Content] = [text(mark, "bold $accent" if mark.strip() else "")]
    for place, (raw, style, width, right) in enumerate(cells):
        parts += [_GAP] if place else []
        parts.append(render.cell(raw, "" if plain and place else style, width, right))
    return join(*parts)


def _title(fitted: Fitted, view: View) -> Content:
    """The title of a column in its width and one cell more, for the arrow."""
    column, sorts = fitted.column, fitted.column.key == view.sort
    style = "bold $accent" if sorts else "$quiet"
    arrow = ("↓" if view.reverse == column.descends else "↑") if sorts else ""
    before, letter, after = column.title.partition(column.letter)
    title = join((before, style), (letter, f"underline {style}"), (after, style))
    if column.right:
        title = render.fit(title, fitted.width, right=True)
    return render.fit(join(title, (arrow, style)), fitted.width + 1)
