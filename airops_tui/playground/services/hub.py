"""The hub of the LLM Classroom: the door everybody comes through. Its root redirects, as a login page's does."""

from __future__ import annotations

from pathlib import Path

from airops_tui.playground.services.classroom import Classroom, options
from airops_tui.playground.services.serving import Answer, App, Request, Routes


class Hub(Classroom):
    """A classroom whose front page is one redirect further."""

    def routes(self) -> Routes:
        """The classroom's routes, with a redirect at the root."""
        return {**super().routes(), "/": self.redirect, "/lobby": self.page}

    def redirect(self, request: Request) -> Answer:
        """307 to the lobby: alive, though not 200."""
        return Answer(307, headers={"Location": "/lobby"})


def main() -> None:
    """Run the hub."""
    chosen = options()
    app = App(chosen)
    app.run({app.port: Hub(app, chosen.title, Path.cwd()).routes()})


if __name__ == "__main__":
    main()
