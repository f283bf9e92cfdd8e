"""Config files for tests: written with the modes a careful operator would give them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from airops_tui.config.load import load
from airops_tui.config.settings import Settings
from airops_tui.errors import ConfigError


def write(folder: Path, text: str, *, name: str = "airops.toml", mode: int = 0o600) -> Path:
    """A file of that text, its common indentation and a leading line break dropped: line 1 is the first with text."""
    path = folder / name
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    path.chmod(mode)
    return path


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in a file of that text."""
    return load(write(folder, text), environ=environ or {})


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """What load() complains about, the folder left out of the file's name."""
    return complaints(write(folder, text), environ)


def complaints(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """What load() complains about in a file that is there, the folder left out."""
    with pytest.raises(ConfigError) as raised:
        load(path, environ=environ or {})
    return [str(problem).replace(f"{path.parent}/", "") for problem in raised.value.problems]
