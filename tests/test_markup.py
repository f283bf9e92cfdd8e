"""No text from outside is parsed as markup: a log line must neither run an action when clicked nor crash the console.

Textual parses every plain str it is asked to show. So what is shown is made by `ui/render.py`, or is `Content` by its
type, or a literal without brackets; the source is read to see that nothing else is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.source import Finding, Module, broken_by, called, let_pass

PARSING_CALLS = {
    *("Static", "Label", "Button", "Checkbox", "RadioButton", "Collapsible", "Option", "OptionList", "Tab", "TabPane"),
    *("TabbedContent", "Tree", "notify", "add_row", "add_rows", "add_column", "add_columns", "add_option"),
    *("add_options", "set_options", "add_leaf"),
}
PARSING_ATTRIBUTES = {"tooltip", "border_title", "border_subtitle"}
MAKES_STR = {"str", "repr", "format", "join", "clean", "safe", "describe", "shorten", "redact"}


def markup_is_never_asked_for(module: Module) -> Iterator[Finding]:
    for node in module.nodes():
        if isinstance(node, ast.Attribute) and node.attr == "from_markup":
            yield node.lineno, "from_markup"
        if isinstance(node, ast.keyword) and node.arg == "markup" and ast.unparse(node.value) != "False":
            yield node.lineno, "markup=True"


def what_is_shown_is_content(module: Module) -> Iterator[Finding]:
    made = makers_of_content(module)
    for node in module.nodes():
        if isinstance(node, ast.Call):
            attributes = [keyword.value for keyword in node.keywords if keyword.arg in PARSING_ATTRIBUTES]
            literal = any(
                keyword.arg == "markup" and ast.unparse(keyword.value) == "False" for keyword in node.keywords
            )
            shown = attributes + (node.args if called(node) in PARSING_CALLS and not literal else [])
            put_together = called(node) == "update" and any(map(is_str, node.args))
            if put_together or not all(is_content(one, made) for one in shown):
                yield node.lineno, f"{called(node)}() is given a str that may hold data"
        elif isinstance(node, ast.Assign):
            names = {target.attr for target in node.targets if isinstance(target, ast.Attribute)} & PARSING_ATTRIBUTES
            if names and not is_content(node.value, made):
                yield node.lineno, f"{names.pop()} is set to a str that may hold data"


def makers_of_content(module: Module) -> set[str]:
    """The names that stand for text made safe: ui/render.py's functions, and what is annotated as Content."""
    names = {"Content", "Text"}
    for node in module.nodes():
        if isinstance(node, ast.ImportFrom) and node.module == "airops_tui.ui.render":
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and means_content(node.returns):
            names.add(node.name)
        elif isinstance(node, ast.arg) and means_content(node.annotation):
            names.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and means_content(node.annotation):
            names.add(ast.unparse(node.target).removeprefix("self."))
    return names


def means_content(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation).removesuffix(" | None") in ("Content", "Text")


def is_content(node: ast.expr, made: set[str]) -> bool:
    match node:
        case ast.Constant(value=str(words)):
            return "[" not in words
        case ast.Constant():
            return True
        case ast.Starred(value=inner) | ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
            return is_content(inner, made)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(is_content(part, made) for part in parts)
    words = ast.unparse(node.func if isinstance(node, ast.Call) else node).split(".")
    return words[-1] in made or words[:-1] == ["render"] or called(node) in PARSING_CALLS  # judged by itself


def is_str(node: ast.expr) -> bool:
    """Whether an expression is plainly a str put together at run time."""
    if isinstance(node, ast.BinOp):
        return any(is_str(side) or isinstance(side, ast.Constant) for side in (node.left, node.right))
    return isinstance(node, ast.JoinedStr) or called(node) in MAKES_STR


def test_markup_is_never_asked_for() -> None:
    assert broken_by(markup_is_never_asked_for) == []


def test_asking_for_markup_is_seen() -> None:
    asking = ["Text.from_markup(x)", "Content.from_markup('[b]$x[/]', x=x)", "RichLog(markup=True)", "f(x, markup=m)"]
    assert let_pass(markup_is_never_asked_for, [("ui.x", source) for source in asking]) == []


def test_what_is_shown_is_content() -> None:
    assert broken_by(what_is_shown_is_content) == []


def test_a_str_that_may_hold_data_is_seen() -> None:
    careless = [
        "Static(name)",
        "Static(f'{name} is down')",
        "Label('[b]title[/b]')",
        "Button(service.name, id='x')",
        "Button('Restart', tooltip=service.name)",
        "table.add_row(*cells)",
        "table.add_row('x', service.name, key='k')",
        "self.notify(str(error))",
        "self.app.notify(clean(words), severity='error')",
        "OptionList(*names)",
        "OptionList(*(Option(name) for name in names))",
        "options.add_options([Option(name) for name in names])",
        "self.border_title = service.name",
        "self.query_one(Static).update('state: ' + words)",
        "self.query_one(Static).update(f'state: {words}')",
    ]
    assert let_pass(what_is_shown_is_content, [("ui.x", source) for source in careless]) == []


def test_what_was_made_safe_may_be_shown() -> None:
    careful = [
        "from airops_tui.ui.render import text\nStatic(text(name), id='x')\nself.border_title = text(name)",
        "from airops_tui.ui import render\ntable.add_row(render.state(x), Content(name))",
        "def line(x: str) -> Content: ...\nStatic(line(name))\noptions.add_options([Option(line(n)) for n in names])",
        "class A:\n    line: Content | None\n    def f(self):\n        Static(self.line)",
        "Button('Cancel', id='no')\nself.notify(words, markup=False)\nseen.update(found)",
    ]
    assert let_pass(what_is_shown_is_content, [("ui.x", source) for source in careful]) == careful
