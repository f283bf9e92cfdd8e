"""Lays out the folder of a playground: ports, repository, config file. Does what is missing, keeps what is there."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from airops_tui.errors import RefusedError
from airops_tui.hosts.base import Host
from airops_tui.hosts.files import make_private, write_json
from airops_tui.playground.blueprint import HOMES, PLATFORM, PORT_NAMES, Ports, document, to_toml
from airops_tui.playground.releases import build_repository
from airops_tui.playground.services import LOOPBACK

CONFIG_NAME = "airops.toml"
MARK_NAME = "playground.json"
STATE_NAME = "state"
FAULTS_NAME = "faults"
FOLDERS = (FAULTS_NAME, "logs", STATE_NAME, *HOMES)
ENV_FILE = "SESSION_SECRET=only-for-the-playground\n"


def prepare(directory: Path) -> Path:
    """Make the folder, private to its owner. Raises RefusedError for one that holds something else."""
    make_private(directory)
    directory = directory.resolve()
    if not (directory / MARK_NAME).exists() and any(directory.iterdir()):
        raise RefusedError(f"{directory} is not empty and holds no playground", "give another --dir, or an empty one")
    return directory


def lay_out(directory: Path, host: Host) -> None:
    """Everything that services need to start. All faults are off afterwards.

    A config file that is there is kept as somebody may have edited it, unless a port or the Python in it is gone.
    Raises HostError when the repository cannot be made.
    """
    for name in FOLDERS:
        make_private(directory / name)
    for fault in (directory / FAULTS_NAME).iterdir():
        fault.unlink()
    mark = read_mark(directory)
    ports = mark.get("ports", {})
    if set(ports) != set(PORT_NAMES) or not all(map(is_free, ports.values())):
        ports = reserve(PORT_NAMES)
    write_json(directory / MARK_NAME, {"ports": ports, "python": sys.executable})
    if not (directory / PLATFORM).exists():
        build_repository(host, directory / PLATFORM, directory / "origin.git", time.time())
        _write_private(directory / PLATFORM / "proto4" / ".env", ENV_FILE)
    config = directory / CONFIG_NAME
    if mark != read_mark(directory) or not config.exists():
        if config.exists():
            config.replace(config.with_name(f"{CONFIG_NAME}.old"))
        _write_private(config, to_toml(document(directory, ports, with_git=has_git(directory))))


def read_mark(directory: Path) -> dict[str, Any]:
    """What is remembered of the folder's making: its ports, and the Python its services run in. Empty if nothing is."""
    try:
        found = json.loads((directory / MARK_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def has_git(directory: Path) -> bool:
    """Whether proto4 lives in a repository here; without git on this machine it does not."""
    return (directory / PLATFORM / ".git").exists()


def reserve(names: Iterable[str]) -> Ports:
    """A free loopback port for every name, from the system, all different."""
    with ExitStack() as held:
        ports: dict[str, int] = {}
        for name in names:
            holder = held.enter_context(socket.socket())
            holder.bind((LOOPBACK, 0))
            ports[name] = holder.getsockname()[1]
        return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the services do: only a listener is in the way
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
