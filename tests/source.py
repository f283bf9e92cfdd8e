"""The program's own source, as the tests of its shape read it: modules, what they import, what they call."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent / "airops_tui"

Finding = tuple[int, str]
"""A line number, and what is wrong there."""


class Module(NamedTuple):
    """One file of the program: its dotted name below the package ("" for the package itself) and its source."""

    name: str
    source: str

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(ast.parse(self.source))


Rule = Callable[[Module], Iterator[Finding]]


def read(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return Module(".".join(part for part in parts if part != "__init__"), path.read_text("utf-8"))


MODULES = [read(path) for path in sorted(PACKAGE.rglob("*.py"))]
NAMES = {module.name for module in MODULES}


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, at whatever depth and moment."""
    for node in module.nodes():
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = "." * node.level + (node.module or "")
            inner = (f"{above}.{alias.name}" for alias in node.names)
            yield from ((node.lineno, name if name.partition(".")[2] in NAMES else above) for name in inner)


def called(node: ast.AST) -> str:
    """The last name of what is called, "run" for `subprocess.run(…)`; empty for what is no call."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def broken_by(rule: Rule) -> list[str]:
    """Where the program breaks a rule."""
    return [f"{module.name}:{line}: {what}" for module in MODULES for line, what in rule(module)]


def let_pass(rule: Rule, samples: list[tuple[str, str]]) -> list[str]:
    """Those of the bad samples (name of the module, source) in which a rule finds nothing."""
    return [source for name, source in samples if not list(rule(Module(name, source)))]
