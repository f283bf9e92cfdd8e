"""A small web app in a process of its own, to stand behind a proxy: it answers, or hangs when it is told to."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from .component import end, launch, plain_environment, wait_for
from .network import accepts, free_port

SCRIPT = """
import http.server, sys

class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ("ok, asked for by " + self.headers.get("X-Forwarded-For", "nobody")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
"""


class App:
    """One app on 127.0.0.1:`port`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its port accepts."""
        argv = [sys.executable, "-c", SCRIPT, str(self.port)]
        self._process = launch(argv, self.folder / "app.log", plain_environment(self.folder))
        wait_for("the app to accept", lambda: accepts(self.port))

    def hang(self) -> None:
        """Let the process live and answer nothing: its port still accepts."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            end(self._process)
            self._process = None
