"""A compose file: its services, the ports they publish and the health checks they have, compose-spec.io."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airops_tui.config.draft import Candidate, tidy
from airops_tui.config.imports.guess import address_in, health_hints
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.config.imports.yaml import parse as parse_yaml
from airops_tui.config.settings import HealthRule, ServiceSettings
from airops_tui.text import clean

_OWN_KEYS = {"image", "build", "ports", "container_name", "volumes", "environment", "healthcheck", "extends", "deploy"}
_VARIABLE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)(?::?([-?+])([^{}]*))?\})")
_HERE = ("localhost", "127.0.0.1", "0.0.0.0", "::1")  # noqa: S104 - as named in health checks, not bound


def parse(source: Source) -> Parsed:
    """The services of a compose file, without those of a profile: a plain `docker compose up` does not start them."""
    document = parse_yaml(source.text)
    services = document.get("services") if isinstance(document, Mapping) else None
    entries = {str(name): entry for name, entry in services.items()} if isinstance(services, Mapping) else {}
    named = re.match(r"(docker-)?compose\b", source.path.name)
    if not entries or not (named or any(isinstance(e, Mapping) and _OWN_KEYS & e.keys() for e in entries.values())):
        raise NotThis("no table called services whose entries have image or build")
    project = document.get("name")
    variables = _variables(source)
    found, left_out = [], []
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or entry.get("profiles"):
            left_out.append(f"{clean(name)}: {'only in a profile' if isinstance(entry, Mapping) else 'not a table'}")
        else:
            found.append(_candidate(name, entry, source, str(project) if project else None, variables))
    return Parsed(tuple(found), left_out=tuple(left_out))


def _candidate(
    name: str, entry: Mapping[str, Any], source: Source, project: str | None, variables: Mapping[str, str]
) -> Candidate:
    published = dict(_published(entry, variables))
    port = next(iter(published.values()), None)
    health = _health(entry, published, variables)
    service = ServiceSettings(
        name=tidy(name),
        manager="compose",
        unit=name,
        project=project,
        directory=str(source.folder),
        port=port,
        health=HealthRule(url=health) if health else None,
        depends_on=tuple(tidy(str(other)) for other in _depends_on(entry)),
    )
    guesses = {"port": "the first it publishes"} if len(published) > 1 else {}
    if health:
        guesses["health"] = "what its own health check asks"
    inside = next(iter(published), None)
    return Candidate(service, guesses, health_hints(port) if health_hints(inside) and not health else ())


def _published(entry: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Port in the container and port on the host of each that is published at a fixed number over TCP."""
    ports = entry.get("ports")
    for port in ports if isinstance(ports, list) else []:
        if isinstance(port, Mapping):
            inside, outside, protocol = str(port.get("target")), str(port.get("published")), port.get("protocol", "tcp")
        else:
            mapping, _, protocol = _filled(str(port), variables).partition("/")
            outside, _, inside = mapping.rpartition(":")
            outside = outside.rpartition(":")[2]
        first_inside, first_outside = (re.match(r"\d{1,5}(?=-|$)", text) for text in (inside, outside))
        if first_inside and first_outside and protocol in ("", "tcp") and 1 <= int(first_outside[0]) <= 65535:
            yield int(first_inside[0]), int(first_outside[0])


def _health(entry: Mapping[str, Any], published: Mapping[int, int], variables: Mapping[str, str]) -> str | None:
    """The address that the health check asks inside the container, as it is reached from outside."""
    check = entry.get("healthcheck")
    test = check.get("test") if isinstance(check, Mapping) else None
    words: Sequence[str] = [str(word) for word in test] if isinstance(test, list) else _words(test)
    address = address_in([_filled(word, variables) for word in words])
    if not address:
        return None
    try:
        parts = urlsplit(address)
        inside = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if parts.hostname not in _HERE or inside not in published:
        return None
    return urlunsplit((parts.scheme, f"localhost:{published[inside]}", parts.path, parts.query, ""))


def _depends_on(entry: Mapping[str, Any]) -> Sequence[Any]:
    needed = entry.get("depends_on")
    return list(needed) if isinstance(needed, (list, Mapping)) else []


def _words(command: Any) -> Sequence[str]:
    try:
        return shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return []


def _variables(source: Source) -> Mapping[str, str]:
    """The `.env` beside the file, which compose fills its variables from. Only ports and addresses are filled here."""
    from dotenv import dotenv_values

    files = list(source.near(".env"))
    found = dotenv_values(stream=io.StringIO(files[0].text), interpolate=False) if files else {}
    return {name: value for name, value in found.items() if value is not None}


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """A text with `$NAME`, `${NAME}`, `${NAME:-default}` and `$$` replaced."""

    def fill(match: re.Match[str]) -> str:
        dollar, plain, braced, sign, word = match.groups()
        if dollar:
            return "$"
        value = variables.get(plain or braced, "")
        if sign == "+":
            return word if value else ""
        return value or (word if sign == "-" else "")

    return _VARIABLE.sub(fill, text)
