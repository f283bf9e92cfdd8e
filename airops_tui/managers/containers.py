"""What a container is: from the Engine API's JSON to a status and a sentence.

Pure. Only the fields named here are ever decoded: a container's environment, where the secrets are, never becomes an
object. Fields are those of "Docker Engine API v1.41" (`ContainerInspect`, `ContainerList`, `ContainerStats`); any of
them may be missing or null, because podman's answers are sparser.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from airops_tui.managers.base import count_restarts, describe_exit, starts_again
from airops_tui.model import UnitState, UnitStatus
from airops_tui.text import clean

STOP_GRACE = 10
"""Seconds between SIGTERM and SIGKILL for a container that names none."""


class _Struct(msgspec.Struct, frozen=True, rename="pascal"):
    """Unknown fields are skipped without being decoded."""


class _Probe(_Struct, frozen=True):
    output: str | None = None


class _Health(_Struct, frozen=True):
    status: str | None = None
    log: list[_Probe] | None = None


class _State(_Struct, frozen=True):
    status: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    error: str | None = None
    started_at: str | None = None
    oom_killed: bool | None = msgspec.field(default=None, name="OOMKilled")
    health: _Health | None = None


class _Named(_Struct, frozen=True):
    name: str | None = None
    type: str | None = None


class _HostConfig(_Struct, frozen=True):
    restart_policy: _Named | None = None
    log_config: _Named | None = None


class _Config(_Struct, frozen=True):
    stop_timeout: int | None = None


class Container(_Struct, frozen=True):
    """One container as `GET /containers/ID/json` tells it."""

    id: str = ""
    name: str | None = None
    state: _State | None = None
    restart_count: int | None = None
    host_config: _HostConfig | None = None
    config: _Config | None = None

    @property
    def short_name(self) -> str:
        """Its name without the leading slash of the API."""
        return (self.name or self.id[:12]).removeprefix("/")

    @property
    def condition(self) -> str:
        """docker's word for its state: created, running, paused, restarting, removing, exited, dead."""
        return (self.state.status if self.state else "") or ""

    @property
    def restart_policy(self) -> str:
        """no, always, unless-stopped or on-failure."""
        policy = self.host_config.restart_policy if self.host_config else None
        return (policy.name if policy else "") or "no"

    @property
    def stop_grace(self) -> int:
        """Seconds it gets to stop before it is killed."""
        given = self.config.stop_timeout if self.config else None
        return STOP_GRACE if given is None or given < 0 else given

    @property
    def keeps_logs(self) -> bool:
        """The daemon keeps its output, unless the driver is `none`."""
        driver = self.host_config.log_config if self.host_config else None
        return driver is None or driver.type != "none"


class _Port(_Struct, frozen=True):
    public_port: int | None = None
    type: str | None = None


class Listed(_Struct, frozen=True):
    """One container as `GET /containers/json` tells it."""

    id: str = ""
    names: list[str] | None = None
    image: str | None = None
    labels: dict[str, str] | None = None
    ports: list[_Port] | None = None

    @property
    def name(self) -> str:
        """Its first name, without the leading slash of the API."""
        return self.names[0].removeprefix("/") if self.names else self.id[:12]

    def compose(self, label: str) -> str:
        """What compose wrote on it under this label; empty when it is none of compose's."""
        return (self.labels or {}).get(f"com.docker.compose.{label}", "")

    def public_ports(self) -> tuple[int, ...]:
        """The TCP ports it publishes on the host."""
        return tuple(sorted({port.public_port for port in self.ports or () if port.public_port and port.type == "tcp"}))


class _Pages(msgspec.Struct, frozen=True):
    inactive_file: int = 0
    total_inactive_file: int = 0


class _MemoryStats(msgspec.Struct, frozen=True):
    usage: int = 0
    stats: _Pages | None = None


class Memory(msgspec.Struct, frozen=True):
    """The memory in `GET /containers/ID/stats`."""

    memory_stats: _MemoryStats | None = None

    @property
    def used(self) -> int | None:
        """Bytes in use without the page cache that can go at once, as `docker stats` counts."""
        told = self.memory_stats
        if told is None or not told.usage:
            return None
        cache = told.stats.total_inactive_file or told.stats.inactive_file if told.stats else 0
        return max(0, told.usage - cache)


class Message(msgspec.Struct, frozen=True):
    """What the daemon answers when it cannot do or tell."""

    message: str = ""


def status_of(container: Container, native: bool = True) -> UnitStatus:
    """The status of a container. `native`: its pid is one of this host."""
    state, words = _judge(container)
    told = container.state or _State()
    alive = container.condition in ("running", "paused")
    return UnitStatus(
        state,
        clean(words, limit=300),
        pid=told.pid or None if alive and native else None,
        started_at=moment(told.started_at or "") if alive else None,
        restarts=container.restart_count,
        exit_code=None if alive or container.condition == "created" else told.exit_code,
        healthy={"healthy": True, "unhealthy": False}.get(_health(container)) if alive else None,
    )


def output(body: bytes) -> bytes:
    """What a container wrote, out of an answer to `GET /containers/ID/logs`.

    It comes in frames of either stream: 1 byte of stream, 3 of zero, 4 of length, then the text; but as it is from a
    container that has a terminal ("ContainerAttach", stream format).
    """
    text, at = b"", 0
    while frame := re.match(rb"[\x00-\x02]\x00\x00\x00([\x00-\xff]{4})", body[at : at + 8], re.DOTALL):
        size = int.from_bytes(frame[1], "big")
        text += body[at + 8 : at + 8 + size]
        at += 8 + size
    return text or body


def moment(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 time; None for year 1, which is docker's word for never."""
    cut = re.fullmatch(r"([0-9T:-]{19})(?:(\.\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)", text, re.ASCII)
    if cut is None or text.startswith("0001-"):
        return None
    try:
        return datetime.fromisoformat(f"{cut[1]}{cut[2] or ''}{cut[3].replace('Z', '+00:00')}").timestamp()
    except (ValueError, OverflowError):
        return None


def _judge(container: Container) -> tuple[UnitState, str]:
    match container.condition:
        case "running":
            return _running(container)
        case "restarting":
            code = (container.state or _State()).exit_code or 0
            words = starts_again(describe_exit(code), "docker", container.restart_count)
            return UnitState.FAILED if code else UnitState.STARTING, words
        case "paused":
            return UnitState.STOPPED, f"paused: `docker unpause {container.short_name}`"
        case "created" | "configured" | "initialized":
            return _never_started(container)
        case "exited" | "stopped":
            return _exited(container)
        case "removing" | "stopping":
            return UnitState.STOPPING, f"{container.condition}"
        case "dead":
            return UnitState.FAILED, f"dead: docker could not remove it, `docker rm -f {container.short_name}`"
    return UnitState.UNKNOWN, f"docker gave no state of {container.short_name}"


def _running(container: Container) -> tuple[UnitState, str]:
    match _health(container):
        case "starting":
            return UnitState.STARTING, "running, its health check has not passed yet"
        case "unhealthy":
            return UnitState.RUNNING, f"running, unhealthy{_last_probe(container)}"
        case "healthy":
            return UnitState.RUNNING, "running, healthy"
    return UnitState.RUNNING, "running"


def _never_started(container: Container) -> tuple[UnitState, str]:
    error = container.state.error if container.state else None
    return (UnitState.FAILED, f"cannot start: {error}") if error else (UnitState.STOPPED, "created, never started")


def _exited(container: Container) -> tuple[UnitState, str]:
    """Docker does not tell a stop from a crash; the restart policy and the exit code do, most of the time."""
    told = container.state or _State()
    code = told.exit_code or 0
    if container.restart_policy in ("always", "unless-stopped"):
        return UnitState.STOPPED, f"stopped by hand ({describe_exit(code)})"  # else docker would have it running
    if told.oom_killed:
        return UnitState.FAILED, f"killed for lack of memory (OOM), {describe_exit(code)}"
    if told.error:
        return UnitState.FAILED, f"{describe_exit(code)}: {told.error}"
    if code == 0:
        return UnitState.STOPPED, "ended by itself (exited with 0)"
    if code in (130, 143):
        return UnitState.STOPPED, f"stopped ({describe_exit(code)})"
    if code == 137:
        return UnitState.FAILED, "exited with 137 (SIGKILL): by hand, or for lack of memory"
    gave_up = container.restart_policy == "on-failure" and container.restart_count
    return UnitState.FAILED, describe_exit(code) + (
        f", {count_restarts(container.restart_count or 0)} did not help" if gave_up else ""
    )


def _health(container: Container) -> str:
    health = container.state.health if container.state else None
    return (health.status if health else "") or ""


def _last_probe(container: Container) -> str:
    health = container.state.health if container.state else None
    output = (health.log[-1].output or "").strip() if health and health.log else ""
    return f": {output}" if output else ""
