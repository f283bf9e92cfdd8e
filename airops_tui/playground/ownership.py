"""Who runs a playground, and how another terminal finds it.

A playground has one owner, the process that holds the lock on its folder; it loses that lock only by ending. Owners
leave a note in the user's state folder, so that `airops demo break` needs no `--dir`; notes of owners that are gone
are removed, together with the temporary folders they can no longer clean up themselves.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from airops_tui.errors import RefusedError, UsageError
from airops_tui.hosts.files import make_private, write_json
from airops_tui.playground.services.guard import LOCK_NAME

TEMPORARY_PREFIX = "airops-demo-"
PATIENCE = 3.0
"""Seconds to wait for the services of an owner that was killed to notice it."""


@dataclass(frozen=True, slots=True)
class Note:
    """Where a playground is, and whether its folder goes when it ends."""

    directory: Path
    temporary: bool


def take(directory: Path) -> int:
    """Become the owner: the descriptor that holds the lock. Raises RefusedError when somebody else is."""
    lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(lock)
                raise RefusedError(
                    f"a playground already runs in {directory}", "quit it there first, or give another --dir"
                ) from None
            time.sleep(0.02)


def is_owned(directory: Path) -> bool:
    """Whether somebody runs the playground in this folder now."""
    try:
        lock = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def notes_folder() -> Path:
    """Where owners leave their notes."""
    return platformdirs.user_state_path("airops") / "playgrounds"


@contextmanager
def announced(note: Note) -> Iterator[None]:
    """Leave a note for as long as this block runs. In a state folder that cannot be written none is left."""
    name = hashlib.sha256(str(note.directory).encode()).hexdigest()[:12]
    file = notes_folder() / f"{name}.json"
    with suppress(OSError):
        make_private(file.parent)
        write_json(file, {"directory": str(note.directory), "temporary": note.temporary})
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def find() -> Path:
    """The folder of the playground that runs now. Raises UsageError when there is none, or more than one."""
    running = [note.directory for _, note in _notes() if is_owned(note.directory)]
    if not running:
        raise UsageError("no playground runs", "start one with `airops demo`")
    if len(running) > 1:
        raise UsageError(f"{len(running)} playgrounds run", f"say which: --dir {' | --dir '.join(map(str, running))}")
    return running[0]


def is_temporary(directory: Path) -> bool:
    """Whether this is a folder made for a playground that keeps none, beyond what a note says: it is to be removed."""
    is_ours = directory.name.startswith(TEMPORARY_PREFIX) and (directory / LOCK_NAME).is_file()
    return is_ours and not directory.is_symlink()


def sweep() -> None:
    """Remove what owners that were killed left behind: their notes, and their folders if those were temporary."""
    for file, note in list(_notes()):
        if not is_owned(note.directory):
            if note.temporary and is_temporary(note.directory):
                shutil.rmtree(note.directory, ignore_errors=True)
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _notes() -> Iterator[tuple[Path, Note]]:
    for file in sorted(notes_folder().glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(file.read_text(encoding="utf-8"))
            yield file, Note(Path(said["directory"]), bool(said["temporary"]))
