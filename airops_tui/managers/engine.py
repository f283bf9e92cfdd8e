"""The Docker Engine API as far as the managers "docker" and "compose" need it; podman speaks the same.

Asked over the daemon's unix socket: no client program to find, nothing to parse but JSON. Paths carry no version,
so that the daemon answers in its own. What a container is, once it answered, is `containers`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Call, Command, Dialogue, ReadFile, Trouble
from airops_tui.managers.base import could_not_ask, decoded, nobody_listens, unknown
from airops_tui.managers.containers import Container, Listed, Memory, Message, output
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

T = TypeVar("T")

LOOK_TIMEOUT = 5.0
ACTION_MARGIN = 20.0
"""Seconds an action may take beyond the time a container has to stop."""

_DEBIAN_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
_WORST_FIRST = (Trouble.DENIED, Trouble.TIMEOUT, Trouble.BROKEN, Trouble.REFUSED, Trouble.ABSENT)


class Daemon(msgspec.Struct, frozen=True):
    """A daemon that answers on this socket."""

    socket: str

    def inspect(self, container: str) -> Dialogue[Container | UnitStatus]:
        """A container by name or id, or the status that says why there is nothing to tell of it."""
        return (yield from self._get(f"/containers/{quote(container, safe='')}/json", Container))

    def containers(self, label: str = "") -> Dialogue[list[Listed] | UnitStatus]:
        """All containers, running or not, or those that carry a label."""
        only = "&filters=" + quote(json.dumps({"label": [label]})) if label else ""
        return (yield from self._get(f"/containers/json?all=1{only}", list[Listed]))

    def log_of(self, container: str) -> LogOrigin:
        """Where the output of a container is."""
        return LogOrigin("docker", clean(container), "both", self.socket)

    def memory(self, container: str) -> Dialogue[int | None]:
        """Bytes a running container uses, for hosts whose process table does not show it."""
        told = yield from self._get(f"/containers/{quote(container, safe='')}/stats?stream=false&one-shot=true", Memory)
        return told.used if isinstance(told, Memory) else None

    def order(self, container: str, verb: str, grace: float = 0) -> Call:
        """The request that starts, stops, restarts or unpauses a container; `grace`: seconds it has to stop."""
        path = f"/containers/{quote(container, safe='')}/{verb}"
        return Call(socket=self.socket, path=path, method="POST", timeout=grace + ACTION_MARGIN)

    def _get(self, path: str, shape: type[T]) -> Dialogue[T | UnitStatus]:
        answer = yield Call(socket=self.socket, path=path, timeout=LOOK_TIMEOUT, writes=False)
        if trouble := could_not_ask("docker", answer):
            return trouble
        if answer.status == 404:
            return UnitStatus(UnitState.ABSENT, message(answer))
        if answer.status != 200:
            return unknown(f"docker: {message(answer)}")
        told = decoded(answer.out, shape)
        return unknown("docker gave no usable answer") if told is None else told


class Engine(msgspec.Struct, frozen=True):
    """Where a daemon may listen, in the order in which to try.

    `native`: containers run on this host's own kernel (Linux), so their pids are in its process table. `problem`: why
    nothing is tried at all.
    """

    sockets: tuple[str, ...]
    native: bool = True
    problem: str = ""

    def connect(self) -> Dialogue[Daemon | UnitStatus]:
        """The first daemon that answers, or the status that says why none does."""
        if self.problem:
            return unknown(self.problem)
        troubles: dict[Trouble, str] = {}
        for socket in self.sockets:
            if (yield from self._asleep(socket)):
                troubles.setdefault(Trouble.REFUSED, f"{socket} is only held by systemd, which would start it")
                continue
            answer = yield Call(socket=socket, path="/_ping", timeout=LOOK_TIMEOUT, writes=False)
            if answer.trouble is None:
                return Daemon(socket)
            troubles.setdefault(answer.trouble, answer.detail)
        return _nobody(troubles, self.sockets)

    def command(self) -> Dialogue[Daemon]:
        """The daemon to give orders to. Raises HostError when none answers."""
        daemon = yield from self.connect()
        if isinstance(daemon, UnitStatus):
            raise HostError(daemon.words, "start the docker daemon first")
        return daemon

    def _asleep(self, socket: str) -> Dialogue[bool]:
        """Whether nobody but systemd listens: connecting would start the daemon, and a look starts nothing."""
        if not self.native or socket not in _DEBIAN_SOCKETS:
            return False
        pid = yield ReadFile(path="/var/run/docker.pid", limit=16)
        if pid.trouble is not Trouble.ABSENT:
            return False
        argv = ("systemctl", "show", "--property=SubState", "--", "docker.socket")
        told = yield Command(argv=argv, timeout=LOOK_TIMEOUT, writes=False)
        return told.out.strip() == b"SubState=listening"


def last_output(origin: LogOrigin, lines: int) -> Dialogue[bytes]:
    """The last lines that a container wrote, of both streams; nothing if the daemon does not say."""
    path = f"/containers/{quote(origin.place, safe='')}/logs?stdout=1&stderr=1&tail={lines}"
    answer = yield Call(socket=origin.socket or "", path=path, timeout=LOOK_TIMEOUT, writes=False)
    return output(answer.out) if answer.trouble is None and answer.status == 200 else b""


def failed(answer: Answer) -> str | None:
    """Why an order failed; 304 says that there was nothing to do."""
    if answer.trouble is not None:
        return answer.detail or answer.trouble.value
    return None if answer.status in (200, 204, 304) else message(answer)


def message(answer: Answer) -> str:
    """The daemon's own words in an answer that is no success."""
    told = decoded(answer.out, Message)
    return clean(told.message.strip(), limit=300) if told and told.message.strip() else f"HTTP {answer.status}"


def _nobody(troubles: dict[Trouble, str], sockets: Sequence[str]) -> UnitStatus:
    worst = next((trouble for trouble in _WORST_FIRST if trouble in troubles), Trouble.ABSENT)
    if worst is Trouble.ABSENT:
        return nobody_listens("docker daemon", sockets)
    status = could_not_ask("docker", Answer(trouble=worst, detail=troubles[worst]))
    assert status is not None
    if worst is Trouble.DENIED:
        return unknown(f"{status.words}; the group docker may use it")
    return status
