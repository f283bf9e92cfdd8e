"""Whatever leaves the program, as text, JSON or metrics, holds nothing that acts on a terminal and no secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from airops_tui import secrets
from airops_tui.config.settings import HealthRule, ServiceSettings, Settings
from airops_tui.crash import report_crash
from airops_tui.hosts.base import Answer, Dialogue
from airops_tui.hosts.local import LocalHost
from airops_tui.model import (
    Disk,
    Health,
    LastWords,
    LogOrigin,
    Machine,
    Port,
    Problem,
    Process,
    Service,
    Snapshot,
    State,
    UnitState,
    UnitStatus,
)
from airops_tui.report import json as report_json
from airops_tui.report import prometheus
from airops_tui.report import text as report_text
from airops_tui.sources.base import Now
from airops_tui.sources.picture import Picture
from airops_tui.sources.units import UnitsSource
from airops_tui.sources.words import last_words
from airops_tui.text import REDACTED, Secret
from tests.corpus import Sample, evil
from tests.text.test_clean import bytes_that_act

T = TypeVar("T")
CANARY = "AIROPS-CANARY-6f1e0c52"
REPORTS: Mapping[str, Callable[[Snapshot], str]] = {
    "text": report_text.render,
    "text, ASCII": lambda snapshot: report_text.render(snapshot, ascii_only=True),
    "JSON": lambda snapshot: report_json.render(snapshot).decode(),
    "JSON, indented": lambda snapshot: report_json.render(snapshot, indent=2).decode(),
    "metrics": prometheus.render,
}


@pytest.fixture(autouse=True)
def nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(secrets, "_forms", ())
    yield


def filled(kind: type[T], words: str, **known: Any) -> T:
    """A fact with `words` in each of its text fields."""
    texts = {name: words for name, type_ in kind.__annotations__.items() if type_ in ("str", "str | None")}
    return kind(**{**texts, **known})


def snapshot_of(words: str) -> Snapshot:
    health = filled(Health, words, ok=False, facts=(words,))
    service = filled(
        Service,
        words,
        state=State.DOWN,
        unit_status=filled(UnitStatus, words, state=UnitState.FAILED),
        health=health,
        public=health,
        port=Port(8000, True, filled(Process, words, pid=1, parent=0), conflict=True),
        last_words=LastWords(words, (words, words)),
        logs=(filled(LogOrigin, words),),
        depends_on=(words,),
    )
    machine = Machine(cpu_percent=1.0, disks=(Disk(words, 1.0, 1),))
    problem = filled(Problem, words)
    return filled(
        Snapshot, words, at=1.8e9, mono=1.0, timezone="UTC", machine=machine, services=(service,), problems=(problem,)
    )


def test_the_hostile_snapshot_of_these_tests_is_hostile() -> None:
    snapshot = snapshot_of("\x1b[2J")
    assert repr(snapshot).count(repr("\x1b[2J")[1:-1]) > 20


@pytest.mark.parametrize("report", REPORTS)
def test_no_report_acts_on_the_terminal_it_is_printed_on(report: str) -> None:
    def acts(sample: Sample) -> bool:
        told = REPORTS[report](snapshot_of(sample.data.decode("utf-8", "surrogateescape")))
        return not set(bytes_that_act(told)) <= {b"\n"}

    assert [sample.attempt for sample in evil() if acts(sample)] == []


def test_a_report_has_as_many_lines_as_it_would_with_harmless_text() -> None:
    for render in REPORTS.values():
        hostile, harmless = render(snapshot_of("a\nDOWN: forged\rx\x85y\u2028z")), render(snapshot_of("harmless"))
        assert hostile.count("\n") == harmless.count("\n")


@pytest.mark.parametrize("report", REPORTS)
def test_no_report_tells_a_secret(report: str) -> None:
    Secret(CANARY)
    told = REPORTS[report](snapshot_of(f"login with {CANARY} failed, token=abc123"))
    assert CANARY not in told
    assert "abc123" not in told
    assert REDACTED in told


def test_what_a_manager_quotes_is_redacted_where_it_comes_in() -> None:
    Secret(CANARY)
    source = UnitsSource("units", LocalHost(read_only=True), Quoting(), (ServiceSettings(name="web"),), 5.0)
    assert asyncio.run(source.read())["web"].words == f"exited: --key {REDACTED}"


class Quoting:
    """A manager whose words repeat the command line of the service."""

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        yield from ()
        return {service.name: UnitStatus(UnitState.FAILED, f"exited: --key {CANARY}") for service in services}


def test_the_last_words_of_a_service_act_on_nothing_and_tell_no_secret() -> None:
    Secret(CANARY)
    log = b"".join(sample.data[:200] + b"\n" for sample in evil("escapes")) + b"x" * 390 + CANARY.encode() + b"\n"
    asked = last_words(ServiceSettings(name="web", logs=("/var/log/web.log",)), lambda service: Quoting())
    next(asked)
    with pytest.raises(StopIteration) as told:
        asked.send(Answer(out=log))
    lines = told.value.value.lines
    assert len(lines) > 1
    assert all(bytes_that_act(line) == [] for line in lines)
    assert not any("AIROPS" in line for line in lines)


def test_an_address_on_the_screen_lets_nobody_in() -> None:
    rule = HealthRule(url="https://kim:hunter22@host.example/health?token=abc")
    settings = Settings(services=(ServiceSettings(name="web", health=rule, public=rule),))
    service = Picture(settings, {})({}, Now(1.8e9, 1.0), 5.0).services[0]
    assert service.health_url == service.public_url == "https://[REDACTED]@host.example/health?token=[REDACTED]"


def test_a_crash_file_acts_on_nothing_holds_no_variable_and_is_for_its_owner_only(tmp_path: Path) -> None:
    def fails(token: str) -> None:
        raise ValueError(f"cannot log in: \x1b[2J{token} ")

    Secret(CANARY)
    try:
        fails(CANARY)
    except ValueError as error:
        line = report_crash(error, tmp_path / "crashes")
    (file,) = (tmp_path / "crashes").iterdir()
    kept = file.read_text("utf-8")
    assert set(bytes_that_act(line + kept)) <= {b"\n"}
    assert CANARY not in line + kept
    assert "in fails" in kept
    assert file.stat().st_mode & 0o777 == 0o600
