"""The Services tab: the list with trouble first, the details of one service, and the filter."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Input

from airops_tui.model import Service
from airops_tui.ui.bindings import DETAIL, FILTER, SERVICE_TABLE, SORTS, Key, bindings
from airops_tui.ui.columns import ORDERS, SERVICES
from airops_tui.ui.headline import nothing
from airops_tui.ui.panels.detail import DetailPane
from airops_tui.ui.render import one_line
from airops_tui.ui.trends import Trends
from airops_tui.ui.view import Glance, View, arrange
from airops_tui.ui.widgets.filterbar import FilterBar, Wanted
from airops_tui.ui.widgets.table import Rows, Table, Titles

_NARROWEST, _WIDEST = 38, 76
"""Cells of the details where they stand beside the list."""


class ServicesPanel(Vertical):
    """Shows every snapshot it is given the way its `view` says."""

    BINDINGS = bindings(SERVICE_TABLE, SORTS)

    class CopyWanted(Message):
        """This line is wanted on the clipboard."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    class SortWanted(Message):
        """Somebody wants to choose what to sort by."""

    def __init__(self) -> None:
        super().__init__(id="services")
        self.table, self.detail, self.filter = Table(SERVICES), DetailPane(), FilterBar()
        self.view = View()
        self._glance: Glance | None = None
        self.trends = Trends()

    def compose(self) -> ComposeResult:
        with Container(id="body"):
            yield self.table
            yield self.detail
        yield self.filter

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of this tab that work now."""
        if self.filter.typing:
            return FILTER
        return DETAIL if self.detail.has_focus else SERVICE_TABLE

    @property
    def selected(self) -> Service | None:
        """The service that is selected, as the newest snapshot tells it."""
        name = self.table.rows.selected
        return self._glance.snapshot.service(name) if self._glance and name else None

    def show(self, glance: Glance, trends: Trends) -> None:
        """Show a newer picture."""
        self._glance, self.trends = glance, trends
        self.table.rows.attempt(self._fill)
        self.detail.about(self.selected, glance, trends)

    def see(self, view: View) -> None:
        """Show the same picture another way."""
        self.view = view
        if self._glance is not None:
            self.show(self._glance, self.trends)

    def _fill(self) -> None:
        assert self._glance is not None
        services = arrange(self._glance, self.view, ORDERS)
        self.table.fill(services, self._glance, self.view, nothing(self._glance, self.view))
        self._share()
        self.filter.tell(self.view, len(services), len(self._glance.snapshot.services))

    def _share(self) -> None:
        """Give the details what the table does not need; below a certain width the style sheet decides alone."""
        if not self.is_attached:
            return
        if self.screen.has_class("-wide"):
            self.detail.styles.width = max(_NARROWEST, min(_WIDEST, self.size.width - self.table.wished))
        else:
            self.detail.styles.clear_rule("width")

    def on_resize(self) -> None:
        if self._glance is not None:
            self._share()

    def action_move(self, by: int) -> None:
        self.table.rows.move(by)

    def action_page(self, by: int) -> None:
        self.table.rows.move(by * max(1, self.table.rows.size.height - 1))

    def action_first(self) -> None:
        self.table.rows.go(0)

    def action_last(self) -> None:
        self.table.rows.go(self.table.rows.count - 1)

    def action_details(self) -> None:
        self.add_class("-open")
        self.detail.focus()

    def action_filter(self) -> None:
        self.filter.type(self.view.wanted)
        self.see(self.view)

    def action_faults(self) -> None:
        self.see(replace(self.view, faults=not self.view.faults))

    def action_sort(self) -> None:
        self.post_message(self.SortWanted())

    def action_sort_by(self, key: str) -> None:
        """Sort by a column; by the one that sorts already: the other way round."""
        column = next(column for column in SERVICES if column.key == key)
        again = key == self.view.sort
        self.see(replace(self.view, sort=key, reverse=not self.view.reverse if again else column.descends))

    def action_copy(self) -> None:
        if self.selected is not None and self._glance is not None:
            self.post_message(self.CopyWanted(one_line(self.selected, self._glance)))

    def action_back(self) -> None:
        """One step back: the filter first, then faults only, then the details."""
        if self.view.wanted:
            self.see(replace(self.view, wanted=""))
        elif self.view.faults:
            self.see(replace(self.view, faults=False))
        else:
            self.remove_class("-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.filter.typing:
            self.see(replace(self.view, wanted=event.value))

    def on_wanted_ended(self, event: Wanted.Ended) -> None:
        self.filter.stop()
        self.see(self.view if event.kept else replace(self.view, wanted=""))
        if self.filter.field.has_focus:
            self.table.rows.focus()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        if self._glance is not None:
            self.detail.about(self.selected, self._glance, self.trends)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        self.action_details()

    def on_titles_clicked(self, event: Titles.Clicked) -> None:
        self.action_sort_by(event.key)

    def on_detail_pane_left(self, event: DetailPane.Left) -> None:
        self.remove_class("-open")
        self.table.rows.focus()

    def on_detail_pane_copy_wanted(self, event: DetailPane.CopyWanted) -> None:
        self.action_copy()
