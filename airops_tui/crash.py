"""What is left of a crash: one line a person can act on, and a file with the traceback but without any local variable.

Locals hold secrets; a traceback of file names and line numbers is enough to mend a bug.
"""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

from airops_tui import __version__
from airops_tui.text import describe, safe_lines


def report_crash(error: BaseException, folder: Path | None = None) -> str:
    """Write the crash file, mode 0600, and return the lines to show; a disk that refuses it changes these only."""
    line = f"airops: a bug of ours: {describe(error)}"
    try:
        return f"{line}\n  details: {_write(error, folder or _crash_folder())}"
    except OSError as refused:
        return f"{line}\n  its details could not be written: {describe(refused)}"


def _crash_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("airops", appauthor=False) / "crashes"


def _write(error: BaseException, folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"crash_{time.strftime('%Y%m%d_%H%M%S')}_{os.getpid()}.txt"
    lines = traceback.TracebackException.from_exception(error, capture_locals=False).format()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in (f"airops {__version__}", *safe_lines("".join(lines))))
    return path
