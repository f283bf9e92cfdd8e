"""A web application that can lose its database and still answer 200: only the body of its health check tells."""

from __future__ import annotations

import os
import resource
import sys
import time

from airops_tui.playground.services.faults import PlaygroundFault
from airops_tui.playground.services.serving import Answer, App, Request, Routes, answer_json, answer_text, parser

PAGE = "<!doctype html><title>iamvet</title><h1>Lectures for veterinarians</h1>"


class IamVet(App):
    """The application. Its fault `error` is a database that is gone."""

    def routes(self) -> Routes:
        """What it answers to."""
        return {"/": self.page, "/api/health": self.health, "/api/lectures": self.lectures}

    def fail(self, request: Request) -> None:
        """Without its database the health check still answers; everything else does not."""
        if request.path != "/api/health":
            raise PlaygroundFault(f"error: no connection to the database ({request.path})")

    def health(self, request: Request) -> Answer:
        """Always 200; `checks` holds the truth."""
        began = time.monotonic()
        database = "error" if self.faults.current() == "error" else "ok"
        checks = {"server": "ok", "database": database, "memory": _memory()}
        return answer_json(
            {
                "status": "ok",
                "uptime": round(time.monotonic() - self.started, 1),
                "checks": checks,
                "responseTime": f"{(time.monotonic() - began) * 1000:.0f}ms",
            }
        )

    def page(self, request: Request) -> Answer:
        """The front page."""
        return answer_text(PAGE)

    def lectures(self, request: Request) -> Answer:
        """A list that would come from the database."""
        return answer_json({"lectures": [{"id": 1, "title": "Anaesthesia of small animals"}]})


def _memory() -> dict[str, object]:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"used": used // 1024**2, "total": total // 1024**2, "unit": "MB"}


def main() -> None:
    """Run the application."""
    app = IamVet(parser(__doc__).parse_args())
    app.run({app.port: app.routes()})


if __name__ == "__main__":
    main()
