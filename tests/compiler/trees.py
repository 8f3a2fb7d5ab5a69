"""Walks over syntax trees, without recursion: programs may nest deeper than Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perilune.compiler.nodes import Node

# What the resolver attaches is no part of the tree.
_ATTACHED = frozenset(("reference", "scope", "target_label", "variable"))


def fields(node: Node) -> dict[str, Any]:
    """A node's own fields by name, its range excluded."""
    names = [name for cls in reversed(type(node).__mro__) for name in getattr(cls, "__slots__", ())]
    return {name: getattr(node, name) for name in names if name not in ("start", "end") and name not in _ATTACHED}


def children(node: Node) -> list[Node]:
    """A node's children in the order of its fields."""
    found: list[Node] = []
    for value in fields(node).values():
        found.extend(child for child in (value if isinstance(value, list) else [value]) if isinstance(child, Node))
    return found


def walk(root: Node) -> Iterator[Node]:
    """All nodes of a tree."""
    left = [root]
    while left:
        node = left.pop()
        yield node
        left.extend(children(node))


def assert_nested(root: Node, length: int) -> None:
    """Every range lies in its parent's."""
    assert (root.start, root.end) == (0, length)
    for node in walk(root):
        assert node.start <= node.end, node
        for child in children(node):
            assert node.start <= child.start and child.end <= node.end, (node, child)
