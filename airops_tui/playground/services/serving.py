"""What all playground services share: routes answered over HTTP, an access and an error log, faults, a clean end.

A service makes an `App`, gives it routes for one or more loopback ports and calls `run()`. Everything a person can
see from outside is real: threads, sockets, keep-alive, log lines, tracebacks, exit codes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airops_tui.playground.services import LOOPBACK
from airops_tui.playground.services.accesslog import FORMATS, Access, AccessLog
from airops_tui.playground.services.faults import LEAK_LIMIT, FaultSwitch, Gone, PlaygroundFault
from airops_tui.playground.services.guard import end_with_owner

STDERR = 2
LARGEST_BODY = 1024 * 1024
TICK = 0.25
"""Seconds between two looks at the fault file."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a route sees it. `target` is path and query as sent; header names are in lower case."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]

    @property
    def forwarded(self) -> str | None:
        """The person's address behind tunnel and proxy, None when nobody forwarded the request."""
        address = self.headers.get("cf-connecting-ip") or self.headers.get("x-forwarded-for", "").split(",")[0].strip()
        return address or None

    @property
    def client(self) -> str:
        """Who asked: the forwarded address if there is one, else the peer."""
        return self.forwarded or self.peer[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers. `hold`, if given, keeps the connection after the headers and returns when it is over."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hold: Callable[[socket.socket], None] | None = None


def answer_json(data: Any, status: int = 200) -> Answer:
    """An answer with this value as JSON."""
    return Answer(status, json.dumps(data).encode())


def answer_text(text: str, content_type: str = "text/html; charset=utf-8") -> Answer:
    """An answer with this text, a page unless it says otherwise."""
    return Answer(200, text.encode(), content_type)


Route = Callable[[Request], Answer]
Routes = Mapping[str, Route]
"""Path -> route; the path "*" takes what no other does."""


def parser(purpose: str | None) -> argparse.ArgumentParser:
    """The command line that every service has; a service adds its own."""
    made = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--name", required=True, help="name of the service, and of its fault file")
    made.add_argument("--playground", type=Path, required=True, help="folder of the playground it belongs to")
    made.add_argument("--port", type=int, default=0, help="loopback port to listen on")
    made.add_argument("--access-log", type=Path, help="file for the access log; default: the output")
    made.add_argument("--log-format", choices=sorted(FORMATS), default="uvicorn")
    made.add_argument("--leak-limit", type=int, default=LEAK_LIMIT, help="bytes at which the fault `leak` stops")
    return made


class App:
    """One service: its name, fault, logs and threads."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.name: str = options.name
        self.port: int = options.port
        self.faults = FaultSwitch(options.playground / "faults" / options.name, options.leak_limit)
        self.access_log = AccessLog(options.access_log, options.log_format)
        self.started = time.monotonic()
        self.errors = 0
        self._playground: Path = options.playground
        self._repeated: list[threading.Thread] = []

    def answer(self, routes: Routes, request: Request) -> Answer:
        """Have the route of this path answer; what it raises becomes a 500 and a traceback in the error log."""
        try:
            if self.faults.current() == "error":
                self.fail(request)
            route = routes.get(request.path) or routes.get("*")
            return route(request) if route else answer_json({"detail": "Not Found"}, 404)
        except Exception:  # noqa: BLE001 - a server outlives its routes; the traceback goes to the error log
            self.errors += 1
            self.log(f"ERROR:    Exception while answering {request.method} {request.path}\n{traceback.format_exc()}")
            return Answer(500, b"Internal Server Error", "text/plain; charset=utf-8")

    def fail(self, request: Request) -> None:
        """What the fault `error` does to a request: raise. A service may be more particular."""
        raise PlaygroundFault(f"error: asked for with `airops demo break {self.name} error`")

    def note(self, request: Request, answer: Answer, seconds: float) -> None:
        """Told of every answer and how long it took, for services that count."""

    def log(self, text: str) -> None:
        """Write to the error log, which is the process's standard error, in one piece."""
        os.write(STDERR, (text.rstrip("\n") + "\n").encode("utf-8", "backslashreplace"))

    def repeat(self, work: Callable[[], None]) -> None:
        """Once it serves, do this again and again in a thread of its own, except while the service hangs."""

        def for_ever() -> None:
            while True:
                if self.faults.current() == "hang":
                    time.sleep(TICK)
                else:
                    work()

        self._repeated.append(threading.Thread(target=for_ever, daemon=True, name=work.__name__))

    def run(self, listeners: Mapping[int, Routes]) -> None:
        """Serve until SIGTERM (exit 0), a fault, or the end of the playground's owner."""
        end_with_owner(self._playground)
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        servers = [_Listener(self, port, routes) for port, routes in listeners.items()]
        self.faults.suffer()
        self.log(f"INFO:     Started server process [{os.getpid()}]")
        for server in servers:
            self.log(f"INFO:     Running on http://{LOOPBACK}:{server.server_port}")
            threading.Thread(target=server.serve_forever, args=(60,), daemon=True, name="accept").start()
        for thread in self._repeated:
            thread.start()
        try:
            while True:
                self.faults.suffer()
                time.sleep(TICK)
        finally:
            for server in servers:
                server.socket.close()
            self.log("INFO:     Shutting down")


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Listener(ThreadingHTTPServer):
    """One listening port of an app; a thread for every connection."""

    request_queue_size = 128

    def __init__(self, app: App, port: int, routes: Routes) -> None:
        self.app = app
        self.routes = routes
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is no news; anything else goes to the error log."""
        if not isinstance(sys.exception(), ConnectionError):
            self.app.log(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, lets the app answer, writes the access log."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one segment, or a keep-alive client waits 40 ms for the second
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        began = time.monotonic()
        app = self.server.app
        try:
            request = self._read()
            app.faults.delay(self.connection)
        except Gone:
            self.close_connection = True
            return
        answer = app.answer(self.server.routes, request)
        self._send(answer)
        seconds = time.monotonic() - began
        app.access_log.write(self._access(request, answer, seconds))
        app.note(request, answer, seconds)
        if answer.hold is not None:
            answer.hold(self.connection)

    do_HEAD = do_POST = do_GET

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY)
        return Request(
            method=self.command,
            target=self.path,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            peer=(self.client_address[0], self.client_address[1]),
        )

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        self.send_header("Server", "playground")
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.hold is None:
            self.send_header("Content-Length", str(len(answer.body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _access(self, request: Request, answer: Answer, seconds: float) -> Access:
        return Access(
            at=datetime.now().astimezone(),
            client=request.client,
            peer_port=0 if request.forwarded else request.peer[1],
            method=request.method,
            target=request.target,
            status=answer.status,
            size=len(answer.body),
            seconds=seconds,
            referer=request.headers.get("referer", ""),
            agent=request.headers.get("user-agent", ""),
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gives it
        """Malformed requests; answered ones are written by the access log."""
        self.server.app.log(f"WARNING:  Invalid HTTP request received: {format % args}")
