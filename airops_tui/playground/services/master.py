"""The master of AIRClass: knows the slaves by their heartbeats and sends every viewer to the one with most room."""

from __future__ import annotations

import json
import secrets
import threading
import time
from argparse import Namespace
from dataclasses import replace
from typing import Any

from airops_tui.playground.services.airclass import (
    SHAPES,
    AirClass,
    Counters,
    Node,
    backend_shape,
    local_time,
    metrics_text,
    scripts_shape,
)
from airops_tui.playground.services.serving import Answer, Request, Routes, answer_json, answer_text, parser

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Master(AirClass):
    """The one node that answers for the cluster."""

    def __init__(self, options: Namespace) -> None:
        super().__init__(options)
        self.counters = Counters()
        self._shape: str = options.shape
        self._offline_after: float = options.offline_after
        self._nodes: dict[str, Node] = {}
        self._viewers: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()

    def routes(self) -> Routes:
        """What the master answers to."""
        return {
            "/health": self.health,
            "/metrics": self.metrics,
            "/cluster/nodes": self.nodes,
            "/cluster/register": self.register,
            "/cluster/heartbeat": self.heartbeat,
            "/api/token": self.token,
        }

    def health(self, request: Request) -> Answer:
        """Alive, and in which role."""
        return answer_json({"status": "healthy", "mode": "master", "timestamp": local_time()})

    def nodes(self, request: Request) -> Answer:
        """The nodes, in the shape asked for with `?shape=backend|scripts`, else in the one it was started with."""
        shape = request.query.get("shape", self._shape)
        if shape not in SHAPES:
            return answer_json({"detail": f"shape is one of {', '.join(SHAPES)}"}, 422)
        return answer_json((scripts_shape if shape == "scripts" else backend_shape)(self._with_status()))

    def register(self, request: Request) -> Answer:
        """A slave introduces itself."""
        said = json.loads(request.body)
        node = Node(said["node_id"], said["host"], said["port"], said["max_connections"])
        return self._heard(node, said)

    def heartbeat(self, request: Request) -> Answer:
        """A slave says how it is; 404 when the master (after a restart) does not know it, so that it registers."""
        said = json.loads(request.body)
        known = self._nodes.get(said["node_id"])
        return self._heard(known, said) if known else answer_json({"detail": "unknown node"}, 404)

    def token(self, request: Request) -> Answer:
        """A viewer wants in: a token, and the slave with most room. 503 when there is none."""
        open_nodes = [node for node, status in self._with_status() if status in ("healthy", "warning")]
        if not open_nodes:
            return answer_json({"detail": "no node available"}, 503)
        chosen = min(open_nodes, key=lambda node: (node.load, node.node_id))
        with self._lock:
            self.counters.tokens += 1
            # Counted at once: the next viewer may ask before this one shows up in a heartbeat.
            self._nodes[chosen.node_id] = replace(chosen, current_connections=chosen.current_connections + 1)
        url = f"http://{chosen.host}:{chosen.port}/live"
        return answer_json({"token": secrets.token_urlsafe(16), "node_id": chosen.node_id, "url": url})

    def metrics(self, request: Request) -> Answer:
        """The nine metrics, with the whole cluster's viewers."""
        viewers: dict[str, int] = {}
        for counts in list(self._viewers.values()):
            for kind, count in counts.items():
                viewers[kind] = viewers.get(kind, 0) + count
        return answer_text(metrics_text(self, self._with_status(), viewers), METRICS_TYPE)

    def _heard(self, node: Node, said: dict[str, Any]) -> Answer:
        with self._lock:
            self._viewers[node.node_id] = said.get("viewers", {})
            self._nodes[node.node_id] = replace(
                node,
                current_connections=said.get("current_connections", 0),
                cpu_usage=said.get("cpu_usage", 0.0),
                memory_usage=said.get("memory_usage", 0.0),
                last_heartbeat=local_time(),
                heard_mono=time.monotonic(),
            )
        return answer_json({"status": "ok"})

    def _with_status(self) -> list[tuple[Node, str]]:
        now = time.monotonic()
        with self._lock:
            nodes = sorted(self._nodes.values(), key=lambda node: node.node_id)
        return [(node, node.status(now, self._offline_after)) for node in nodes]


def main() -> None:
    """Run the master."""
    made = parser(__doc__)
    made.add_argument("--shape", choices=SHAPES, default="backend", help="of /cluster/nodes, unless a request says")
    made.add_argument("--offline-after", type=float, default=30.0, help="seconds without a heartbeat")
    app = Master(made.parse_args())
    app.run({app.port: app.routes()})


if __name__ == "__main__":
    main()
