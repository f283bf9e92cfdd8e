"""The machine's own numbers."""

from __future__ import annotations

import os
from typing import NamedTuple

import psutil
import pytest

from airops_tui.hosts import vitals
from airops_tui.hosts.vitals import CpuTimes, cpu_percent, cpu_times, disks, places


class Mounted(NamedTuple):
    device: str
    mountpoint: str
    fstype: str = "ext4"


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        (CpuTimes(10, 100), CpuTimes(15, 110), 50.0),
        (CpuTimes(10, 100), CpuTimes(10, 110), 0.0),
        (CpuTimes(10, 100), CpuTimes(10, 100), None),
        (CpuTimes(10, 100), CpuTimes(9, 110), 0.0),  # counters of a virtual machine step back now and then
        (CpuTimes(10, 100), CpuTimes(10, 90), None),
        (CpuTimes(10, 100), CpuTimes(30, 110), 100.0),
    ],
)
def test_how_busy_the_processor_was(before: CpuTimes, after: CpuTimes, percent: float | None) -> None:
    assert cpu_percent(before, after) == percent


def test_processor_times_grow_and_busy_is_part_of_them() -> None:
    first = cpu_times()
    sum(range(3_000_000))
    second = cpu_times()
    assert 0 < second.busy < second.total
    assert second.total >= first.total


def test_the_numbers_are_those_of_this_machine() -> None:
    machine = vitals.vitals()
    assert machine.cores == os.cpu_count()
    assert machine.memory_percent is not None and 0 < machine.memory_percent < 100
    assert machine.memory_available_bytes == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    assert machine.booted_at == psutil.boot_time()
    assert machine.load is not None and len(machine.load) == 3
    assert machine.cpu_percent is None


def test_a_machine_without_swap_has_no_percentage_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    none = psutil.swap_memory()._replace(total=0, percent=0.0)
    monkeypatch.setattr(psutil, "swap_memory", lambda: none)
    assert vitals.vitals().swap_percent is None


def test_the_root_disk_is_counted_as_df_counts_it() -> None:
    disk = disks()[0]
    told = os.statvfs("/")
    used = told.f_blocks - told.f_bfree
    assert disk.path == "/"
    assert disk.percent == pytest.approx(100 * used / (used + told.f_bavail), abs=1.0)


@pytest.mark.parametrize(
    ("mounted", "shown"),
    [
        ([], ["/"]),
        ([Mounted("/dev/sda1", "/"), Mounted("/dev/sdb1", "/var")], ["/", "/var"]),
        ([Mounted("/dev/sda1", "/srv/bind"), Mounted("/dev/sda1", "/")], ["/"]),
        ([Mounted("/dev/sdb1", "/data/a/b"), Mounted("/dev/sdb1", "/data")], ["/", "/data"]),
        ([Mounted("/dev/loop3", "/snap/core", "squashfs"), Mounted("/dev/sr0", "/cdrom", "iso9660")], ["/"]),
        (
            [
                Mounted("/dev/disk3s1s1", "/", "apfs"),
                Mounted("/dev/disk3s5", "/System/Volumes/Data", "apfs"),
                Mounted("/dev/disk5s1", "/Volumes/Backup", "apfs"),
            ],
            ["/", "/Volumes/Backup"],
        ),
    ],
)
def test_each_file_system_is_shown_once(mounted: list[Mounted], shown: list[str]) -> None:
    assert places(mounted) == shown


def test_a_disk_that_went_away_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    gone = [Mounted("/dev/sdz", str(tmp_path)), Mounted("/dev/sdy", str(tmp_path / "no such folder"))]
    real = psutil.disk_usage

    def usage(path: str):
        if path == str(tmp_path):
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(psutil, "disk_partitions", lambda all: gone)  # noqa: A006
    monkeypatch.setattr(psutil, "disk_usage", usage)
    assert [disk.path for disk in disks()] == ["/"]
