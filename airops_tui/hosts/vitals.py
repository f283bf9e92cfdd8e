"""How the machine itself is doing: processor, memory, file systems."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import msgspec
import psutil

from airops_tui.model import Disk, Machine
from airops_tui.text import clean

_IMAGES = frozenset({"squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs"})  # always full, and meant to be
_MACOS_PARTS = "/System/Volumes/"  # of the volume that "/" shows


class CpuTimes(msgspec.Struct, frozen=True):
    """Processor seconds since boot, of all cores together. `busy` leaves out idling and waiting for disks."""

    busy: float
    total: float


class Mount(Protocol):
    """A mounted file system, as psutil describes it."""

    @property
    def device(self) -> str: ...
    @property
    def mountpoint(self) -> str: ...
    @property
    def fstype(self) -> str: ...


def cpu_times() -> CpuTimes:
    """The processor times of this moment."""
    times = psutil.cpu_times()
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # is part of user and nice already
    total = sum(times) - guest
    return CpuTimes(total - times.idle - getattr(times, "iowait", 0.0), total)


def cpu_percent(before: CpuTimes, after: CpuTimes) -> float | None:
    """How busy the processor was between two moments, in percent of all cores; None if no time has passed."""
    passed = after.total - before.total
    return min(100.0, max(0.0, 100 * (after.busy - before.busy) / passed)) if passed > 0 else None


def vitals() -> Machine:
    """Everything that can be read without waiting: all but processor percent and disks."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Machine(
        load=os.getloadavg(),
        memory_percent=memory.percent,
        memory_available_bytes=memory.available,
        swap_percent=swap.percent if swap.total else None,
        cores=psutil.cpu_count(),
        booted_at=psutil.boot_time(),
    )


def disks() -> tuple[Disk, ...]:
    """The local file systems that hold data, "/" first. Blocks for as long as a dead disk pleases."""
    mounted = [part for part in psutil.disk_partitions(all=False) if Path(part.mountpoint).is_dir()]
    return tuple(disk for place in places(mounted) if (disk := _measured(place)) is not None)


def places(mounted: Iterable[Mount]) -> list[str]:
    """One mount point for each file system worth watching: no images, no second mount of the same device.

    "/" is always among them: in a container it is of a kind that is otherwise left out.
    """
    chosen: dict[str, str] = {}
    for mount in sorted(mounted, key=lambda mount: len(mount.mountpoint)):
        if mount.fstype not in _IMAGES and not mount.mountpoint.startswith(_MACOS_PARTS):
            chosen.setdefault(mount.device, mount.mountpoint)
    return ["/", *sorted(set(chosen.values()) - {"/"})]


def _measured(place: str) -> Disk | None:
    try:
        used = psutil.disk_usage(place)
    except OSError:  # gone, or not permitted
        return None
    return Disk(clean(place), used.percent, used.free) if used.total else None
