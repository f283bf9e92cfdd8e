"""A feed that shows what it is told, and a site worth looking at: the test double for the poller."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from airops_tui.model import (
    Change,
    Disk,
    Failure,
    Health,
    LastWords,
    LogOrigin,
    Machine,
    Port,
    Process,
    Service,
    Snapshot,
    State,
    UnitState,
    UnitStatus,
)

MONO = 50_000.0
AT = 1_795_176_271.0  # 2026-11-20 12:04:31 in UTC
HOUR, DAY = 3600.0, 86400.0


class ReplayFeed:
    """Publishes the snapshots it is given, and remembers what was asked of it."""

    def __init__(self, *snapshots: Snapshot, first: Snapshot | None = None) -> None:
        self.first = first
        self.period = 5.0
        self.paused = False
        self.asked: list[str] = []
        self._first = snapshots
        self._listeners: list[Callable[[Snapshot], None]] = []

    def listen(self, listener: Callable[[Snapshot], None]) -> None:
        self._listeners.append(listener)

    def publish(self, snapshot: Snapshot) -> None:
        for listener in self._listeners:
            listener(snapshot)

    def start(self) -> None:
        self.asked.append("start")
        for snapshot in self._first:
            self.publish(snapshot)

    def stop(self) -> None:
        self.asked.append("stop")

    def refresh(self, name: str | None = None) -> None:
        self.asked.append("refresh")

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def set_period(self, seconds: float) -> None:
        self.period = seconds


class Clock:
    """A monotonic clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = MONO

    def __call__(self) -> float:
        return self.now


def up(
    name: str, title: str, port: int, pid: int, *, ms: float = 12.0, cpu: float = 0.4, age: float = 3 * DAY
) -> Service:
    """A service of the classroom that is well."""
    return Service(
        name=name,
        title=title,
        state=State.UP,
        reason=f"200 in {ms:.0f} ms",
        host="mini",
        manager="launchd",
        unit=f"com.llmclassroom.{name}",
        unit_status=UnitStatus(UnitState.RUNNING, "running", pid=pid),
        health=Health(True, 200, ms),
        health_url=f"http://localhost:{port}/health",
        port=Port(port, True, Process(pid, 1, "python3", "ops")),
        pid=pid,
        started_at=AT - age,
        restarts=0,
        cpu_percent=cpu,
        memory_bytes=84 * 2**20,
        processes=1,
        looked_mono=MONO - 0.2,
        directory=f"/Users/ops/llmclass_platform/{name}",
        logs=(LogOrigin("file", f"/Users/ops/logs/{name}.log"),),
    )


def classroom() -> Snapshot:
    """A classroom at noon: one service down, one slow, one on a port that somebody else took, the others well."""
    down = replace(
        up("proto1", "Strategic Learning", 8001, 0),
        state=State.DOWN,
        reason="refused: nothing listens on localhost:8001",
        unit_status=UnitStatus(UnitState.FAILED, "exited with code 1, 3 restarts", exit_code=1),
        health=Health(False, None, None, "refused: nothing listens on localhost:8001", Failure.REFUSED),
        port=Port(8001, False),
        pid=None,
        started_at=None,
        restarts=3,
        cpu_percent=None,
        memory_bytes=None,
        processes=0,
        change=Change(AT - 204, State.UP),
        depends_on=("tunnel", "hub"),
        last_words=LastWords(
            "proto1.error.log",
            (
                "Traceback (most recent call last):",
                '  File "/Users/ops/llmclass_platform/proto1/main.py", line 12, in <module>',
                "    import openai",
                "ModuleNotFoundError: No module named 'openai'",
            ),
        ),
    )
    slow = replace(
        up("proto3", "Free Learning", 8002, 3177, cpu=31.0),
        state=State.SLOW,
        reason="200 in 2.4 s",
        health=Health(True, 200, 2412.0, slow=True),
        memory_bytes=212 * 2**20,
    )
    taken = replace(
        up("admin", "Admin Page", 8080, 0),
        state=State.DOWN,
        reason="port 8080 is held by nginx (pid 811, user www)",
        unit_status=UnitStatus(UnitState.STOPPED, "not running"),
        health=Health(True, 200, 3.0),
        port=Port(8080, True, Process(811, 1, "nginx", "www"), conflict=True),
        pid=None,
        started_at=None,
        cpu_percent=None,
        memory_bytes=None,
    )
    tunnel = replace(
        up("tunnel", "Cloudflare tunnel", 0, 901, cpu=0.1),
        reason="running",
        health=None,
        health_url=None,
        port=None,
        memory_bytes=33 * 2**20,
    )
    proto4 = replace(
        up("proto4", "Socratic Learning", 8000, 4121),
        public=Health(True, 200, 80.0, facts=("certificate good until 2027-02-11, 83 days",)),
        public_url="https://socratic.llmclass.org",
        processes=4,
    )
    return Snapshot(
        title="LLM Classroom",
        host="mini",
        at=AT,
        mono=MONO,
        timezone="UTC",
        refresh=5.0,
        machine=Machine(12.0, (0.4, 0.5, 0.6), 41.0, 9 * 2**30, 0.0, (Disk("/", 61.0, 61 * 2**30),), 8),
        services=(
            up("hub", "Classroom hub", 8003, 2210, ms=9, cpu=0.2, age=5 * HOUR),
            down,
            slow,
            proto4,
            taken,
            tunnel,
            replace(
                up("archive", "Old lessons", 8004, 0),
                state=State.STOPPED,
                reason="stopped",
                health=None,
                pid=None,
                started_at=None,
                unit_status=UnitStatus(UnitState.STOPPED, "not loaded"),
                cpu_percent=None,
                memory_bytes=None,
                port=Port(8004, False),
            ),
            replace(
                up("web1", "Web on EC2", 8000, 1204, ms=41, age=9 * DAY),
                host="sydney",
                manager="systemd",
                unit="web.service",
                stale=True,
                looked_mono=MONO - 96,
            ),
        ),
    )


def many(count: int) -> Snapshot:
    """As many services, all well but every fiftieth."""
    services: Sequence[Service] = [
        up(f"service-{number:04}", f"Service {number}", 10_000 + number, 20_000 + number, ms=number % 90 + 1)
        for number in range(count)
    ]
    services = [
        replace(service, state=State.DOWN, reason="hang") if number % 50 == 7 else service
        for number, service in enumerate(services)
    ]
    return Snapshot("Big", "farm", AT, MONO, services=tuple(services), timezone="UTC")


def newer(snapshot: Snapshot, seconds: float = 5.0) -> Snapshot:
    """The same picture, looked at again some seconds later."""
    return replace(
        snapshot,
        at=snapshot.at + seconds,
        mono=snapshot.mono + seconds,
        services=tuple(
            service if service.stale else replace(service, looked_mono=(service.looked_mono or 0) + seconds)
            for service in snapshot.services
        ),
    )


def history() -> Sequence[Snapshot]:
    """The looks of the last two and a half minutes, up to the one of `classroom()`."""
    rng = random.Random(3)
    return [_earlier(classroom(), 5.0 * back, rng) for back in range(30, 0, -1)]


def _earlier(site: Snapshot, seconds: float, rng: random.Random) -> Snapshot:
    services = []
    for service in site.services:
        health, cpu = service.health, service.cpu_percent
        if health is not None and (health.ok or seconds > 60):
            health = Health(True, 200, rng.uniform(8, 30))
        services.append(
            replace(
                service,
                looked_mono=(service.looked_mono or 0) - seconds,
                health=health,
                cpu_percent=cpu * rng.uniform(0.3, 1.5) if cpu is not None else None,
            )
        )
    return replace(site, at=site.at - seconds, mono=site.mono - seconds, services=tuple(services))
