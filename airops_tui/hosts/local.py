"""The machine airops runs on, as a Host: dispatches each request to the one function that performs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from airops_tui.hosts.base import Answer, Request, Trouble
from airops_tui.model import Listener, Process

_PERFORMERS: Mapping[str, tuple[str, str]] = {
    "Command": ("commands", "run"),
    "Call": ("calls", "call"),
    "ReadFile": ("files", "read_file"),
    "ListFolder": ("files", "list_folder"),
    "Spawn": ("spawned", "spawn"),
    "Inspect": ("spawned", "inspect"),
    "Terminate": ("spawned", "terminate"),
}
"""The module and function that performs each kind of request; a module is loaded when it is first needed."""


def _performer(request: Request) -> Callable[[Any], Answer]:
    module, function = _PERFORMERS[type(request).__name__]
    performer: Callable[[Any], Answer] = getattr(import_module(f"airops_tui.hosts.{module}"), function)
    return performer


@dataclass(slots=True)
class LocalHost:
    """This machine. With `read_only` every request that writes is refused by `ask()`."""

    read_only: bool = False
    name: str = "local"

    def perform(self, request: Request) -> Answer:
        """Do what the request says; an error of the operating system is an answer too."""
        try:
            return _performer(request)(request)
        except PermissionError as error:
            return Answer(trouble=Trouble.DENIED, detail=_reason(error))
        except FileNotFoundError as error:
            return Answer(trouble=Trouble.ABSENT, detail=_reason(error))
        except OSError as error:
            return Answer(trouble=Trouble.BROKEN, detail=_reason(error))

    def processes(self) -> Mapping[int, Process]:
        """The process table, by pid."""
        from airops_tui.hosts.system import processes

        return processes()

    def listeners(self) -> Sequence[Listener]:
        """The listening TCP sockets and who holds them, as far as the system tells this user."""
        from airops_tui.hosts.system import listeners

        return listeners()


def _reason(error: OSError) -> str:
    from airops_tui.text import clean

    what = os.strerror(error.errno) if error.errno else type(error).__name__
    return clean(f"{what}: {error.filename}" if error.filename else what)


def expand(path: str) -> Path:
    """`~` resolved for this user; the path is otherwise taken as it is."""
    return Path(path).expanduser()
