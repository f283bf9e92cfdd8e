"""Values as coloured text, pure: the one door through which anything from outside reaches the screen.

Whatever comes from outside is cleaned here once more, and joined as text, never parsed as markup. Colours are the names
of the theme's variables ("$down"), so that a change of theme needs no new text. An unknown value is a quiet dash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from textual.content import Content

from airops_tui.model import Health, Port, Service, State, UnitState
from airops_tui.report.quantities import NONE, latency, percent, size, span
from airops_tui.report.text import SYMBOLS
from airops_tui.text import clean
from airops_tui.ui.view import Glance

BARS = "▁▂▃▄▅▆▇█"
GAP = "·"
STALE = "◌"
_LOOKING = ("·", "looking", "$quiet")
_STALE = (STALE, "stale", "$unknown")
_WORDS = {state: (SYMBOLS[state], state.value, f"${state.value}") for state in State}
_ORDER = (*(state.value for state in State), "stale", "looking")

Part = tuple[str, str]
"""Text and the style it is drawn in."""

_REPEATED = 80
"""Texts up to this length are likely to be drawn again, and are kept ready."""


def text(value: object, style: str = "") -> Content:
    """Any value as plain text in a style."""
    raw = str(value)
    return _kept(raw, style) if len(raw) <= _REPEATED else _styled(raw, style)


def _styled(raw: str, style: str) -> Content:
    return Content.styled(clean(raw), style)


_kept = lru_cache(8192)(_styled)


@lru_cache(16384)
def cell(raw: str, style: str, width: int, right: bool) -> Content:
    """A cell of a table: text in exactly `width` cells, cut with an ellipsis or padded."""
    return fit(_styled(raw, style), width, right=right)


def join(*parts: Content | Part | str) -> Content:
    """Parts one after the other; what is not styled text yet is cleaned."""
    return Content.assemble(
        *(part if isinstance(part, Content) else text(*((part,) if isinstance(part, str) else part)) for part in parts)
    )


def quiet(value: object) -> Content:
    """Text that stays in the background."""
    return text(value, "$quiet")


def state_word(service: Service, glance: Glance) -> tuple[str, str, str]:
    """Symbol, word and style of how a service is."""
    if service.looked_mono is None and service.state is State.UNKNOWN:
        return _LOOKING
    return _STALE if glance.stale(service) else _WORDS[service.state]


def state(service: Service, glance: Glance) -> Part:
    """ "✖ down" in its colour; bold where something is wrong."""
    symbol, word, style = state_word(service, glance)
    loud = service.state in (State.DOWN, State.DEGRADED, State.SLOW) and not glance.stale(service)
    return f"{symbol} {word}", f"bold {style}" if loud else style


def counts(glance: Glance, *, short: bool = False) -> Content:
    """ "✖ 1 down  ▲ 1 slow  ● 4 up": how many services are in each state, worst first."""
    found = Counter(state_word(service, glance) for service in glance.snapshot.services)
    parts: list[Content | str] = []
    for (symbol, word, style), number in sorted(found.items(), key=lambda item: _ORDER.index(item[0][1])):
        parts += ["  " if parts else "", text(f"{symbol} {number}" if short else f"{symbol} {number} {word}", style)]
    return join(*parts)


def health(service: Service, glance: Glance) -> Part:
    """What the last look said, in one cell: "200   12 ms", "refused"; without a health rule, what else is known."""
    if service.health is not None:
        said, style = _look(service.health)
        return said, "$quiet" if glance.stale(service) else style
    if service.looked_mono is None:
        return "…" if service.health_url else NONE, "$quiet"
    if service.port is not None and service.port.listening is not None:
        wanted = service.state is not State.STOPPED and not glance.stale(service)
        return ("open", "$quiet") if service.port.listening else ("closed", "$down" if wanted else "$quiet")
    if service.unit_status is not None and service.unit_status.state is not UnitState.UNKNOWN:
        return service.unit_status.state.value, "$quiet"
    return NONE, "$quiet"


def _look(health: Health) -> Part:
    if health.failure is not None and health.status is None:
        return health.failure.value, "$down"
    code = str(health.status) if health.status else "open"
    style = "$slow" if health.slow else "" if health.ok else "$degraded" if (health.status or 0) < 500 else "$down"
    return f"{code} {latency(health.latency_ms):>7}", style


def number(value: str, service: Service, glance: Glance) -> Part:
    """A figure; quiet where it is not known or from memory."""
    return value, "$quiet" if value == NONE or glance.stale(service) else ""


def port(service: Service, glance: Glance) -> Part:
    """The port; in the colour of trouble where somebody else holds it."""
    if service.port is None:
        return NONE, "$quiet"
    if service.port.conflict and not glance.stale(service):
        return str(service.port.number), "bold $down"
    return number(str(service.port.number), service, glance)


def cpu(service: Service, glance: Glance) -> Part:
    return number(percent(service.cpu_percent), service, glance)


def memory(service: Service, glance: Glance) -> Part:
    return number(size(service.memory_bytes), service, glance)


def uptime(service: Service, glance: Glance) -> Part:
    """How long a service has been running, no finer than a minute once it has run for one: a calm column."""
    if service.started_at is None:
        return NONE, "$quiet"
    return number(coarse(glance.now - service.started_at), service, glance)


def coarse(seconds: float) -> str:
    """A duration that changes rarely: seconds in steps of five, then whole minutes."""
    return span(seconds - seconds % (5 if seconds < 60 else 60))


def spark(values: Iterable[float | None], width: int, *, top: float = 0.0) -> str:
    """The newest values as bars from zero to the largest (at least `top`) in `width` cells; a dot for a missing one."""
    shown = list(values)[-width:]
    ceiling = max([top, *(value for value in shown if value is not None)], default=0.0) or 1.0
    return "".join(GAP if value is None else BARS[int(value / ceiling * 7.999)] for value in shown).ljust(width)


def owner(port: Port) -> str:
    """Who holds a port, by pid, program and user, as far as the system tells."""
    if port.owner is None:
        return "somebody unknown (root sees who)"
    user = f", user {port.owner.user}" if port.owner.user else ""
    return f"pid {port.owner.pid}, {port.owner.program or 'unnamed'}{user}"


def fit(content: Content, width: int, *, right: bool = False) -> Content:
    """Text in exactly `width` cells, cut with an ellipsis or padded."""
    if content.cell_length > width:
        return content.truncate(width, ellipsis=True)
    room = width - content.cell_length
    return content.pad_left(room) if right else content.pad_right(room)


def wrap(content: Content, width: int, *, fold: bool = False) -> Sequence[Content]:
    """Text in lines of at most `width` cells, broken between words; with `fold` anywhere, as is right for code."""
    if content.cell_length <= width:
        return [content]
    return content.fold(max(2, width)) if fold else content.wrap(max(1, width))


def one_line(service: Service, glance: Glance) -> str:
    """A service as a line to paste into a message: state, name, why, where."""
    _, word, _ = state_word(service, glance)
    where = f"{service.manager} on {service.host}" if service.manager else service.host
    since = f" since {glance.clock(service.change.at)}" if service.change else ""
    parts = [
        f"{service.name}: {word}{since}",
        service.reason,
        f"port {service.port.number}" if service.port else "",
        f"pid {service.pid}" if service.pid else "",
        where,
        f"seen {glance.clock_mono(service.looked_mono)}" if service.looked_mono is not None else "",
    ]
    return clean(", ".join(part for part in parts if part))


def failure(error: BaseException) -> Content:
    """What stands in the place of something that could not be drawn."""
    return text(f"ERROR({type(error).__name__})", "bold $down")
