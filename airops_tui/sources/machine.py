"""The machine airops runs on as a source: processor, load, memory, disks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from msgspec.structs import replace

from airops_tui.hosts.vitals import CpuTimes, cpu_percent, cpu_times, disks, vitals
from airops_tui.model import Disk, Machine
from airops_tui.threads import in_thread

DISK_PATIENCE = 2.0
"""Seconds that the disks may take; a dead network disk never answers."""


@dataclass(slots=True)
class MachineSource:
    """Reads a `Machine`. How busy the processor is shows between two looks; the first says None, never a guess."""

    every: float
    name: str = "machine"
    deadline: float = DISK_PATIENCE + 1.0
    _before: CpuTimes | None = None
    _measuring: asyncio.Task[tuple[Disk, ...]] | None = None

    async def read(self) -> Machine:
        """Look once. Disks that do not answer in time are left out, and not asked again until they did."""
        before, self._before = self._before, cpu_times()
        busy = cpu_percent(before, self._before) if before else None
        return replace(vitals(), cpu_percent=busy, disks=await self._disks())

    async def _disks(self) -> tuple[Disk, ...]:
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.create_task(in_thread(disks))
        done, _ = await asyncio.wait({self._measuring}, timeout=DISK_PATIENCE)
        return self._measuring.result() if done else ()
