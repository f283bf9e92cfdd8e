"""The last words of services in trouble: what they wrote before they fell silent.

Only services that are unwell are read, and only the end of their logs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePath

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Answer, Command, Dialogue, Host, ReadFile, hold
from airops_tui.managers.base import Manager
from airops_tui.model import LastWords, LogOrigin
from airops_tui.text import safe_lines
from airops_tui.threads import in_thread

LINES = 6
_TAIL_BYTES = 16 * 1024


class WordsSource(msgspec.Struct, frozen=True):
    """Reads `{service name: LastWords}` for the services that `unwell()` names at that moment."""

    services: Sequence[ServiceSettings]
    hosts: Mapping[str, Host]
    dialect: Callable[[ServiceSettings], Manager]
    unwell: Callable[[], Collection[str]]
    every: float
    name: str = "words"
    deadline: float = 15.0

    async def read(self) -> Mapping[str, LastWords]:
        """Read the ends of the logs in a thread."""
        names = self.unwell()
        if not names:
            return {}
        return await in_thread(lambda: self._look(names))

    def _look(self, names: Collection[str]) -> Mapping[str, LastWords]:
        heard = {}
        for service in self.services:
            if service.name in names:
                words = hold(self.hosts[service.host], last_words(service, self.dialect))
                if words is not None:
                    heard[service.name] = words
        return heard


def last_words(
    service: ServiceSettings, dialect: Callable[[ServiceSettings], Manager]
) -> Dialogue[LastWords | None]:
    """The last lines of the first of the service's logs that has any: error logs first, the configured ones before
    the manager's own."""
    for origin in (yield from log_origins(service, dialect)):
        lines = yield from _tail(origin)
        if lines:
            return LastWords(_title(origin), tuple(lines))
    return None


def log_origins(
    service: ServiceSettings, dialect: Callable[[ServiceSettings], Manager]
) -> Dialogue[tuple[LogOrigin, ...]]:
    """Every place the service's lines go to, error streams first."""
    origins = [LogOrigin("file", path, "err" if "err" in PurePath(path).name else "out") for path in service.logs]
    if service.manager:
        origins += yield from dialect(service).logs(service)
    return tuple(sorted(origins, key=lambda origin: origin.stream != "err"))


def _tail(origin: LogOrigin) -> Dialogue[list[str]]:
    if origin.kind == "file":
        answer = yield ReadFile(path=origin.place, limit=_TAIL_BYTES, tail=True)
    elif origin.kind.startswith("journal"):
        answer = yield Command(argv=_journal(origin), timeout=5.0, writes=False)
    else:
        from airops_tui.managers.engine import last_output

        answer = Answer(out=(yield from last_output(origin, LINES)))
    if answer.trouble is not None:
        return []
    return [line for line in safe_lines(answer.out, limit=400, lines=10_000) if line.strip()][-LINES:]


def _journal(origin: LogOrigin) -> tuple[str, ...]:
    scope = ("--user",) if origin.kind == "journal-user" else ()
    return ("journalctl", *scope, "--no-pager", "--quiet", "-o", "cat", "-n", str(LINES), "-u", origin.place)


def _title(origin: LogOrigin) -> str:
    if origin.kind == "file":
        return PurePath(origin.place).name
    return f"output of {origin.place}" if origin.kind == "docker" else f"journal of {origin.place}"
