"""What the playground consists of: its ports, its services and the config file that describes them. Pure.

Everything is said once, as the tables of the config file; what the playground itself starts is read back from there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from airops_tui.config.settings import ServiceSettings
from airops_tui.playground.releases import BRANCH, CLASSROOMS

Ports = Mapping[str, int]
Table = dict[str, Any]

SLAVES = ("slave-1", "slave-2")
SERVICES = ("hub", "proto1", "proto3", "proto4", "iamvet", "master", *SLAVES, "tunnel")
PUBLIC = {"public-hub": "hub", "public-proto4": "proto4"}
"""The tunnel's public ports, and the service behind each."""
PORT_NAMES = (*SERVICES, *PUBLIC)

PLATFORM = "llmclass_platform"
HOMES = ("airclass", "iamvet", "tunnel", "people", "stranger")
"""Folders that programs run in. None runs in the playground's own: beside that are things of others."""
TITLES = {
    "hub": "Learning Hub",
    "proto1": "Strategic Learning",
    "proto3": "Prompt Workshop",
    "proto4": "Socratic Learning",
    "iamvet": "Lectures for Veterinarians",
    "master": "AIRClass master",
    "slave-1": "AIRClass slave 1",
    "slave-2": "AIRClass slave 2",
    "tunnel": "Tunnel to the public addresses",
}
LOG_FORMATS = {"hub": "combined", "iamvet": "combined", "proto3": "json"}
RECOVER = {"restarts": 3, "within": "15m", "grace": "3s"}
"""They boot in a fraction of a second: who does not answer after three is not starting."""
SUB_TABLES = ("recover", "update")
HEADER = """\
# The playground of airops: real services on loopback, written by `airops demo`.
# Break one:  airops demo break proto1 crash        Mend it:  airops demo mend proto1
"""
VIEWERS = 36


def document(playground: Path, ports: Ports, *, with_git: bool) -> Table:
    """The config file as nested tables. `with_git`: proto4 lives in a repository and can be updated."""
    by_name = {name: _classroom(playground, name, ports) for name in ("hub", *CLASSROOMS)}
    by_name["proto4"] |= {
        "env_file": ".env",
        "public": f"{_url('public-proto4', ports)}/health",
        "depends_on": ["tunnel"],
    }
    by_name["hub"]["public"] = f"{_url('public-hub', ports)}/health"
    if with_git:
        by_name["proto4"]["update"] = _update(ports)
    by_name["iamvet"] = _iamvet(playground, ports)
    by_name["master"] = _service(playground, "master", "master", ports, health={"json": {"/mode": "master"}})
    for slave in SLAVES:
        arguments = ["--master", str(ports["master"])]
        by_name[slave] = _service(playground, slave, "slave", ports, arguments) | {"depends_on": ["master"]}
    by_name["tunnel"] = _tunnel(playground, ports)
    return {
        "title": "LLM Classroom",
        "refresh": 2,
        "state": "state",
        "services": [by_name[name] for name in SERVICES],
        "clusters": [
            {
                "name": "airclass",
                "url": _url("master", ports),
                "kind": "airclass",
                "members": [f"local/{slave}" for slave in SLAVES],
            }
        ],
    }


def visitors(playground: Path, ports: Ports) -> ServiceSettings:
    """The simulated people: started beside the services, no part of the site."""
    people = (
        f"{ports['hub']}:3:6:classroom {ports['public-hub']}:2:6:classroom {ports['public-proto4']}:2:4:classroom "
        f"{ports['proto3']}:1:4:classroom {ports['proto1']}:1:45:classroom {ports['iamvet']}:2:8:plain"
    )
    arguments = ["--people", people, "--master", str(ports["master"]), "--viewers", str(VIEWERS)]
    command = _program("visitors", "visitors", playground, arguments)
    return ServiceSettings(
        name="visitors", manager="process", directory=str(playground / "people"), command=tuple(command)
    )


def stranger(playground: Path, name: str, port: int) -> ServiceSettings:
    """The foreign program on the port of a service whose fault is `port-taken`."""
    command = (*_module("stranger"), "--port", str(port), "--playground", str(playground))
    folder = str(playground / "stranger")
    return ServiceSettings(name=f"stranger-{name}", manager="process", directory=folder, command=command)


def to_toml(tables: Table) -> str:
    """The config file's text."""
    plain = {name: value for name, value in tables.items() if not isinstance(value, list)}
    lines = [HEADER, *(f"{name} = {_value(value)}" for name, value in plain.items())]
    for kind, rows in tables.items():
        for row in rows if isinstance(rows, list) else ():
            lines += ["", f"[[{kind}]]", *(f"{k} = {_value(v)}" for k, v in row.items() if k not in SUB_TABLES)]
            for name in SUB_TABLES:
                if name in row:
                    lines += ["", f"[{kind}.{name}]", *(f"{k} = {_value(v)}" for k, v in row[name].items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{name if name.isidentifier() else json.dumps(name)} = {_value(one)}" for name, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # TOML writes strings, numbers and booleans as JSON does


def _classroom(playground: Path, name: str, ports: Ports) -> Table:
    row = _service(playground, name, "", ports, ["--title", TITLES[name]], health={"json": {"/status": "healthy"}})
    row["command"][1:3] = ["main.py"]  # the release that is checked out there, not the module it was written from
    return row | {"users": f"{_url(name, ports)}/api/status#students_count"}


def _iamvet(playground: Path, ports: Ports) -> Table:
    rule = {"url": f"{_url('iamvet', ports)}/api/health", "json": {"/checks/database": "ok"}}
    row = _service(playground, "iamvet", "iamvet", ports, health=rule)
    return row | {"recover": {**RECOVER, "max_memory": "200M"}}


def _tunnel(playground: Path, ports: Ports) -> Table:
    """Like cloudflared it logs no requests, and its port is for metrics: what it is there for is elsewhere."""
    ingress = [word for public, name in PUBLIC.items() for word in ("--ingress", f"{ports[public]}:{ports[name]}")]
    return {
        "name": "tunnel",
        "title": TITLES["tunnel"],
        "manager": "process",
        "directory": "tunnel",
        "command": _program("tunnel", "tunnel", playground, ["--port", str(ports["tunnel"]), *ingress]),
        "health": {"url": f"{_url('tunnel', ports)}/ready", "timeout": 5},
        "recover": RECOVER,
    }


def _update(ports: Ports) -> Table:
    url = _url("proto4", ports)
    return {
        "repository": "..",
        "branch": BRANCH,
        "paths": ["proto4"],
        "keep": [".env", "data"],
        "verify": [f"{url}/health", f"{url}/"],
    }


def _service(
    playground: Path,
    name: str,
    program: str,
    ports: Ports,
    arguments: Sequence[str] = (),
    health: Mapping[str, Any] | None = None,
) -> Table:
    written = ["--port", str(ports[name]), "--access-log", str(playground / "logs" / f"{name}.log")]
    written += ["--log-format", LOG_FORMATS[name]] if name in LOG_FORMATS else []
    directory = _directory(name)
    log = f"{'../' * len(PurePath(directory).parts)}logs/{name}.log"
    return {
        "name": name,
        "title": TITLES[name],
        "manager": "process",
        "directory": directory,
        "command": _program(program, name, playground, [*written, *arguments]),
        "port": ports[name],
        "health": {"url": f"{_url(name, ports)}/health", "timeout": 5, **(health or {})},
        "logs": [log],
        "access_log": log,
        "recover": RECOVER,
    }


def _directory(name: str) -> str:
    if name in CLASSROOMS or name == "hub":
        return f"{PLATFORM}/{name}"
    return name if name in HOMES else "airclass"


def _program(program: str, name: str, playground: Path, arguments: Sequence[str]) -> list[str]:
    return [*_module(program), "--name", name, "--playground", str(playground), *arguments]


def _module(program: str) -> tuple[str, str, str]:
    return sys.executable, "-m", f"airops_tui.playground.services.{program}"


def _url(name: str, ports: Ports) -> str:
    return f"http://127.0.0.1:{ports[name]}"
