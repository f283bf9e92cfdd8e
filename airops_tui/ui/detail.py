"""Everything known about one service, as lines for the pane beside the table. Pure.

In the order of the questions at night: how is it and since when, why, what next; then the facts; then its last words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from textual.content import Content

from airops_tui.model import Health, Service, State, UnitState
from airops_tui.report.quantities import latency, percent, size
from airops_tui.ui import render
from airops_tui.ui.advice import advise
from airops_tui.ui.render import join, quiet, text
from airops_tui.ui.trends import Trend
from airops_tui.ui.view import Glance

LABEL = 9
"""Cells of the column of labels."""

Fact = tuple[str, Content]


def detail(service: Service, glance: Glance, trend: Trend, width: int) -> Sequence[Content]:
    """The lines of the pane for `width` cells."""
    blocks = (
        _head(service, glance, width),
        _next(service, glance, width),
        _facts(_answer(service, glance, trend, width), width),
        _facts(chain(_process(service, glance, trend, width), _place(service, glance)), width),
        _last_words(service, width),
    )
    lines: list[Content] = []
    for block in blocks:
        if block:
            lines += [Content(""), *block] if lines else block
    return lines


def _head(service: Service, glance: Glance, width: int) -> list[Content]:
    symbol, word, style = render.state_word(service, glance)
    title = "" if service.title == service.name else f"  {service.title}"
    lines = [join((f"{symbol} ", style), (service.name, "bold"), (title, "$quiet")).truncate(width, ellipsis=True)]
    since = ""
    if service.change is not None and service.change.was is not None and not glance.stale(service):
        lasted = glance.now - service.change.at
        since = f" since {glance.clock(service.change.at)}" + (f" ({render.coarse(lasted)})" if lasted >= 5 else "")
    if glance.stale(service) and service.looked_mono is not None:
        age = render.coarse(glance.age(service.looked_mono))
        word, since = "stale", f": {age} old, {service.state.value} then"
    lines += render.wrap(join((word, f"bold {style}"), since), width)
    return [*lines, *render.wrap(text(service.reason), width)]


def _next(service: Service, glance: Glance, width: int) -> list[Content]:
    advice = advise(service, glance)
    if advice is None:
        return []
    lines = render.wrap(text(advice), width - 2)
    return [join(("→ " if place == 0 else "  ", "$accent"), line) for place, line in enumerate(lines)]


def _answer(service: Service, glance: Glance, trend: Trend, width: int) -> Iterator[Fact]:
    if service.health is not None:
        yield "health", _said(service.health)
    if service.health_url:
        yield ("" if service.health else "health"), quiet(service.health_url)
    known = [value for value in trend.latency if value is not None]
    if known and len(trend.latency) > 1:
        bars = render.spark(trend.latency, _bars(width), top=20.0)
        yield "latency", join((bars, "$accent"), (f"  max {latency(max(known))}", "$quiet"))
    if service.public is not None:
        yield "public", _said(service.public)
    if service.public_url:
        yield ("" if service.public else "public"), quiet(service.public_url)
    for fact in dict.fromkeys((*_notes(service.health), *_notes(service.public))):
        yield "note", text(fact)


def _bars(width: int) -> int:
    """How many cells of a line a sparkline may take."""
    return max(8, min(40, width - LABEL - 14))


def _notes(health: Health | None) -> tuple[str, ...]:
    return health.facts if health is not None else ()


def _said(health: Health) -> Content:
    if health.ok:
        said = f"{health.status or 'open'} in {latency(health.latency_ms)}"
        return text(f"{said}, slow" if health.slow else said, "$slow" if health.slow else "")
    return text(health.error or health.failure or "not well", "$down")


def _process(service: Service, glance: Glance, trend: Trend, width: int) -> Iterator[Fact]:
    if service.port is not None:
        yield "port", _port(service)
    if service.pid is not None:
        started = service.started_at
        up = f"  up {render.coarse(glance.now - started)}" if started is not None else ""
        yield "pid", join(str(service.pid), (up, "$quiet"))
    if service.restarts is not None:
        yield "restarts", text(service.restarts, "$slow" if service.restarts else "")
    if service.cpu_percent is not None:
        bars = render.spark(trend.cpu, _bars(width), top=5.0) if len(trend.cpu) > 1 else ""
        yield "cpu", join((bars, "$accent"), ("  " if bars else ""), f"{percent(service.cpu_percent)} %")
    if service.memory_bytes is not None:
        several = f"  {service.processes} processes" if service.processes > 1 else ""
        yield "memory", join(size(service.memory_bytes), (several, "$quiet"))


def _port(service: Service) -> Content:
    port = service.port
    assert port is not None
    if port.conflict:
        return join(f"{port.number} ", (f"taken: {render.owner(port)}", "bold $down"))
    if port.listening is None:
        return text(port.number)
    if not port.listening:
        return join(f"{port.number} ", ("free", "$quiet"))
    who = "listening" if port.owner is None or port.owner.pid == service.pid else f"listening: {render.owner(port)}"
    return join(f"{port.number} ", (who, "$quiet"))


def _place(service: Service, glance: Glance) -> Iterator[Fact]:
    if service.manager:
        named = service.unit if service.unit and service.unit != service.name else ""
        yield "manager", join(service.manager, (f"  {named}", "$quiet"))
    if service.unit_status is not None and (service.unit_status.words or service.manager):
        said = service.unit_status.words or service.unit_status.state.value
        yield "says", text(said, "$down" if service.unit_status.state is UnitState.FAILED else "")
    if glance.hosts > 1:
        yield "host", text(service.host)
    if service.depends_on:
        yield "needs", join(*_depends(service, glance))
    if service.change is not None and service.change.was is not None:
        lasted = glance.now - service.change.at
        ago = f"{render.coarse(lasted)} ago" if lasted >= 5 else "just now"
        moment = f"{glance.clock(service.change.at)}, was {service.change.was.value}"
        yield "changed", join(moment, (f"  {ago}", "$quiet"))
    if service.directory:
        yield "folder", quiet(service.directory)
    for place, origin in enumerate(service.logs):
        yield (
            ("logs" if place == 0 else ""),
            quiet(origin.place if origin.kind == "file" else f"{origin.kind} {origin.place}"),
        )


def _depends(service: Service, glance: Glance) -> Iterator[Content | str]:
    for place, name in enumerate(service.depends_on):
        yield "  " if place else ""
        needed = glance.snapshot.service(name)
        if needed is None:
            yield join((f"{name} (not watched)", "$quiet"))
            continue
        symbol, word, style = render.state_word(needed, glance)
        yield join((f"{symbol} ", style), name, (f" {word}" if needed.state is not State.UP else "", style))


def _facts(facts: Iterator[Fact], width: int) -> list[Content]:
    lines: list[Content] = []
    for label, value in facts:
        wrapped = render.wrap(value, width - LABEL)
        lines += [
            join((f"{label if place == 0 else '':<{LABEL}}", "$quiet"), line) for place, line in enumerate(wrapped)
        ]
    return lines


def _last_words(service: Service, width: int) -> list[Content]:
    words = service.last_words
    if words is None or not words.lines:
        return []
    lines = [quiet(f"last words, {words.origin}").truncate(width, ellipsis=True)]
    for said in words.lines:
        lines += [join(("│ ", "$rule"), line) for line in render.wrap(text(said), width - 2, fold=True)]
    return lines
