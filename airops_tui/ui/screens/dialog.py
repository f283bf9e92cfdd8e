"""What all dialogs have in common: a box over the screen, `esc` closes it, nothing below it gets a key."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

from airops_tui.ui.bindings import MODAL, bindings

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], inherit_bindings=False):
    """A dialog; closed by `esc` it results in nothing."""

    BINDINGS = bindings(MODAL)

    def action_close(self) -> None:
        self.dismiss(None)
