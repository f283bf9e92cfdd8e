"""The way in: `airops` and `python -m airops_tui`."""

from __future__ import annotations

import gc
import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    # Importing makes many objects and no garbage: the collector would walk them again and again for nothing. Whatever
    # runs longer than a report turns it on again.
    gc.disable()
    from airops_tui.cli import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
