"""The settings, one frozen struct per table of the config file; the docstring of a field is its documentation.

What is a duration or a size in the file ("15m", "3G") is seconds or bytes here. Paths are absolute here, relative to
the config file there. Secrets (`"env:NAME"`) are `Secret` here. `load.py` does all of that and reports every problem.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from airops_tui.text import Secret

ManagerKind = Literal["process", "systemd", "systemd-user", "launchd", "pm2", "supervisor", "docker", "compose"]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all settings: frozen, named fields only, unknown keys refused."""


class HealthRule(Struct, frozen=True, kw_only=True):
    """How to look at an endpoint and what counts as well. In the file a plain URL, or a table with these keys."""

    url: str
    """http:// or https:// address to GET."""
    status: tuple[int, ...] = ()
    """Codes that count as well; empty: any 2xx."""
    body: str | None = None
    """Regular expression that the first 64 KiB of the body must contain; otherwise degraded."""
    json: dict[str, str | int | float | bool] = {}
    """JSON pointers and the value each must have, as `{"/checks/database" = "ok"}`; otherwise degraded."""
    timeout: float = 10.0
    """Seconds for the whole look: resolving, connecting, headers and body together."""
    retries: int = 3
    """Quick tries before a refused connection counts as down."""
    slow: float = 2.0
    """Seconds from which a good answer counts as slow."""
    redirects: bool = False
    """Follow up to three redirects. Off: a redirect is judged by its own status code."""
    headers: dict[str, str | Secret] = {}
    """Headers to send, for endpoints that want a token."""


class Recover(Struct, frozen=True, kw_only=True):
    """What the watchdog may do for a service. Left out: watch and tell only."""

    restarts: int = 3
    """Restarts allowed `within` that time, then it gives up and tells."""
    within: float = 900.0
    grace: float = 30.0
    """Seconds after a start before a failure counts."""
    max_memory: int | None = None
    """Bytes from which a restart is due."""
    schedule: str | None = None
    """Cron expression of a planned restart."""


class Update(Struct, frozen=True, kw_only=True):
    """How a service gets a new release."""

    repository: str | None = None
    """The git checkout; default: the service's directory."""
    branch: str = "main"
    strategy: Literal["in-place", "releases", "blue-green", "reload"] = "in-place"
    paths: tuple[str, ...] = ()
    """What of the repository belongs to this service; empty: all of it."""
    install: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    """Files and folders an update never replaces."""
    verify: tuple[str, ...] = ()
    """URLs that must answer well after an update."""


class ServiceSettings(Struct, frozen=True, kw_only=True):
    """One service."""

    name: str
    """What you type."""
    title: str = ""
    """What you read; default: the name."""
    host: str = "local"
    manager: ManagerKind | None = None
    """Who keeps it running. Left out: it is only looked at, never started or stopped."""
    unit: str = ""
    """What the manager calls it; default: the name."""
    socket: str | None = None
    """supervisor, docker: where the daemon listens, if not in its usual place."""
    pm2_home: str | None = None
    """pm2: whose list; default: ~/.pm2."""
    program: str | None = None
    """The manager's own program, where it is on no PATH (pm2 under nvm)."""
    project: str | None = None
    """compose: the project the service belongs to; default: the name of its directory."""
    directory: str | None = None
    command: tuple[str, ...] = ()
    """What to run, for manager "process"."""
    env_file: str | None = None
    port: int | None = None
    """The TCP port it should own on its host."""
    health: HealthRule | None = None
    public: HealthRule | None = None
    """The address its users take; a failure there is a warning, the edge may lag."""
    logs: tuple[str, ...] = ()
    access_log: str | None = None
    users: str | None = None
    """Where the app itself counts its people: URL#json_pointer or URL#metric."""
    depends_on: tuple[str, ...] = ()
    recover: Recover | None = None
    update: Update | None = None


class HostSettings(Struct, frozen=True, kw_only=True):
    """A machine reached over SSH."""

    name: str
    ssh: str
    """What you would give ssh; ~/.ssh/config applies."""


class ClusterSettings(Struct, frozen=True, kw_only=True):
    """A master and its nodes."""

    name: str
    url: str
    kind: Literal["airclass", "prometheus", "json"] = "airclass"
    token: str | Secret | None = None
    scale: tuple[str, ...] = ()
    """The command that changes the number of nodes; {count} is replaced."""
    members: tuple[str, ...] = ()
    """host/service pairs that a rolling update walks."""


class Activity(Struct, frozen=True, kw_only=True):
    """When it is safe to disturb people. Hours are "HH:MM-HH:MM" in the site's time zone."""

    safe_users: int = 0
    caution_users: int = 2
    window: float = 300.0
    best_hours: tuple[str, ...] = ("02:00-06:00",)
    fair_hours: tuple[str, ...] = ("14:00-16:00",)
    avoid_hours: tuple[str, ...] = ("09:00-12:00", "19:00-22:00")


class BackupSet(Struct, frozen=True, kw_only=True):
    """What to keep copies of, and for how long."""

    name: str
    directory: str = "backups"
    include: tuple[str, ...] = ()
    capture: dict[str, str] = {}
    """File name in the backup -> URL whose answer is kept."""
    dump: dict[str, tuple[str, ...]] = {}
    """File name in the backup -> command whose output is kept."""
    stop: tuple[str, ...] = ()
    keep_days: int = 7
    keep_last: int = 2
    schedule: str | None = None


class Alerts(Struct, frozen=True, kw_only=True):
    """Whom to tell."""

    urls: tuple[str | Secret, ...] = ()
    reminder: float = 14400.0


class Settings(Struct, frozen=True, kw_only=True):
    """The whole config file."""

    title: str = "airops"
    refresh: float = 5.0
    """Seconds between looks."""
    timezone: str | None = None
    """IANA name; default: the machine's."""
    environment: str = ""
    """Shown in the header; "production" is framed and asks harder."""
    read_only: bool = False
    state: str | None = None
    """Folder for what airops remembers; default: the user's state folder."""
    hosts: tuple[HostSettings, ...] = ()
    services: tuple[ServiceSettings, ...] = ()
    clusters: tuple[ClusterSettings, ...] = ()
    activity: Activity = Activity()
    backups: tuple[BackupSet, ...] = ()
    alerts: Alerts = Alerts()
