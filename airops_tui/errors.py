"""What can go wrong, and the exit code each kind ends the process with.

    AiropsError              70  a bug of ours, unless a child says otherwise
    ├── UsageError           64  the command line does not make sense
    ├── HostError            69  a host, daemon or socket could not be reached
    ├── RefusedError         77  read-only, not confirmed, or people are on it
    └── ConfigError          78  the configuration is invalid or insecure; carries every problem found

Codes 0-3 are those of monitoring plugins, 10-13 those of operations, 64-78 those of sysexits.h, 128+n a signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Every code the program ends with, by what it means to a script."""

    OK = 0
    DEGRADED = 1
    DOWN = 2
    UNKNOWN = 3
    UNTOUCHED = 10
    ROLLED_BACK = 11
    NEEDS_HUMAN = 12
    PARTIAL = 13
    USAGE = 64
    UNREACHABLE = 69
    BUG = 70
    BUSY = 75
    REFUSED = 77
    CONFIG = 78


class AiropsError(Exception):
    """An error with a sentence for a person: what happened, to what, and what to do next.

    `hint` is the next thing to do, one line, or empty.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AiropsError):
    """The command line does not make sense."""

    exit_code = ExitCode.USAGE


class HostError(AiropsError):
    """A host, a daemon or a socket could not be reached or did not answer in time."""

    exit_code = ExitCode.UNREACHABLE


class RefusedError(AiropsError):
    """Not done on purpose: read-only, not confirmed, or not ours."""

    exit_code = ExitCode.REFUSED


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with a config file: where, what, and what was probably meant.

    `path` is the dotted place in the document ("services[2].helth", counted from 0). `line` and `column` count from 1;
    0 when unknown.
    """

    file: str
    line: int
    path: str
    what: str
    suggestion: str = ""
    column: int = 0

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        where = f" {self.path}:" if self.path else ""
        meant = f", {self.suggestion}" if self.suggestion else ""
        return f"{place}:{where} {self.what}{meant}"


class ConfigError(AiropsError):
    """The configuration cannot be used; `problems` holds all of them, in file order."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
