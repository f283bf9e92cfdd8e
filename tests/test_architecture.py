"""The shape of the program, kept by tests that read its source: who may import whom, who may touch the world, how big a
file may get. Each rule is shown to be able to fail.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.source import MODULES, NAMES, Finding, Module, Rule, broken_by, called, imports, let_pass

# Who may import what of this program. A name stands for the module and everything below it.
PLAIN = ["", "errors", "secrets", "redaction", "text", "model", "verdicts", "threads"]
MAY_IMPORT = {
    **dict.fromkeys(PLAIN, PLAIN),
    "arguments": PLAIN,
    "crash": PLAIN,
    "config": ["config", *PLAIN],
    "hosts": ["hosts", *PLAIN],
    "managers": ["managers", "hosts.base", "config.settings", *PLAIN],
    "probes": ["probes", "hosts", "config.settings", *PLAIN],
    "sources": ["sources", "probes", "managers", "hosts", "config", *PLAIN],
    "poller": ["sources.base", *PLAIN],
    "report": ["report", *PLAIN],
    "reporting": ["report", "site", "poller", "sources.base", *PLAIN],
    "site": ["config", "hosts", "managers", "probes", "sources", "poller", *PLAIN],
    "playground": ["playground", "config", "hosts", "managers.process", *PLAIN],
    "ui": ["ui", "report", "poller", "config", "crash", *PLAIN],
}
WIRING = {"cli", "console", "__main__"}  # puts the parts together, so imports anything, lazily

SCREEN_LIBRARIES = {"textual", "textual_plotext", "plotext", "rich"}
STARTS_PROCESSES = {"subprocess", "pty", "multiprocessing", "psutil"}
STARTING_CALLS = {"system", "popen", "create_subprocess_exec", "create_subprocess_shell", "fork", "forkpty"}
OPENS_FILES = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "rename"}
FACTS = {"model", "verdicts"}  # structs of msgspec: a frozen dataclass takes thirty times as long to define
LOOKS_THROUGH_HOSTS = {"managers", "probes", "sources", "poller", "report", *PLAIN} - {""}


def imports_follow_the_table(module: Module) -> Iterator[Finding]:
    allowed = MAY_IMPORT.get(module.room, [])
    for line, name in imports(module) if module.room not in WIRING else ():
        top, _, below = name.partition(".")
        if name.startswith("."):
            yield line, "a relative import"
        if top == "airops_tui" and not any(below == one or below.startswith(f"{one}.") for one in allowed):
            yield line, f"{module.room} imports {below or top}"


def plain_modules_need_only_the_standard_library(module: Module) -> Iterator[Finding]:
    for line, name in imports(module) if module.room in PLAIN else ():
        library = name.partition(".")[0]
        allowed = {*sys.stdlib_module_names, "airops_tui", *({"msgspec"} if module.room in FACTS else ())}
        if library not in allowed:
            yield line, f"imports {name}"


def only_the_screens_import_the_screen_library(module: Module) -> Iterator[Finding]:
    for line, name in imports(module) if module.room != "ui" else ():
        if name.partition(".")[0] in SCREEN_LIBRARIES:
            yield line, f"imports {name}"


def only_hosts_start_processes(module: Module) -> Iterator[Finding]:
    for line, name in imports(module) if module.room != "hosts" else ():
        if name.partition(".")[0] in STARTS_PROCESSES:
            yield line, f"imports {name}"
    for node in module.nodes() if module.room != "hosts" else ():
        if called(node) in STARTING_CALLS or called(node).startswith(("exec", "spawnv", "spawnl", "posix_spawn")):
            yield node.lineno, f"calls {called(node)}()"


def nobody_uses_a_shell(module: Module) -> Iterator[Finding]:
    for node in module.nodes():
        if called(node) in ("system", "popen", "create_subprocess_shell", "getoutput", "getstatusoutput"):
            yield node.lineno, f"calls {called(node)}()"
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                yield node.lineno, "shell=True"


def the_managed_system_is_read_through_hosts(module: Module) -> Iterator[Finding]:
    for node in module.nodes() if module.room in LOOKS_THROUGH_HOSTS else ():
        if called(node) in OPENS_FILES:
            yield node.lineno, f"calls {called(node)}()"


def threads_publish_and_handlers_own_the_state(module: Module) -> Iterator[Finding]:
    for node in module.nodes():
        if called(node) == "call_from_thread":
            yield node.lineno, "call_from_thread"


def keys_are_bindings(module: Module) -> Iterator[Finding]:
    for node in module.nodes():
        compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        compared += [node.subject] if isinstance(node, ast.Match) else []
        if any(ast.unparse(one) in ("event.key", "event.character") for one in compared):
            yield node.lineno, "a key handled by a comparison"


def every_module_says_what_it_is_for(module: Module) -> Iterator[Finding]:
    words = (ast.get_docstring(ast.parse(module.source)) or "").split()
    if len(words) < 6:
        yield 1, "no docstring that says what it is for"


def files_and_functions_are_read_in_one_sitting(module: Module) -> Iterator[Finding]:
    lines = module.source.count("\n")
    if lines > 400:
        yield 400, f"a file of {lines} lines is two files"
    for node in module.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50:
            yield node.lineno, f"{node.name} has more than 50 lines"


def no_error_is_swallowed(module: Module) -> Iterator[Finding]:
    for node in module.nodes():
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            idle = all(isinstance(one, ast.Pass | ast.Continue) or _is_comment(one) for one in node.body)
            if caught == "everything" or (idle and caught in ("Exception", "BaseException")):
                yield node.lineno, f"swallows {caught}"
        if called(node) == "suppress" and any(ast.unparse(one) in ("Exception", "BaseException") for one in node.args):
            yield node.lineno, "suppress(Exception)"


def _is_comment(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# Each rule, and sources that break it: (where the source would stand, the source).
BROKEN: dict[Rule, list[tuple[str, str]]] = {
    imports_follow_the_table: [
        ("ui.main", "from airops_tui.hosts.base import ask"),
        ("ui.main", "def f():\n    import airops_tui.managers.systemd"),
        ("model", "from airops_tui import config"),
        ("managers.x", "from airops_tui.hosts.local import LocalHost"),
        ("report.text", "from airops_tui.poller import Poller"),
        ("newroom", "from airops_tui.model import Service"),
        ("hosts.x", "from . import local"),
    ],
    plain_modules_need_only_the_standard_library: [("text", "import msgspec"), ("model", "from rich.text import Text")],
    only_the_screens_import_the_screen_library: [
        ("report.text", "import rich"),
        ("cli", "from textual.app import App"),
    ],
    only_hosts_start_processes: [
        ("managers.x", "import subprocess"),
        ("playground.x", "def f():\n    from subprocess import run"),
        ("probes.x", "import os\nos.execv('/bin/true', ['true'])"),
        ("sources.x", "asyncio.create_subprocess_exec('ls')"),
        ("ui.x", "import psutil"),
    ],
    nobody_uses_a_shell: [
        ("hosts.x", "run('ls', shell=True)"),
        ("hosts.x", "os.system('ls')"),
        ("hosts.x", "run(x, shell=y)"),
    ],
    the_managed_system_is_read_through_hosts: [("managers.x", "open('/x')"), ("sources.x", "Path('/x').read_text()")],
    threads_publish_and_handlers_own_the_state: [("ui.x", "self.app.call_from_thread(f)")],
    keys_are_bindings: [
        ("ui.x", "if event.key == 'a':\n    pass\nelif event.key == 'b':\n    pass"),
        ("ui.x", "match event.key:\n    case 'a':\n        pass"),
    ],
    every_module_says_what_it_is_for: [("x", "import os"), ("x", '"""Utilities."""')],
    files_and_functions_are_read_in_one_sitting: [
        ("x", "x = 1\n" * 401),
        ("x", "def f():\n" + "    x = 1\n" * 50),
        ("x", "class A:\n    async def f(self):\n" + "        x = 1\n" * 50),
    ],
    no_error_is_swallowed: [
        ("x", "try:\n    f()\nexcept Exception:\n    pass"),
        ("x", "try:\n    f()\nexcept:\n    g()"),
        ("x", "for x in y:\n    try:\n        f()\n    except BaseException:\n        continue"),
        ("x", "with contextlib.suppress(Exception):\n    f()"),
    ],
}
SOUND: dict[Rule, list[tuple[str, str]]] = {
    imports_follow_the_table: [
        ("managers.x", "from airops_tui.hosts.base import Command"),
        ("cli", "from airops_tui.ui.app import run_console"),
        ("ui.x", "import textual.app\nfrom airops_tui.text import clean"),
    ],
    only_hosts_start_processes: [("hosts.x", "import subprocess, psutil"), ("probes.x", "import asyncio")],
    nobody_uses_a_shell: [("hosts.x", "run(['ls'], shell=False)")],
    the_managed_system_is_read_through_hosts: [("config.load", "open('/x')")],
    no_error_is_swallowed: [("x", "try:\n    f()\nexcept OSError:\n    pass\nexcept Exception as e:\n    tell(e)")],
}


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    assert broken_by(rule) == []


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_rule_can_fail(rule: Rule) -> None:
    assert let_pass(rule, BROKEN[rule]) == []


@pytest.mark.parametrize("rule", SOUND, ids=lambda rule: rule.__name__)
def test_rule_lets_sound_code_pass(rule: Rule) -> None:
    assert [what for name, source in SOUND[rule] for _, what in rule(Module(name, source))] == []


def test_every_room_in_the_table_exists() -> None:
    rooms = {module.room for module in MODULES}
    assert rooms - WIRING <= set(MAY_IMPORT)
    assert set(MAY_IMPORT) <= rooms


def test_without_a_screen_no_screen_library_is_loaded() -> None:
    headless = [
        f"airops_tui.{name}".rstrip(".") for name in sorted(NAMES) if name.partition(".")[0] not in ("ui", "__main__")
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {headless!r}:\n    importlib.import_module(name)\n"
        f"print(sorted(set(sys.modules) & {SCREEN_LIBRARIES!r}))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "[]"
