"""No secret leaves through any sink, and a log stays readable."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterator
from time import process_time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airops_tui import secrets
from airops_tui.redaction import PATTERNS
from airops_tui.text import REDACTED, Secret, clean, redact, redact_url, safe, safe_lines
from tests.corpus import evil

CANARY = "AIROPS_CANARY_4f1c9e/+p@ss \"w'rd\\ü"
KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
quick = settings(max_examples=200, derandomize=True, deadline=None, database=None)


@pytest.fixture(autouse=True)
def nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(secrets, "_forms", ())
    yield


def in_base64(before: int) -> Callable[[str], str]:
    return lambda value: base64.b64encode(b"u:" * before + value.encode() + b":x").decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda value: quote(value, safe=""),
    "percent, lower case": lambda value: re.sub("%..", lambda code: code[0].lower(), quote(value, safe="")),
    "form": quote_plus,
    "JSON": lambda value: json.dumps({"a": value}),
    "JSON, not ASCII only": lambda value: json.dumps({"a": value}, ensure_ascii=False),
    "JSON as PHP writes it": lambda value: json.dumps({"a": value}).replace("/", r"\/"),
    "Python": lambda value: repr({"a": value}),
    "HTML": html.escape,
    "shell": lambda value: shlex.join(["echo", value]),
    "hexadecimal": lambda value: value.encode().hex(),
    "base64, first place": in_base64(0),
    "base64, second place": in_base64(1),
    "base64, third place": in_base64(2),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", [CANARY, "hunter22", "bf1a7c1e-3d47-4a8f-9a33-6a5d2f60c1d1"])
def test_a_known_secret_is_found_in_every_coding(encoding: str, value: str) -> None:
    Secret(value)
    coded = ENCODINGS[encoding](value)
    shown = redact(f"2026-11-20 error for client: {coded} (3 tries)")
    assert REDACTED in shown
    assert "2026-11-20 error for client: " in shown
    assert shown.endswith("(3 tries)")
    longest_left = max(len(part) for part in shown.replace("2026-11-20 error for client: ", "").split(REDACTED))
    assert longest_left <= len(" (3 tries)") + 10  # what frames it: quotes, braces, a few characters of base64
    assert value not in shown


def test_a_canary_in_the_middle_of_anything_leaves_no_trace() -> None:
    Secret(CANARY)
    text = "\n".join(f"{name}: {coding(CANARY)}" for name, coding in ENCODINGS.items()) * 3
    shown = redact(text)
    for name, coding in ENCODINGS.items():
        inner = coding(CANARY)[6:-8]
        assert inner not in shown, name
    assert "CANARY" not in shown


@quick
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=6, max_size=60))
def test_no_secret_survives_whatever_it_is_made_of(value: str) -> None:
    Secret(value)
    if value.strip() in REDACTED:
        return
    assert value not in redact(f"before {value} after").replace(REDACTED, "")
    assert json.dumps(value)[1:-1] not in redact(json.dumps([value])).replace(REDACTED, "")


def test_short_values_are_left_alone_since_they_are_ordinary_words() -> None:
    Secret("8000")
    assert redact("port 8000") == "port 8000"


def test_a_longer_secret_is_hidden_whole_though_a_shorter_one_is_part_of_it() -> None:
    Secret("correct-horse")
    Secret("correct-horse-battery")
    assert redact("x correct-horse-battery y") == f"x {REDACTED} y"


def test_each_line_of_a_key_is_hidden() -> None:
    Secret(
        "-----BEGIN PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nBG5vbmUAAAAEbm9uZQAAAAA\n-----END PRIVATE KEY-----\n"
    )
    assert redact("line: b3BlbnNzaC1rZXktdjEAAAAA") == f"line: {REDACTED}"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        (
            "https://hooks.example.org/services/T0000/B0000/abcdefABCDEF123456789012",
            "POST https://hooks.example.org/services/T0000/B0000/abcdefABCDEF123456789012 failed: Name not known",
            f"POST https://hooks.example.org/{REDACTED} failed: Name not known",
        ),
        (
            "postgres://app:s3cr3t-word@db.internal/app",
            "auth failed with s3cr3t-word on db.internal",
            f"auth failed with {REDACTED} on db.internal",
        ),
        ("slack://TokenA12345/TokenB1234567890/TokenC", "post to TokenB1234567890", f"post to {REDACTED}"),
        ("https://example.org/x", "GET https://example.org/x", f"GET {REDACTED}"),
    ],
)
def test_of_a_secret_address_the_host_stays_readable(value: str, text: str, shown: str) -> None:
    Secret(value)
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [REDACTED]"),
        ("> authorization: Basic dXNlcjpwYXNz", "> authorization: Basic [REDACTED]"),
        ("Authorization: Bearer abc123 GET /x", "Authorization: Bearer [REDACTED] GET /x"),
        ('Proxy-Authorization: Digest username="a", response="b"', "Proxy-Authorization: [REDACTED]"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AK/2026, Signature=ab12", "Authorization: [REDACTED]"),
        ('{"Authorization": "Bearer abc", "x": 1}', '{"Authorization": "Bearer [REDACTED]", "x": 1}'),
        ('{"Authorization": ["token abc"], "x": 1}', '{"Authorization": ["token [REDACTED]"], "x": 1}'),
        ("{'authorization': 'abcdef'}", "{'authorization': '[REDACTED]'}"),
        ("sent Bearer eyx-123456 to host", "sent Bearer [REDACTED] to host"),
        ('Cookie: sid=abc; csrf="x y"', "Cookie: [REDACTED]"),
        ('{"set-cookie": "sid=abc; Path=/", "x": 1}', '{"set-cookie": "[REDACTED]", "x": 1}'),
        ("postgres://app:s3cret@db:5432/x", "postgres://[REDACTED]@db:5432/x"),
        ("https://ghost@host/x", "https://[REDACTED]@host/x"),
        ("redis://:p@ss@host/0", "redis://[REDACTED]@host/0"),
        ("amqp://u:pa/ss@host/vhost", "amqp://[REDACTED]@host/vhost"),
        ("GET /x?token=abc&page=2 HTTP/1.1", "GET /x?token=[REDACTED]&page=2 HTTP/1.1"),
        ("GET /x?key=AbC&sig=x%2F1&a_token=1 HTTP", "GET /x?key=[REDACTED]&sig=[REDACTED]&a_token=[REDACTED] HTTP"),
        ("DB_PASSWORD=hunter2 python main.py", "DB_PASSWORD=[REDACTED] python main.py"),
        ('SECRET_KEY = "a b\\"c" # note', 'SECRET_KEY = "[REDACTED]" # note'),
        ("PGPASS='x y'", "PGPASS='[REDACTED]'"),
        ('{"password": "hunter2", "user": "a"}', '{"password": "[REDACTED]", "user": "a"}'),
        ("{'api_key': None, 'DB_PASS': 'x'}", "{'api_key': [REDACTED], 'DB_PASS': '[REDACTED]'}"),
        (
            r'{"a": "{\"password\": \"hunter2\", \"x\": \"a\"}"}',
            r'{"a": "{\"password\": \"[REDACTED]\", \"x\": \"a\"}"}',
        ),
        ("X-Api-Key: abc123", "X-Api-Key: [REDACTED]"),
        ("password: correcthorse", "password: [REDACTED]"),
        ("  - client_secret: correcthorse\n  - x: y", "  - client_secret: [REDACTED]\n  - x: y"),
        ("login with password: hunter2, again", "login with password: [REDACTED], again"),
        ("password='unended value", "password='[REDACTED]"),
        ("mysql --password hunter2 --host db", "mysql --password [REDACTED] --host db"),
        ("tool --auth-token=abc -v", "tool --auth-token=[REDACTED] -v"),
        ("remote: ghp_16C7e42F292c6912E7710c838347Ae178B4a", "remote: [REDACTED]"),
        ("github_pat_11AAAAAAA0aaaaaaaaaaaa_bbbb", "[REDACTED]"),
        ("id AKIAIOSFODNN7EXAMPLE used", "id [REDACTED] used"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [REDACTED]"),
        ("xoxb-1234567890-abcdef", "[REDACTED]"),
        ("sk-proj-abcdef0123456789abcdef", "[REDACTED]"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3 ok", "jwt [REDACTED] ok"),
        (
            "POST https://hooks.slack.com/services/T000/B000/XXXX failed",
            "POST https://hooks.slack.com/[REDACTED] failed",
        ),
        ("https://discord.com/api/webhooks/123/abc-DEF", "https://discord.com/api/webhooks/[REDACTED]"),
        ("https://api.telegram.org/bot123:ABC/sendMessage", "https://api.telegram.org/[REDACTED]"),
        ("https://chat.example.org/hooks/abcdefghijklmnopqrstuvwxyz", "https://chat.example.org/hooks/[REDACTED]"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a [REDACTED] b"),
        (f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n{KEY_LINE}\nMII=\n-----END PRIVATE KEY-----\nx", "[REDACTED]\nx"),
        (f"-----BEGIN PRIVATE KEY-----␊{KEY_LINE}␊-----END PRIVATE KEY-----␊x", "[REDACTED]␊x"),
        (f'"-----BEGIN PRIVATE KEY-----\\n{KEY_LINE}\\n-----END PRIVATE KEY-----\\n"', '"[REDACTED]\\n"'),
        (f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n{KEY_LINE[:30]}", "[REDACTED]"),
        (f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 2.4 (x)\n\n{KEY_LINE}\n=ab1c", "[REDACTED]\n=ab1c"),
        ("-----BEGIN PRIVATE KEY-----\nINFO the disk is full\n", "[REDACTED]\nINFO the disk is full\n"),
    ],
)
def test_what_looks_like_a_secret_goes_and_what_frames_it_stays(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        '203.0.113.7 - - [20/Nov/2026:12:04:31 +0900] "GET /static/js/app.js HTTP/1.1" 200 5123 "-" "Mozilla/5.0"',
        "usage: prompt_tokens=512 completion_tokens=90 total_tokens: 602",
        "bad token: expired",
        "Basic authentication is required",
        "Bearer authentication failed",
        "KeyError: 'key'",
        '{"key": "cpu", "value": 3}',
        "primary key: id",
        "user@example.org logged in",
        "git clone git@github.com:a/b.git",
        "http://localhost:8000/users/@me",
        "compass: north, bypass=1, monkey=2",
        "Tokenizer loaded: 32000 entries",
        "secretary: Kim",
        "/hooks/list",
        "listening on unix:/run/app.sock",
        "-----BEGIN CERTIFICATE-----",
        "task-1234567890abcdefghijklmnop done",
        "Asia/Seoul",
        "",
    ],
)
def test_an_honest_line_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8000/health", "http://localhost:8000/health"),
        ("https://socratic.llmclass.org", "https://socratic.llmclass.org"),
        ("http://u:p@host:81/a/b?x=1#f", "http://[REDACTED]@host:81/a/b?x=1#f"),
        ("https://host/a?page=2&token=abc&y=1", "https://host/a?page=2&token=[REDACTED]&y=1"),
        ("https://hooks.slack.com/services/T/B/X", "https://hooks.slack.com/[REDACTED]"),
        ("https://host/in/0123456789abcdef01234567", "https://host/in/[REDACTED]"),
        ("https://host/ping/bf1a7c1e-3d47-4a8f-9a33-6a5d2f60c1d1", "https://host/ping/[REDACTED]"),
        ("slack://TokenA/TokenB/TokenC", "slack://[REDACTED]"),
        ("tgram://123:ABC/chat", "tgram://[REDACTED]"),
        ("postgresql+psycopg://a:b@db/x", "postgresql+psycopg://[REDACTED]@db/x"),
        ("not an address, token=abc", "not an address, token=[REDACTED]"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
    ],
)
def test_an_address_keeps_what_tells_where_and_loses_what_lets_in(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown


SEEDS = [sample.text[:40] for sample in evil()] + [
    *(
        "token=",
        "password:",
        "Authorization:",
        "Bearer ",
        "Cookie: ",
        "hooks/",
        "--token ",
        "key",
        "=",
        "://",
        "@",
        "eyJ",
    ),
    *('"', "'", "\\", ".", " ", "\n", "abc123", "a" * 30, "[REDACTED]", "[", "-----BEGIN PRIVATE KEY-----"),
]


@quick
@given(st.lists(st.one_of(st.sampled_from(SEEDS), st.text(max_size=5)), max_size=12).map("".join))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert safe(safe(text)) == safe(text)


FRAGMENTS = [
    *(
        "token",
        "token=",
        "token:",
        'token="',
        "password: '",
        '\\"token\\":\\"',
        " token :",
        "token  ",
        "token    =    ",
    ),
    *("authorization:", "authorization: bearer ", "bearer ", "basic aaaa", "cookie:", "cookie: [", "key=", "auth="),
    *("://", "://a", "://a:", "://a@", "a@", "a:", "hooks/", "/hook/", "--a-", "--token ", "-", "a.", "_", '\\\\\\"'),
    *("eyJ", "eyJaaaaaaaa.", "eyJ-", "ghp_", "sk-", "sk-a", "xoxb-", "xox", "AKIA", "AIza", "npm_"),
    *("-----BEGIN ", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----" + "a" * 21),
    *("-----BEGIN PRIVATE KEY-----\n", "\\n", "\\", "Version:"),
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_text_is_slow_to_redact(fragment: str) -> None:
    def seconds(length: int) -> float:
        text = "telegram -- private key xox eyj " + fragment * (length // len(fragment)) + " "
        return min(_timed(text) for _ in range(2))

    assert seconds(32_000) < 20 * seconds(4_000) + 0.02


def _timed(text: str) -> float:
    started = process_time()
    redact(text)
    redact_url("http://h/" + text)
    return process_time() - started


def test_each_pattern_is_reached_by_its_own_hints() -> None:
    for pattern in PATTERNS:
        assert pattern.hints
        assert all(hint == hint.lower() for hint in pattern.hints)


def test_lines_are_redacted_together_so_that_a_key_is_seen_and_cut_afterwards() -> None:
    Secret("correct-horse-battery")
    key = f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n{KEY_LINE}\n-----END PRIVATE KEY-----"
    assert safe_lines(f"one\r\n{key}\n\x1b[31mtwo\n") == ["one", REDACTED, "two"]
    assert all("correct" not in line for line in safe_lines("x" * 70 + "correct-horse-battery", limit=85))
    assert safe_lines("") == safe_lines(b"") == []


def test_of_a_long_text_all_that_is_not_shown_is_counted() -> None:
    for show in (clean, safe, lambda text, limit: safe_lines(text, limit=limit)[0]):
        shown = show("x" * 1_000_000, limit=100)
        assert int(shown.partition("(+")[2].rstrip(")")) + shown.count("x") == 1_000_000


def test_a_secret_split_by_an_escape_or_by_the_cut_is_still_found() -> None:
    Secret("correct-horse-battery")
    assert safe("x correct-\x1b[0mhorse\x1b[1m-battery y") == f"x {REDACTED} y"
    assert "correct" not in safe("x" * 60 + "correct-horse-battery" + "y" * 60, limit=75)
    assert clean("correct-\x1b[0mhorse-battery") == "correct-horse-battery"
