"""What master and slaves of AIRClass have in common: nodes, the two shapes of their list, and the nine metrics.

The backend and its own scripts disagree about the shape of `/cluster/nodes`; both are served, so that whoever reads
them can be tried against both.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airops_tui.playground.services.serving import Answer, App, Request

WARNING_PERCENT = 70.0
CRITICAL_PERCENT = 90.0
SHAPES = ("backend", "scripts")
VIEWER_TYPES = ("teacher", "student", "monitor")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram in seconds: the defaults of the Prometheus clients."""


@dataclass(frozen=True, slots=True)
class Node:
    """A slave as the master last heard of it. `heard_mono` is the monotonic clock at its last heartbeat."""

    node_id: str
    host: str
    port: int
    max_connections: int
    current_connections: int = 0
    cpu_usage: float = 0.0
    memory_usage: float = 0.0
    last_heartbeat: str = ""
    heard_mono: float = 0.0

    @property
    def load(self) -> float:
        """Percent of its capacity in use; 0 for a node without capacity."""
        return 100.0 * self.current_connections / self.max_connections if self.max_connections else 0.0

    def status(self, now_mono: float, offline_after: float) -> str:
        """healthy, warning (over 70 %), critical (over 90 %) or offline (not heard of for too long)."""
        if now_mono - self.heard_mono > offline_after:
            return "offline"
        if self.load > CRITICAL_PERCENT:
            return "critical"
        return "warning" if self.load > WARNING_PERCENT else "healthy"


def local_time() -> str:
    """Now, as the backend writes it: local time without a zone."""
    return datetime.now().isoformat()


def backend_shape(nodes: Sequence[tuple[Node, str]]) -> dict[str, Any]:
    """The answer to `/cluster/nodes` as the backend gives it, from nodes and their status."""
    present = [node for node, status in nodes if status != "offline"]
    connections = sum(node.current_connections for node in present)
    capacity = sum(node.max_connections for node in present)
    return {
        "total_nodes": len(nodes),
        "healthy_nodes": sum(status == "healthy" for _, status in nodes),
        "offline_nodes": sum(status == "offline" for _, status in nodes),
        "total_connections": connections,
        "total_capacity": capacity,
        "utilization": round(100.0 * connections / capacity, 1) if capacity else 0.0,
        "nodes": [
            {
                "node_id": node.node_id,
                "node_name": node.node_id,
                "host": node.host,
                "port": node.port,
                "rtmp_port": 1935,
                "hls_port": 8888,
                "max_connections": node.max_connections,
                "current_connections": node.current_connections,
                "cpu_usage": node.cpu_usage,
                "memory_usage": node.memory_usage,
                "status": status,
                "last_heartbeat": node.last_heartbeat,
            }
            for node, status in nodes
        ],
    }


def scripts_shape(nodes: Sequence[tuple[Node, str]]) -> dict[str, Any]:
    """The answer to `/cluster/nodes` as the scripts and the admin page expect it."""
    return {
        "nodes": [
            {
                "node_id": node.node_id,
                "node_url": f"http://{node.host}:{node.port}",
                "status": "inactive" if status == "offline" else "active",
                "current_connections": node.current_connections,
                "max_connections": node.max_connections,
                "load_percentage": round(node.load, 1),
                "last_seen": node.last_heartbeat,
            }
            for node, status in nodes
        ]
    }


class Counters:
    """What a node counts about its own work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets = [0] * len(BUCKETS)
        self._seconds = 0.0
        self._answers = 0
        self.tokens = 0
        self.viewers: Counter[str] = Counter()

    def note(self, request: Request, answer: Answer, seconds: float) -> None:
        """Count one answered request."""
        with self._lock:
            self._requests[request.method, request.path, answer.status] += 1
            self._answers += 1
            self._seconds += seconds
            for index, bound in enumerate(BUCKETS):
                self._buckets[index] += seconds <= bound

    def viewer(self, kind: str, change: int) -> None:
        """Somebody started (+1) or stopped (-1) to watch."""
        with self._lock:
            self.viewers[kind] += change

    def samples(self) -> list[str]:
        """Requests and their durations, as lines of Prometheus text."""
        with self._lock:
            name = "airclass_http_request_duration_seconds"
            lines = ["# TYPE airclass_http_requests_total counter"]
            for (method, path, status), count in sorted(self._requests.items()):
                labels = f'method="{method}",endpoint="{path}",status="{status}"'
                lines.append(f"airclass_http_requests_total{{{labels}}} {count}")
            lines.append(f"# TYPE {name} histogram")
            lines += [f'{name}_bucket{{le="{b}"}} {n}' for b, n in zip(BUCKETS, self._buckets, strict=True)]
            lines.append(f'{name}_bucket{{le="+Inf"}} {self._answers}')
            return [*lines, f"{name}_sum {self._seconds:.6f}", f"{name}_count {self._answers}"]


class AirClass(App):
    """A node of AIRClass that counts what it answers."""

    counters: Counters

    def note(self, request: Request, answer: Answer, seconds: float) -> None:
        """Count every answer."""
        self.counters.note(request, answer, seconds)


def metrics_text(app: AirClass, nodes: Sequence[tuple[Node, str]], viewers: Mapping[str, int]) -> str:
    """All nine metrics in Prometheus text format 0.0.4."""
    by_status = Counter(status for _, status in nodes)
    lines = app.counters.samples()
    lines += _gauge("airclass_active_streams", [("", 1 if viewers.get("teacher") else 0)])
    lines += _gauge("airclass_active_connections", ((f'type="{kind}"', viewers.get(kind, 0)) for kind in VIEWER_TYPES))
    lines += ["# TYPE airclass_tokens_issued_total counter", f"airclass_tokens_issued_total {app.counters.tokens}"]
    statuses = ("healthy", "warning", "critical", "offline")
    lines += _gauge("airclass_cluster_nodes_total", ((f'status="{status}"', by_status[status]) for status in statuses))
    lines += _gauge(
        "airclass_cluster_load_percentage", ((f'node_id="{node.node_id}"', round(node.load, 1)) for node, _ in nodes)
    )
    lines += _gauge(
        "airclass_cluster_connections", ((f'node_id="{node.node_id}"', node.current_connections) for node, _ in nodes)
    )
    lines += ["# TYPE airclass_errors_total counter", f"airclass_errors_total {app.errors}"]
    return "\n".join(lines) + "\n"


def _gauge(name: str, values: Iterable[tuple[str, float]]) -> list[str]:
    samples = [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values]
    return [f"# TYPE {name} gauge", *samples]
