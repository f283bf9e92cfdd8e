"""The config in force, as text: all of it with its defaults, or what it amounts to in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from airops_tui.config.load import load
from airops_tui.config.settings import Kind, ServiceSettings, Settings, Struct
from airops_tui.config.shapes import Many, Shape, Table
from airops_tui.config.toml import key, pairs_of, toml
from airops_tui.text import clean, redact, redact_url

_ADDRESSES = (Kind.URL, Kind.COUNTER, Kind.ALERT)


def show(settings: Settings) -> str:
    """The settings as TOML, defaults included, paths absolute, secrets as [REDACTED]. load() takes it back."""
    return "\n".join(_table(settings, "")).strip("\n") + "\n"


def check(path: Path, environ: Mapping[str, str]) -> str:
    """What `airops config check` says of a good config. Raises ConfigError with every problem of a bad one."""
    return f"{clean(str(path))}: no problems\n{amounts_to(load(path, environ=environ))}"


def amounts_to(settings: Settings) -> str:
    """What a config watches, in a line: "5 services (4 launchd, 1 only looked at) on this machine, 1 backup set"."""
    services = settings.services
    kinds = Counter(service.manager or "only looked at" for service in services)
    split = f" ({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})" if services else ""
    parts = [
        f"{_count(len(services), 'service')}{split} on {_places(services)}" if services else "no services yet",
        *(
            _count(len(what), word)
            for what, word in ((settings.clusters, "cluster"), (settings.backups, "backup set"))
            if what
        ),
    ]
    return clean(", ".join(parts))


def _places(services: tuple[ServiceSettings, ...]) -> str:
    hosts = list(dict.fromkeys(service.host for service in services))
    names = ["this machine" if host == "local" else host for host in hosts]
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} hosts"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(struct: Struct, header: str) -> Iterator[str]:
    """The lines of a table: its own settings first, then the tables in it."""
    inside: list[tuple[str, Struct]] = []
    for name, (shape, value) in pairs_of(struct).items():
        path = f"{header}.{name}" if header else name
        if _is_list_of_tables(shape):
            inside += [(f"[[{path}]]", item) for item in value]
        elif isinstance(shape, Table) and not shape.struct.short_for:
            inside.append((f"[{path}]", value))
        else:
            yield f"{key(name)} = {toml(shape, value, _safe)}"
    for title, item in inside:
        yield ""
        yield title
        yield from _table(item, title.strip("[]"))


def _is_list_of_tables(shape: Shape) -> bool:
    return isinstance(shape, Many) and isinstance(shape.item, Table)


def _safe(text: str, kind: Kind | None) -> str:
    return redact_url(text) if kind in _ADDRESSES else redact(text)
