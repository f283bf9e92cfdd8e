"""The services.yml of a small platform: services with port, path, command and domain, and the tunnel before them.

    services: {NAME: {name, port, path, command, domain, description}}
    tunnel: {id, config_file, credentials}

It does not say who keeps the services running. That is taken from what lies beside it: launchd's property lists, or the
pid files of a start script.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airops_tui.config.draft import Candidate, Hint, tidy
from airops_tui.config.imports import launchd
from airops_tui.config.imports.guess import port_of
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.config.imports.yaml import parse as parse_yaml
from airops_tui.config.settings import HealthRule, ManagerKind, ServiceSettings
from airops_tui.config.toml import quote
from airops_tui.text import clean

_KEYS = {"name", "port", "path", "command", "domain", "description"}
_TUNNEL = "cloudflared"


def parse(source: Source) -> Parsed:
    """The services and the tunnel of one file."""
    document = parse_yaml(source.text)
    services = document.get("services") if isinstance(document, Mapping) else None
    entries = {str(name): entry for name, entry in services.items()} if isinstance(services, Mapping) else {}
    if not any(isinstance(entry, Mapping) and _KEYS & entry.keys() for entry in entries.values()):
        raise NotThis("no table called services whose entries have port, path or command")
    root = source.folder.parent if source.folder.name == "config" else source.folder
    labels = _labels(source, root)
    found = [_service(name, entry, root, labels) for name, entry in entries.items() if isinstance(entry, Mapping)]
    left_out = [f"{clean(name)}: not a table" for name, entry in entries.items() if not isinstance(entry, Mapping)]
    tunnel = document.get("tunnel")
    if isinstance(tunnel, Mapping):
        found.append(_tunnel(tunnel, root, labels))
    return Parsed(tuple(found), title=clean(str(document.get("title") or ""), limit=100), left_out=tuple(left_out))


def _service(name: str, entry: Mapping[str, Any], root: Path, labels: Mapping[str, str]) -> Candidate:
    directory = root / Path(str(entry.get("path") or ".")).expanduser()
    command = _words(entry.get("command"))
    port, guesses = entry.get("port"), {}
    if not isinstance(port, int) or isinstance(port, bool):
        guessed = port_of(command, {})
        port, guesses = (guessed[0], {"port": guessed[1]}) if guessed else (None, {})
    if port:
        guesses["health"] = "a guess: services of this kind have one"
    manager, unit, hints = _keeper(name, directory, labels, bool(command))
    service = ServiceSettings(
        name=tidy(name),
        title=clean(str(entry.get("name") or entry.get("description") or ""), limit=100),
        manager=manager,
        unit=unit,
        directory=str(directory),
        command=command,
        port=port,
        health=HealthRule(url=f"http://localhost:{port}/health") if port else None,
        public=HealthRule(url=f"https://{_host(entry['domain'])}") if entry.get("domain") else None,
    )
    return Candidate(service, guesses, tuple(hints))


def _tunnel(entry: Mapping[str, Any], root: Path, labels: Mapping[str, str]) -> Candidate:
    """The tunnel. Where its credentials lie is its own affair."""
    settings = ["--config", str(entry["config_file"])] if entry.get("config_file") else []
    command = ("cloudflared", "tunnel", *settings, "run", *([str(entry["id"])] if entry.get("id") else []))
    label = labels.get(_TUNNEL) or labels.get("tunnel")
    service = ServiceSettings(
        name="tunnel",
        title="Tunnel",
        manager="launchd" if label else "process",
        unit=label or "tunnel",
        directory=str(root),
        command=command,
    )
    return Candidate(service, {} if label else {"manager": "nothing says who keeps it running"})


def _keeper(
    name: str, directory: Path, labels: Mapping[str, str], has_command: bool
) -> tuple[ManagerKind | None, str, list[Hint]]:
    """Manager and unit as far as files show them, and what to switch on if they do not."""
    if name in labels:
        return "launchd", labels[name], []
    pid_files = [folder / ".pids" / f"{name}.pid" for folder in (directory, directory.parent)]
    if has_command and any(file.exists() for file in pid_files):
        return "process", "", []
    hint = Hint("manager", quote("process"), "nothing says who keeps it running; this lets airops start and stop it")
    return None, "", [hint] if has_command else []


def _labels(source: Source, root: Path) -> Mapping[str, str]:
    """launchd's labels by their last part, from the property lists of the platform."""
    folder = "../launchd" if source.folder != root else "launchd"
    return dict(_label(file) for file in source.near(f"{folder}/*.plist") if _label(file)[0])


def _label(file: Source) -> tuple[str, str]:
    try:
        candidates = launchd.parse(file).candidates
    except NotThis:
        return "", ""
    unit = candidates[0].service.unit if candidates else ""
    return unit.rpartition(".")[2], unit


def _words(command: Any) -> tuple[str, ...]:
    if isinstance(command, list):
        return tuple(str(word) for word in command)
    try:
        return tuple(shlex.split(command)) if isinstance(command, str) else ()
    except ValueError:
        return ()


def _host(domain: Any) -> str:
    return str(domain).removeprefix("https://").removeprefix("http://").rstrip("/")
