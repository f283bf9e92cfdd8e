"""The people of the playground: a few students on the classrooms and viewers of the live stream, making real requests.

They are gentle (three requests a second in all), keep their connections open as browsers do, and are the same people
in every run. Where a service is down they try again later, as people do. Their addresses are from RFC 5737 (TEST-NET).
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from argparse import Namespace
from dataclasses import dataclass
from urllib.parse import urlsplit

from airops_tui.playground.services import LOOPBACK
from airops_tui.playground.services.faults import client_left
from airops_tui.playground.services.serving import App, parser

TIMEOUT = 8.0
STAGGER = 0.03
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/604.1",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
)
CLASSROOM_PATHS = ("/", "/api/v1/lesson", "/api/v1/lesson", "/api/v1/lesson", "/api/v1/chat")
PLAIN_PATHS = ("/", "/api/lectures", "/api/lectures")


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person: an address, the loopback port asked, what is asked for, and the mean pause in between (seconds)."""

    address: str
    port: int
    paths: tuple[str, ...]
    pause: float


def crowd(people: str, offset: int = 0) -> list[Visitor]:
    """Visitors from a line of "port:count:pause:kind" words; kind is `classroom` or `plain`."""
    visitors: list[Visitor] = []
    for word in people.split():
        port, count, pause, kind = word.split(":")
        paths = CLASSROOM_PATHS if kind == "classroom" else PLAIN_PATHS
        for _ in range(int(count)):
            address = f"203.0.113.{7 + offset + 4 * len(visitors)}"
            visitors.append(Visitor(address, int(port), paths, float(pause)))
    return visitors


class Visitors(App):
    """All the people. Its fault `hang` makes them sit still; it listens on no port."""

    def visit(self, visitor: Visitor) -> None:
        """Be one person, for ever."""
        mood = random.Random(visitor.address)  # noqa: S311 - the same people in every run, no secret
        headers = {"X-Forwarded-For": visitor.address, "User-Agent": mood.choice(AGENTS)}
        link = http.client.HTTPConnection(LOOPBACK, visitor.port, timeout=TIMEOUT)
        while True:
            if self.faults.current() != "hang":
                self._ask(link, mood.choice(visitor.paths), headers)
            time.sleep(mood.uniform(0.5, 1.5) * visitor.pause)

    def watch(self, master: int, count: int) -> None:
        """Keep about that many viewers on the stream: every few seconds one comes or goes."""
        mood = random.Random("viewers")  # noqa: S311 - as above
        watching: list[socket.socket] = []
        while True:
            watching = [link for link in watching if not client_left(link, 0.0)]
            if len(watching) < count:
                kind = "teacher" if not watching else mood.choice(("student",) * 9 + ("monitor",))
                joined = join(master, kind)
                watching += [joined] if joined else []
                time.sleep(STAGGER if joined else 1.0)
                continue
            watching.pop(mood.randrange(1, len(watching))).close()
            count = max(2, count + mood.choice((-1, 0, 1)))
            time.sleep(mood.uniform(3.0, 6.0))

    def _ask(self, link: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> None:
        try:
            if path.endswith("/chat"):
                link.request("POST", path, json.dumps({"question": "Why is the sky blue?"}), headers)
            else:
                link.request("GET", path, headers=headers)
            link.getresponse().read()
        except (OSError, http.client.HTTPException):
            link.close()


def join(master: int, kind: str) -> socket.socket | None:
    """Ask the master for a slave and open the stream there. None when either does not let anybody in."""
    try:
        desk = http.client.HTTPConnection(LOOPBACK, master, timeout=TIMEOUT)
        desk.request("POST", "/api/token")
        answer = desk.getresponse()
        ticket = json.loads(answer.read())
        desk.close()
        if answer.status != http.HTTPStatus.OK:
            return None
        port = urlsplit(ticket["url"]).port or 0
        link = socket.create_connection((LOOPBACK, port), timeout=TIMEOUT)
        link.sendall(f"GET /live?type={kind}&token={ticket['token']} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())
        if link.recv(4096).startswith(b"HTTP/1.1 200"):
            return link
        link.close()
    except (OSError, http.client.HTTPException, ValueError):
        pass  # nobody there now; the viewer tries again in a second
    return None


def _arguments() -> Namespace:
    made = parser(__doc__)
    made.add_argument("--people", default="", help='words "port:count:pause:kind"')
    made.add_argument("--master", type=int, help="loopback port of the master of the stream")
    made.add_argument("--viewers", type=int, default=0)
    return made.parse_args()


def main() -> None:
    """Be everybody."""
    chosen = _arguments()
    app = Visitors(chosen)
    people = [threading.Thread(target=app.visit, args=(one,), daemon=True) for one in crowd(chosen.people)]
    if chosen.master and chosen.viewers:
        people.append(threading.Thread(target=app.watch, args=(chosen.master, chosen.viewers), daemon=True))
    for person in people:
        person.start()
    app.run({})


if __name__ == "__main__":
    main()
