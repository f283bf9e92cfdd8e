"""The machine as a source."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from airops_tui.hosts.vitals import CpuTimes
from airops_tui.model import Disk
from airops_tui.sources import machine
from airops_tui.sources.base import read_once
from airops_tui.sources.machine import MachineSource


async def test_the_first_look_guesses_nothing_about_the_processor_and_does_not_wait_for_it() -> None:
    began = time.monotonic()
    reading = await read_once(MachineSource(5.0))
    assert reading.error is None
    assert reading.data.cpu_percent is None
    assert reading.data.disks[0].path == "/"
    assert time.monotonic() - began < 1.0


async def test_the_second_look_says_how_busy_it_was_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([CpuTimes(10, 100), CpuTimes(13, 110)])
    monkeypatch.setattr(machine, "cpu_times", lambda: next(moments))
    source = MachineSource(5.0)
    await source.read()
    assert (await source.read()).cpu_percent == pytest.approx(30.0)


async def test_a_disk_that_never_answers_costs_one_thread_and_nothing_but_the_disks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    calls = []

    def dead() -> tuple[Disk, ...]:
        calls.append(1)
        release.wait(60)
        return (Disk("/", 50.0, 1),)

    monkeypatch.setattr(machine, "disks", dead)
    monkeypatch.setattr(machine, "DISK_PATIENCE", 0.05)
    source = MachineSource(5.0)
    try:
        for _ in range(4):
            seen = await source.read()
            assert seen.disks == () and seen.memory_percent is not None
        assert len(calls) == 1
    finally:
        release.set()
    while not (await source.read()).disks:
        await asyncio.sleep(0.01)
