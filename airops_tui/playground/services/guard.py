"""Ends a playground service when the playground that started it is gone, however it went.

The owner holds an exclusive `flock` on `owner.lock` for as long as it lives; the kernel lets go of it even after
SIGKILL. Every service waits for that lock in a thread of its own, which costs nothing while it waits, and ends the
moment it gets it. So nothing is left behind and nobody has to search for leftovers.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from pathlib import Path

LOCK_NAME = "owner.lock"
ABANDONED = 3
"""Exit code of a service that finds its playground without an owner."""


def end_with_owner(playground: Path) -> None:
    """Watch over this process from now on. Ends it at once when nobody owns the playground."""
    lock = os.open(playground / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        threading.Thread(target=_wait_for_the_end, args=(lock,), daemon=True, name="guard").start()
        return
    sys.exit(f"nobody runs the playground in {playground}: `airops demo --dir {playground}` does")


def _wait_for_the_end(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_SH)
    os._exit(ABANDONED)  # from a thread, whatever the main thread is doing: a hung service must end, too
