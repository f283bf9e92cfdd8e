"""systemd's dialect, for the system's units and for those of a user session.

One `systemctl show` answers for all units of a look: properties by name, because `--output=json` is no JSON there, and
times in UTC by the `TZ` variable, because `--timestamp=unix` is younger than the oldest systemd in use. Which sentence
a unit's properties mean is `systemd_units`.

Orders are `systemctl start|stop|restart -- UNIT`, waited for, never asking for a password. `reset-failed` is none of
them: that a unit is mended is for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Command, Dialogue, Request
from airops_tui.managers.base import Found, complaint, could_not_ask, unit_of, unknown
from airops_tui.managers.systemd_units import (
    LOOK,
    SEARCH,
    declared_output,
    log_origins,
    parse_show,
    status_of,
    worth_showing,
    writes_files,
)
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

ACTION_TIMEOUT = 120.0
"""Seconds for a start or stop job; systemd's own default is 90 for each."""

_KIND = r"\.(?:service|socket|target|device|mount|automount|swap|timer|path|slice|scope)"
_NAME = re.compile(rf"[A-Za-z0-9:_.\\@-]{{1,240}}{_KIND}", re.ASCII)


class Systemd(msgspec.Struct, frozen=True):
    """The manager "systemd", or with `user` the manager "systemd-user": the services of a login session.

    `env` is added to each command: a user session is found through XDG_RUNTIME_DIR, which cron and sshd may not set.
    """

    user: bool = False
    env: Mapping[str, str] = {}

    @property
    def kind(self) -> str:
        return "systemd-user" if self.user else "systemd"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One look at all units. A name that is none is not asked for: one would spoil the answer for all."""
        names = {service.name: unit_name(unit_of(service)) for service in services}
        asked = sorted({name for name in names.values() if name})
        answer = (yield self._show(LOOK, asked)) if asked else Answer()
        told = self._told(answer)
        return {service.name: self._one(names[service.name], unit_of(service), told) for service in services}

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        unit = yield from self._existing(service)
        return () if unit.state is UnitState.RUNNING else (self._act("start", service),)

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        unit = yield from self._existing(service)
        return () if unit.state is UnitState.STOPPED else (self._act("stop", service),)

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        yield from self._existing(service)
        return (self._act("restart", service),)

    def failed(self, answer: Answer) -> str | None:
        """systemctl's first sentence; what it advises to look at next is shown by the console itself."""
        said = complaint(answer)
        if said and answer.trouble is None and re.search(r"Access denied|[Aa]uthentication (is )?required", said):
            return "systemd: access denied; run as root, or allow org.freedesktop.systemd1.manage-units in polkit"
        return clean(answer.err.strip().partition(b"\n")[0]) or said if said and answer.trouble is None else said

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The journal, or the files that StandardOutput= and StandardError= name."""
        name = unit_name(unit_of(service))
        if name is None:
            return ()
        blocks = parse_show((yield self._show("Id,StandardOutput,StandardError", [name])).out)
        told = blocks[0] if blocks else {}
        if writes_files(told):
            cat = Command(argv=(*self._systemctl(), "cat", "--no-pager", "--", name), env=dict(self.env), writes=False)
            told = {**told, **declared_output((yield cat).out, name)}
        return log_origins(name, told, "journal-user" if self.user else "journal")

    def find(self) -> Dialogue[Sequence[Found]]:
        """The services worth an operator's eye; one command, also where there are hundreds of units."""
        answer = yield self._show(SEARCH, ["*.service"], everything=True)
        return [
            Found(
                name=clean(unit.get("Id", "").removesuffix(".service"), limit=100),
                unit=clean(unit.get("Id", ""), limit=250),
                manager=self.kind,
                status=status_of(unit, self.user),
                title=clean(unit.get("Description", ""), limit=100),
                directory=clean(unit["WorkingDirectory"].lstrip("!-")) if unit.get("WorkingDirectory") else None,
                logs=log_origins(unit.get("Id", ""), unit, "journal-user" if self.user else "journal"),
            )
            for unit in parse_show(answer.out)
            if worth_showing(unit, self.user)
        ]

    def _show(self, properties: str, units: Sequence[str], *, everything: bool = False) -> Command:
        only = ("--all",) if everything else ()
        argv = (*self._systemctl(), "show", "--no-pager", *only, f"--property={properties}", "--", *units)
        return Command(argv=argv, env={**self.env, "TZ": "UTC"}, writes=False)

    def _act(self, verb: str, service: ServiceSettings) -> Command:
        argv = (*self._systemctl(), "--no-ask-password", verb, "--", unit_name(unit_of(service)) or "")
        return Command(argv=argv, env=dict(self.env), timeout=ACTION_TIMEOUT)

    def _existing(self, service: ServiceSettings) -> Dialogue[UnitStatus]:
        """The unit to act on. Raises HostError when there is none or systemd cannot be asked."""
        unit = (yield from self.status([service]))[service.name]
        if unit.state in (UnitState.ABSENT, UnitState.UNKNOWN):
            raise HostError(
                unit.words, f"set `unit` of {clean(service.name)}; `systemctl list-unit-files` has the names"
            )
        return unit

    def _systemctl(self) -> tuple[str, ...]:
        return ("systemctl", "--user") if self.user else ("systemctl",)

    def _told(self, answer: Answer) -> Mapping[str, UnitStatus] | UnitStatus:
        """Statuses by every name a unit goes by, or the one status of all when systemd could not be asked."""
        if trouble := could_not_ask("systemctl", answer):
            return trouble
        units = parse_show(answer.out)
        if not units and answer.status != 0:
            return unknown(_why(complaint(answer) or "", self.user))
        return {
            name: status_of(unit, self.user)
            for unit in units
            for name in (unit.get("Id", ""), *unit.get("Names", "").split())
        }

    def _one(self, name: str | None, written: str, told: Mapping[str, UnitStatus] | UnitStatus) -> UnitStatus:
        if name is None:
            return unknown(f"{written} is no name of a unit")
        if isinstance(told, UnitStatus):
            return told
        return told.get(name) or UnitStatus(UnitState.UNKNOWN, f"systemctl said nothing of {name}")


def unit_name(written: str) -> str | None:
    """The full name of a unit: ".service" unless it says otherwise; None if there can be no such unit.

    What systemctl would take for a pattern, a path or a template is none (systemd.unit(5) has the characters).
    """
    name = written if re.search(rf"{_KIND}\Z", written) else f"{written}.service"
    valid = _NAME.fullmatch(name) and "@." not in name and not name.startswith((".", "@"))
    return name if valid else None


def _why(said: str, user: bool) -> str:
    """Why systemctl could not say anything: from its messages on machines without systemd, without a session."""
    if "not been booted with systemd" in said:
        return "this machine was not booted with systemd"
    if "connect to" in said and "bus" in said:
        hint = "; `loginctl enable-linger` keeps a user's services without a login" if user else ""
        return f"no connection to systemd{hint}: {said}"
    return f"systemctl: {said}"
