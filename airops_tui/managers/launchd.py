"""launchd's dialect: `launchctl` with its domains, and the property lists behind the jobs.

There is no launchd but on macOS: this dialect was written from launchctl(1), launchd.plist(5) and outputs that people
published of macOS 12 to 26, and its tests replay those. Apple says of `launchctl print`: "not API in any sense at all".
So whatever is not understood is unknown, in launchd's own words.

- start: `kickstart` for a job that is loaded, `bootstrap` (and `kickstart`, if nothing in the plist starts it) else.
- restart: `kickstart -k`, which does not wait for the throttle.
- stop: `bootout` for a job with KeepAlive, because launchd would start it again at once; it is back at the next login.
  For the others `kill SIGTERM`, which leaves the job loaded and its schedule alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError, RefusedError, UsageError
from airops_tui.hosts.base import Answer, Command, Dialogue, ListFolder, ReadFile, Request
from airops_tui.managers.base import Found, complaint, could_not_ask, unit_of, unknown
from airops_tui.managers.launchd_jobs import (
    Job,
    Plist,
    is_disabled,
    parse_list,
    parse_plist,
    parse_print,
    split_target,
    status_of,
)
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

ACTION_TIMEOUT = 60.0
NO_SUCH_DOMAIN, NO_SUCH_SERVICE = 112, 113
_UNDER_WAY = (36, 37)  # EINPROGRESS, EALREADY: launchd is at it
FOLDERS = ("~/Library/LaunchAgents", "/Library/LaunchAgents", "/Library/LaunchDaemons")


class _Place(msgspec.Struct, frozen=True):
    """Where a job was found: loaded in a domain, or only as a property list, or not at all (`trouble` says so)."""

    target: str
    job: Job | None = None
    path: str = ""
    plist: Plist | None = None
    trouble: UnitStatus | None = None

    @property
    def domain(self) -> str:
        return self.target.rpartition("/")[0]


class Launchd(msgspec.Struct, frozen=True):
    """The manager "launchd", for the user `uid` whose home is `home`."""

    uid: int
    home: str
    kind: str = "launchd"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One `launchctl print` for each job that is loaded in its domain."""
        told = {}
        for service in services:
            told[service.name] = yield from self._status(unit_of(service))
        return told

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        place = yield from self._place(service)
        if place.job is None:
            return (yield from self._load(place))
        running = status_of(place.job).state is UnitState.RUNNING
        return () if running else (_act("kickstart", place.target),)

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        place = yield from self._place(service)
        if place.job is None:
            return ()
        plist = yield from self._plist(place.job.path)
        if plist is None or plist.keep_alive:
            return (_act("bootout", place.target),)
        return (_act("kill", "SIGTERM", place.target),) if status_of(place.job).pid else ()

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        place = yield from self._place(service)
        if place.job is None:
            return (yield from self._load(place))
        return (_act("kickstart", "-k", place.target),)

    def failed(self, answer: Answer) -> str | None:
        """launchctl's sentence; that something is under way already is no failure."""
        return None if answer.trouble is None and answer.status in _UNDER_WAY else complaint(answer)

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """StandardOutPath and StandardErrorPath, of the loaded job or of its property list."""
        if split_target(unit_of(service)) is None:
            return ()
        place = yield from self._find(unit_of(service))
        return place.job.logs if place.job else place.plist.logs if place.plist else ()

    def find(self) -> Dialogue[Sequence[Found]]:
        """The jobs of installed property lists that are to be kept alive, or that run; none of Apple's."""
        answer = yield Command(argv=("launchctl", "list"), writes=False)
        if answer.trouble is not None or answer.status != 0:
            return ()
        running, found = parse_list(answer.out), []
        for folder in FOLDERS:
            for path in (yield from self._plists(folder)):
                plist = yield from self._plist(path)
                if plist is not None and (plist.keep_alive or running.get(plist.label)):
                    target = self._targets(("", plist.label), daemon=folder.endswith("Daemons"))[0]
                    job = parse_print((yield _print(target)))
                    status = status_of(job) if isinstance(job, Job) else _not_loaded(target, path)
                    found.append(self._found(plist, status))
        return _with_short_names(found)

    def _status(self, unit: str) -> Dialogue[UnitStatus]:
        if split_target(unit) is None:
            return unknown(f"{unit} is no label of a job")
        place = yield from self._find(unit)
        if place.trouble is not None:
            return place.trouble
        if place.job is not None:
            return status_of(place.job)
        disabled = yield from self._disabled(place)
        return _not_loaded(place.target, place.path, disabled=disabled)

    def _place(self, service: ServiceSettings) -> Dialogue[_Place]:
        """Where to act. Raises AiropsError when there is nothing to act on."""
        if split_target(unit_of(service)) is None:
            raise UsageError(f"{clean(unit_of(service))} is no label of a job", f"set `unit` of {clean(service.name)}")
        place = yield from self._find(unit_of(service))
        if place.trouble is not None:
            raise HostError(place.trouble.words, "`launchctl print` with the domain and label shows what launchd knows")
        return place

    def _find(self, unit: str) -> Dialogue[_Place]:
        """Look for a job in its domain, or in each it may be in; then for its property list."""
        parts = split_target(unit) or ("", unit)
        targets, homeless = self._targets(parts), ""
        for target in targets:
            answer = yield _print(target)
            job = parse_print(answer)
            if isinstance(job, Job):
                return _Place(target, job=job)
            if could_not_ask("launchctl", answer):
                return _Place(target, trouble=job)
            if answer.status == NO_SUCH_DOMAIN:
                homeless = homeless or target
            elif answer.status != NO_SUCH_SERVICE and b"Could not find service" not in answer.err:
                return _Place(target, trouble=job)
        return (yield from self._unloaded(parts, targets, homeless))

    def _unloaded(self, parts: tuple[str, str], targets: Sequence[str], homeless: str) -> Dialogue[_Place]:
        for folder in FOLDERS:
            daemon = folder.endswith("Daemons")
            if parts[0] and daemon != (parts[0] == "system"):
                continue
            path = f"{self._expand(folder)}/{parts[1]}.plist"
            plist = yield from self._plist(path)
            if plist is not None:
                target = self._targets(parts, daemon=daemon)[0]
                return _Place(target, path=path, plist=plist, trouble=_no_login(target) if target == homeless else None)
        words = f"launchd knows no job {parts[1]}, and there is no {parts[1]}.plist in {', '.join(FOLDERS)}"
        return _Place(targets[0], trouble=UnitStatus(UnitState.ABSENT, clean(words, limit=300)))

    def _load(self, place: _Place) -> Dialogue[tuple[Request, ...]]:
        if (yield from self._disabled(place)):
            raise RefusedError(f"{clean(place.target)} is disabled", f"`launchctl enable {clean(place.target)}` first")
        load = _act("bootstrap", place.domain, place.path)
        starts_itself = place.plist is not None and (place.plist.run_at_load or place.plist.keep_alive)
        return (load,) if starts_itself else (load, _act("kickstart", place.target))

    def _disabled(self, place: _Place) -> Dialogue[bool]:
        answer = yield Command(argv=("launchctl", "print-disabled", place.domain), writes=False)
        return is_disabled(answer.out, place.target.rpartition("/")[2])

    def _plists(self, folder: str) -> Dialogue[list[str]]:
        answer = yield ListFolder(path=self._expand(folder))
        names = answer.out.decode("utf-8", "surrogateescape").split("\n") if answer.trouble is None else []
        return [
            f"{self._expand(folder)}/{name}"
            for name in names
            if name.endswith(".plist") and not name.startswith("com.apple.")
        ]

    def _plist(self, path: str) -> Dialogue[Plist | None]:
        if not path.startswith("/"):
            return None
        answer = yield ReadFile(path=path)
        return parse_plist(answer.out) if answer.trouble is None else None

    def _targets(self, parts: tuple[str, str], *, daemon: bool | None = None) -> tuple[str, ...]:
        """The service targets a unit may mean: a plain label in the user's domains, or in the system's."""
        domain, label = parts
        if domain:
            return (f"{domain}/{label}",)
        own = (f"gui/{self.uid}/{label}", f"user/{self.uid}/{label}")
        if daemon or (daemon is None and self.uid == 0):
            return (f"system/{label}", *own)
        return (*own, f"system/{label}")

    def _expand(self, folder: str) -> str:
        return folder.replace("~", self.home, 1)

    def _found(self, plist: Plist, status: UnitStatus) -> Found:
        label = clean(plist.label, limit=200)
        return Found(label, label, self.kind, status, directory=plist.directory, logs=plist.logs)


def _print(target: str) -> Command:
    return Command(argv=("launchctl", "print", target), writes=False)


def _act(*words: str) -> Command:
    return Command(argv=("launchctl", *words), timeout=ACTION_TIMEOUT)


def _no_login(target: str) -> UnitStatus:
    user = target.split("/")[1]
    return unknown(f"no graphical login of user {user}: LaunchAgents start only after one")


def _not_loaded(target: str, path: str, *, disabled: bool = False) -> UnitStatus:
    if disabled:
        words = f"disabled: `launchctl enable {target}` before it can start"
    else:
        words = f"not loaded: `launchctl bootstrap {target.rpartition('/')[0]} {path}`"
    return UnitStatus(UnitState.STOPPED, clean(words, limit=300))


def _with_short_names(found: Sequence[Found]) -> list[Found]:
    """Each named by the last part of its label, where only one has it."""
    short = [item.unit.rpartition(".")[2] for item in found]
    return [
        msgspec.structs.replace(item, name=name) if name and short.count(name) == 1 else item
        for item, name in zip(found, short, strict=True)
    ]
