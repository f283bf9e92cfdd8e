"""A tunnel as cloudflared is one: takes the public addresses' requests to services on loopback, and says who asked.

Behind it every connection comes from 127.0.0.1; the person is only in `CF-Connecting-IP` and `X-Forwarded-For`. Its
public ports stand for the edge, so a client says who it is in `X-Forwarded-For`, which the edge would know by itself.
"""

from __future__ import annotations

import http.client
import os
import secrets
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from airops_tui.playground.services import LOOPBACK
from airops_tui.playground.services.serving import (
    Answer,
    App,
    Request,
    Route,
    Routes,
    answer_json,
    answer_text,
    parser,
)

EDGE_CONNECTIONS = 4
ORIGIN_TIMEOUT = 15.0
UNNAMED_CLIENT = "198.51.100.1"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "server"}
"""Headers that belong to one connection and are not passed on."""


class Tunnel(App):
    """Public ports in front of loopback services, and a port of its own for its condition."""

    def __init__(self, options: Namespace) -> None:
        super().__init__(options)
        self._connector = secrets.token_hex(8)
        self._requests: Counter[int] = Counter()

    def routes(self) -> Routes:
        """Its own port: is it connected, and how much went through."""
        return {"/ready": self.ready, "/metrics": self.metrics}

    def log(self, text: str) -> None:
        """cloudflared's own form of a log line."""
        level, _, words = text.partition(":")
        super().log(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {level[:3]} {words.strip()}")

    def ready(self, request: Request) -> Answer:
        """200 while it is connected to the edge."""
        return answer_json({"status": 200, "readyConnections": EDGE_CONNECTIONS, "connectorId": self._connector})

    def metrics(self, request: Request) -> Answer:
        """Requests by the status that came back, under cloudflared's names."""
        lines = [
            "# TYPE cloudflared_tunnel_ha_connections gauge",
            f"cloudflared_tunnel_ha_connections {EDGE_CONNECTIONS}",
            "# TYPE cloudflared_tunnel_total_requests counter",
            f"cloudflared_tunnel_total_requests {self._requests.total()}",
            "# TYPE cloudflared_tunnel_request_errors counter",
            f"cloudflared_tunnel_request_errors {self._requests[http.HTTPStatus.BAD_GATEWAY]}",
            "# TYPE cloudflared_tunnel_response_by_code counter",
        ]
        codes = sorted(self._requests.items())
        lines += [f'cloudflared_tunnel_response_by_code{{status_code="{code}"}} {count}' for code, count in codes]
        return answer_text("\n".join(lines) + "\n", "text/plain; version=0.0.4; charset=utf-8")

    def to(self, origin: int) -> Route:
        """A route that takes every request to the service on this loopback port."""

        def forward(request: Request) -> Answer:
            answer = self._forward(request, origin)
            self._requests[answer.status] += 1
            return answer

        return forward

    def _forward(self, request: Request, origin: int) -> Answer:
        link = http.client.HTTPConnection(LOOPBACK, origin, timeout=ORIGIN_TIMEOUT)
        try:
            link.request(request.method, request.target, request.body or None, _forwarded_headers(request))
            came = link.getresponse()
            headers = {name: value for name, value in came.getheaders() if name.lower() not in HOP_BY_HOP}
            content_type = headers.pop("Content-Type", "application/octet-stream")
            headers.pop("Date", None)
            return Answer(came.status, came.read(), content_type, headers)
        except (OSError, http.client.HTTPException) as error:
            self.log(f"ERR: Unable to reach the origin service: {LOOPBACK}:{origin}: {error}")
            return Answer(502, b"Bad gateway: the origin did not answer", "text/plain; charset=utf-8")
        finally:
            link.close()


def _forwarded_headers(request: Request) -> dict[str, str]:
    person = request.forwarded or UNNAMED_CLIENT
    kept = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
    return {
        **kept,
        "cf-connecting-ip": person,
        "x-forwarded-for": person,
        "x-forwarded-proto": "https",
        "cf-ray": f"{secrets.token_hex(8)}-ICN",
    }


def _pair(text: str) -> tuple[int, int]:
    public, _, origin = text.partition(":")
    return int(public), int(origin)


def main() -> None:
    """Run the tunnel."""
    made = parser(__doc__)
    to_pair: Callable[[str], tuple[int, int]] = _pair
    made.add_argument("--ingress", type=to_pair, action="append", required=True, metavar="PUBLIC:ORIGIN")
    made.set_defaults(access_log=Path(os.devnull))
    chosen = made.parse_args()
    app = Tunnel(chosen)
    public = {port: {"*": app.to(origin)} for port, origin in chosen.ingress}
    app.run({app.port: app.routes(), **public})


if __name__ == "__main__":
    main()
