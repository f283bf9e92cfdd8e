"""systemd service units: a file, or a folder of them with their drop-ins, systemd.service(5) and systemd.syntax(7).

The command itself stays where it is: systemd starts it, and its arguments may be secret.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping

from airops_tui.config.draft import Candidate, tidy
from airops_tui.config.imports.guess import health_hints, port_of
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.config.settings import ServiceSettings
from airops_tui.text import clean

Unit = Mapping[str, list[str]]

_VENDOR = r"/(usr/)?lib/systemd/|/dev/null$"


def parse(source: Source) -> Parsed:
    """The service of one unit file. Templates, jobs and links to the distribution's own units are left out."""
    unit = read_unit(source)
    if "Service.ExecStart" not in unit and "Service.Type" not in unit:
        raise NotThis("it has no [Service] section with an ExecStart")
    name = source.path.name.removesuffix(".service")
    if reason := _not_a_service(source, unit):
        return Parsed(left_out=(f"{clean(name)}: {reason}",))
    command = _command(unit)
    port = port_of(command, _environment(unit))
    service = ServiceSettings(
        name=tidy(name),
        title=clean(_last(unit, "Unit.Description"), limit=100),
        manager="systemd-user" if _is_for_users(source) else "systemd",
        unit=source.path.name,
        directory=_path(_last(unit, "Service.WorkingDirectory")),
        env_file=_path(_last(unit, "Service.EnvironmentFile")),
        port=port[0] if port else None,
        logs=tuple(_log_files(unit)),
        depends_on=tuple(_needed(unit)),
    )
    return Parsed((Candidate(service, {"port": port[1]} if port else {}, health_hints(port[0] if port else None)),))


def read_unit(source: Source) -> Unit:
    """All assignments of a unit and its drop-ins, as "Section.Key" -> values in order.

    A key may be given many times, and an empty value forgets those before it: no ini parser knows that.
    """
    unit: defaultdict[str, list[str]] = defaultdict(list)
    for part in (source, *source.near(f"{source.path.name}.d/*.conf")):
        for key, value in _assignments(part.text):
            if value:
                unit[key].append(value)
            else:
                unit[key].clear()
    return {key: values for key, values in unit.items() if values}


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in _logical_lines(text):
        if header := re.fullmatch(r"\[(.+)\]", line):
            section = header[1]
        elif "=" in line:
            key, _, value = line.partition("=")
            yield f"{section}.{key.strip()}", value.strip()


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments; a backslash at the end continues one, also across a comment."""
    begun = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")):
            continue
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield (begun + line).strip()
        begun = ""
    if begun:
        yield begun.strip()


def _not_a_service(source: Source, unit: Unit) -> str:
    if source.path.is_symlink() and re.match(_VENDOR, str(source.path.resolve())):
        return "only a link to a unit of the system"
    if re.match(_VENDOR, str(source.path)) and not any(key.startswith("Install.") for key in unit):
        return "a part of the system, started by other units"
    if "@" in source.path.name:
        return "a template, its instances have names of their own"
    if _last(unit, "Service.Type") == "oneshot":
        return "a job that ends, not a service"
    return ""


def _is_for_users(source: Source) -> bool:
    return bool(re.search(r"/systemd/user(/|$)", str(source.folder)))


def _command(unit: Unit) -> tuple[str, ...]:
    """The first ExecStart in words, without systemd's prefixes and with its specifiers left as they stand."""
    try:
        words = shlex.split(re.sub(r"^[-@:+!|]+", "", unit.get("Service.ExecStart", [""])[0]))
    except ValueError:
        return ()
    return tuple(words)


def _environment(unit: Unit) -> Mapping[str, str]:
    """PORT alone: the rest is the service's, and may be secret."""
    for line in reversed(unit.get("Service.Environment", [])):
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        for word in reversed(words):
            if word.startswith("PORT="):
                return {"PORT": word.removeprefix("PORT=")}
    return {}


def _log_files(unit: Unit) -> Iterator[str]:
    seen: set[str] = set()
    for key in ("StandardOutput", "StandardError"):
        match = re.fullmatch(r"(?:file|append|truncate):(/.+)", _last(unit, f"Service.{key}"))
        if match and match[1] not in seen:
            seen.add(match[1])
            yield match[1]


def _needed(unit: Unit) -> Iterator[str]:
    """The services it cannot run without; whether they are imported too is not known here."""
    for key in ("Requires", "BindsTo"):
        for value in unit.get(f"Unit.{key}", []):
            yield from (tidy(word.removesuffix(".service")) for word in value.split() if word.endswith(".service"))


def _path(value: str) -> str | None:
    """An absolute path; systemd's `-` before it (may be missing) dropped, one with specifiers not taken."""
    path = value.lstrip("-")
    return path if path.startswith("/") and "%" not in path else None


def _last(unit: Unit, key: str) -> str:
    return unit.get(key, [""])[-1]
