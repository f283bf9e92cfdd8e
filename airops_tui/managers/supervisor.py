"""supervisor's dialect: XML-RPC to supervisord over its unix socket.

Not `supervisorctl`: its exit codes mean other things in other versions, and 3 is no error. `getAllProcessInfo` answers
for every program of a look. Start and stop are `startProcess` and `stopProcess` with `wait`, because their faults say
why a program did not come up; restart is the one after the other, as supervisorctl does it. API:
supervisor/rpcinterface.py, states: supervisor/states.py (4.2, 4.3).
"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Mapping, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Call, Dialogue, Request, Trouble
from airops_tui.managers.base import (
    Found,
    could_not_ask,
    describe_exit,
    nobody_listens,
    starts_again,
    together,
    unit_of,
    unknown,
)
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

ACTION_TIMEOUT = 90.0
"""Seconds for a start or stop: `startsecs` and `stopwaitsecs` (10 by default) pass before the answer."""

MAX_ANSWER = 2 * 1024 * 1024
"""Bytes; about 700 a program."""

_STATES = {
    0: UnitState.STOPPED,
    10: UnitState.STARTING,
    20: UnitState.RUNNING,
    30: UnitState.FAILED,  # BACKOFF: it exited too quickly and is tried again
    40: UnitState.STOPPING,
    100: UnitState.STOPPED,  # EXITED; FAILED if supervisor found the exit code unexpected
    200: UnitState.FAILED,  # FATAL: given up
    1000: UnitState.UNKNOWN,
}
_DONE = (60, 70)  # faults ALREADY_STARTED, NOT_RUNNING: what was asked for is so
_FAULTS = {
    6: "supervisord is shutting down",
    10: "supervisor knows no such program",
    20: "its program cannot be found",
    21: "its program cannot be executed",
    30: "it does not stop",
    40: "it ended while it was starting",
    50: "it could not be started",
}


class Supervisor(msgspec.Struct, frozen=True):
    """The manager "supervisor": the supervisord behind the first of these sockets that anybody serves."""

    sockets: tuple[str, ...]
    kind: str = "supervisor"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One call for all programs."""
        _, programs = yield from self._programs()
        if isinstance(programs, UnitStatus):
            return {service.name: programs for service in services}
        return {service.name: status_in(programs, unit_of(service)) for service in services}

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        return (yield from self._act(service, "startProcess"))

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        return (yield from self._act(service, "stopProcess"))

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        return (yield from self._act(service, "stopProcess", "startProcess"))

    def failed(self, answer: Answer) -> str | None:
        """The fault in words; for a group the first program that did not do as told."""
        told = read_answer(answer)
        if isinstance(told, UnitStatus):
            return told.words
        if isinstance(told, xmlrpc.client.Fault):
            return None if told.faultCode in _DONE else explain(told.faultCode, told.faultString)
        for result in told if isinstance(told, list) else ():
            if isinstance(result, dict) and result.get("status") not in (80, *_DONE):
                return explain(result.get("status"), str(result.get("description")))
        return None

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The log files of the service's programs."""
        _, programs = yield from self._programs()
        if isinstance(programs, UnitStatus):
            return ()
        return tuple(origin for program in chosen(programs, unit_of(service)) for origin in program.logs)

    def find(self) -> Dialogue[Sequence[Found]]:
        """Every program: supervisor runs only what an operator gave it."""
        _, programs = yield from self._programs()
        if isinstance(programs, UnitStatus):
            return ()
        return [
            Found(program.name, program.full_name, self.kind, program.status, logs=program.logs) for program in programs
        ]

    def _programs(self) -> Dialogue[tuple[str, list[Program] | UnitStatus]]:
        """The socket that answered and its programs; when none answers the worst trouble met."""
        trouble: UnitStatus | None = None
        for socket in self.sockets:
            answer = yield _call(socket, "getAllProcessInfo", writes=False)
            if answer.trouble in (Trouble.ABSENT, Trouble.REFUSED):
                trouble = trouble or (
                    could_not_ask("supervisord", answer) if answer.trouble is Trouble.REFUSED else None
                )
                continue
            return socket, parse_programs(answer)
        return "", trouble or nobody_listens("supervisord", self.sockets)

    def _act(self, service: ServiceSettings, *methods: str) -> Dialogue[tuple[Request, ...]]:
        socket, programs = yield from self._programs()
        if isinstance(programs, UnitStatus):
            raise HostError(programs.words, "start supervisord first")
        target = target_of(programs, unit_of(service))
        if target is None:
            hint = "supervisorctl reread && supervisorctl update` makes a new one known"
            raise HostError(f"supervisor knows no program {clean(unit_of(service))}", f"`{hint}")
        return tuple(_call(socket, method, target, True) for method in methods)


class Program(msgspec.Struct, frozen=True):
    """One program of supervisord."""

    name: str
    group: str
    status: UnitStatus
    logs: tuple[LogOrigin, ...] = ()

    @property
    def full_name(self) -> str:
        """As supervisorctl writes it: "name", or "group:name" where they differ."""
        return self.name if self.name == self.group else f"{self.group}:{self.name}"


def parse_programs(answer: Answer) -> list[Program] | UnitStatus:
    """The programs in an answer to getAllProcessInfo, or why there are none to be had."""
    told = read_answer(answer)
    if isinstance(told, UnitStatus):
        return told
    if isinstance(told, xmlrpc.client.Fault):
        return unknown(explain(told.faultCode, told.faultString))
    if not isinstance(told, list):
        return unknown("supervisord gave no usable answer")
    return [_program(info) for info in told if isinstance(info, dict)]


def read_answer(answer: Answer) -> Any | xmlrpc.client.Fault | UnitStatus:
    """The value in an XML-RPC answer, the fault, or the status that says why there is neither.

    An answer needs no document type, and only one can define the entities of an XML bomb: such an answer is not read.
    """
    if trouble := could_not_ask("supervisord", answer):
        return trouble
    if answer.status == 401:
        return unknown("supervisord wants a user name and password on its socket")
    if answer.status != 200 or answer.truncated or b"<!" in answer.out or b"\0" in answer.out:
        return unknown(f"supervisord gave no usable answer (HTTP {answer.status})")
    try:
        values, _ = xmlrpc.client.loads(answer.out.decode("utf-8"), use_builtin_types=True)
    except xmlrpc.client.Fault as fault:
        return fault
    except (ExpatError, xmlrpc.client.Error, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return unknown("supervisord gave no usable answer")
    return values[0] if values else None


def chosen(programs: Sequence[Program], unit: str) -> list[Program]:
    """The programs a unit means: "group:name", a name, or a group ("group", "group:*") with all of its programs."""
    group, colon, name = unit.partition(":")
    if colon:
        return [program for program in programs if program.group == group and name in ("*", "", program.name)]
    same = [program for program in programs if program.name == program.group == unit]
    return same or [program for program in programs if program.group == unit] or _alone(programs, unit)


def _alone(programs: Sequence[Program], name: str) -> list[Program]:
    named = [program for program in programs if program.name == name]
    return named if len(named) == 1 else []


def target_of(programs: Sequence[Program], unit: str) -> str | None:
    """What to call a unit in an order: supervisor itself finds no program by a bare name when it is in a group."""
    meant = chosen(programs, unit)
    if not meant:
        return None
    return meant[0].full_name if len(meant) == 1 else f"{meant[0].group}:*"


def status_in(programs: Sequence[Program], unit: str) -> UnitStatus:
    """The status of a unit among all programs."""
    meant = chosen(programs, unit)
    if meant:
        return together({program.name: program.status for program in meant})
    groups = sorted(program.full_name for program in programs if program.name == unit)
    if groups:
        return unknown(f"several programs are called {unit}: {', '.join(groups)}; set `unit` to one of them")
    return UnitStatus(UnitState.ABSENT, clean(f"supervisor knows no program {unit}", limit=300))


def explain(code: object, text: str) -> str:
    """A fault as a sentence (supervisor/xmlrpc.py, `Faults`)."""
    said = clean(text.partition(":")[2].strip() or text, limit=200)
    known = _FAULTS.get(code) if isinstance(code, int) else None
    return f"{known}: {said}" if known else f"supervisor: {said}"


def _program(info: Mapping[str, Any]) -> Program:
    name, group = (clean(str(info.get(key, "")), limit=100) for key in ("name", "group"))
    files = {"out": info.get("stdout_logfile"), "err": info.get("stderr_logfile")}
    logs = [LogOrigin("file", clean(path), stream) for stream, path in files.items() if isinstance(path, str) and path]
    return Program(name, group, _status(info), tuple(logs))


def _status(info: Mapping[str, Any]) -> UnitStatus:
    told = _whole(info.get("state"))
    state = UnitState.UNKNOWN if told is None else _STATES.get(told, UnitState.UNKNOWN)
    error, code = str(info.get("spawnerr") or ""), _whole(info.get("exitstatus"))
    words = str(info.get("statename", "")).lower()
    exited = words == "exited"
    if words == "fatal":
        words = f"supervisor gave up: {error or 'it does not stay up'}"
    elif words == "backoff":
        words = starts_again(error or "it does not stay up", "supervisor")
    elif exited:
        # an exit code that is not in `exitcodes` is told as an error, and as nothing else
        state = UnitState.FAILED if error else UnitState.STOPPED
        words = describe_exit(code or 0) + ("" if error else ", as expected")
    alive = state in (UnitState.RUNNING, UnitState.STARTING, UnitState.STOPPING)
    return UnitStatus(
        state,
        clean(words or "supervisor gave no state", limit=300),
        pid=_whole(info.get("pid")) or None if alive else None,
        started_at=float(_whole(info.get("start")) or 0) or None if alive else None,
        exit_code=code if exited else None,  # FATAL and BACKOFF tell 0, whatever it was
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def _call(socket: str, method: str, *arguments: str | bool, writes: bool = True) -> Call:
    return Call(
        socket=socket,
        path="/RPC2",
        method="POST",
        body=xmlrpc.client.dumps(arguments, f"supervisor.{method}").encode(),
        headers={"Content-Type": "text/xml"},
        timeout=ACTION_TIMEOUT if writes else 5.0,
        limit=MAX_ANSWER,
        writes=writes,
    )
