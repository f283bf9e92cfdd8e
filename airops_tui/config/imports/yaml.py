"""YAML from a stranger: plain values only, and no more of them than stand in the file."""

from __future__ import annotations

from typing import Any

from yaml import MappingNode, Node, ScalarNode, YAMLError, compose
from yaml.constructor import SafeConstructor
from yaml.loader import SafeLoader

from airops_tui.config.imports.source import NotThis
from airops_tui.text import clean

LIMIT = 256 * 1024
"""Bytes; the parser takes seconds for more, and a description of services has a few thousand."""

MOST_NODES = 50_000
"""Values after all aliases are written out: nine lines of aliases can stand for a billion."""


def parse(text: str) -> Any:
    """The document as dicts, lists and plain values. Raises NotThis for what is no YAML or was made to exhaust us."""
    if len(text) > LIMIT:
        raise NotThis(f"it is larger than {LIMIT // 1024} KiB")
    try:
        root = compose(text, Loader=SafeLoader)
        if root is None:
            return None
        if _written_out(root, {}, set()) > MOST_NODES:
            raise NotThis(f"it stands for more than {MOST_NODES} values")
        return SafeConstructor().construct_document(root)
    except RecursionError:
        raise NotThis("it is nested too deeply") from None
    except (YAMLError, ValueError) as error:
        raise NotThis(f"it is no YAML ({_reason(error)})") from None


def _written_out(node: Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """How many values a node stands for when each alias in it is replaced by what it means."""
    if isinstance(node, ScalarNode):
        return 1
    if id(node) in open_nodes:
        raise NotThis("one of its values contains itself")
    if id(node) not in known:
        open_nodes.add(id(node))
        children = [part for pair in node.value for part in pair] if isinstance(node, MappingNode) else node.value
        known[id(node)] = 1 + sum(_written_out(child, known, open_nodes) for child in children)
        open_nodes.discard(id(node))
    return known[id(node)]


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or type(error).__name__
    where = f", line {mark.line + 1}" if mark else ""
    return clean(f"{problem}{where}", limit=120)
