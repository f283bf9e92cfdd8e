"""A slave of AIRClass: holds its viewers' connections and tells the master every few seconds how it is."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import sys
import time
from argparse import Namespace
from typing import Any

from airops_tui.playground.services import LOOPBACK
from airops_tui.playground.services.airclass import (
    VIEWER_TYPES,
    AirClass,
    Counters,
    local_time,
    metrics_text,
)
from airops_tui.playground.services.faults import client_left
from airops_tui.playground.services.serving import (
    Answer,
    Request,
    Routes,
    answer_json,
    answer_text,
    parser,
)

HEARTBEAT_SECONDS = 2.0
RETRY_SECONDS = 0.2
MASTER_TIMEOUT = 3.0


class Slave(AirClass):
    """One slave and its viewers."""

    def __init__(self, options: Namespace) -> None:
        super().__init__(options)
        self.counters = Counters()
        self._master: int = options.master
        self._room: int = options.room
        self._cpu_seconds = time.process_time()
        self._cpu_at = time.monotonic()
        self._master_missing = True

    def routes(self) -> Routes:
        """What a slave answers to."""
        return {
            "/health": self.health,
            "/metrics": self.metrics,
            "/cluster/nodes": self.not_here,
            "/live": self.live,
        }

    def health(self, request: Request) -> Answer:
        """Alive, and in which role."""
        return answer_json({"status": "healthy", "mode": "slave", "timestamp": local_time()})

    def not_here(self, request: Request) -> Answer:
        """Only the master knows the cluster."""
        return answer_json({"detail": "only available on the master node"}, 403)

    def metrics(self, request: Request) -> Answer:
        """The nine metrics, as far as a slave knows them."""
        return answer_text(metrics_text(self, [], self.counters.viewers), "text/plain; version=0.0.4; charset=utf-8")

    def live(self, request: Request) -> Answer:
        """A viewer's stream: an open connection until the viewer leaves. 503 when there is no room."""
        kind = request.query.get("type", "student")
        if kind not in VIEWER_TYPES:
            return answer_json({"detail": "unknown type of viewer"}, 422)
        if self.counters.viewers.total() >= self._room:
            return answer_json({"detail": "full"}, 503)
        playlist = "application/vnd.apple.mpegurl"
        return Answer(content_type=playlist, hold=lambda connection: self._watch(connection, kind))

    def beat(self) -> None:
        """Tell the master. While it is missing: say so once, and try again more often than it wants to hear."""
        trouble = self._tell()
        if trouble and not self._master_missing:
            self.log(f"ERROR:    master at {LOOPBACK}:{self._master} not reached: {trouble}")
        self._master_missing = trouble is not None
        time.sleep(RETRY_SECONDS if trouble else HEARTBEAT_SECONDS)

    def _tell(self) -> str | None:
        """One heartbeat; a registration where the master does not know this node. Returns what went wrong."""
        try:
            if self._post("/cluster/heartbeat") == http.HTTPStatus.NOT_FOUND:
                self._post("/cluster/register")
        except (OSError, http.client.HTTPException) as error:
            return str(error)
        return None

    def _watch(self, connection: socket.socket, kind: str) -> None:
        self.counters.viewer(kind, +1)
        try:
            while not client_left(connection, 60.0):
                pass
        finally:
            self.counters.viewer(kind, -1)

    def _post(self, path: str) -> int:
        master = http.client.HTTPConnection(LOOPBACK, self._master, timeout=MASTER_TIMEOUT)
        try:
            master.request("POST", path, json.dumps(self._condition()), {"Content-Type": "application/json"})
            answer = master.getresponse()
            answer.read()
            return answer.status
        finally:
            master.close()

    def _condition(self) -> dict[str, Any]:
        viewers = {kind: count for kind, count in self.counters.viewers.items() if count}
        return {
            "node_id": self.name,
            "host": LOOPBACK,
            "port": self.port,
            "max_connections": self._room,
            "current_connections": sum(viewers.values()),
            "viewers": viewers,
            "cpu_usage": self._cpu_percent(),
            "memory_usage": memory_percent(),
        }

    def _cpu_percent(self) -> float:
        seconds, now = time.process_time(), time.monotonic()
        percent = 100.0 * (seconds - self._cpu_seconds) / max(now - self._cpu_at, 0.001)
        self._cpu_seconds, self._cpu_at = seconds, now
        return round(percent, 1)


def memory_percent() -> float:
    """What this process took of the machine's memory at its peak, in percent."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return round(100.0 * peak / (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")), 1)


def main() -> None:
    """Run a slave."""
    made = parser(__doc__)
    made.add_argument("--master", type=int, required=True, help="loopback port of the master")
    made.add_argument("--room", type=int, default=50, help="connections it takes")
    app = Slave(made.parse_args())
    app.repeat(app.beat)
    app.run({app.port: app.routes()})


if __name__ == "__main__":
    main()
