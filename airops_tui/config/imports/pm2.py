"""PM2's list as `pm2 jlist` prints it, or an ecosystem file in JSON. Of an app's environment only PORT is looked at.

The list carries the whole environment of every app, secrets included: nothing of it is kept. Nor are the arguments: pm2
starts it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from airops_tui.config.draft import Candidate, tidy
from airops_tui.config.imports.guess import health_hints, port_of
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.config.settings import ServiceSettings
from airops_tui.text import clean


def parse(source: Source) -> Parsed:
    """The apps of a list or an ecosystem file, a cluster once; pm2's own modules are left out."""
    apps: dict[str, Candidate] = {}
    left_out = []
    for app in _apps(source.text):
        facts = _facts(app)
        name = _text(facts, "name")
        if isinstance(facts.get("axm_options"), Mapping) and facts["axm_options"].get("isModule"):
            left_out.append(f"{clean(name)}: a module of pm2 itself")
        elif name and name not in apps:
            apps[name] = _candidate(name, facts, source)
    return Parsed(tuple(apps.values()), left_out=tuple(left_out))


def _apps(text: str) -> Sequence[Mapping[str, Any]]:
    document = _document(text)
    if isinstance(document, Mapping):
        document = document.get("apps")
    if not isinstance(document, list) or not all(isinstance(app, Mapping) for app in document):
        raise NotThis("neither a list of apps nor a table with one under apps")
    if document and not any("name" in app for app in document):
        raise NotThis("its entries have no name")
    return document


def _document(text: str) -> Any:
    """The JSON in what pm2 printed: a daemon that starts prints a banner before it."""
    starts = [0, *(match.start() for match in re.finditer(r"^[\[{]", text, re.MULTILINE))]
    for start in starts[:20]:
        try:
            return json.loads(text[start:])
        except RecursionError:
            raise NotThis("it is nested too deeply") from None
        except ValueError:
            continue
    raise NotThis("it holds no JSON")


def _facts(app: Mapping[str, Any]) -> Mapping[str, Any]:
    """An app as one table: what jlist says, or what an ecosystem file asks for."""
    told = app.get("pm2_env")
    return {**told, "name": app.get("name")} if isinstance(told, Mapping) else app


def _candidate(name: str, facts: Mapping[str, Any], source: Source) -> Candidate:
    directory = _text(facts, "pm_cwd") or str(source.folder / (_text(facts, "cwd") or "."))
    port = port_of(_command(facts), _environment(facts))
    logs = [_text(facts, key) for key in ("pm_out_log_path", "pm_err_log_path", "out_file", "error_file")]
    service = ServiceSettings(
        name=tidy(name),
        manager="pm2",
        unit=name,
        directory=directory,
        pm2_home=_home(facts),
        port=port[0] if port else None,
        logs=tuple(dict.fromkeys(path for path in logs if path and path != "/dev/null")),
    )
    return Candidate(service, {"port": port[1]} if port else {}, health_hints(port[0] if port else None))


def _home(facts: Mapping[str, Any]) -> str | None:
    """The list's PM2_HOME, where it is not the usual one; the pid files lie in it."""
    pid_file = PurePath(_text(facts, "pm_pid_path"))
    home = pid_file.parent.parent
    return str(home) if pid_file.parent.name == "pids" and home != Path.home() / ".pm2" else None


def _command(facts: Mapping[str, Any]) -> tuple[str, ...]:
    script = _text(facts, "pm_exec_path") or _text(facts, "script")
    if not script:
        return ()
    interpreter = _text(facts, "exec_interpreter") or _text(facts, "interpreter")
    arguments = facts.get("args") or []
    if isinstance(arguments, str):
        try:
            arguments = shlex.split(arguments)
        except ValueError:
            arguments = []
    words = [word for word in arguments if isinstance(word, str)] if isinstance(arguments, list) else []
    return (*([interpreter] if interpreter not in ("", "none") else []), script, *words)


def _environment(facts: Mapping[str, Any]) -> Mapping[str, str]:
    places = [facts, *(facts.get(key) for key in ("env", "env_production"))]
    ports = [place["PORT"] for place in places if isinstance(place, Mapping) and "PORT" in place]
    return {"PORT": str(ports[-1])} if ports else {}


def _text(facts: Mapping[str, Any], key: str) -> str:
    value = facts.get(key)
    return value if isinstance(value, str) else ""
