"""An exception becomes one line that a person can act on and that tells no secret."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest

from airops_tui.errors import AiropsError
from airops_tui.text import describe


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("bad value"), "ValueError: bad value"),
        (TimeoutError(), "TimeoutError"),
        (FileNotFoundError(2, "No such file or directory", "/etc/x"), "No such file or directory: /etc/x"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (AiropsError("cannot read the config"), "cannot read the config"),
        (ValueError("two\nlines\x1b[2J"), "ValueError: two␊lines"),
        (ValueError("https://u:p@host/x?token=abc"), "ValueError: https://[REDACTED]@host/x?token=[REDACTED]"),
        (ExceptionGroup("all", [ExceptionGroup("in", [ValueError("first")]), KeyError("k")]), "ValueError: first"),
        (Mute(), "Mute: (RuntimeError while describing it)"),
        (
            subprocess.TimeoutExpired(["curl", "--password", "hunter2"], 3),
            "TimeoutExpired: Command '['curl', '--password', '[REDACTED]']' timed out after 3 seconds",
        ),
    ],
)
def test_what_an_exception_becomes(error: BaseException, line: str) -> None:
    assert describe(error) == line


def test_a_long_one_is_cut() -> None:
    assert len(describe(ValueError("x" * 5000))) <= 300


def test_an_error_of_the_http_client_names_the_host_and_hides_the_path_of_a_webhook() -> None:
    async def post() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(refused), trust_env=False) as client:
            await client.post("https://hooks.slack.com/services/T000/B000/XXXXXXXX")

    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    with pytest.raises(httpx.ConnectError) as caught:
        asyncio.run(post())
    assert describe(caught.value) == (
        "ConnectError: [Errno 111] Connection refused (POST https://hooks.slack.com/[REDACTED])"
    )


def test_a_refused_answer_is_told_by_its_status() -> None:
    request = httpx.Request("GET", "https://u:p@host.example/x?key=abc")
    with pytest.raises(httpx.HTTPStatusError) as caught:
        httpx.Response(503, request=request).raise_for_status()
    assert describe(caught.value) == (
        "HTTPStatusError: 503 Service Unavailable (GET https://[REDACTED]@host.example/x?key=[REDACTED])"
    )


def test_an_error_of_the_http_client_without_a_request_is_still_described() -> None:
    assert describe(httpx.ReadTimeout("slow")) == "ReadTimeout: slow"


def test_these_modules_need_nothing_but_the_standard_library_and_no_network() -> None:
    heavy = ("httpx", "textual", "rich", "msgspec", "ssl", "socket", "asyncio", "hmac", "json", "urllib.parse")
    program = f"import sys; import airops_tui.text; print([name for name in {heavy!r} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert finished.stdout.strip() == "[]"
