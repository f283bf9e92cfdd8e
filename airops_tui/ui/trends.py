"""The last few dozen looks at each service, for the sparklines: kept by the console for as long as it is open."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from airops_tui.model import Service, Snapshot

LENGTH = 60


@dataclass(slots=True)
class Trend:
    """Milliseconds of latency and percent of a core, oldest first. None: the look brought no such number."""

    latency: deque[float | None] = field(default_factory=lambda: deque(maxlen=LENGTH))
    cpu: deque[float | None] = field(default_factory=lambda: deque(maxlen=LENGTH))
    looked_mono: float | None = None

    def add(self, service: Service) -> None:
        """Take in a service, unless it tells nothing newer than the last time."""
        if service.looked_mono is None or service.looked_mono == self.looked_mono:
            return
        self.looked_mono = service.looked_mono
        answered = service.health is not None and service.health.failure is None
        self.latency.append(service.health.latency_ms if answered and service.health else None)
        self.cpu.append(service.cpu_percent)


class Trends:
    """The trend of every service of the snapshots that were added. Services that left the picture are forgotten."""

    def __init__(self) -> None:
        self._trends: dict[str, Trend] = {}

    def add(self, snapshot: Snapshot) -> None:
        kept = {service.name: self._trends.get(service.name) or Trend() for service in snapshot.services}
        for service in snapshot.services:
            kept[service.name].add(service)
        self._trends = kept

    def of(self, name: str) -> Trend:
        return self._trends.get(name) or Trend()
