"""One playground that runs, for all tests that can share it, and how they ask and wait."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from airops_tui.playground import ownership
from airops_tui.playground.world import Playground, open_playground

PATIENCE = 15.0


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def get(port: int, path: str, *, timeout: float = 10.0, headers: dict[str, str] | None = None) -> Reply:
    """One GET on loopback. Raises OSError (TimeoutError, ConnectionRefusedError, …) as http.client does."""
    began = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        link.request("GET", path, headers=headers or {})
        answer = link.getresponse()
        return Reply(answer.status, answer.read().decode(), time.monotonic() - began)
    finally:
        link.close()


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for a condition; fail with a sentence when it does not come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE:g} s"
        time.sleep(0.02)


def alive(pid: int, started: float | None = None) -> bool:
    """Whether a process lives (a zombie has ended); with `started`, whether it is still the one that began then."""
    try:
        process = psutil.Process(pid)
        same = started is None or process.create_time() == started
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where owners leave their notes in this test: not in the user's state folder."""
    folder = tmp_path / "notes"
    monkeypatch.setattr(ownership, "notes_folder", lambda: folder)
    return folder


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """One for all tests that only look at it or mend what they break."""
    folder = tmp_path_factory.mktemp("shared-notes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ownership, "notes_folder", lambda: folder)
        running = open_playground().start()
    yield running
    running.stop()
