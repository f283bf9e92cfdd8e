"""The report for scripts: schema 1, exactly the keys that scripts rely on, null where a value is not known."""

from __future__ import annotations

from typing import Any

import msgspec

from airops_tui.model import Health, Machine, Port, Problem, Service, Snapshot
from airops_tui.report.text import taken_at
from airops_tui.text import safe
from airops_tui.verdicts import overall

SCHEMA = 1


def render(snapshot: Snapshot, *, indent: int = 0) -> bytes:
    """The document, one line without `indent`, ending with a newline."""
    encoded = msgspec.json.encode(document(snapshot))
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded) + b"\n"


def document(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as plain values. Services stand in the order of the config."""
    return {key: _safe(value) for key, value in _document(snapshot).items()}


def _safe(value: Any) -> Any:
    """The same value with every text in it cleaned and without secrets: a terminal may be what reads this."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {key: _safe(inner) for key, inner in value.items()}
    return [_safe(inner) for inner in value] if isinstance(value, list) else value


def _document(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "title": snapshot.title,
        "host": snapshot.host,
        "taken_at": taken_at(snapshot).isoformat(timespec="seconds"),
        "took_ms": round(snapshot.took_ms, 1),
        "state": overall(snapshot.services).value,
        "machine": _machine(snapshot.machine),
        "services": [_service(service, snapshot) for service in snapshot.services],
        "activity": [],
        "clusters": [],
        "backups": [],
        "operations": [],
        "incidents": [],
        "problems": [_problem(problem) for problem in snapshot.problems],
    }


def _machine(machine: Machine | None) -> dict[str, Any] | None:
    if machine is None:
        return None
    return {
        "cpu_percent": _rounded(machine.cpu_percent),
        "load": [round(value, 2) for value in machine.load] if machine.load else None,
        "memory_percent": _rounded(machine.memory_percent),
        "disks": [
            {"path": disk.path, "percent": _rounded(disk.percent), "free_bytes": disk.free_bytes}
            for disk in machine.disks
        ],
    }


def _service(service: Service, snapshot: Snapshot) -> dict[str, Any]:
    uptime = max(0, int(snapshot.at - service.started_at)) if service.started_at is not None else None
    age = snapshot.mono - service.looked_mono if service.looked_mono is not None else None
    return {
        "name": service.name,
        "title": service.title,
        "host": service.host,
        "manager": service.manager,
        "unit": service.unit,
        "state": service.state.value,
        "reason": service.reason,
        "pid": service.pid,
        "uptime_seconds": uptime,
        "restarts": service.restarts,
        "cpu_percent": _rounded(service.cpu_percent),
        "memory_bytes": service.memory_bytes,
        "port": _port(service.port),
        "health": _health(service.health),
        "public": _health(service.public),
        "age_seconds": _rounded(age),
    }


def _port(port: Port | None) -> dict[str, Any] | None:
    if port is None:
        return None
    return {
        "number": port.number,
        "listening": port.listening,
        "owner_pid": port.owner.pid if port.owner else None,
        "conflict": port.conflict,
    }


def _health(health: Health | None) -> dict[str, Any] | None:
    if health is None:
        return None
    return {
        "ok": health.ok,
        "status": health.status,
        "latency_ms": _rounded(health.latency_ms),
        "error": health.error,
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"what": problem.what, "where": problem.where, "hint": problem.hint}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
