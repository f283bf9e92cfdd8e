"""Guests: machines of their own, with a real systemd, journal, process ids and network, that boot in a second.

A guest is systemd-nspawn on a Debian root with a layer in memory above it. All its mounts live in a private mount
namespace and all its processes in a pid namespace, so the kernel removes both when it is switched off; what remains are
its cgroups, which `power_off` removes. The Python, the virtual environment and the repository of this run are visible
inside under their own paths: what runs here runs there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from . import debian
from .component import (
    REPOSITORY,
    RUN,
    Completed,
    Missing,
    end,
    last_words,
    launch,
    need_root,
    plain_environment,
    run,
    tool,
    wait_for,
)

CONTROLLERS = ("memory", "pids", "name=systemd", "")
"""The cgroup hierarchies a guest must not share with another: the empty name is version 2's."""

BOOT = """
set -e
rootfs=$1 seed=$2 cgroups=$3 console=$4; shift 4
for group in $cgroups; do echo $$ >"$group/cgroup.procs"; done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/guest/upper /run/guest/work /run/guest/root
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=/run/guest/upper,workdir=/run/guest/work" /run/guest/root
cp -a "$seed/." /run/guest/root/
exec "$@"
"""


class Guest:
    """One machine. `folder` is where its console output and the files laid over its root are kept."""

    def __init__(self, name: str, folder: Path) -> None:
        need_root("systemd in a guest")
        self.name = name
        self.folder = folder
        self.root = debian.root()
        self.nspawn = tool("systemd-nspawn", "systemd-container")
        self.groups = [where / f"airops-real-{RUN}-{name}" for where in own_groups()]
        self.leader = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.seed = folder / "seed"
        self.seed.mkdir(parents=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a file into the guest, before it boots or while it runs."""
        root = Path(f"/proc/{self.leader}/root") if self.leader else self.seed
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def boot(self) -> None:
        """Switch on, and wait until systemd says that all is started."""
        self.write("/etc/hostname", f"{self.name}\n")
        self.write("/etc/machine-id", "")
        (self.seed / "var/log/journal").mkdir(parents=True, exist_ok=True)
        for group in self.groups:
            group.mkdir(exist_ok=True)
        self._process = launch(
            [
                *("unshare", "--mount", "--propagation", "private", "sh", "-c", BOOT, "boot"),
                *(self.root, self.seed, " ".join(map(str, self.groups)), self.folder / "console"),
                *(self.nspawn, "--directory=/run/guest/root", "--boot", "--register=no", "--keep-unit"),
                *(f"--machine={self.name}", "--console=pipe", "--link-journal=no", "--private-network"),
                *("--resolv-conf=off", "--timezone=off", *_binds()),
            ],
            log=self.folder / "console",
            env=plain_environment(Path("/root")),
        )
        self.leader = wait_for(f"systemd of {self.name}: {self.folder}/console", self._find_leader)
        wait_for(f"{self.name} to be up", lambda: self._state() in {"running", "degraded"}, timeout=60)
        self._count_memory()

    def run(
        self, *argv: str | Path, timeout: float = 30, check: bool = True, env: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a program inside, as root, with nothing of this machine's environment."""
        inside = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **(env or {})}
        assignments = [f"{name}={value}" for name, value in inside.items()]
        return run(*enter(self.leader), "env", "-i", *assignments, *argv, timeout=timeout, check=check)

    def python(self, *argv: str | Path, timeout: float = 60, check: bool = True) -> Completed:
        """Run this run's Python inside, with this repository to import from."""
        env = {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
        return self.run(sys.executable, *argv, timeout=timeout, check=check, env=env)

    def shims(self, folder: Path, *names: str) -> Path:
        """A folder to put on PATH: programs of these names that run inside the guest."""
        folder.mkdir(exist_ok=True)
        for name in names:
            shim = folder / name
            shim.write_text(f'#!/bin/sh\nexec {" ".join(enter(self.leader))} {name} "$@"\n')
            shim.chmod(0o755)
        return folder

    def power_off(self) -> None:
        """Pull the plug; every process, mount and cgroup of the guest is gone afterwards."""
        if self._process is not None:
            if self.leader:
                os.kill(self.leader, signal.SIGKILL)  # and all others of its pid namespace with it
                self._process.wait(15)
            end(self._process)
            self._process = None
            self.leader = 0
        for group in self.groups:
            remove_group(group)
        shutil.rmtree(self.folder)

    def _find_leader(self) -> int:
        assert self._process is not None
        if self._process.poll() is not None:
            raise Missing(f"a guest does not start here: {last_words(self.folder / 'console')}")
        try:
            children = psutil.Process(self._process.pid).children()
            return next((child.pid for child in children if child.name() == "systemd"), 0)
        except psutil.Error:
            return 0

    def _state(self) -> str:
        return self.run("systemctl", "is-system-running", check=False).stdout.strip()

    def _count_memory(self) -> None:
        """Let systemd count memory and tasks where the kernel has version 1 cgroups, which nspawn mounts read-only."""
        for controller in ("memory", "pids"):
            path = f"/sys/fs/cgroup/{controller}"
            run("nsenter", "-t", str(self.leader), "-m", "mount", "-o", "remount,bind,rw", path, check=False)
        self.run("systemctl", "daemon-reexec")


def enter(leader: int) -> list[str]:
    """The argv that puts a program into the guest whose first process is `leader`."""
    return [tool("nsenter", "util-linux"), "-t", str(leader), "-m", "-p", "-u", "-i", "-n"]


def own_groups() -> list[Path]:
    """The cgroup folder of this process in each hierarchy that a guest needs a place of its own in."""
    mounted: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            mounted[""] = Path(before.split()[4])
        elif kind == "cgroup":
            mounted |= {option: Path(before.split()[4]) for option in options.split(",")}
    groups = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        where = mounted.get(controllers)
        if controllers in CONTROLLERS and where is not None:
            groups.append(where / path.lstrip("/"))
    return groups


def remove_group(group: Path, timeout: float = 5) -> None:
    """Remove a cgroup and those below it; the kernel needs a moment after the last process of one."""
    deadline = time.monotonic() + timeout
    while group.exists():
        for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
            with suppress(OSError):
                folder.rmdir()
        if not group.exists():
            return
        assert time.monotonic() < deadline, f"{group} still has processes: {(group / 'cgroup.procs').read_text()}"
        time.sleep(0.05)


def _binds() -> list[str]:
    python = Path(sys.base_prefix).resolve()
    seen = [f"--bind-ro={REPOSITORY}", f"--bind-ro={Path(sys.prefix).resolve()}"]
    if python != Path("/usr"):
        seen.append(f"--bind-ro={python}")
    return seen
