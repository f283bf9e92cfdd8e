"""Where `"env:NAME"` is looked up: in the environment, then in the `.env` beside the config."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from airops_tui.config import access
from airops_tui.config.faults import nearest, quoted
from airops_tui.config.values import Wrong
from airops_tui.errors import ConfigProblem

PREFIX = "env:"


class Variables:
    """The values a config may refer to. The file is read at the first name that the environment does not have.

    `problems` tells what is wrong with the file itself, once, however many values come from it.
    """

    def __init__(self, environ: Mapping[str, str], file: Path) -> None:
        self._environ = environ
        self._path = file
        self._file: Mapping[str, str] | None = None
        self.problems: list[ConfigProblem] = []

    def look_up(self, name: str) -> str:
        """The value of a variable. Raises Wrong when there is none, or an empty one."""
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            raise Wrong(f"{quoted(PREFIX + name)} names no variable", 'write "env:NAME"')
        value = self._environ.get(name)
        if value is None:
            value = self._from_file().get(name)
        if value is None:
            hint = nearest(name, [*self._from_file(), *self._environ]) or f"add it to {self._path}"
            raise Wrong(f"{name} is set neither in the environment nor in .env", hint)
        if not value.strip():
            raise Wrong(f"{name} is set, but empty")
        return value

    def _from_file(self) -> Mapping[str, str]:
        if self._file is None:
            self._file = self._read()
        return self._file

    def _read(self) -> Mapping[str, str]:
        if not self._path.exists():
            return {}
        try:
            content = access.read(self._path)
            text = content.data.decode("utf-8-sig")
        except access.Unreadable as error:
            self.problems.append(ConfigProblem(str(self._path), 0, "", error.what, error.hint))
            return {}
        except UnicodeDecodeError as error:
            line = content.data.count(b"\n", 0, error.start) + 1
            self.problems.append(ConfigProblem(str(self._path), line, "", "is not UTF-8 text"))
            return {}
        if weak := access.weakness(self._path, content, private=True):
            self.problems.append(ConfigProblem(str(self._path), 0, "", *weak))
        from dotenv import dotenv_values

        found = dotenv_values(stream=io.StringIO(text))
        return {name: value for name, value in found.items() if value is not None}
