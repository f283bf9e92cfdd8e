"""The site of the playground: its people, its access logs, its pages, its config."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airops_tui.config.load import load
from airops_tui.playground.services.accesslog import Access, AccessLog, as_combined, as_json, as_uvicorn
from airops_tui.playground.world import Playground
from tests.playground.conftest import get, until

STUDENT = {"X-Forwarded-For": "192.0.2.77"}


def access_lines(playground: Playground, name: str) -> list[str]:
    return log_text(playground, name).splitlines()


def log_text(playground: Playground, name: str) -> str:
    return (playground.directory / "logs" / f"{name}.log").read_text()


def access(target: str = "/api?q=1", client: str = "203.0.113.7") -> Access:
    at = datetime(2026, 11, 20, 12, 4, 31, 250000, tzinfo=UTC)
    return Access(at, client, 0, "GET", target, 200, 56, 0.0121, "", 'Moz"illa')


def test_the_three_formats_are_those_of_the_real_servers():
    assert as_uvicorn(access()) == 'INFO:     203.0.113.7:0 - "GET /api?q=1 HTTP/1.1" 200 OK'
    assert as_combined(access()) == (
        '203.0.113.7 - - [20/Nov/2026:12:04:31 +0000] "GET /api?q=1 HTTP/1.1" 200 56 "-" "Moz\\x22illa"'
    )
    assert json.loads(as_json(access()))["time"] == "2026-11-20T12:04:31.250+00:00"


@pytest.mark.parametrize("write", [as_uvicorn, as_combined, as_json])
def test_a_request_cannot_write_a_second_line(write):
    line = write(access(target="/\x1b[31m\n203.0.113.9 forged", client="203.0.113.7"))
    assert "\n" not in line
    assert "\x1b" not in line


def test_an_access_log_is_set_aside_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("airops_tui.playground.services.accesslog.KEEP_BYTES", 100)
    log = AccessLog(tmp_path / "x.log", "uvicorn")
    for _ in range(4):
        log.write(access())
    assert len((tmp_path / "x.log").read_text().splitlines()) == 2
    assert len((tmp_path / "x.log.1").read_text().splitlines()) == 2


def test_each_classroom_writes_its_own_format_and_uvicorns_has_no_time_in_it(playground: Playground):
    for name in ("hub", "proto3", "proto4"):
        get(playground.ports[name], "/api/v1/lesson", headers=STUDENT)
    until(lambda: any("192.0.2.77" in line for line in access_lines(playground, "proto4")), "a line in proto4's log")
    line = next(line for line in access_lines(playground, "proto4") if "192.0.2.77" in line)
    assert line == 'INFO:     192.0.2.77:0 - "GET /api/v1/lesson HTTP/1.1" 200 OK'
    combined = re.compile(
        r'192\.0\.2\.77 - - \[\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}\] "GET /api/v1/lesson HTTP/1.1" 200'
    )
    assert any(combined.match(line) for line in access_lines(playground, "hub"))
    assert any(json.loads(line)["remote_addr"] == "192.0.2.77" for line in access_lines(playground, "proto3"))


def test_the_visitors_are_seen_by_the_service_and_through_the_tunnel(playground: Playground):
    until(lambda: get(playground.ports["hub"], "/api/status").json["students_count"] >= 5, "five people on the hub")
    until(
        lambda: (
            {"203.0.113.27", "203.0.113.31"}
            <= set(re.findall(r"203\.[\d.]+", "\n".join(access_lines(playground, "proto4"))))
        ),
        "two people come through the tunnel",
    )


def test_the_hubs_root_redirects_and_its_lobby_answers(playground: Playground):
    assert get(playground.ports["hub"], "/").status == 307
    assert get(playground.ports["hub"], "/lobby").status == 200


def test_health_checks_and_status_requests_are_no_people(playground: Playground):
    before = get(playground.ports["proto1"], "/api/status").json["students_count"]
    for path in ("/health", "/", "/api/status"):
        get(playground.ports["proto1"], path)
    assert get(playground.ports["proto1"], "/api/status").json["students_count"] <= before + 1


def test_proto4_says_which_release_runs(playground: Playground):
    assert get(playground.ports["proto4"], "/health").json["version"] == "1.3.0"
    assert "Socratic Learning 1.3.0" in get(playground.ports["proto4"], "/").text


def test_a_chat_gets_an_unusable_reply_now_and_then_and_leaves_a_traceback(playground: Playground):
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", playground.ports["proto3"], timeout=10)
    codes = []
    while 500 not in codes:
        link.request("POST", "/api/v1/chat", json.dumps({"question": "Why?"}))
        answer = link.getresponse()
        answer.read()
        codes.append(answer.status)
        assert len(codes) < 200
    link.close()
    logs = "".join(file.read_text() for file in (playground.directory / "state" / "logs").glob("proto3-*.err.log"))
    assert "json.decoder.JSONDecodeError" in logs


def test_the_tunnel_is_ready_and_counts_what_goes_through(playground: Playground):
    assert get(playground.ports["tunnel"], "/ready").json["readyConnections"] == 4
    assert get(playground.ports["public-hub"], "/health").json["service"] == "hub"
    assert 'response_by_code{status_code="200"}' in get(playground.ports["tunnel"], "/metrics").text


def test_the_config_is_valid_private_and_names_every_service(playground: Playground):
    settings = load(playground.config_path)
    assert settings.title == "LLM Classroom"
    assert tuple(service.name for service in settings.services) == playground.names
    assert {service.manager for service in settings.services} == {"process"}
    assert settings.clusters[0].url.endswith(str(playground.ports["master"]))
    assert [service.name for service in settings.services if not Path(service.access_log or "/").is_file()] == [
        "tunnel"
    ]
    assert playground.config_path.stat().st_mode & 0o077 == 0
    assert playground.directory.stat().st_mode & 0o077 == 0
