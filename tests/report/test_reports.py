"""The reports: what a person reads in a mail, what a script relies on, what a collector scrapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from airops_tui.model import (
    Disk,
    Failure,
    Health,
    LastWords,
    Machine,
    Port,
    Problem,
    Process,
    Service,
    Snapshot,
    State,
)
from airops_tui.report import json as json_report
from airops_tui.report import prometheus, quantities, text

AT = 1_795_400_000.0
GOOD = Service(
    "proto4",
    "Socratic Learning",
    State.UP,
    "200 in 12 ms",
    manager="launchd",
    unit="com.llmclassroom.proto4",
    health=Health(True, 200, 12.1),
    public=Health(True, 200, 80.0),
    port=Port(8000, True, Process(4121, 1, "python3")),
    pid=4121,
    started_at=AT - 270_011,
    restarts=0,
    cpu_percent=0.4,
    memory_bytes=88_080_384,
    looked_mono=99.9,
)
BAD = Service(
    "proto1",
    "Strategic Learning",
    State.DOWN,
    "refused",
    health=Health(False, error="refused", failure=Failure.REFUSED),
    last_words=LastWords("proto1.error.log", ("ModuleNotFoundError: No module named 'openai'",)),
)
SNAPSHOT = Snapshot(
    title="LLM Classroom",
    host="mini",
    at=AT,
    mono=100.0,
    took_ms=84.0,
    timezone="Asia/Seoul",
    machine=Machine(12.5, (0.4, 0.3, 0.2), 41.0, cores=8, disks=(Disk("/", 61.0, 61 << 30),)),
    services=(GOOD, BAD),
    problems=(Problem("no answer within 10 s", "units:local:pm2"),),
)

KEYS = {
    "": "schema title host taken_at took_ms state machine services activity clusters backups operations incidents "
    "problems",
    "machine": "cpu_percent load memory_percent disks",
    "disks": "path percent free_bytes",
    "services": "name title host manager unit state reason pid uptime_seconds restarts cpu_percent memory_bytes port "
    "health public age_seconds",
    "port": "number listening owner_pid conflict",
    "health": "ok status latency_ms error",
}


def document(snapshot: Snapshot = SNAPSHOT) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(json_report.render(snapshot))
    return decoded


def test_json_has_exactly_the_keys_that_scripts_rely_on():
    told = document()
    assert list(told) == KEYS[""].split()
    assert list(told["machine"]) == KEYS["machine"].split()
    assert list(told["machine"]["disks"][0]) == KEYS["disks"].split()
    assert list(told["services"][0]) == KEYS["services"].split()
    assert list(told["services"][0]["port"]) == KEYS["port"].split()
    assert list(told["services"][0]["health"]) == list(told["services"][0]["public"]) == KEYS["health"].split()


def test_json_values_are_the_facts():
    told = document()
    assert (told["schema"], told["state"], told["taken_at"]) == (1, "down", "2026-11-23T11:13:20+09:00")
    proto4 = told["services"][0]
    assert (proto4["uptime_seconds"], proto4["age_seconds"], proto4["memory_bytes"]) == (270_011, 0.1, 88_080_384)
    assert proto4["port"] == {"number": 8000, "listening": True, "owner_pid": 4121, "conflict": False}


def test_json_keeps_the_order_of_the_config_and_says_null_for_what_is_not_known():
    told = document()
    assert [service["name"] for service in told["services"]] == ["proto4", "proto1"]
    proto1 = told["services"][1]
    unknown = ("pid", "uptime_seconds", "restarts", "cpu_percent", "memory_bytes", "port", "public", "age_seconds")
    assert all(proto1[key] is None for key in unknown)
    assert proto1["health"] == {"ok": False, "status": None, "latency_ms": None, "error": "refused"}


def test_json_for_a_program_is_one_line():
    assert json_report.render(SNAPSHOT).count(b"\n") == 1


def test_text_names_the_trouble_first():
    lines = text.render(SNAPSHOT).splitlines()
    assert lines[0] == "DOWN: LLM Classroom on mini, 2026-11-23 11:13:20 KST: 1 down, 1 up"
    assert [line.split()[2] for line in lines if line.startswith(("✖", "●"))] == ["proto1", "proto4"]


def test_text_shows_the_last_words_and_what_could_not_be_looked_at():
    told = text.render(SNAPSHOT)
    assert "last words, proto1.error.log:\n    | ModuleNotFoundError: No module named 'openai'" in told
    assert "not looked at:\n  units:local:pm2: no answer within 10 s" in told


def test_text_without_utf8_is_plain_ascii():
    told = text.render(SNAPSHOT, ascii_only=True)
    assert told.isascii() and "x down" in told and "* up" in told


def test_text_of_nothing_says_what_to_do_next():
    assert "airops init" in text.render(replace(SNAPSHOT, services=()))


@pytest.mark.parametrize("hostile", ["\x1b[2Jgone", "\x9b31m", "\u202egnp", "a\nforged: OK", "\x1b]52;c;eA==\x07"])
def test_text_never_carries_a_control_sequence(hostile: str):
    service = replace(BAD, name=hostile, reason=hostile, last_words=LastWords(hostile, (hostile,)))
    told = text.render(replace(SNAPSHOT, title=hostile, services=(service,), problems=(Problem(hostile, hostile),)))
    assert not any(ord(character) < 32 and character != "\n" or 0x7F <= ord(character) < 0xA0 for character in told)
    assert "\u202e" not in told and "\nforged" not in told


def test_columns_stay_aligned_with_wide_characters():
    wide = replace(GOOD, name="학습")
    rows = [line for line in text.render(replace(SNAPSHOT, services=(wide, GOOD))).splitlines() if "200 12 ms" in line]
    from airops_tui.text import cells

    assert len({cells(row.partition("200 12 ms")[0]) for row in rows}) == 1


def test_prometheus_text_is_read_by_prometheus_own_parser():
    families = {family.name: family for family in text_string_to_metric_families(prometheus.render(SNAPSHOT))}
    up = {sample.labels["service"]: sample.value for sample in families["airops_service_up"].samples}
    assert up == {"proto4": 1, "proto1": 0}
    states = [s for s in families["airops_service_state"].samples if s.value == 1]
    assert {(s.labels["service"], s.labels["state"]) for s in states} == {("proto4", "up"), ("proto1", "down")}


def test_prometheus_leaves_out_what_is_not_known():
    families = {family.name: family for family in text_string_to_metric_families(prometheus.render(SNAPSHOT))}
    assert [sample.labels["service"] for sample in families["airops_service_memory_bytes"].samples] == ["proto4"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (quantities.size(0), "0 B"),
        (quantities.size(88_080_384), "84 M"),
        (quantities.size(1023), "1023 B"),
        (quantities.size(1024 * 1023.9), "1.0 M"),
        (quantities.size(1.5 * 2**30), "1.5 G"),
        (quantities.size(None), "–"),
        (quantities.span(8.9), "8 s"),
        (quantities.span(204), "3 min 24 s"),
        (quantities.span(7500), "2h 5m"),
        (quantities.span(270_011), "3d 3h"),
        (quantities.span(41 * 86400), "41 d"),
        (quantities.span(-5), "0 s"),
        (quantities.latency(12.4), "12 ms"),
        (quantities.latency(2400), "2.4 s"),
        (quantities.percent(160.0), "160"),
    ],
)
def test_quantities_are_short_and_have_a_unit(written: str, value: str):
    assert written == value
