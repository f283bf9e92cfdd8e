"""The dialect every service manager is spoken to in: requests out, answers in, nothing else.

A dialect never runs, opens or connects to anything. Everything it does is a conversation, because some tools must be
asked twice. Those of start, stop and restart only look (where is pm2? is the job loaded? which containers are the
service?) and end with the requests that would do it, so that a plan can show them before they happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from airops_tui.config.settings import ServiceSettings
from airops_tui.hosts.base import Answer, Dialogue, Request, Trouble
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that a manager has on this machine, as needed to show it without a config or to write one.

    `name` is short and unique within the manager ("proto4"), `unit` what the manager calls it.
    """

    name: str
    unit: str
    manager: str
    status: UnitStatus
    title: str = ""
    directory: str | None = None
    command: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    logs: tuple[LogOrigin, ...] = ()


class Manager(Protocol):
    """One service manager. `kind` is its word in the config. An instance speaks to one daemon of one host."""

    kind: str

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """The status of each of these services, by service name; every one of them is in the result."""
        ...

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        """The requests that start it, in order. This one, stop and restart raise AiropsError when there are none."""
        ...

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]: ...
    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]: ...

    def failed(self, answer: Answer) -> str | None:
        """Why the answer to start, stop or restart means that it failed, in the tool's own words; None if it did not.

        Not failing is no proof: exit codes lie. Whoever acts looks at the status afterwards.
        """
        ...

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """Where the manager puts the service's output."""
        ...

    def find(self) -> Dialogue[Sequence[Found]]:
        """The units of this manager worth showing on a machine without a config; empty when it is not there.

        Raises nothing: an absent tool or a dead daemon is an empty answer.
        """
        ...


def could_not_ask(tool: str, answer: Answer) -> UnitStatus | None:
    """The status to show when the tool itself gave trouble; None when the answer is a proper one.

    The wording names the tool and the next thing to look at, because at night that is all one has.
    """
    if answer.trouble is None:
        return None
    said = {
        Trouble.ABSENT: f"{tool} not found",
        Trouble.REFUSED: f"{tool} daemon not running",
        Trouble.DENIED: f"{tool}: permission denied",
        Trouble.TIMEOUT: f"{tool} did not answer within its deadline",
        Trouble.UNREACHABLE: "host unreachable",
        Trouble.BROKEN: f"{tool} gave no usable answer",
    }[answer.trouble]
    return UnitStatus(UnitState.UNKNOWN, f"{said}: {answer.detail}" if answer.detail else said)


def complaint(answer: Answer) -> str | None:
    """What a command that ended badly said, cleaned to one line; None if it ended with 0."""
    if answer.trouble is not None:
        return answer.detail or answer.trouble.value
    if answer.status == 0:
        return None
    said = clean((answer.err or answer.out).strip()[:400])
    return said or f"ended with {answer.status}"
