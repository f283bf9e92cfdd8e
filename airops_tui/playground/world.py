"""A playground as a thing to hold: start it, break a service, mend it, stop it.

`open_playground()` makes one or takes over a kept one, and whoever has it runs it until `stop()`. `find_playground()`
reaches one that another process runs: enough to break and to mend.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError, UsageError
from airops_tui.hosts.base import Host, Request, ask, hold
from airops_tui.hosts.local import LocalHost
from airops_tui.managers.process import ProcessManager
from airops_tui.model import UnitState, UnitStatus
from airops_tui.playground import ownership
from airops_tui.playground.blueprint import SERVICES, stranger, visitors
from airops_tui.playground.folder import (
    CONFIG_NAME,
    FAULTS_NAME,
    STATE_NAME,
    has_git,
    is_free,
    lay_out,
    prepare,
    read_mark,
)
from airops_tui.playground.services.faults import FAULTS

START_SECONDS = 15.0
"""How long everything together may take to answer; it takes less than one second on two idle cores."""
CHANGE_SECONDS = 10.0
_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do with a playground. `run` takes up to a few seconds and returns a sentence; raises AiropsError."""

    name: str
    help: str
    run: Callable[[], str]


class RunningPlayground:
    """A playground that runs, whoever runs it."""

    def __init__(self, directory: Path, host: Host) -> None:
        self.directory = directory
        self.config_path = directory / CONFIG_NAME
        self.host = host
        self.manager = ProcessManager(state=str(directory / STATE_NAME))
        self.ports = read_mark(directory)["ports"]
        self.services = _services(self.config_path)

    @property
    def names(self) -> tuple[str, ...]:
        """The services that can be broken."""
        return tuple(self.services)

    def faults(self) -> dict[str, str]:
        """The faults that are on, by service."""
        files = sorted((self.directory / FAULTS_NAME).iterdir())
        return {file.name: file.read_text(encoding="ascii").strip() for file in files if not file.name.startswith(".")}

    def break_(self, name: str, fault: str) -> str:
        """Put a fault on a service, in place of the one it may have; when it can be seen from outside, say so.

        Raises UsageError for a name or fault that does not exist, HostError when it cannot be brought about.
        """
        service = self._service(name)
        if fault not in FAULTS:
            raise UsageError(f"no fault {fault!r}", _meant(fault, FAULTS))
        self._clear(service)
        if fault in ("crash", "port-taken"):
            self._set_fault(name, fault)
            self._until(lambda: not self._runs(service), f"{name} does not end")
        else:
            if not self._runs(service):
                self._start(service)
                self._until_well(service)
            self._set_fault(name, fault)
        if fault == "port-taken":
            self._take_port(service)
        return f"{name} {FAULTS[fault]}"

    def mend(self, name: str) -> str:
        """Take the fault off a service and start it if it is gone. Returns a sentence when it answers well.

        Raises UsageError for a name that does not exist, HostError when the service does not come back.
        """
        service = self._service(name)
        self._clear(service)
        if not self._runs(service):
            self._start(service)
        self._until_well(service)
        return f"{name} answers well"

    def commands(self) -> tuple[Command, ...]:
        """Everything that can be broken and mended here, as commands for somebody's menu."""
        breaking = (
            Command(f"break {name} {fault}", FAULTS[fault], partial(self.break_, name, fault))
            for name in self.names
            for fault in FAULTS
        )
        mending = (Command(f"mend {name}", "takes its fault off", partial(self.mend, name)) for name in self.names)
        return (*mending, *breaking)

    def end_everything(self) -> None:
        """End services, visitors and strangers, all at the same time."""
        started = [visitors(self.directory, self.ports), *self.services.values()]
        started += [stranger(self.directory, name, self.ports[name]) for name in self.services]
        with ThreadPoolExecutor(max_workers=len(started)) as pool:
            list(pool.map(self._end, started))

    def _take_port(self, service: ServiceSettings) -> None:
        port = self.ports[service.name]
        self._start(stranger(self.directory, service.name, port))
        self._until(lambda: not is_free(port), f"port {port} is not taken")
        self._start(service)  # so that its own log tells what happened, in the words of the operating system
        self._until(lambda: not self._runs(service), f"{service.name} runs on a port that is taken")

    def _clear(self, service: ServiceSettings) -> None:
        (self.directory / FAULTS_NAME / service.name).unlink(missing_ok=True)
        self._end(stranger(self.directory, service.name, self.ports[service.name]))

    def _set_fault(self, name: str, fault: str) -> None:
        half = self.directory / FAULTS_NAME / f".{name}"
        half.write_text(f"{fault}\n", encoding="ascii")
        half.replace(self.directory / FAULTS_NAME / name)

    def _service(self, name: str) -> ServiceSettings:
        if name not in self.services:
            raise UsageError(f"no service {name!r} in the playground", _meant(name, self.services))
        return self.services[name]

    def _start(self, service: ServiceSettings) -> None:
        self._perform(hold(self.host, self.manager.start(service)), f"{service.name} does not start")

    def _end(self, service: ServiceSettings) -> None:
        self._perform(hold(self.host, self.manager.stop(service)), f"{service.name} does not end")

    def _perform(self, requests: Iterable[Request], failure: str) -> None:
        for request in requests:
            reason = self.manager.failed(ask(self.host, request))
            if reason:
                raise HostError(f"{failure}: {reason}", self._where_to_look())

    def _runs(self, service: ServiceSettings) -> bool:
        return self._status(service).state is UnitState.RUNNING

    def _status(self, service: ServiceSettings) -> UnitStatus:
        return hold(self.host, self.manager.status([service]))[service.name]

    def _until_well(self, *services: ServiceSettings, seconds: float = CHANGE_SECONDS) -> None:
        for service in services:
            self._until(partial(self._is_well, service), f"{service.name} does not answer", seconds)

    def _is_well(self, service: ServiceSettings) -> bool:
        """Whether it answers well; raises HostError when it has ended, for then waiting is in vain."""
        if service.health and answers_well(service.health.url):
            return True
        status = self._status(service)
        if status.state is not UnitState.RUNNING:
            raise HostError(f"{service.name} does not run: {status.words}", self._where_to_look())
        return False

    def _where_to_look(self) -> str:
        return f"look into {self.directory / STATE_NAME / 'logs'}"

    def _until(self, condition: Callable[[], bool], failure: str, seconds: float = CHANGE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise HostError(f"{failure} after {seconds:g} s", self._where_to_look())
            time.sleep(_POLL)


class Playground(RunningPlayground):
    """A playground that this process runs. Its services end with this process, however it ends."""

    def __init__(self, directory: Path, host: Host, lock: int, *, temporary: bool) -> None:
        super().__init__(directory, host)
        self.temporary = temporary
        self.notes = () if has_git(directory) else ("git was not found: proto4 is a plain folder without releases",)
        self._lock: int | None = lock
        self._announcement = ExitStack()

    def start(self) -> Self:
        """Start everything. Returns itself when all services answer well, with the visitors on their way.

        Raises HostError, with nothing left running, when one of them does not.
        """
        note = ownership.Note(self.directory, self.temporary)
        self._announcement.enter_context(ownership.announced(note))
        try:
            for service in self.services.values():
                self._start(service)
            self._until_well(*self.services.values(), seconds=START_SECONDS)
            self._start(visitors(self.directory, self.ports))
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything that was started here, and nothing else; remove a temporary folder. May be called again."""
        if self._lock is None:
            return
        try:
            self.end_everything()
        finally:
            self._announcement.close()
            os.close(self._lock)  # whatever could not be ended above, ends itself now
            self._lock = None
            if self.temporary:
                shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def open_playground(directory: Path | None = None, host: Host | None = None) -> Playground:
    """Make a playground, ready to start: in this folder, which is kept, or in a temporary one.

    Raises RefusedError when the folder holds something else or its playground runs already, HostError when it cannot
    be made.
    """
    host = host or LocalHost()
    ownership.sweep()
    temporary = directory is None
    folder = Path(tempfile.mkdtemp(prefix=ownership.TEMPORARY_PREFIX)) if directory is None else directory
    folder = prepare(folder)
    lock = ownership.take(folder)
    try:
        if (folder / CONFIG_NAME).exists():
            RunningPlayground(folder, host).end_everything()  # survivors of an owner that was killed a moment ago
        lay_out(folder, host)
        return Playground(folder, host, lock, temporary=temporary)
    except BaseException:
        os.close(lock)
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def find_playground(directory: Path | None = None, host: Host | None = None) -> RunningPlayground:
    """The playground that runs in this folder, or the one that runs at all. Raises UsageError when there is none."""
    folder = ownership.find() if directory is None else directory.resolve()
    if not ownership.is_owned(folder):
        raise UsageError(f"no playground runs in {folder}", f"start it with `airops demo --dir {folder}`")
    return RunningPlayground(folder, host or LocalHost())


def answers_well(url: str) -> bool:
    """Whether a GET of this address gives a 2xx within a second. No proxy, no redirect."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1.0)
    try:
        link.request("GET", parts.path)
        return 200 <= link.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _services(config: Path) -> dict[str, ServiceSettings]:
    from airops_tui.config.load import load

    return {service.name: service for service in load(config).services if service.name in SERVICES}


def _meant(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
