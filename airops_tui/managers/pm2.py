"""pm2's dialect: its command line, asked only while its daemon lives.

`pm2 jlist` starts a daemon when it finds none, so every command needs somebody at the daemon's socket. pm2 is a script
of node's: it is looked for where version managers put it, which is on no PATH of cron, systemd or `ssh host command`,
and gets its own folder on the PATH, because node is there. What it answers is `pm2_apps`.

Orders are `pm2 start|stop|restart NAME`, for apps that pm2 has in its list: `pm2 start` of any other name would take it
for a script's path. `pm2 reload` is none of them: it kills the good worker although the new one never came up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

import msgspec

from airops_tui.config.settings import ServiceSettings
from airops_tui.errors import HostError
from airops_tui.hosts.base import Answer, Command, Dialogue, ListFolder, Request, Trouble
from airops_tui.managers.base import Found, complaint, could_not_ask, together, unit_of, unknown
from airops_tui.managers.pm2_apps import App, parse_apps
from airops_tui.model import LogOrigin, UnitState, UnitStatus
from airops_tui.text import clean

ACTION_TIMEOUT = 60.0
VERSION_FOLDERS = ("{home}/.nvm/versions/node", "{home}/.local/share/fnm/node-versions", "{home}/.asdf/installs/nodejs")
"""Where version managers keep one folder for each node, the first of them nvm's default."""

FOLDERS = (
    *("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "{home}/.volta/bin", "{home}/.local/bin"),
    *("{home}/.npm-global/bin", "{home}/.yarn/bin", "{home}/.bun/bin", "/snap/bin"),
)
_MOST_VERSIONS = 12
_PLAIN_NAME = re.compile(r"(?!(?:all|json|stdin)$)[A-Za-z][\w.@+-]*", re.ASCII)


class Pm2(msgspec.Struct, frozen=True):
    """The manager "pm2": one user's list. `path` is the PATH that pm2 gets behind its own folder; `nvm` is NVM_DIR."""

    home: str
    user_home: str
    path: str
    program: str | None = None
    nvm: str | None = None
    kind: str = "pm2"

    def status(self, services: Sequence[ServiceSettings]) -> Dialogue[Mapping[str, UnitStatus]]:
        """One list for all apps."""
        _, apps = yield from self._list()
        if isinstance(apps, UnitStatus):
            return {service.name: apps for service in services}
        return {service.name: status_in(apps, unit_of(service)) for service in services}

    def start(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        """Only what does not run: `pm2 start` restarts what does."""
        program, apps = yield from self._apps(service)
        idle = [app for app in apps if app.status.state not in (UnitState.RUNNING, UnitState.STARTING)]
        return (self._order(program, "start", idle, whole=len(idle) == len(apps)),) if idle else ()

    def stop(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        program, apps = yield from self._apps(service)
        return (self._order(program, "stop", apps),)

    def restart(self, service: ServiceSettings) -> Dialogue[tuple[Request, ...]]:
        program, apps = yield from self._apps(service)
        return (self._order(program, "restart", apps),)

    def failed(self, answer: Answer) -> str | None:
        """pm2's error line, which it also prints when it ends with 0."""
        for line in (answer.err + b"\n" + answer.out).splitlines():
            said = clean(line, limit=300).partition("[PM2][ERROR]")[2].strip()
            if said:
                return said
        return complaint(answer)

    def logs(self, service: ServiceSettings) -> Dialogue[tuple[LogOrigin, ...]]:
        """The files that pm2 names; with a dead daemon, those it would have written."""
        _, apps = yield from self._list()
        if not isinstance(apps, UnitStatus):
            return tuple(dict.fromkeys(origin for app in _named(apps, unit_of(service)) for origin in app.logs))
        files = _lines((yield ListFolder(path=f"{self.home}/logs")))
        mine = re.compile(rf"{re.escape(unit_of(service))}-(out|error)(-\d+)?\.log")
        found = [(name, match) for name in files if (match := mine.fullmatch(name))]
        return tuple(
            LogOrigin("file", f"{self.home}/logs/{name}", "err" if match[1] == "error" else "out")
            for name, match in found
        )

    def find(self) -> Dialogue[Sequence[Found]]:
        """The apps in the list, a cluster as one; pm2's own modules are none."""
        _, apps = yield from self._list()
        if isinstance(apps, UnitStatus):
            return ()
        named: dict[str, list[App]] = {}
        for app in apps:
            if not app.module:
                named.setdefault(app.name, []).append(app)
        return [
            Found(
                name=name,
                unit=name,
                manager=self.kind,
                status=status_in(apps, name),
                directory=members[0].directory,
                logs=tuple(dict.fromkeys(origin for app in members for origin in app.logs)),
            )
            for name, members in named.items()
        ]

    def _list(self) -> Dialogue[tuple[str, list[App] | UnitStatus]]:
        """The program that answered and the apps, or why there are none to be had."""
        program = self.program or "pm2"
        answer = yield self._command(program, ("jlist",))
        if answer.trouble is Trouble.ABSENT and self.program is None:
            found = yield from self._locate()
            if found is None:
                return "", unknown(f"pm2 not found: looked on PATH, in {', '.join(self._places())}; set `program`")
            program = found
            answer = yield self._command(program, ("jlist",))
        return program, _read(answer)

    def _locate(self) -> Dialogue[str | None]:
        """The full path of pm2: of the newest node that has one, else of the first folder."""
        for versions in self._version_folders():
            names = _lines((yield ListFolder(path=versions)))
            for version in sorted(names, key=_version, reverse=True)[:_MOST_VERSIONS]:
                for inside in ("bin", "installation/bin"):
                    if "pm2" in _lines((yield ListFolder(path=f"{versions}/{version}/{inside}"))):
                        return f"{versions}/{version}/{inside}/pm2"
        for folder in FOLDERS:
            folder = folder.format(home=self.user_home)
            if "pm2" in _lines((yield ListFolder(path=folder))):
                return f"{folder}/pm2"
        return None

    def _version_folders(self) -> Iterator[str]:
        if self.nvm:
            yield f"{self.nvm}/versions/node"
        yield from (folder.format(home=self.user_home) for folder in VERSION_FOLDERS)

    def _places(self) -> list[str]:
        folders = [f"{folder}/*/bin" for folder in self._version_folders()]
        return [*folders, *(folder.format(home=self.user_home) for folder in FOLDERS[:3])]

    def _apps(self, service: ServiceSettings) -> Dialogue[tuple[str, list[App]]]:
        program, apps = yield from self._list()
        if isinstance(apps, UnitStatus):
            raise HostError(apps.words, "`pm2 resurrect` starts the daemon with its saved list")
        mine = _named(apps, unit_of(service))
        if not mine:
            raise HostError(_stranger(unit_of(service)), "`pm2 start` it once from its folder, then `pm2 save`")
        return program, mine

    def _order(self, program: str, verb: str, apps: Sequence[App], *, whole: bool = True) -> Command:
        name = apps[0].raw_name
        targets = [name] if whole and _PLAIN_NAME.fullmatch(name) else [str(app.number) for app in apps]
        return self._command(program, (verb, *targets), writes=True)

    def _command(self, program: str, words: Sequence[str], *, writes: bool = False) -> Command:
        folder = str(PurePath(program).parent)
        path = self.path if folder == "." else f"{folder}:{self.path}"
        return Command(
            argv=(program, *words),
            env={"PM2_HOME": self.home, "PATH": path},
            needs_socket=f"{self.home}/rpc.sock",
            timeout=ACTION_TIMEOUT if writes else 10.0,
            writes=writes,
        )


def status_in(apps: Sequence[App], unit: str) -> UnitStatus:
    """The status of the app, or of the cluster, with this name."""
    mine = _named(apps, unit)
    if not mine:
        return UnitStatus(UnitState.ABSENT, _stranger(unit))
    return together({f"#{app.number}": app.status for app in mine})


def _named(apps: Sequence[App], unit: str) -> list[App]:
    return [app for app in apps if app.raw_name == unit]


def _stranger(unit: str) -> str:
    return clean(f"pm2 has no app {unit} in its list", limit=300)


def _read(answer: Answer) -> list[App] | UnitStatus:
    if trouble := could_not_ask("pm2", answer):
        return trouble
    if answer.status == 127 and b"node" in answer.err:
        return unknown("pm2 needs node, which is neither beside it nor on PATH")
    return parse_apps(answer.out, answer.err)


def _lines(answer: Answer) -> list[str]:
    return answer.out.decode("utf-8", "surrogateescape").split("\n") if answer.trouble is None else []


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", name)[:4])
