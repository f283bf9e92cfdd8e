"""The console over made-up services that change a little at every look, for trying and measuring it in a terminal.

    python -m tests.ui.drive [--services 20] [--period 5] [--state DIR]

With no real service behind it, what it costs is the screen alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from pathlib import Path

from msgspec.structs import replace

from airops_tui.model import Service, Snapshot
from airops_tui.ui.app import run_console
from airops_tui.ui.feed import Extra
from tests.ui.replay import ReplayFeed, classroom, many


class LiveFeed(ReplayFeed):
    """Publishes a slightly different picture every period, in a thread of its own, as the poller does."""

    def __init__(self, snapshot: Snapshot, period: float) -> None:
        super().__init__()
        self.period, self._now = period, snapshot
        self._random = random.Random(1)
        self._stopped, self._due = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._due.set()
        if self._thread.ident:
            self._thread.join(2)

    def refresh(self, name: str | None = None) -> None:
        self._due.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self.paused:
                self.publish(self._next())
            self._due.wait(self.period)
            self._due.clear()

    def _next(self) -> Snapshot:
        mono = time.monotonic()
        services = tuple(self._vary(service, mono) for service in self._now.services)
        return replace(self._now, at=time.time(), mono=mono, refresh=self.period, services=services)

    def _vary(self, service: Service, mono: float) -> Service:
        if service.stale:
            return replace(service, looked_mono=mono - 96)
        health = service.health
        if health is not None and health.latency_ms is not None:
            health = replace(health, latency_ms=health.latency_ms * self._random.uniform(0.8, 1.3))
        cpu = service.cpu_percent and max(0.0, service.cpu_percent + self._random.uniform(-0.2, 0.2))
        return replace(service, health=health, cpu_percent=cpu, looked_mono=mono)


def _crash(secret: str) -> None:
    raise RuntimeError("nothing will come of it")


def main() -> int:
    """Run until it is left; the exit code is the console's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=0, help="so many made-up ones; 0: the classroom")
    parser.add_argument("--period", type=float, default=5.0)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--crash", metavar="SECRET", help="end with a bug, this text being in play")
    args = parser.parse_args()
    feed = LiveFeed(many(args.services) if args.services else classroom(), args.period)
    if args.crash:
        feed.start = lambda: _crash(args.crash)  # type: ignore[method-assign]
    commands = [Extra("sleep", "takes two seconds", lambda: time.sleep(2) or "slept well")]
    return run_console(feed, commands, state=args.state)


if __name__ == "__main__":
    sys.exit(main())
