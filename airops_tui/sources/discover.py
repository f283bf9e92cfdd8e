"""What runs on a machine, so that a console without a config is not empty and `airops init` has something to write.

The service managers are asked for their units, the system for its listening ports and processes; `joined` decides whose
port is whose. What belongs to every installation (name resolution, printing, …) is left out: an operator looks for the
things people use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, cast

from airops_tui.config.draft import Candidate, Draft, sound, tidy
from airops_tui.config.settings import ManagerKind, ServiceSettings, Settings
from airops_tui.hosts.base import Host, hold
from airops_tui.managers.base import Found, Manager
from airops_tui.model import Listener, Problem, Process
from airops_tui.sources.joining import Program, Unit, joined
from airops_tui.text import clean, describe, redact, shorten

DEADLINE = 3.0
"""Seconds for all of it. A manager that has not answered by then is left out, and that is told."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found. `problems`: what could not be asked, so that nobody takes its absence for an answer."""

    host: str
    units: tuple[Unit, ...] = ()
    programs: tuple[Program, ...] = ()
    problems: tuple[Problem, ...] = ()


def discover(host: Host, *, managers: Sequence[Manager] | None = None, deadline: float = DEADLINE) -> Discovery:
    """Look around on a host within `deadline` seconds. Everything is asked at the same time; nothing is started.

    `managers`: whom to ask; default: all that may be on this machine.
    """
    if managers is None:
        from airops_tui.managers.catalog import local_managers

        managers = local_managers()
    questions: dict[str, Callable[[], Any]] = {
        manager.kind: lambda manager=manager: hold(host, manager.find())  # type: ignore[misc]
        for manager in managers
    }
    answers, problems = _ask_all({**questions, "processes": host.processes, "ports": host.listeners}, deadline)
    processes: Mapping[int, Process] = answers.get("processes", {})
    listeners: Sequence[Listener] = answers.get("ports", ())
    found: list[Found] = [unit for kind in questions for unit in answers.get(kind, ())]
    units, programs = joined(found, processes, listeners)
    return Discovery(host.name, units, programs, problems)


def settings_from(discovery: Discovery) -> Settings:
    """Settings that watch everything that was found."""
    return draft_from(discovery).settings


def draft_from(discovery: Discovery) -> Draft:
    """A config in the making of everything that was found, notes included."""
    candidates = [_from_unit(unit) for unit in discovery.units]
    candidates += [_from_program(program) for program in discovery.programs]
    notes = [f"{problem.where}: {problem.what}" for problem in discovery.problems]
    return sound("Written by airops init from what ran on this machine.", "", candidates, notes)


def _from_unit(unit: Unit) -> Candidate:
    found = unit.found
    service = ServiceSettings(
        name=tidy(found.name),
        title=found.title if found.title != found.name else "",
        manager=cast(ManagerKind, found.manager),
        unit=found.unit,
        project=found.project,
        directory=found.directory,
        port=unit.ports[0] if unit.ports else None,
    )
    return Candidate(service, _port_note(unit.ports, unit.note))


def _from_program(program: Program) -> Candidate:
    process = program.process
    title = shorten(redact(clean(process.command)), 60) if process else ""
    service = ServiceSettings(name=tidy(program.name), title=title, port=program.ports[0])
    return Candidate(service, _port_note(program.ports, program.note))


def _port_note(ports: Sequence[int], note: str) -> Mapping[str, str]:
    more = f"also {', '.join(str(port) for port in ports[1:6])}" if len(ports) > 1 else ""
    told = "; ".join(part for part in (note, more) if part)
    return {"port": told} if told else {}


def _ask_all(
    questions: Mapping[str, Callable[[], Any]], deadline: float
) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Each question in a daemon thread of its own: one that hangs delays neither the others nor the program's end."""
    replies: SimpleQueue[tuple[str, Any, BaseException | None]] = SimpleQueue()

    def answer(name: str, question: Callable[[], Any]) -> None:
        try:
            replies.put((name, question(), None))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what there is to tell of it
            replies.put((name, None, error))

    for name, question in questions.items():
        Thread(target=answer, args=(name, question), daemon=True, name=f"airops-discover-{name}").start()
    answers: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    end = time.monotonic() + deadline
    while len(answers) + len(problems) < len(questions):
        try:
            name, said, error = replies.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            break
        if error is None:
            answers[name] = said
        else:
            problems[name] = Problem(describe(error), name)
    for name in questions.keys() - answers.keys() - problems.keys():
        problems[name] = Problem(f"no answer within {deadline:g} s", name, "what it would have shown is missing here")
    return answers, tuple(problems[name] for name in questions if name in problems)
