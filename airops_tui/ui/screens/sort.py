"""What to sort by: one letter decides, and it is the letter that works without this dialog too."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from airops_tui.ui.bindings import SORT_CHOICES, bindings
from airops_tui.ui.columns import SERVICES, Column
from airops_tui.ui.render import join
from airops_tui.ui.screens.dialog import Dialog
from airops_tui.ui.view import View


class SortScreen(Dialog[str]):
    """Results in the key of a column."""

    BINDINGS = bindings(SORT_CHOICES)

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self.choices = OptionList(*(Option(_line(column, view)) for column in SERVICES), id="sort", classes="dialog")

    def compose(self) -> ComposeResult:
        self.choices.border_title = Content("sort by")
        self.choices.border_subtitle = Content("o reverses")
        yield self.choices

    def on_mount(self) -> None:
        keys = [column.key for column in SERVICES]
        self.choices.highlighted = keys.index(self._view.sort)

    def action_sort_by(self, key: str) -> None:
        self.dismiss(key)

    def action_again(self) -> None:
        self.dismiss(self._view.sort)

    def action_choose(self, by: int) -> None:
        self.choices.highlighted = max(0, min(len(SERVICES) - 1, (self.choices.highlighted or 0) + by))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(SERVICES[event.option_index].key)


def _line(column: Column, view: View) -> Content:
    here = column.key == view.sort
    way = ("  largest first" if view.reverse else "  smallest first") if here else ""
    if here and column.key == "state":
        way = "  best first" if view.reverse else "  worst first"
    return join((f" {column.letter}", "bold"), f"  {column.title.rstrip(' %').lower():<9}{way}")
