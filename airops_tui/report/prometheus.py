"""The report for a collector: Prometheus text format, for node_exporter's textfile folder or a push gateway.

prometheus_client writes the format. A sample whose value is not known is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from airops_tui.model import Health, Machine, Service, Snapshot, State
from airops_tui.text import safe

_SERVICE_GAUGES: tuple[tuple[str, str, Callable[[Service], float | None]], ...] = (
    ("up", "1 if the service is up or slow.", lambda s: s.state in (State.UP, State.SLOW)),
    ("health_ok", "1 if its health check passed.", lambda s: s.health.ok if s.health else None),
    ("health_latency_seconds", "Duration of its health check.", lambda s: _seconds(s.health)),
    ("public_ok", "1 if its public address answered well.", lambda s: s.public.ok if s.public else None),
    ("cpu_percent", "CPU of its process tree, percent of one core.", lambda s: s.cpu_percent),
    ("memory_bytes", "Resident memory of its process tree.", lambda s: s.memory_bytes),
    ("restarts", "Restarts as its manager counts them.", lambda s: s.restarts),
    ("start_time_seconds", "When it started, unix time.", lambda s: s.started_at),
    ("port_conflict", "1 if another process holds its port.", lambda s: s.port.conflict if s.port else None),
)


def render(snapshot: Snapshot) -> str:
    """All metrics of a snapshot, ending with a newline."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(snapshot))
    return generate_latest(registry).decode()


class _Collected(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        yield _states(self._snapshot.services)
        for name, help_text, value in _SERVICE_GAUGES:
            yield _service_gauge(name, help_text, value, self._snapshot.services)
        if self._snapshot.machine is not None:
            yield from _machine(self._snapshot.machine)
        taken_at = round(self._snapshot.at, 3)
        yield GaugeMetricFamily("airops_snapshot_timestamp_seconds", "When this was taken.", taken_at)


def _states(services: Iterable[Service]) -> Metric:
    family = GaugeMetricFamily(
        "airops_service_state", "1 for the state the service is in.", labels=("service", "host", "state")
    )
    for service in services:
        for state in State:
            family.add_metric((safe(service.name), safe(service.host), state.value), service.state is state)
    return family


def _service_gauge(
    name: str, help_text: str, value: Callable[[Service], float | None], services: Iterable[Service]
) -> Metric:
    family = GaugeMetricFamily(f"airops_service_{name}", help_text, labels=("service", "host"))
    for service in services:
        known = value(service)
        if known is not None:
            family.add_metric((safe(service.name), safe(service.host)), known)
    return family


def _machine(machine: Machine) -> Iterator[Metric]:
    if machine.cpu_percent is not None:
        yield GaugeMetricFamily("airops_machine_cpu_percent", "CPU in use, percent of all cores.", machine.cpu_percent)
    if machine.memory_percent is not None:
        yield GaugeMetricFamily("airops_machine_memory_percent", "Memory in use.", machine.memory_percent)
    disks = GaugeMetricFamily("airops_machine_disk_free_bytes", "Free space of a file system.", labels=("path",))
    for disk in machine.disks:
        disks.add_metric((safe(disk.path),), disk.free_bytes)
    yield disks


def _seconds(health: Health | None) -> float | None:
    return None if health is None or health.latency_ms is None else health.latency_ms / 1000
