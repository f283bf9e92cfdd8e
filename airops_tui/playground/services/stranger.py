"""A program that has nothing to do with the site and sits on the port of one of its services (fault `port-taken`).

It is a plain file server over an empty folder, so it answers, even politely: only not what the service would.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from airops_tui.playground.services import LOOPBACK
from airops_tui.playground.services.guard import end_with_owner

PATIENCE = 5.0
"""Seconds to wait for the service to let go of its port."""


def main() -> None:
    """Take the port as soon as it is free, and keep it."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--playground", type=Path, required=True)
    chosen = made.parse_args()
    end_with_owner(chosen.playground)
    handler = partial(SimpleHTTPRequestHandler, directory=Path.cwd())
    listen(chosen.port, handler).serve_forever(60)


def listen(port: int, handler: partial[SimpleHTTPRequestHandler]) -> ThreadingHTTPServer:
    """A server on this port. Raises OSError when the port stays taken for longer than PATIENCE."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ThreadingHTTPServer((LOOPBACK, port), handler)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
