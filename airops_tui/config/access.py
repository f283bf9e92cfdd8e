"""Reading a file that airops obeys: only a regular one, only up to a limit, and only where nobody else can write it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

LIMIT = 1024 * 1024
"""Bytes that are read of a config; a real one has a few thousand."""


class Unreadable(Exception):
    """The file cannot be used at all. `what` is the sentence, `hint` the next thing to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class Content(NamedTuple):
    """A file's bytes, and what its inode said when it was opened."""

    data: bytes
    mode: int
    owner: int


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """The content of a regular file of at most `limit` bytes. Raises Unreadable."""
    try:
        # Without O_NONBLOCK opening a named pipe would wait for somebody to write to it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or 'not a path'}") from None
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(handle)
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit // 1024} KiB: hardly a file of settings")
    return Content(data, stat.S_IMODE(status.st_mode), status.st_uid)


def weakness(path: Path, content: Content, *, private: bool) -> tuple[str, str] | None:
    """Why a file that is obeyed must not be trusted, and the command that mends it; None if it may be.

    Who can write it decides what airops runs. `private`: it holds secrets, so nobody else may read it either.
    """
    import shlex

    me, file = os.geteuid(), shlex.quote(str(path))
    if content.owner not in (me, 0):
        mend = f"run: sudo chown {_user(me)} {file}"
        if me == 0:
            mend += f", or start airops as {_user(content.owner)}"
        return f"belongs to {_user(content.owner)}, who could make {_user(me)} run anything with it", mend
    if content.mode & 0o022:
        return f"can be written by others (mode {content.mode:04o})", f"run: chmod go-w {file}"
    if private and content.mode & 0o077:
        return f"holds secrets and can be read by others (mode {content.mode:04o})", f"run: chmod 600 {file}"
    return None


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
