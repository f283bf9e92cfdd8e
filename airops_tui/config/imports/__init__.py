"""`airops init --from PATH`: a config out of what already describes the services, whichever of five ways that is.

One module per format; this one finds out which format a path is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from airops_tui.config import access
from airops_tui.config.draft import Draft, sound
from airops_tui.config.imports.source import NotThis, Parsed, Source
from airops_tui.errors import UsageError

FILES_READ = 300
"""Files taken from one folder."""

_SPOKEN: Mapping[str, str] = {
    "launchd": "launchd property list",
    "systemd": "systemd unit",
    "pm2": "pm2 list",
    "compose": "compose file",
    "services_yml": "services.yml",
}
_BY_SUFFIX: Mapping[str, tuple[str, ...]] = {
    ".plist": ("launchd",),
    ".service": ("systemd",),
    ".json": ("pm2",),
    ".yml": ("compose", "services_yml"),
    ".yaml": ("compose", "services_yml"),
}
_IN_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "launchd": ("*.plist",),
    "systemd": ("*.service",),
    "compose": ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"),
    "services_yml": ("services.yml", "services.yaml", "config/services.yml", "config/services.yaml"),
    "pm2": ("ecosystem.config.json",),
}
_ONE_FILE_EACH = ("launchd", "systemd")


def import_from(path: Path) -> Draft:
    """A draft of what a file or folder describes. UsageError, saying what was tried, when that is nothing."""
    path = path.expanduser().absolute()
    parsed = (
        list(_folder(path)) if path.is_dir() else [_file(path, _BY_SUFFIX.get(path.suffix.lower(), tuple(_SPOKEN)))]
    )
    title = next((one.title for one in parsed if one.title), "")
    candidates = [candidate for one in parsed for candidate in one.candidates]
    notes = [note for one in parsed for note in one.left_out]
    if not candidates:
        raise UsageError(f"{path}: no service in it", "; ".join(notes[:3]))
    return sound(f"Written by airops init from {path}.", title, candidates, notes)


def _folder(folder: Path) -> Iterator[Parsed]:
    """Everything of the first format that the folder has files of; other formats only as a note."""
    present = {kind: list(_files(folder, kind)) for kind in _IN_FOLDERS}
    kinds = [kind for kind, files in present.items() if files]
    if not kinds:
        tried = ", ".join(pattern for patterns in _IN_FOLDERS.values() for pattern in patterns)
        raise UsageError(f"{folder}: nothing here describes a service", f"looked for {tried}")
    for file in present[kinds[0]]:
        try:
            yield _file(file, (kinds[0],))
        except UsageError as error:
            yield Parsed(left_out=(error.message,))
    for kind in kinds[1:]:
        yield Parsed(left_out=(f"{present[kind][0].name}: another description, import it by its own name",))


def _files(folder: Path, kind: str) -> Iterator[Path]:
    found = [file for pattern in _IN_FOLDERS[kind] for file in sorted(folder.glob(pattern)) if file.is_file()]
    yield from found[:FILES_READ] if kind in _ONE_FILE_EACH else found[:1]


def _file(path: Path, kinds: tuple[str, ...]) -> Parsed:
    """The file in the first format that recognises it."""
    try:
        source = Source(path, access.read(path).data)
    except access.Unreadable as error:
        raise UsageError(f"{path.name} {error.what}") from None
    reasons = {}
    for kind in kinds:
        try:
            parsed: Parsed = import_module(f"{__name__}.{kind}").parse(source)
        except NotThis as reason:
            reasons[kind] = reason
        else:
            return parsed
    tried = ", ".join(f"no {_SPOKEN[kind]} ({reason})" for kind, reason in reasons.items())
    hint = "write the list to a file first: pm2 jlist > apps.json" if path.suffix in (".js", ".cjs", ".mjs") else ""
    raise UsageError(f"{path.name} describes no service: {tried}", hint)
