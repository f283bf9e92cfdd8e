"""Finding and loading the config file: TOML and `.env` to frozen settings, or every problem at once with its line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airops_tui.config import access
from airops_tui.config.check import check
from airops_tui.config.convert import Converter
from airops_tui.config.settings import Settings
from airops_tui.config.variables import Variables
from airops_tui.errors import ConfigError, ConfigProblem

# The parser takes quadratic time for a key of very many parts.
_TOO_DOTTED = r"""(?<![\w"'.-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){50}"""


def find_config(explicit: str | None, environ: Mapping[str, str]) -> Path | None:
    """The config to use, or None: `--config`, `$AIROPS_CONFIG`, `./airops.toml`, then the user's config folder.

    The first two are taken at their word, whether the file exists or not: load() says so if it does not.
    """
    if named := explicit or environ.get("AIROPS_CONFIG"):
        return Path(named).expanduser()
    here = Path("airops.toml")
    if here.is_file():
        return here
    own = user_config()
    return own if own.is_file() else None


def user_config() -> Path:
    """The config file of this user, whether it exists or not."""
    from platformdirs import user_config_path

    return user_config_path("airops", appauthor=False) / "config.toml"


def load(path: Path, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in a config file.

    Raises ConfigError with every problem that can be found at once, in file order. Without a problem only the modules
    that parsing needs are imported.
    """
    content, text = _read(path)
    file = str(path)
    document = _parse(text, file)
    folder = path.absolute().parent
    variables = Variables(environ, folder / ".env")
    converter = Converter(variables)
    settings = converter.settings(document, folder)
    faults = converter.faults + check(settings, converter.faults)

    weak = access.weakness(path, content, private=bool(converter.open_secrets))
    problems = [ConfigProblem(file, 0, "", *weak)] if weak else []
    if faults:
        from airops_tui.config.faults import place_all

        problems += place_all(faults, text, file)
    if problems := problems + variables.problems:
        raise ConfigError(problems)
    return settings


def _read(path: Path) -> tuple[access.Content, str]:
    try:
        content = access.read(path)
    except access.Unreadable as error:
        hint = error.hint or ("airops init writes one" if "no such file" in error.what else "")
        raise ConfigError([ConfigProblem(str(path), 0, "", error.what, hint)]) from None
    try:
        return content, content.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.data.count(b"\n", 0, error.start) + 1
        problem = ConfigProblem(str(path), line, "", "is not UTF-8 text", "save it with that encoding")
        raise ConfigError([problem]) from None


def _parse(text: str, file: str) -> dict[str, Any]:
    if dotted := re.search(_TOO_DOTTED, text):
        line = text.count("\n", 0, dotted.start()) + 1
        raise ConfigError([ConfigProblem(file, line, "", "a key of so many parts is not read")])
    try:
        return tomllib.loads(text)
    except RecursionError:
        problem = ConfigProblem(file, 0, "", "lists or tables are nested too deeply")
    except tomllib.TOMLDecodeError:
        from airops_tui.config.syntax import explain

        raise ConfigError(explain(text, file)) from None
    except ValueError as error:  # a number of thousands of digits
        problem = ConfigProblem(file, 0, "", f"holds a value that cannot be read: {str(error).partition(';')[0]}")
    raise ConfigError([problem])
