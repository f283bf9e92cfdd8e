"""LaunchAgents and LaunchDaemons: property lists with a Label and what to run, launchd.plist(5).

The command itself stays where it is: launchd starts it, and its arguments may be secret.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from typing import Any

from airops_tui.config.draft import Candidate, tidy
from airops_tui.config.imports.guess import health_hints, port_of
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.config.settings import ServiceSettings
from airops_tui.text import clean

_TIMERS = ("StartInterval", "StartCalendarInterval", "WatchPaths", "QueueDirectories")


def parse(source: Source) -> Parsed:
    """The job of one property list. What only runs at times is no service and left out."""
    job = _read(source)
    label = _text(job, "Label")
    if not label:
        raise NotThis("it has no Label")
    if label.startswith("com.apple."):
        return Parsed(left_out=(f"{clean(label)}: part of macOS",))
    if any(key in job for key in _TIMERS) and not job.get("KeepAlive"):
        return Parsed(left_out=(f"{clean(label)}: runs at times, not all the time",))
    command = _command(job)
    port = port_of(command, _environment(job))
    service = ServiceSettings(
        name=tidy(label.rpartition(".")[2]),
        manager="launchd",
        unit=label,
        directory=_text(job, "WorkingDirectory") or None,
        port=port[0] if port else None,
        logs=tuple(dict.fromkeys(path for key in ("Out", "Error") if (path := _text(job, f"Standard{key}Path")))),
    )
    guesses = {"port": port[1]} if port else {}
    return Parsed((Candidate(service, guesses, health_hints(port[0] if port else None)),))


def _read(source: Source) -> Mapping[str, Any]:
    try:
        job = plistlib.loads(source.data)
    except RecursionError:
        raise NotThis("it is nested too deeply") from None
    except Exception as error:  # noqa: BLE001 - plistlib lets through whatever its parsers raise
        raise NotThis(clean(f"{error}", limit=120) or "it cannot be read") from None
    if not isinstance(job, Mapping):
        raise NotThis("it holds no dictionary")
    return job


def _command(job: Mapping[str, Any]) -> tuple[str, ...]:
    words = job.get("ProgramArguments")
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        return tuple(words)
    program = _text(job, "Program")
    return (program,) if program else ()


def _environment(job: Mapping[str, Any]) -> Mapping[str, str]:
    """PORT alone: the rest is the job's, and may be secret."""
    variables = job.get("EnvironmentVariables")
    return {"PORT": str(variables["PORT"])} if isinstance(variables, Mapping) and "PORT" in variables else {}


def _text(job: Mapping[str, Any], key: str) -> str:
    value = job.get(key)
    return value if isinstance(value, str) else ""
