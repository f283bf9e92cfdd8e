"""What is kept of an error of our own: where it came from, without the values that were in play.

A traceback with local variables holds secrets; this one has none, passes redaction, and is readable by its owner only.
"""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

from airops_tui.text import clean_lines, describe, redact


def write(error: BaseException, folder: Path | None) -> Path | None:
    """Write a crash file (mode 0600, never through a link) into `folder` and return its path; None if that failed too."""
    if folder is None:
        return None
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(report(error))
    return path


def report(error: BaseException) -> str:
    """The text of a crash file: the error in one line, then its traceback without local variables."""
    raw = "".join(traceback.format_exception(error))
    lines = [redact(line) for line in clean_lines(raw, lines=500)]
    return "\n".join([describe(error), "", *lines, ""])


def line(error: BaseException, path: Path | None) -> str:
    """The one line that is printed after the console has ended because of `error`."""
    kept = f"; details in {path}" if path else ""
    return f"airops: a bug of ours ended the console: {describe(error)}{kept}. Nothing it watches was touched."
