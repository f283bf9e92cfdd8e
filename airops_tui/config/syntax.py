"""What is wrong with a file that is not TOML, in words for somebody who only wanted to change a number."""

from __future__ import annotations

import re
import tomllib

from airops_tui.errors import ConfigProblem
from airops_tui.text import clean

MOST = 20
"""Syntax errors told at once."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_PAIR = re.compile(r"""\s*(?P<key>[\w.-]+|"[^"]*")\s*(?P<sign>[=:])\s*(?P<value>[^#\[{"']*?)\s*(?:\#.*)?""")
_YAML = "this is not TOML but looks like YAML"
_OPENERS = {"array": r"[=,\[]\s*\[", "inline table": r"\{", "string": r"\"\"\"|\"", "'": r"'"}


def explain(text: str, file: str) -> list[ConfigProblem]:
    """The syntax errors of a document that does not parse, in file order.

    A parser stops at the first. If that is in a line that can be left out without touching what follows, it is left
    out, and the parser tries again.
    """
    lines = text.split("\n")
    problems: list[ConfigProblem] = []
    while len(problems) < MOST:
        try:
            tomllib.loads("\n".join(lines))
        except RecursionError:
            break
        except tomllib.TOMLDecodeError as error:
            problem, alone = _problem(str(error), lines, file)
            problems.append(problem)
            if not alone:
                break
            lines[problem.line - 1] = ""
        except ValueError:
            break
        else:
            break
    return sorted(problems, key=lambda problem: problem.line)


def _problem(message: str, lines: list[str], file: str) -> tuple[ConfigProblem, bool]:
    """The problem that a parser's message means, and whether its line can be left out."""
    place = _PLACE.search(message)
    told = message[: place.start()] if place else message
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = _opened(told, lines), 0
    source = lines[line - 1] if line <= len(lines) else ""
    if told.startswith(("Invalid value", "Unclosed")) and column and _is_fine(source):
        problem = ConfigProblem(file, line, "", "a list or a table above this line is not closed", "", column)
        return problem, False
    pair = _PAIR.fullmatch(source.rstrip("\r"))
    what, suggestion = _words(told, source, pair)
    return ConfigProblem(file, line, "", what, suggestion, column), pair is not None and what != _YAML


def _is_fine(line: str) -> bool:
    """Whether a line is a setting that would be right anywhere else."""
    try:
        return len(line) < 1000 and "=" in line and bool(tomllib.loads(line))
    except (ValueError, RecursionError):
        return False


def _words(told: str, source: str, pair: re.Match[str] | None) -> tuple[str, str]:
    """A sentence and a suggestion for what the parser said about a line."""
    if told.startswith("Expected '='") and (yaml := re.match(r"\s*(?:-\s+)?([\w.-]+)\s*:(.*)", source)):
        if not yaml[2].strip() or yaml[0].lstrip().startswith("-"):
            return _YAML, "a service begins with [[services]], then lines of key = value"
        value = _as_value(pair["value"]) if pair and pair["value"] else "…"
        return "a key and its value are separated by =", f"write {clean(yaml[1])} = {value}"
    if told.startswith("Invalid statement"):
        return "this is not TOML", "a line is key = value, a [section], or a comment after #"
    if pair and told.startswith(("Invalid value", "Expected newline")):
        if not pair["value"]:
            return f"{clean(pair['key'])} has no value", "write one, or put a # before it"
        meant = _as_value(pair["value"])
        kind = "text goes in quotes" if meant.startswith('"') else "not written like that"
        return kind, f"write {clean(pair['key'])} = {meant}"
    if told.startswith("Cannot overwrite"):
        return "the key was given a value before", "keep one of the two"
    if twice := re.match(r"Cannot (?:declare|mutate immutable namespace) \((.*?),?\)", told):
        name = twice[1].replace("', '", ".").strip("'")
        return f"[{clean(name)}] is there before", f"each one of a list starts with [[{clean(name)}]]"
    if told.startswith(("Illegal character '\\n'", "Unterminated string", 'Expected "\'"')):
        return "the closing quote is missing", ""
    if "hex value" in told or "Unescaped '\\'" in told:
        return "a backslash means something in double quotes", "write it in single quotes, or doubled"
    if told.startswith("Unclosed array"):
        return "a list is not closed", "is a comma between its items missing, or the ] at its end?"
    if re.search("[“”‘’]", source):
        return "typographic quotes are no quotes here", "write \" or '"
    return f"not TOML: {clean(told)}", ""


def _as_value(bare: str) -> str:
    """What stands after the = without quotes, as TOML would have it."""
    bare = clean(bare, limit=60).rstrip(",").strip()
    if bare.lower() in ("true", "yes", "on"):
        return "true"
    if bare.lower() in ("false", "no", "off"):
        return "false"
    if re.fullmatch(r"\d{1,9}(\.\d+)?", bare):
        return str(int(bare)) if bare.isdecimal() else bare
    return '"' + re.sub(r"[\"“”‘’]", "", bare) + '"' if bare else '"…"'


def _opened(told: str, lines: list[str]) -> int:
    """The line where what is open at the document's end was opened; otherwise the last one with anything on it."""
    openers = next((regex for name, regex in _OPENERS.items() if name in told), None)
    filled = [number for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    opening = [number for number in filled if openers and re.search(openers, lines[number - 1])]
    return (opening or filled or [1])[-1]
