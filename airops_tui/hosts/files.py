"""Reading files of a managed system without trusting them: regular files only, never following the last link.

A log can be replaced by a FIFO, a device or a link to `/etc/shadow` by whoever owns its folder; opening must not block
and must not lead elsewhere. A link is followed only when it and its target belong to the same user.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from airops_tui.hosts.base import Answer, ListFolder, ReadFile, Trouble


def open_regular(path: Path) -> int:
    """A read-only descriptor of a regular file. Raises OSError; IsADirectoryError and friends for anything else."""
    descriptor = os.open(_same_owner(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        raise OSError(f"not a regular file: {path}")
    return descriptor


def _same_owner(path: Path) -> Path:
    """Resolve links whose owner owns the target as well (`current -> releases/…`); refuse the others."""
    if not path.is_symlink():
        return path
    target = path.resolve(strict=True)
    if path.lstat().st_uid not in (target.stat().st_uid, 0):
        raise PermissionError(f"link to a file of another user: {path}")
    return target


def read_file(request: ReadFile) -> Answer:
    """The first, or with `tail` the last, `limit` bytes of a regular file."""
    path = Path(request.path).expanduser()
    try:
        descriptor = open_regular(path)
    except OSError as error:
        if error.errno is None:
            return Answer(trouble=Trouble.DENIED, detail=str(error))
        raise
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if request.tail and size > request.limit:
            file.seek(size - request.limit)
        content = file.read(request.limit)
    return Answer(out=content, truncated=size > request.limit)


def list_folder(request: ListFolder) -> Answer:
    """The names in a folder, sorted, one a line; names with a newline in them are left out."""
    names = sorted(entry.name for entry in Path(request.path).expanduser().iterdir() if "\n" not in entry.name)
    return Answer(out="\n".join(names).encode("utf-8", "surrogateescape"))


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, mode 0700."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Replace a file, mode 0600. After a power cut it is old or new, never half: written aside, synced, renamed."""
    make_private(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
