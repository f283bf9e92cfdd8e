"""What a test run could leave behind on this machine, and the difference between before and after."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass, fields
from pathlib import Path

from .component import CACHE, PREFIX, RUN, processes_marked

WATCHED_FOLDERS = ("/run", "/run/systemd", "/etc", "/var/lib", "/opt")
"""Folders of the system that components write to unless they are kept from it; what is ours has a folder of its own."""
COMPONENTS = ("docker", "containerd", "runc", "nspawn", "machines", "nginx", "supervisor", "pm2", "netns", "airops")
"""What a new name there says when it is theirs: other programs of this machine come and go as well."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything on the machine that a component could have added, as printable words."""

    processes: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]

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
    ours = (PREFIX, str(CACHE), "docker", "nspawn", "/run/guest")
    return Traces(
        processes=frozenset(f"{process.pid} {process.name()}" for process in processes_marked()),
        mounts=frozenset(mount for mount in mounts if any(word in mount for word in ours)),
        cgroups=frozenset(str(path) for path in Path("/sys/fs/cgroup").glob(f"**/airops-real-{RUN}-*")),
        files=frozenset(str(path) for path in _files()),
    )


def _files() -> Iterator[Path]:
    yield from Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    for folder in map(Path, WATCHED_FOLDERS):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if any(word in path.name for word in COMPONENTS))
