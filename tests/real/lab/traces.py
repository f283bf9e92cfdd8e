"""What a test run could leave behind on this machine, and the difference between before and after."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass, fields
from pathlib import Path

from .component import PREFIX, RUN, processes_marked

WATCHED_FOLDERS = (
    "/run",
    "/run/netns",
    "/run/systemd",
    "/etc",
    "/var/lib",
    "/etc/docker",
    "/run/docker",
    "/run/lock",
    "/opt",
)
"""Folders of the system in which nothing new may be; what components write has a folder of its own."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything on the machine that a component could have added, as printable words."""

    processes: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]
    links: frozenset[str]

    def added_since(self, before: Traces) -> list[str]:
        """One line for each thing that is here and was not before."""
        lines = []
        for field in fields(self):
            new: Set[str] = getattr(self, field.name) - getattr(before, field.name)
            lines += [f"{field.name}: {thing}" for thing in sorted(new)]
        return lines


def traces() -> Traces:
    """The state of this machine now."""
    mounts = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return Traces(
        processes=frozenset(f"{process.pid} {process.name()}" for process in processes_marked()),
        mounts=frozenset(mounts),
        cgroups=frozenset(str(path) for path in Path("/sys/fs/cgroup").glob(f"**/airops-real-{RUN}-*")),
        files=frozenset(str(path) for path in _files()),
        links=frozenset(path.name for path in Path("/sys/class/net").iterdir()),
    )


def _files() -> Iterator[Path]:
    yield from Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    for folder in map(Path, WATCHED_FOLDERS):
        if folder.is_dir():
            yield from folder.iterdir()
