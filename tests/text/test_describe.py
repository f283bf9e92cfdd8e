"""An exception becomes one line that a person can act on and that tells no secret."""

from __future__ import annotations

import subprocess
import sys

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


def test_an_error_about_a_webhook_names_its_host_and_hides_its_path() -> None:
    error = ConnectionError("POST https://hooks.slack.com/services/T000/B000/XXXXXXXX: Connection refused")
    assert describe(error) == "ConnectionError: POST https://hooks.slack.com/[REDACTED] Connection refused"


def test_these_modules_need_nothing_but_the_standard_library_and_no_network() -> None:
    heavy = ("h11", "textual", "rich", "msgspec", "ssl", "socket", "asyncio", "hmac", "json", "urllib.parse")
    program = f"import sys; import airops_tui.text; print([name for name in {heavy!r} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert finished.stdout.strip() == "[]"
