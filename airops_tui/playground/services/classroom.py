"""A classroom of the LLM Classroom: a page, a chat that fails now and then, and the number of students on it.

It serves the release it finds in its working directory: `VERSION`, and `static/index.html` for a page.
"""

from __future__ import annotations

import json
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from airops_tui.playground.services.serving import Answer, App, Request, Routes, answer_json, answer_text, parser

PRESENT_SECONDS = 60.0
"""Somebody who asked for something within this time is on it."""

FIRST_BAD_REPLY = 20
BAD_REPLY_EVERY = 150
"""Which chats get an unusable reply from the "model": a healthy service has a traceback in its log, too."""


class Sessions:
    """Who is on it: every forwarded address that asked for something lately."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def saw(self, request: Request) -> None:
        """Note that this person is here. Requests that nobody forwarded are health checks, not people."""
        if request.forwarded:
            with self._lock:
                self._seen[request.forwarded] = time.monotonic()

    def count(self) -> int:
        """How many people are on it now."""
        horizon = time.monotonic() - PRESENT_SECONDS
        with self._lock:
            self._seen = {person: at for person, at in self._seen.items() if at > horizon}
            return len(self._seen)


class Classroom:
    """The routes of one classroom."""

    def __init__(self, app: App, title: str, release: Path) -> None:
        self._app = app
        self._title = title
        self._release = release
        self._version = first_line(release / "VERSION", "unreleased")
        self._sessions = Sessions()
        self._chats = 0

    def routes(self) -> Routes:
        """What this classroom answers to."""
        return {
            "/": self.page,
            "/health": self.health,
            "/api/status": self.status,
            "/api/v1/lesson": self.lesson,
            "/api/v1/chat": self.chat,
        }

    def health(self, request: Request) -> Answer:
        """Alive, and which release this is."""
        uptime = round(time.monotonic() - self._app.started, 1)
        return answer_json(
            {"status": "healthy", "service": self._app.name, "version": self._version, "uptime_seconds": uptime}
        )

    def status(self, request: Request) -> Answer:
        """How many people are on it."""
        return answer_json({"service": self._app.name, "title": self._title, "students_count": self._sessions.count()})

    def page(self, request: Request) -> Answer:
        """The front page: the release's own, or a plain one."""
        self._sessions.saw(request)
        own = self._release / "static" / "index.html"
        return answer_text(own.read_text() if own.is_file() else f"<!doctype html><title>{self._title}</title>")

    def lesson(self, request: Request) -> Answer:
        """What a browser asks for while a lesson is open."""
        self._sessions.saw(request)
        return answer_json({"lesson": "light and shadow", "step": self._chats % 7, "students": self._sessions.count()})

    def chat(self, request: Request) -> Answer:
        """A question to the tutor. Now and then the model's reply is cut off, which ends in a 500."""
        self._sessions.saw(request)
        self._chats += 1
        question = json.loads(request.body or b"{}").get("question", "")
        return answer_json({"reply": _read_reply(_model_reply(question, self._chats))})


def _model_reply(question: str, number: int) -> str:
    reply = json.dumps({"choices": [{"message": f"What makes you think so? ({len(question)} letters)"}]})
    cut_off = number % BAD_REPLY_EVERY == FIRST_BAD_REPLY
    return reply[: len(reply) // 2] if cut_off else reply


def _read_reply(reply: str) -> str:
    data: Any = json.loads(reply)
    return str(data["choices"][0]["message"])


def first_line(file: Path, otherwise: str) -> str:
    """The first line of a file, or something else when there is no such file."""
    try:
        return file.read_text(encoding="utf-8").splitlines()[0]
    except (FileNotFoundError, IndexError):
        return otherwise


def options() -> Namespace:
    """The command line of a classroom."""
    made = parser(__doc__)
    made.add_argument("--title", default="Classroom")
    return made.parse_args()


def main() -> None:
    """Run one classroom."""
    chosen = options()
    app = App(chosen)
    app.run({app.port: Classroom(app, chosen.title, Path.cwd()).routes()})


if __name__ == "__main__":
    main()
