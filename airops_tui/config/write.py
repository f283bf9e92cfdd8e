"""The config that `airops init` writes: what there is, why it is so, and what could come next, as a person notes it.

A line that starts with `# ` and a setting is switched off; all is written so that taking the `# ` away is enough.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from airops_tui.config.draft import Candidate, Draft
from airops_tui.config.load import user_config
from airops_tui.config.settings import Kind, ServiceSettings, Struct
from airops_tui.config.shapes import Table
from airops_tui.config.show import amounts_to
from airops_tui.config.toml import is_given, key, pairs_of, quote, toml
from airops_tui.errors import RefusedError
from airops_tui.text import clean

_NOTE_AT = 44
"""Column of the notes behind values, where the values are short enough."""

_MOST_NOTES = 20

_TOP = """\
# {origin}
# A line that starts with "# " and a setting is switched off; take the "# " away to use it.
# After a change: airops config check. All settings in force, with their defaults: airops config show.

title = {title}
refresh = 5                                # seconds between looks
# timezone = "Asia/Seoul"                  # default: the machine's
# environment = "production"               # shown in the header, framed in red; dangerous actions ask harder
# read_only = true                         # only look, whatever key is pressed
"""

_SERVICES = """\

# ── Services ──────────────────────────────────────────────────────────────────────────────────────────────────────
# `name` is what you type, `title` what you read. `manager` is who keeps it running: process, systemd, systemd-user,
# launchd, pm2, supervisor, docker or compose; without one airops only looks. `health` is asked at every look: an
# address, or a table with url, status, body, json, timeout, slow. Paths start at the service's `directory`.
"""

_NOTHING = """\
# [[services]]
# name = "app"
# port = 8000
# health = "http://localhost:8000/health"
"""

_NEXT = """\

# More a service can have; put it below the service it is for:
#     public = "https://app.example.org"   # the address its users take; a failure there is a warning
#     access_log = "/var/log/nginx/access.log"
#     users = "http://localhost:8000/api/status#/students_count"   # where the app counts its people
{depends_on}#     [services.recover]                   # what the watchdog may do; without it, it only tells
#     restarts = 3                         # at most, within that time
#     within = "15m"
#     max_memory = "3G"
#     schedule = "0 3 * * *"               # a planned restart, as in cron
"""

_REST = """\

# ── Machines ──────────────────────────────────────────────────────────────────────────────────────────────────────
# This machine is "local" and always there. Others are reached over SSH: then add host = "web1" to a service.
# [[hosts]]
# name = "web1"
# ssh = "ubuntu@web1"                      # what you would give ssh; ~/.ssh/config applies

# ── People ────────────────────────────────────────────────────────────────────────────────────────────────────────
# When it is safe to disturb them. Up to safe_users is safe, up to caution_users caution, above danger.
# [activity]
# safe_users = 0
# caution_users = 2
# best_hours = ["02:00-06:00"]
# fair_hours = ["14:00-16:00"]
# avoid_hours = ["09:00-12:00", "19:00-22:00"]

# ── Clusters ──────────────────────────────────────────────────────────────────────────────────────────────────────
# A master that knows its nodes. Secrets stay out of this file: "env:NAME" takes them from the environment, or from a
# file called .env beside this one that only you can read.
# [[clusters]]
# name = "airclass"
# url = "http://localhost:8000"
# token = "env:CLUSTER_TOKEN"
# scale = ["docker", "compose", "up", "-d", "--scale", "slave={count}"]

# ── Backups ───────────────────────────────────────────────────────────────────────────────────────────────────────
# [[backups]]
# name = "settings"
# directory = "backups"
# include = [".env", "docker-compose.yml"]
# keep_days = 7
# schedule = "0 2 * * *"

# ── Alerts ────────────────────────────────────────────────────────────────────────────────────────────────────────
# Apprise addresses, or a plain Slack or Discord webhook.
# [alerts]
# urls = ["env:ALERT_WEBHOOK"]
# reminder = "4h"
"""


def init(draft: Draft, path: Path | None = None, *, force: bool = False) -> str:
    """Write a draft down and say what was written where, and what next.

    `path` default: the config folder of the user. Raises RefusedError where save() does.
    """
    path = path or user_config()
    done = save(write(draft), path, force=force)
    notes = f", {len(draft.left_out)} left out (named at its end)" if draft.left_out else ""
    command = f"airops --config {path}" if path != user_config() and path.name != "airops.toml" else "airops"
    return f"{done}\n{amounts_to(draft.settings)}{notes}\nlook through it, then run: {command}"


def write(draft: Draft, *, home: str | None = None) -> str:
    """The text of a config file for a draft. load() accepts it and returns the same settings.

    `home`: paths below it are written with `~`; default: the home of who runs airops.
    """
    home = home if home is not None else str(Path.home())
    parts = [_TOP.format(origin=_comment(draft.origin), title=quote(draft.title or "airops")), _SERVICES]
    for candidate in draft.candidates:
        parts.append("\n" + "\n".join(_service(candidate, home)) + "\n")
    parts.append(_next(draft) if draft.candidates else _NOTHING)
    parts += _left_out(draft.left_out)
    parts.append(_REST)
    return "".join(parts)


def save(text: str, path: Path, *, force: bool = False) -> str:
    """Write a new config file, for its owner only, and say what was done.

    An existing one is never overwritten: RefusedError, or with `force` it is kept as `NAME.old`.
    """
    existed = path.exists()
    if existed and not force:
        raise RefusedError(f"{path} is there already: not touched", "--force writes a new one and keeps it as .old")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if existed:
        path.replace(path.with_name(f"{path.name}.old"))
    fresh.replace(path)
    return f"wrote {path}" + (f", the one before is {path.name}.old" if existed else "")


def _service(candidate: Candidate, home: str) -> Iterator[str]:
    service = candidate.service
    shorten = partial(_short, folder=service.directory or "", home=home)
    tables: list[tuple[str, Struct]] = []
    yield "[[services]]"
    for name, (shape, value) in pairs_of(service).items():
        if isinstance(shape, Table) and not shape.struct.short_for:
            tables.append((name, value))
        elif is_given(Table(ServiceSettings), name, service) and not (name == "unit" and value == service.name):
            rewrite = partial(_short, folder="", home=home) if name == ServiceSettings.base else shorten
            yield _line(f"{name} = {toml(shape, value, rewrite)}", candidate.guesses.get(name, ""))
    for hint in candidate.hints:
        yield _line(f"# {key(hint.key)} = {hint.value}", hint.why)
    for name, table in tables:
        yield f"[services.{name}]"
        for inner, (shape, value) in pairs_of(table).items():
            if is_given(Table(type(table)), inner, table):
                yield f"{inner} = {toml(shape, value, shorten)}"


def _next(draft: Draft) -> str:
    """What could come next for the last service, which is the one it stands below."""
    names = [candidate.service.name for candidate in draft.candidates]
    told = ""
    if len(names) > 1 and not draft.candidates[0].service.depends_on:
        told = f"#     depends_on = [{quote(names[0])}]".ljust(_NOTE_AT - 1) + "# not blamed while that one is down\n"
    return _NEXT.format(depends_on=told)


def _left_out(notes: tuple[str, ...]) -> Iterator[str]:
    if notes:
        yield "\n# Seen, but left out:\n"
        yield from (f"#   {_comment(note)}\n" for note in notes[:_MOST_NOTES])
    if len(notes) > _MOST_NOTES:
        yield f"#   and {len(notes) - _MOST_NOTES} more\n"


def _short(text: str, kind: Kind | None, *, folder: str, home: str) -> str:
    """A path as people write it: from the service's folder where it is near, with ~ where it is below home."""
    if kind not in (Kind.PATH, Kind.PROGRAM, Kind.SOCKET) or not text.startswith("/"):
        return text
    if folder.count("/") > 1:
        near = os.path.relpath(text, folder)
        if near.count("..") <= 1:
            return f"./{near}" if "/" not in near and kind is Kind.PROGRAM else near
    if home not in ("", "/") and text.startswith(f"{home.rstrip('/')}/"):
        return "~" + text[len(home.rstrip("/")) :]
    return text


def _line(setting: str, note: str) -> str:
    if not note:
        return setting
    return (
        f"{setting.ljust(_NOTE_AT - 1)} # {_comment(note)}"
        if len(setting) < _NOTE_AT
        else f"{setting}   # {_comment(note)}"
    )


def _comment(text: str) -> str:
    return clean(text, limit=300)
