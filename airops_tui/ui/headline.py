"""The first line of the screen and the notices below it, pure: where, how things are, how old what you see is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from airops_tui.report.quantities import size, span
from airops_tui.ui import render
from airops_tui.ui.render import join, quiet, text
from airops_tui.ui.view import Glance, View

MOST_PROBLEMS = 2
_WORDINGS = (
    *((short, site, when) for short in (False, True) for site, when in ((2, 2), (2, 1), (1, 1))),
    *((short, 0, when) for short in (False, True) for when in (1, 0)),
)
"""From the richest to the shortest: short counts or not, how much of the site, how much of the time."""

Notice = tuple[str, str, str, str]
"""A sign, what has to be said, what to do about it, and the style of the first two."""


@dataclass(frozen=True, slots=True)
class Beat:
    """How the console looks at the world right now."""

    period: float
    paused: bool = False


def header(glance: Glance, beat: Beat, width: int) -> Content:
    """Site, host, counts by state, badges and age in `width` cells: the richest wording that fits."""
    for short, site_words, when_words in _WORDINGS:
        site, counts = _site(glance, site_words), render.counts(glance, short=short)
        right = join(_badges(glance, beat, short=site_words == 0), _when(glance, beat, when_words), " ")
        gap = width - 1 - site.cell_length - counts.cell_length - right.cell_length
        if gap >= 4:
            centred = max(2, min(gap - 2, (width - counts.cell_length) // 2 - site.cell_length - 1))
            return join(" ", site, " " * centred, counts, " " * (gap - centred), right)
    return render.fit(join(" ", render.counts(glance, short=True), "  ", _when(glance, beat, 0)), width)


def machine(glance: Glance, width: int) -> Content:
    """What this machine has left, in one quiet line; what runs short is in the colour of trouble."""
    facts = glance.snapshot.machine
    if facts is None:
        return Content("")
    parts: list[Content | str] = [quiet(f" {glance.snapshot.host}")]
    if facts.cpu_percent is not None:
        parts += [quiet("   cpu "), _short_of(facts.cpu_percent, 101)]
    if facts.load is not None:
        cores = f" of {facts.cores}" if facts.cores else ""
        parts += [quiet(f"   load {facts.load[0]:.1f}{cores}")]
    if facts.memory_percent is not None:
        parts += [quiet("   memory "), _short_of(facts.memory_percent, 90)]
        parts += [quiet(f", {size(facts.memory_available_bytes)} free")] if facts.memory_available_bytes else []
    for disk in sorted(facts.disks, key=lambda disk: -disk.percent)[:3]:
        parts += [quiet(f"   {disk.path} "), _short_of(disk.percent, 85), quiet(f", {size(disk.free_bytes)} free")]
    return join(*parts).truncate(width, ellipsis=True)


def _short_of(percentage: float, high: float) -> Content:
    return text(f"{percentage:.0f} %", "bold $slow" if percentage >= high else "$quiet")


def notices(glance: Glance, width: int) -> Sequence[Content]:
    """What has to be said about the picture as a whole."""
    return [line for notice in _notices(glance) for line in _fitted(notice, width)]


def _site(glance: Glance, words: int) -> Content:
    title = text(glance.snapshot.title, "bold")
    if words == 0:
        return title.truncate(16, ellipsis=True)
    named = join(("airops", "bold $accent"), "  ", title)
    return join(named, (f" · {glance.snapshot.host}", "$quiet")) if words == 2 else title


def _badges(glance: Glance, beat: Beat, *, short: bool) -> Content:
    parts: list[Content | str] = []
    environment = glance.snapshot.environment
    if environment:
        shown = environment[:4] if short else environment
        loud = environment.casefold() in ("production", "prod")
        parts += [text(f" {shown} ", "bold $on-danger on $danger" if loud else "reverse $quiet"), "  "]
    if glance.snapshot.read_only:
        parts += [text(" RO " if short else " READ-ONLY ", "reverse $accent"), "  "]
    if beat.paused:
        parts += [text(" PAUSED ", "bold reverse $slow"), "  "]
    return join(*parts)


def _when(glance: Glance, beat: Beat, words: int) -> Content:
    looked = glance.looked_mono
    if looked is None:
        return quiet("looking…")
    clock = text(glance.clock_mono(looked))
    if old := age(glance, beat):
        said = text(old, "$quiet" if beat.paused else "bold $slow")
        return join(clock, "  ", said) if words else said
    return join(clock, (f"  every {span(beat.period)}", "$quiet")) if words == 2 else clock if words else Content("")


def age(glance: Glance, beat: Beat) -> str:
    """ "40 s old" where the newest fact is older than it should be, or looking is paused; empty otherwise."""
    if glance.looked_mono is None:
        return ""
    seconds = glance.age(glance.looked_mono)
    old = seconds > 2 * beat.period + 5 or (beat.paused and seconds >= 5)
    return f"{render.coarse(seconds)} old" if old else ""


def _notices(glance: Glance) -> Iterator[Notice]:
    snapshot = glance.snapshot
    if glance.outdated:
        age = render.coarse(glance.mono - snapshot.mono)
        yield "▲ ", f"No news for {age}: this console has stopped looking.", "Quit and start it again.", "$slow"
    if snapshot.discovered and not glance.blank:
        yield "", "No config yet: this is what runs on this machine.", "`airops init` writes it down.", "$accent"
    for problem in snapshot.problems[:MOST_PROBLEMS]:
        where = f" ({problem.where})" if problem.where else ""
        yield "▲ ", f"{problem.what}{where}", problem.hint, "$slow"
    if len(snapshot.problems) > MOST_PROBLEMS:
        yield (
            "",
            f"{len(snapshot.problems) - MOST_PROBLEMS} more like this",
            "`airops --snapshot` lists them.",
            "$quiet",
        )


def _fitted(notice: Notice, width: int) -> Sequence[Content]:
    """A notice and its hint on one line, or each on its own."""
    sign, what, hint, style = notice
    head, tail = join(" ", (sign, style), (what, style)), quiet(f"  {hint}" if hint else "")
    if head.cell_length + tail.cell_length <= width:
        return [join(head, tail)]
    return [head.truncate(width, ellipsis=True), tail.truncate(width, ellipsis=True)]


def too_small(width: int, height: int, least: tuple[int, int]) -> Sequence[Content]:
    """What is said where a list has no room; the counts in the header still are."""
    wanted = f"{least[0]}x{least[1]}"
    return [
        Content(""),
        *render.wrap(text(f"too small for the list: {width}x{height}, it needs {wanted}"), max(10, width)),
    ]


def nothing(glance: Glance, view: View) -> Sequence[Content]:
    """What stands in the place of an empty list, with the next step."""
    if view.narrowed and glance.snapshot.services:
        if view.faults and not view.wanted:
            return [Content(""), text("  No faults.", "bold $up"), quiet("  ctrl+z shows all services again")]
        return [Content(""), text("  Nothing matches the filter."), quiet("  esc shows all services again")]
    if glance.blank:
        return [Content(""), quiet("  looking at what runs on this machine…")]
    return [
        Content(""),
        text("  Nothing to watch yet."),
        quiet("  `airops init` writes a config from what runs here"),
        quiet("  `airops demo` shows a playground with services that can be broken"),
    ]
