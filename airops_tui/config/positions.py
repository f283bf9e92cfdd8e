"""Which line of a TOML file each of its keys and values stands on.

The parser that reads the values keeps no positions, so the syntax tree of another one is asked, and only when there is
a problem to place: importing it takes as long as loading a whole config.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Steps = tuple[str | int, ...]
_KEYS = ("bare_key", "quoted_key", "dotted_key")
_VALUES_IN = {"inline_table", "array"}


def lines_of(text: str) -> Mapping[Steps, int]:
    """The line, from 1, of every key, table header and list item of a TOML document, by its steps from the root."""
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    lines: dict[Steps, int] = {}
    counts: dict[Steps, int] = {}
    for node in parser.parse(text.encode("utf-8", "replace")).root_node.named_children:
        if node.type in ("table", "table_array_element"):
            header = _enter(counts, _keys(node.named_children[0]), one_more=node.type == "table_array_element")
            lines.setdefault(header, _line(node))
            lines.setdefault(header[:-1], _line(node))  # the list itself starts with its first element
            _note_pairs(lines, header, node)
        elif node.type == "pair":
            _note_pair(lines, (), node)
    return lines


def line_at(lines: Mapping[Steps, int], place: Steps) -> int:
    """The line of a place, or of the nearest thing around it that stands in the file; 0 if nothing does."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 0


def _enter(counts: dict[Steps, int], keys: list[str], *, one_more: bool) -> Steps:
    """The steps that a header leads to: a list met on the way is entered at its last element."""
    steps: Steps = ()
    for key in keys[:-1]:
        steps = (*steps, key)
        if steps in counts:
            steps = (*steps, counts[steps] - 1)
    steps = (*steps, keys[-1])
    if one_more:
        counts[steps] = counts.get(steps, 0) + 1
    return (*steps, counts[steps] - 1) if steps in counts else steps


def _note_pairs(lines: dict[Steps, int], inside: Steps, node: Node) -> None:
    for child in node.named_children:
        if child.type == "pair":
            _note_pair(lines, inside, child)


def _note_pair(lines: dict[Steps, int], inside: Steps, pair: Node) -> None:
    """The pair's key, and everything inside its value. A stack instead of recursion: values may be nested deeply."""
    waiting = [(inside, pair)]
    while waiting:
        steps, node = waiting.pop()
        if node.type == "pair":
            for key in _keys(node.named_children[0]):
                steps = (*steps, key)
                lines.setdefault(steps, _line(node))
            waiting.append((steps, node.named_children[-1]))
        elif node.type in _VALUES_IN:
            waiting.extend(_inside(lines, steps, node))


def _inside(lines: dict[Steps, int], steps: Steps, node: Node) -> Iterator[tuple[Steps, Node]]:
    children = [child for child in node.named_children if child.type != "comment"]
    for index, child in enumerate(children):
        if node.type == "array":
            lines.setdefault((*steps, index), _line(child))
            yield (*steps, index), child
        else:
            yield steps, child


def _keys(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [key for child in node.named_children if child.type in _KEYS for key in _keys(child)]
    text = (node.text or b"").decode("utf-8", "replace")
    return [text] if node.type == "bare_key" else list(tomllib.loads(f"{text} = 0"))


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
