"""What counts as a good answer, as tables: codes, patterns, JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from airops_tui.config.settings import HealthRule
from airops_tui.model import Failure
from airops_tui.probes.document import MISSING, at, read_json
from airops_tui.probes.expect import Reply, judge

URL = "http://127.0.0.1/health"
HEALTHY = b'{"status": "ok", "uptime": 12.5, "checks": {"database": "error", "a/b": 1, "list": ["x", true]}}'


def verdict(reply: Reply, **rule: object) -> tuple[Failure | None, str | None]:
    health = judge(HealthRule(url=URL, **rule), reply, 1.0)
    assert health.ok is (health.failure is None) is (health.error is None)
    return health.failure, health.error


# codes


@pytest.mark.parametrize(
    ("status", "accepted", "error"),
    [
        (200, (), None),
        (204, (), None),
        (307, (200, 307), None),
        (404, (404,), None),
        (503, (503,), None),
        (199, (), "199"),
        (301, (), "301 Moved Permanently"),
        (200, (204,), "200 OK, expected 204"),
        (302, (200, 307), "302 Found, expected 200 or 307"),
        (404, (200,), "404 Not Found"),
        (599, (), "599"),
    ],
)
def test_which_codes_count_as_well(status: int, accepted: tuple[int, ...], error: str | None) -> None:
    failure, told = verdict(Reply(status), status=accepted)
    assert told == error
    assert failure is (None if error is None else Failure.STATUS)


def test_the_words_for_a_code_are_never_the_servers() -> None:
    assert verdict(Reply(500, ((b"reason", b"ALL FINE"),)))[1] == "500 Internal Server Error"


@pytest.mark.parametrize(
    ("status", "retry_after", "failure", "error"),
    [
        (429, None, Failure.LOADED, "429 Too Many Requests"),
        (429, b"5", Failure.LOADED, "429 Too Many Requests: asks to come back in 5 s"),
        (503, None, Failure.STATUS, "503 Service Unavailable"),
        (503, b"Wed, 21 Oct 2026 07:28:00 GMT", Failure.LOADED, "503 Service Unavailable"),
        (500, b"5", Failure.STATUS, "500 Internal Server Error"),
    ],
)
def test_asking_for_patience_is_loaded_and_not_dead(status, retry_after, failure, error) -> None:
    headers = ((b"retry-after", retry_after),) if retry_after else ()
    assert verdict(Reply(status, headers)) == (failure, error)


def test_where_a_redirect_leads_is_told_without_its_secrets() -> None:
    reply = Reply(302, ((b"location", b"http://ann:hunter2hunter2@app.example/login?token=abc\x1b[2J"),))
    told = verdict(reply)[1] or ""
    assert "app.example/login" in told
    assert "hunter2" not in told and "token" not in told and "\x1b" not in told


# patterns


@pytest.mark.parametrize(
    ("body", "pattern", "error"),
    [
        (b"all is well", "is w", None),
        ("온라인".encode(), "온라인", None),
        (b"line one\nstatus: ok\n", r"(?m)^status: ok$", None),
        (b"\xff\xfe broken \xff ok", "ok", None),
        (b"maintenance", "ok", '200, but /ok/ is not in its body, which begins "maintenance"'),
        (b"", "ok", "200, but /ok/ is not in its body, which is empty"),
        (b"ok", "(", "200, but /(/ is not a regular expression"),
    ],
)
def test_what_a_body_must_contain(body: bytes, pattern: str, error: str | None) -> None:
    assert verdict(Reply(200, body=body), body=pattern)[1] == error


def test_a_quoted_body_is_one_short_clean_line() -> None:
    told = verdict(Reply(200, body=b"\x1b]52;c;ZXZpbA==\x07one\n\n  two\t" + b"x" * 500), body="ok")[1]
    assert told is not None and told.isprintable() and "one two" in told and len(told) < 160


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_searches_for_ever(pattern: str) -> None:
    failure, error = verdict(Reply(200, body=b"a" * 65536 + b"!"), body=pattern)
    assert failure is Failure.BODY and error is not None and "still searching" in error


# JSON


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"/status": "ok"}, None),
        ({"/uptime": 12.5, "/checks/a~1b": 1}, None),
        ({"/checks/list/0": "x", "/checks/list/1": True}, None),
        ({"/checks/database": "ok"}, '200, but /checks/database is "error", expected "ok"'),
        ({"/status": "ok", "/checks/cache": "ok"}, '200, but /checks/cache is missing, expected "ok"'),
        ({"/checks/list/7": 1}, "200, but /checks/list/7 is missing, expected 1"),
        ({"/checks": "ok"}, '200, but /checks is an object, expected "ok"'),
        ({"/checks/list": "ok"}, '200, but /checks/list is a list, expected "ok"'),
        ({"/checks/a~1b": True}, "200, but /checks/a~1b is 1, expected true"),
        ({"/checks/list/1": 1}, "200, but /checks/list/1 is true, expected 1"),
        ({"/uptime": "12.5"}, '200, but /uptime is 12.5, expected "12.5"'),
    ],
)
def test_what_json_must_hold(rule: dict, error: str | None) -> None:
    assert verdict(Reply(200, body=HEALTHY), json=rule)[1] == error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "expecting value at character 0"),
        (b"<html>", "expecting value at character 0"),
        (b'{"a": NaN}', "a number that is none"),
        (b'{"a": -Infinity}', "a number that is none"),
        (b'{"a": 1e400}', "a number that is none"),
        (b'{"a": 1, "a": 2}', "the same key twice"),
        (b'{"b": {"a": 1, "a": 2}}', "the same key twice"),
        (b"[" * 100 + b"]" * 100, "too many levels"),
        (b"[" * 60000, "too many levels"),
        (b'{"a":' * 10000 + b"1" + b"}" * 10000, "too many levels"),
        (b'{"a": ' + b"9" * 5000 + b"}", "limit"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": 1} trailing', "extra data at character 9"),
    ],
)
def test_json_that_could_mean_two_things_is_refused(body: bytes, words: str) -> None:
    failure, error = verdict(Reply(200, body=body), json={"/a": 1})
    assert failure is Failure.BODY
    assert error is not None and error.startswith("200, but its body is not usable JSON: ") and words in error


def test_json_beyond_64_kib_cannot_be_judged() -> None:
    error = verdict(Reply(200, body=b'{"a": 1', truncated=True), json={"/a": 1})[1]
    assert error == "200, but its JSON is longer than 64 KiB"


def test_a_quoted_value_is_clean_short_and_without_secrets() -> None:
    body = json.dumps({"a": "\x1b[31m" + "x" * 300, "b": "https://ann:hunter2hunter2@db.example/"}).encode()
    assert (verdict(Reply(200, body=body), json={"/a": "ok"})[1] or "").isprintable()
    assert "hunter2" not in (verdict(Reply(200, body=body), json={"/b": "ok"})[1] or "")


@given(some.recursive(some.none() | some.booleans() | some.integers() | some.text(), lambda inner: some.lists(inner)))
def test_any_decent_document_is_read_as_the_standard_library_reads_it(document: object) -> None:
    assert read_json(json.dumps(document).encode()) == document


@given(some.binary(max_size=200))
def test_no_body_makes_the_judge_raise(body: bytes) -> None:
    verdict(Reply(200, body=body), json={"/a/0": 1}, body="x")


def test_the_pointer_of_the_whole_document_is_empty() -> None:
    assert at([1], "") == [1]
    assert at({"": 1}, "/") == 1
    assert at({"a~b": 1}, "/a~0b") == 1
    assert at(3, "/a") is MISSING
    assert at([1], "/-1") is MISSING
