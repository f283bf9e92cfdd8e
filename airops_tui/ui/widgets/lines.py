"""Lines of text that scroll, and repaint only the cells that changed: what travels over a slow link is what is new.

Textual repaints a widget as a whole. Here a line is drawn when it is seen, remembered as it stands on the screen, and
compared segment by segment with what should stand there now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from airops_tui.text import cells
from airops_tui.ui import render
from airops_tui.ui.messages import Failed

BLANK = Content("")


class Drawn(NamedTuple):
    """A line as it stands on the screen, and what it was drawn from."""

    content: Content
    base: Style
    strip: Strip


class Lines(ScrollView, can_focus=False):
    """A scrolling column of lines. Give it lines with `show()`, or derive and answer `count` and `content()`."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Content] = ()
        self._instead: Sequence[Content] | None = None
        self._drawn: dict[int, Drawn] = {}

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def content(self, index: int) -> Content:
        """One line. May raise: the line then says so, and the others go on."""
        return self._lines[index]

    def emphasis(self, index: int) -> Style:
        """A style below the whole line, such as reverse video; none by default."""
        return Style.null()

    def show(self, lines: Sequence[Content]) -> None:
        """Show these lines instead of the former ones."""
        self._lines = lines
        self.instead(None)

    def instead(self, lines: Sequence[Content] | None) -> None:
        """Show a sentence in the place of the lines, or the lines again."""
        self._instead = lines
        self.changed()

    def attempt(self, draw: Callable[[], None]) -> None:
        """Do what fills this widget. If it raises, that is told here, and the rest of the screen lives on."""
        try:
            draw()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends here
            self.post_message(Failed(error))
            self.instead([render.failure(error), render.quiet("a bug of ours; the next look tries again")])

    def changed(self) -> None:
        """Compare what should stand here with what does, and repaint the difference."""
        region = self.scrollable_content_region
        height = self.count if self._instead is None else len(self._instead)
        if max(height, self.virtual_size.height) > region.height:  # setting it costs a layout of the whole screen
            self.virtual_size = Size(region.width, height)
        top = self.scroll_offset.y
        fresh: dict[int, Drawn] = {}
        for index in range(top, top + region.height):
            before, now = self._drawn.get(index), self._draw(index)
            fresh[index] = now
            start, end = (0, 0) if before is now else difference(before.strip if before else None, now.strip)
            if start < end:
                self.refresh(Region(start, index - top, end - start, 1))
        self._drawn = fresh

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        drawn = self._drawn.get(index)
        if drawn is None:
            drawn = self._drawn[index] = self._draw(index)
        return drawn.strip

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def on_resize(self, event: events.Resize) -> None:
        self._drawn.clear()
        self.changed()

    def _draw(self, index: int) -> Drawn:
        width = self.scrollable_content_region.width
        base, content = self.visual_style, BLANK
        if self._instead is not None:
            content = self._instead[index] if index < len(self._instead) else BLANK
        elif 0 <= index < self.count:
            content, base = self._drawable(index), base + self.emphasis(index)
        before = self._drawn.get(index)
        if before and before.base == base and before.content.is_same(content):
            return before
        return Drawn(content, base, _strip(content.truncate(width, pad=True), base, width))

    def _drawable(self, index: int) -> Content:
        try:
            return self.content(index)
        except Exception as error:  # noqa: BLE001 - one line that cannot be drawn must not take the others along
            self.post_message(Failed(error))
            return render.failure(error)


class Fluid(Lines):
    """Lines that depend on the width there is: told how to make them, it makes them anew when the width changes."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._make: Callable[[int], Sequence[Content]] = lambda width: ()

    def tell(self, make: Callable[[int], Sequence[Content]]) -> None:
        """Show what `make` gives for the present width, and for every later one."""
        self._make = make
        self.attempt(lambda: self.show(make(self.scrollable_content_region.width)))

    def on_resize(self, event: events.Resize) -> None:
        self._drawn.clear()
        self.tell(self._make)


def _strip(content: Content, base: Style, width: int) -> Strip:
    """A line of exactly `width` cells; neighbours of one style are one segment, because each costs its colours anew."""
    segments: list[Segment] = []
    for text, style in content.render(base, end=""):
        drawn = style.rich_style
        if segments and segments[-1].style == drawn:
            segments[-1] = Segment(segments[-1].text + text, drawn)
        else:
            segments.append(Segment(text, drawn))
    return Strip(segments, width)


def difference(old: Strip | None, new: Strip) -> tuple[int, int]:
    """The cells, from and up to, in which a line differs from the one it replaces; equal numbers if it does not."""
    width = new.cell_length
    if old is None or old.cell_length != width:
        return 0, width
    before, after = list(old), list(new)
    if before == after:
        return 0, 0
    start = _alike(before, after)
    before.reverse()
    after.reverse()
    return start, width - _alike(before, after, backwards=True)


def _alike(before: Sequence[Segment], after: Sequence[Segment], *, backwards: bool = False) -> int:
    """For how many cells two lines look alike, counted from one end."""
    alike = 0
    for one, other in zip(before, after, strict=False):
        if one == other:
            alike += one.cell_length
            continue
        if one.style == other.style:
            texts = (one.text[::-1], other.text[::-1]) if backwards else (one.text, other.text)
            alike += cells("".join(a for a, b in takewhile(_same, zip(*texts, strict=False))))
        break
    return alike


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
