"""The settings, one frozen struct per table of the config file; the docstring of a field is its documentation.

What is a duration or a size in the file ("15m", "3G") is seconds or bytes here. Paths are absolute here; in the file
those of a service are relative to its `directory`, all others to the config file's folder. Secrets (`"env:NAME"`) are
`Secret` here. Structs made elsewhere than in `load.py` are taken at their word: nothing is checked when one is built.

Annotations are not postponed in this module: `shapes.py` reads them whenever a config is loaded.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from airops_tui.text import Secret

ManagerKind = Literal["process", "systemd", "systemd-user", "launchd", "pm2", "supervisor", "docker", "compose"]


class Kind(StrEnum):
    """What a value means beyond its type. `values.py` says how each is read, `show.py` how it is written."""

    NAME = "name"
    UNIT = "unit"
    REFERENCE = "reference"  # the name of something else in the file
    DURATION = "duration"
    SIZE = "size"
    URL = "url"
    COUNTER = "counter"  # URL#json_pointer or URL#metric
    ALERT = "alert address"
    POINTER = "JSON pointer"
    PATTERN = "regular expression"
    PATH = "path"
    INSIDE = "path inside"  # relative on purpose: stays inside a checkout, a folder, an archive
    PROGRAM = "program"
    SOCKET = "socket"
    ARGUMENT = "argument"
    SSH = "ssh destination"
    BRANCH = "branch"
    HOURS = "hours"
    CRON = "cron expression"
    ZONE = "time zone"


Name = Annotated[str, Kind.NAME]
Reference = Annotated[str, Kind.REFERENCE]
Seconds = Annotated[float, Kind.DURATION, Meta(ge=0)]
SomeSeconds = Annotated[float, Kind.DURATION, Meta(ge=0.1)]
Bytes = Annotated[int, Kind.SIZE, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Url = Annotated[str, Kind.URL]
FilePath = Annotated[str, Kind.PATH]
Inside = Annotated[str, Kind.INSIDE]
Argument = Annotated[str, Kind.ARGUMENT]
Hours = Annotated[str, Kind.HOURS]
Cron = Annotated[str, Kind.CRON]


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all settings: frozen, named fields only, unknown keys refused.

    `short_for`: the one field that a plain text instead of the table stands for. `base`: the field whose folder the
    relative paths of the table start from.
    """

    short_for: ClassVar[str | None] = None
    base: ClassVar[str | None] = None


class HealthRule(Struct, frozen=True, kw_only=True):
    """How to look at an endpoint and what counts as well. In the file a plain URL, or a table with these keys."""

    short_for: ClassVar[str | None] = "url"

    url: Url
    """http:// or https:// address to GET."""
    status: tuple[Annotated[int, Meta(ge=100, le=599)], ...] = ()
    """Codes that count as well; empty: any 2xx."""
    body: Annotated[str, Kind.PATTERN] | None = None
    """Regular expression that the first 64 KiB of the body must contain; otherwise degraded."""
    json: dict[Annotated[str, Kind.POINTER], str | int | float | bool] = {}
    """JSON pointers and the value each must have, as `{"/checks/database" = "ok"}`; otherwise degraded."""
    timeout: SomeSeconds = 10.0
    """Seconds for the whole look: resolving, connecting, headers and body together."""
    retries: Annotated[int, Meta(ge=1, le=10)] = 3
    """Quick tries before a refused connection counts as down."""
    slow: Seconds = 2.0
    """Seconds from which a good answer counts as slow."""
    redirects: bool = False
    """Follow up to three redirects. Off: a redirect is judged by its own status code."""
    headers: dict[str, str | Secret] = {}
    """Headers to send, for endpoints that want a token; those that name a credential are Secret."""


class Recover(Struct, frozen=True, kw_only=True):
    """What the watchdog may do for a service. Left out: watch and tell only."""

    restarts: Count = 3
    """Restarts allowed `within` that time, then it gives up and tells."""
    within: SomeSeconds = 900.0
    grace: Seconds = 30.0
    """Seconds after a start before a failure counts."""
    max_memory: Bytes | None = None
    """Bytes from which a restart is due."""
    schedule: Cron | None = None
    """Cron expression of a planned restart."""


class Update(Struct, frozen=True, kw_only=True):
    """How a service gets a new release."""

    repository: FilePath | None = None
    """The git checkout; default: the service's directory."""
    branch: Annotated[str, Kind.BRANCH] = "main"
    strategy: Literal["in-place", "releases", "blue-green", "reload"] = "in-place"
    paths: tuple[Inside, ...] = ()
    """What of the repository belongs to this service; empty: all of it."""
    install: tuple[Argument, ...] = ()
    """Command that installs what the new release needs."""
    build: tuple[Argument, ...] = ()
    """Command that builds it."""
    keep: tuple[Inside, ...] = ()
    """Files and folders an update never replaces."""
    verify: tuple[Url, ...] = ()
    """URLs that must answer well after an update."""


class ServiceSettings(Struct, frozen=True, kw_only=True):
    """One service."""

    base: ClassVar[str | None] = "directory"

    name: Name
    """What you type."""
    title: str = ""
    """What you read; default: the name."""
    host: Reference = "local"
    manager: ManagerKind | None = None
    """Who keeps it running. Left out: it is only looked at, never started or stopped."""
    unit: Annotated[str, Kind.UNIT] = ""
    """What the manager calls it; default: the name."""
    socket: Annotated[str, Kind.SOCKET] | None = None
    """supervisor, docker: where the daemon listens, if not in its usual place."""
    pm2_home: FilePath | None = None
    """pm2: whose list; default: ~/.pm2."""
    program: Annotated[str, Kind.PROGRAM] | None = None
    """The manager's own program, where it is on no PATH (pm2 under nvm)."""
    project: Annotated[str, Kind.UNIT] | None = None
    """compose: the project the service belongs to; default: the name of its directory."""
    directory: FilePath | None = None
    """Where it lives. The other paths of the service start here."""
    command: tuple[Argument, ...] = ()
    """What to run, for manager "process"."""
    env_file: FilePath | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """The TCP port it should own on its host."""
    health: HealthRule | None = None
    public: HealthRule | None = None
    """The address its users take; a failure there is a warning, the edge may lag."""
    logs: tuple[FilePath, ...] = ()
    access_log: FilePath | None = None
    users: Annotated[str, Kind.COUNTER] | None = None
    """Where the app itself counts its people: URL#json_pointer or URL#metric."""
    depends_on: tuple[Reference, ...] = ()
    recover: Recover | None = None
    update: Update | None = None


class HostSettings(Struct, frozen=True, kw_only=True):
    """A machine reached over SSH."""

    name: Name
    ssh: Annotated[str, Kind.SSH]
    """What you would give ssh; ~/.ssh/config applies."""


class ClusterSettings(Struct, frozen=True, kw_only=True):
    """A master and its nodes."""

    name: Name
    url: Url
    kind: Literal["airclass", "prometheus", "json"] = "airclass"
    token: Secret | None = None
    scale: tuple[Argument, ...] = ()
    """The command that changes the number of nodes; {count} is replaced."""
    members: tuple[Reference, ...] = ()
    """host/service pairs that a rolling update walks."""


class Activity(Struct, frozen=True, kw_only=True):
    """When it is safe to disturb people. Hours are "HH:MM-HH:MM" in the site's time zone."""

    safe_users: Count = 0
    caution_users: Count = 2
    window: SomeSeconds = 300.0
    best_hours: tuple[Hours, ...] = ("02:00-06:00",)
    fair_hours: tuple[Hours, ...] = ("14:00-16:00",)
    avoid_hours: tuple[Hours, ...] = ("09:00-12:00", "19:00-22:00")


class BackupSet(Struct, frozen=True, kw_only=True):
    """What to keep copies of, and for how long."""

    name: Name
    directory: FilePath = "backups"
    include: tuple[FilePath, ...] = ()
    capture: dict[Inside, Url] = {}
    """File name in the backup -> URL whose answer is kept."""
    dump: dict[Inside, tuple[Argument, ...]] = {}
    """File name in the backup -> command whose output is kept."""
    stop: tuple[Reference, ...] = ()
    """Services to stop while restoring."""
    keep_days: Count = 7
    keep_last: Count = 2
    schedule: Cron | None = None


class Alerts(Struct, frozen=True, kw_only=True):
    """Whom to tell."""

    urls: tuple[Annotated[Secret, Kind.ALERT], ...] = ()
    """Apprise addresses, or a plain Slack or Discord webhook: whoever has the address can post, so it is a secret."""
    reminder: SomeSeconds = 14400.0
    """Seconds between reminders of something that is still wrong."""


class Settings(Struct, frozen=True, kw_only=True):
    """The whole config file."""

    title: str = "airops"
    refresh: SomeSeconds = 5.0
    """Seconds between looks."""
    timezone: Annotated[str, Kind.ZONE] | None = None
    """IANA name; default: the machine's."""
    environment: str = ""
    """Shown in the header; "production" is framed and asks harder."""
    read_only: bool = False
    state: FilePath | None = None
    """Folder for what airops remembers; default: the user's state folder."""
    hosts: tuple[HostSettings, ...] = ()
    services: tuple[ServiceSettings, ...] = ()
    clusters: tuple[ClusterSettings, ...] = ()
    activity: Activity = Activity()
    backups: tuple[BackupSet, ...] = ()
    alerts: Alerts = Alerts()
