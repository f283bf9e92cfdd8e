"""What can be asked of a host, as plain data, and the one function that asks.

Service managers never touch the world: they build requests and read answers. A host performs requests and never knows
what they mean. So the same dialect of systemd works here and at the far end of an SSH connection, and read-only is
enforced in one place, `ask()`: a request writes unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from airops_tui.errors import RefusedError
from airops_tui.model import Listener, Process

MAX_OUTPUT = 4 * 1024 * 1024
"""Bytes kept of a command's output unless it asks for more: a `systemctl show` of 500 units is 3 MB."""

T = TypeVar("T")


class Trouble(StrEnum):
    """Why there is no proper answer."""

    ABSENT = "absent"  # no such program, file or socket
    REFUSED = "refused"  # the socket is there, nobody listens
    DENIED = "denied"  # not permitted
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # the host itself
    BROKEN = "broken"  # an answer that is none: cut off, not HTTP


class Answer(msgspec.Struct, frozen=True):
    """What came back. `status` is the exit code, or the HTTP status of a Call; `detail` a cleaned sentence on trouble.

    `truncated` says that output beyond the request's limit was thrown away.
    """

    status: int = 0
    out: bytes = b""
    err: bytes = b""
    trouble: Trouble | None = None
    detail: str = ""
    took_ms: float = 0.0
    truncated: bool = False


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Run a program: an argv, never a shell. `timeout` in seconds, for the whole process group.

    `needs_socket`: run only if somebody accepts connections on that unix socket, else the answer is trouble. (A tool
    such as pm2 starts a daemon when it finds none, and a look must not start anything.)
    """

    argv: tuple[str, ...]
    timeout: float = 10.0
    cwd: str | None = None
    env: Mapping[str, str] = {}
    input: bytes = b""
    limit: int = MAX_OUTPUT
    needs_socket: str | None = None
    writes: bool = True


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request to a daemon behind a unix socket (docker, supervisor)."""

    socket: str
    path: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = {}
    timeout: float = 10.0
    limit: int = MAX_OUTPUT
    writes: bool = True


class ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a regular file; with `tail` its last `limit` bytes instead of the first."""

    path: str
    limit: int = 256 * 1024
    tail: bool = False
    writes: bool = False


class ListFolder(msgspec.Struct, frozen=True, kw_only=True):
    """The names in a folder, one a line in `Answer.out`, sorted."""

    path: str
    writes: bool = False


class Spawn(msgspec.Struct, frozen=True, kw_only=True):
    """Start a process of its own session, its output appended to `out` and `err`, its identity kept in `record`.

    Answered as JSON like `Inspect`. Trouble if a process with that record still runs.
    """

    argv: tuple[str, ...]
    record: str
    out: str
    err: str
    cwd: str | None = None
    env: Mapping[str, str] = {}
    env_file: str | None = None
    writes: bool = True


class Inspect(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the process kept in `record` still is the one that was started, or failing that one of `pid_files`.

    Identity is (pid, start time, boot id): a reused pid is not ours. The answer is JSON:
    `{"state": "running|stopped|failed|absent", "pid", "started_at", "exit_code", "restarts", "words"}`.
    """

    record: str
    pid_files: tuple[str, ...] = ()
    writes: bool = False


class Terminate(msgspec.Struct, frozen=True, kw_only=True):
    """End the process group kept in `record`: SIGTERM, after `grace` seconds SIGKILL. Only after an identity check.

    Answered as JSON like `Inspect`, with the outcome in `words`.
    """

    record: str
    pid_files: tuple[str, ...] = ()
    grace: float = 10.0
    writes: bool = True


Request = Command | Call | ReadFile | ListFolder | Spawn | Inspect | Terminate

Dialogue = Generator[Request, Answer, T]
"""A conversation with a host that does no I/O itself: it yields requests, is sent their answers, returns a result."""


class Host(Protocol):
    """A machine whose services are managed. Every method returns within the deadline of its request."""

    name: str
    read_only: bool

    def perform(self, request: Request) -> Answer:
        """Do what the request says; trouble is an answer, never an exception."""
        ...

    def processes(self) -> Mapping[int, Process]:
        """The process table, by pid."""
        ...

    def listeners(self) -> Sequence[Listener]:
        """The listening TCP sockets and, as far as the system tells, who holds them."""
        ...


def ask(host: Host, request: Request) -> Answer:
    """Have a host perform a request. The one place where read-only is enforced.

    Raises RefusedError for a request that writes when the host is read-only.
    """
    if request.writes and host.read_only:
        raise RefusedError(f"{host.name} is read-only: not done", "run without --read-only to change things")
    return host.perform(request)


def hold(host: Host, dialogue: Dialogue[T]) -> T:
    """Hold a whole conversation with a host and return its result."""
    try:
        request = next(dialogue)
        while True:
            request = dialogue.send(ask(host, request))
    except StopIteration as end:
        result: T = end.value
        return result
