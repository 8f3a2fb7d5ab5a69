"""Walks over syntax trees, without recursion: programs may nest deeper than Python."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler.nodes import Node, children


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
