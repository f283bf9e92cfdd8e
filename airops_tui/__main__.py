"""The way in: `airops` and `python -m airops_tui`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    from airops_tui.cli import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
