"""The sampled calls of a run as plain values, for flame graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perilune.profiler.model import CallNode


def plain_tree(root: CallNode, uris: Mapping[str, str]) -> dict[str, Any]:
    """The tree of calls: `{name, uri, line, functionLine, self_ns, total_ns, samples, children}`, lines from 0.

    `uris` are those of the profile's files, by path; a library function, and a file that is not among them, has none, and
    a line of -1.
    """
    made: dict[int, dict[str, Any]] = {}
    waiting: list[tuple[CallNode, bool]] = [(root, False)]
    while waiting:  # not recursive: call trees are deep
        node, are_children_made = waiting.pop()
        if not are_children_made:
            waiting.append((node, True))
            waiting += [(child, False) for child in node.children]
            continue
        children = [made.pop(id(child)) for child in node.children]
        made[id(node)] = {
            "name": node.function,
            "uri": None if node.path is None else uris.get(node.path),
            "line": node.line - 1,
            "functionLine": node.function_line - 1,
            "self_ns": node.self_ns,
            "total_ns": node.self_ns + sum(child["total_ns"] for child in children),
            "samples": node.samples,
            "children": children,
        }
    return made[id(root)]
