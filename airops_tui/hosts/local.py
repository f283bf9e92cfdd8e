"""The machine airops runs on, as a Host: dispatches each request to the one function that performs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airops_tui.hosts.base import (
    Answer,
    Call,
    Command,
    Inspect,
    ListFolder,
    ReadFile,
    Request,
    Spawn,
    Terminate,
    Trouble,
)
from airops_tui.hosts.calls import call
from airops_tui.hosts.commands import run
from airops_tui.hosts.files import list_folder, read_file
from airops_tui.hosts.spawned import inspect, spawn, terminate
from airops_tui.model import Listener, Process

_PERFORMERS: Mapping[type[Any], Callable[[Any], Answer]] = {
    Command: run,
    Call: call,
    ReadFile: read_file,
    ListFolder: list_folder,
    Spawn: spawn,
    Inspect: inspect,
    Terminate: terminate,
}


@dataclass(slots=True)
class LocalHost:
    """This machine. With `read_only` every request that writes is refused by `ask()`."""

    read_only: bool = False
    name: str = "local"

    def perform(self, request: Request) -> Answer:
        """Do what the request says; an error of the operating system is an answer too."""
        try:
            return _PERFORMERS[type(request)](request)
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
