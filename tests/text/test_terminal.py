"""The console in a real terminal, over services that attack it: not one byte of theirs reaches it as a command."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from airops_tui.ui.app import run_console
from tests.corpus import evil
from tests.text.test_sinks import snapshot_of
from tests.ui.drive import LiveFeed

MARKER = "SHOWN"
COMMAND = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]+[0-~]|.)|[\x00-\x1f\x7f]|\xc2[\x80-\x9f]"
    rb"|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)


def kinds(sent: bytes) -> set[bytes]:
    """The kinds of terminal command in what was sent: parameters left out, except of what asks, sets or writes."""
    return {re.sub(rb"\d+", b"", found) if found[:2] == b"\x1b[" else found[:6] for found in COMMAND.findall(sent)}


def shown(words: list[str]) -> None:
    """The console over one service for each text, until it is ended: what the child process runs."""
    services = tuple(service for text in words for service in snapshot_of(text).services)
    run_console(LiveFeed(replace(snapshot_of(f"{words[0]}{MARKER}"), services=services), 0.5), [])


@contextmanager
def console(attack: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A console in a pseudo-terminal of 140 x 45: its terminal end, and the process."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    argv = [sys.executable, "-m", "tests.text.test_terminal", attack]
    process = subprocess.Popen(
        argv, stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True
    )
    os.close(inside)
    try:
        yield terminal, process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        os.close(terminal)


def everything_sent(attack: str, keys: bytes) -> tuple[bytes, int]:
    """What the console sends until it is quit after these keys, and its exit code."""
    sent = b""
    with console(attack) as (terminal, process):
        pending = [keys[i : i + 1] for i in range(len(keys))] + [b"q"]
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.15)[0]:
                try:
                    sent += os.read(terminal, 65536)
                except OSError:
                    break
            elif MARKER.encode() in sent and pending:
                os.write(terminal, pending.pop(0))
        return sent, process.wait(10)


def test_attacks_send_no_command_that_harmless_text_does_not() -> None:
    keys = b"jjjGkk"
    harmless, code = everything_sent("harmless", keys)
    hostile, hostile_code = everything_sent("hostile", keys)
    assert code == hostile_code == 0
    assert kinds(hostile) - kinds(harmless) == set()


def test_the_check_itself_sees_a_command() -> None:
    attacks = [
        b"\x1b[c",
        b"\x1b]52;c;aGk=\x07",
        b"\x1bP+q544e\x1b\\",
        b"\x1bc",
        b"\x07",
        b"\xc2\x9b2J",
        b"\xe2\x80\xae",
    ]
    assert all(kinds(b"before" + attack + b"after") for attack in attacks)
    assert kinds("plain, 한국어, ✖ down".encode()) == set()


if __name__ == "__main__":
    samples = evil() if sys.argv[1] == "hostile" else []
    shown([sample.text[:300] for sample in samples] or ["harmless"] * 60)
