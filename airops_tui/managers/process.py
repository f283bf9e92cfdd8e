"""Services without a service manager: airops starts the command itself and recognises it later.

Its records and log files live in the state folder, named after the service and the folder it runs in, so that two
sites with a "hub" each do not meet. Services that a script started with `nohup` and `.pids/NAME.pid`, beside the
service's folder or in it, are seen and can be stopped as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Answer, Dialogue, Inspect, Request, Spawn, Terminate
from airops_tui.managers.base import Found, could_not_ask
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

STOP_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL; docker's default."""


@dataclass(frozen=True, slots=True)
class ProcessManager:
    """The manager "process". `state` is the folder for records and logs, on the host itself."""

    state: str = "~/.local/state/airops"
    kind: str = "process"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One look at each record, and at the pid files of a service that has no live record."""
        found: dict[str, UnitStatus] = {}
        for service in services:
            found[service.name] = parse((yield Inspect(record=self.record(service), pid_files=_pid_files(service))))
        return found

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        yield from ()
        return (self._spawn(service),)

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        yield from ()
        return (self._terminate(service),)

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        yield from ()
        return (self._terminate(service), self._spawn(service))

    def failed(self, answer: Answer) -> str | None:
        return answer.detail or answer.trouble.value if answer.trouble else None

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The service's own two log files."""
        yield from ()
        return tuple(LogOrigin("file", self._log(service, stream), stream) for stream in ("out", "err"))

    def find(self) -> Dialogue[Sequence[Found]]:
        """Nothing: what runs without a manager cannot be told from any other process."""
        yield from ()
        return ()

    def record(self, service: ServiceSettings) -> str:
        """Where the process of this service is remembered."""
        return f"{self.state}/process/{_key(service)}.json"

    def _spawn(self, service: ServiceSettings) -> Spawn:
        return Spawn(
            argv=service.command,
            cwd=service.directory,
            env_file=service.env_file,
            record=self.record(service),
            out=self._log(service, "out"),
            err=self._log(service, "err"),
        )

    def _terminate(self, service: ServiceSettings) -> Terminate:
        return Terminate(record=self.record(service), pid_files=_pid_files(service), grace=STOP_GRACE)

    def _log(self, service: ServiceSettings, stream: str) -> str:
        return f"{self.state}/logs/{_key(service)}.{stream}.log"


def _pid_files(service: ServiceSettings) -> tuple[str, ...]:
    """`.pids/NAME.pid` in the service's folder and beside it, where a start script of the whole site puts it."""
    folder = PurePath(service.directory or ".")
    return tuple(str(place / ".pids" / f"{service.name}.pid") for place in (folder, folder.parent))


def _key(service: ServiceSettings) -> str:
    where = hashlib.sha256((service.directory or "").encode()).hexdigest()[:8]
    return f"{service.name}-{where}"


def parse(answer: Answer) -> UnitStatus:
    """The status in the answer to an Inspect."""
    if unknown := could_not_ask("process", answer):
        return unknown
    told = json.loads(answer.out)
    state = {
        "running": UnitState.RUNNING,
        "stopped": UnitState.STOPPED,
        "failed": UnitState.FAILED,
        "absent": UnitState.STOPPED,
    }[told["state"]]
    return UnitStatus(
        state,
        clean(told["words"]),
        pid=told["pid"],
        started_at=told["started_at"],
        restarts=told["restarts"],
        exit_code=told["exit_code"],
    )
