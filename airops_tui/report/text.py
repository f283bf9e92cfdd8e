"""The report for people: worst first, without colour, readable in a mail, in a cron log, on a narrow terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from airops_tui.model import Health, Machine, Service, Snapshot, State
from airops_tui.report.quantities import NONE, count, latency, percent, size, span
from airops_tui.text import cells, clean, redact
from airops_tui.verdicts import overall, worst_first

SYMBOLS = {
    State.DOWN: "✖",
    State.UNKNOWN: "◌",
    State.DEGRADED: "▲",
    State.SLOW: "▲",
    State.STARTING: "◌",
    State.STOPPED: "■",
    State.UP: "●",
}
ASCII_SYMBOLS = {
    State.DOWN: "x",
    State.UNKNOWN: "?",
    State.DEGRADED: "!",
    State.SLOW: "!",
    State.STARTING: "~",
    State.STOPPED: "-",
    State.UP: "*",
}
_HEADINGS = ("STATE", "SERVICE", "HEALTH", "PORT", "CPU", "MEM", "UP", "WHY")
_RIGHT = {3, 4, 5, 6}
_TO_ASCII = str.maketrans({"–": "-", "…": "...", "·": "-", "●": "*", "✖": "x", "▲": "!", "◌": "?", "■": "-"})


def render(snapshot: Snapshot, *, ascii_only: bool = False) -> str:
    """The whole report, ending with a newline."""
    symbols = ASCII_SYMBOLS if ascii_only else SYMBOLS
    blocks = [
        headline(snapshot),
        *_services(snapshot, symbols),
        *_machine(snapshot.machine),
        *_problems(snapshot),
    ]
    text = "".join(f"{redact(line)}\n" for line in "\n\n".join(blocks).split("\n"))
    return text.translate(_TO_ASCII).encode("ascii", "replace").decode() if ascii_only else text


def headline(snapshot: Snapshot) -> str:
    """One line: the state of the whole, where, when, and how many services are in which state."""
    state = overall(snapshot.services)
    moment = taken_at(snapshot).strftime("%Y-%m-%d %H:%M:%S %Z")
    counts = counted(snapshot.services)
    site = f"{clean(snapshot.title)} on {clean(snapshot.host)}"
    return f"{state.value.upper()}: {site}, {moment}: {counts or 'no services'}"


def counted(services: Iterable[Service]) -> str:
    """ "1 down, 1 slow, 4 up", worst first."""
    numbers = Counter(service.state for service in services)
    return ", ".join(f"{numbers[state]} {state.value}" for state in State if numbers[state])


def taken_at(snapshot: Snapshot) -> datetime:
    """The moment of the snapshot in the site's time zone, else in the machine's."""
    if snapshot.timezone:
        return datetime.fromtimestamp(snapshot.at, ZoneInfo(snapshot.timezone))
    return datetime.fromtimestamp(snapshot.at).astimezone()


def describe_look(health: Health | None) -> str:
    """What an endpoint said, in a table cell: "200 12 ms", "refused", "–"."""
    if health is None:
        return NONE
    if health.failure is not None and health.status is None:
        return health.failure.value
    return f"{health.status or 'open'} {latency(health.latency_ms)}"


def _services(snapshot: Snapshot, symbols: dict[State, str]) -> list[str]:
    if not snapshot.services:
        return ["Nothing to look at: `airops init` writes a config from what runs here."]
    rows = [_HEADINGS, *(_row(service, snapshot.at, symbols) for service in worst_first(snapshot.services))]
    lines = _columns(rows)
    block = [lines[0]]
    for service, line in zip(worst_first(snapshot.services), lines[1:], strict=True):
        block.append(line)
        block += _last_words(service)
    return ["\n".join(block)]


def _row(service: Service, now: float, symbols: dict[State, str]) -> tuple[str, ...]:
    uptime = now - service.started_at if service.started_at is not None else None
    word = "stale" if service.stale else service.state.value
    return (
        f"{symbols[service.state]} {word}",
        clean(service.name),
        describe_look(service.health),
        count(service.port.number if service.port else None),
        percent(service.cpu_percent),
        size(service.memory_bytes),
        span(uptime),
        clean(service.reason),
    )


def _last_words(service: Service) -> list[str]:
    if service.last_words is None:
        return []
    return [
        f"    last words, {clean(service.last_words.origin)}:",
        *(f"    | {clean(line)}" for line in service.last_words.lines),
    ]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        padded = [
            " " * (width - cells(text)) + text if column in _RIGHT else text + " " * (width - cells(text))
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _machine(machine: Machine | None) -> list[str]:
    if machine is None:
        return []
    load = " ".join(f"{value:.2f}" for value in machine.load) if machine.load else NONE
    disks = "".join(
        f", {clean(disk.path)} {percent(disk.percent)} % used, {size(disk.free_bytes)} free" for disk in machine.disks
    )
    return [
        f"machine: cpu {percent(machine.cpu_percent)} %, load {load} on {count(machine.cores)} cores, "
        f"memory {percent(machine.memory_percent)} %{disks}"
    ]


def _problems(snapshot: Snapshot) -> list[str]:
    if not snapshot.problems:
        return []
    lines = [
        f"  {clean(problem.where)}: {clean(problem.what)}{f' ({clean(problem.hint)})' if problem.hint else ''}"
        for problem in snapshot.problems
    ]
    return ["not looked at:\n" + "\n".join(lines)]
