"""An endpoint as a source."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from airops_tui.config.settings import HealthRule
from airops_tui.model import Failure, Health
from airops_tui.probes import dial
from airops_tui.probes.dial import Dialer
from airops_tui.sources.base import read_once
from airops_tui.sources.health import HealthSource

from ..probes.faultserver import answering, serving, silent


def source(url: str, timeout: float = 5.0) -> HealthSource:
    return HealthSource("health:app", HealthRule(url=url, timeout=timeout), Dialer(), every=5.0)


async def test_a_look_becomes_a_reading_of_health() -> None:
    async with serving(answering()) as server:
        reading = await read_once(source(server.url()))
    assert reading.source == "health:app" and reading.error is None
    assert isinstance(reading.data, Health) and reading.data.ok


async def test_a_failed_look_is_data_that_says_what_failed() -> None:
    async with serving(silent) as server:
        reading = await read_once(source(server.url(), timeout=0.2))
    assert reading.error is None
    assert reading.data.failure is Failure.HANG


async def test_the_deadline_of_the_rule_comes_before_that_of_the_source() -> None:
    assert source("http://127.0.0.1/", timeout=7.0).deadline > 7.0 + dial.QUEUE_SECONDS


async def test_trouble_of_our_own_is_an_error_and_not_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(dial.socket, "socket", no_more)
    reading = await read_once(source("http://127.0.0.1/"))
    assert reading.data is None
    assert reading.error is not None and "open files" in reading.error


async def test_a_hundred_sources_hang_together_no_longer_than_one() -> None:
    async with serving(silent) as server:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(read_once(source(server.url(), timeout=0.5)) for _ in range(100)))
        assert asyncio.get_running_loop().time() - began < 5.0
