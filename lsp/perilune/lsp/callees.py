"""Who called whom in a file, read from a sampled call tree."""

from __future__ import annotations

from typing import NamedTuple

from perilune.profiler.model import NOT_SHOWN, CallNode


class Callee(NamedTuple):
    """A function as a line calls it; `path` is None for a library function, `line` is where the function begins."""

    name: str
    path: str | None
    line: int


def callees_by_line(root: CallNode, path: str) -> dict[int, dict[Callee, int]]:
    """For every line of a file the functions that it called, with the nanoseconds that they and theirs took.

    What a function that calls itself took belongs to the call that began it.
    """
    below = _times_below(root)
    found: dict[int, dict[Callee, int]] = {}
    waiting: list[tuple[CallNode, frozenset[int]]] = [(root, frozenset())]
    while waiting:
        node, lines_above = waiting.pop()
        lines = lines_above
        if node.path == path:
            if node.line not in lines_above:
                of_line = found.setdefault(node.line, {})
                for child in node.children:
                    if child.function != NOT_SHOWN:
                        callee = Callee(child.function, child.path, child.function_line)
                        of_line[callee] = of_line.get(callee, 0) + below[id(child)]
            lines = lines_above | {node.line}
        waiting += [(child, lines) for child in node.children]
    return {line: of_line for line, of_line in found.items() if of_line}


def callers_by_function(root: CallNode, path: str) -> dict[tuple[str, int], dict[int, int]]:
    """For every function of a file, by name and first line, the lines of the file that called it, with the nanoseconds.

    A library function between them, as `pcall` is, does not count. Calls that a function makes of itself do not either.
    """
    below = _times_below(root)
    found: dict[tuple[str, int], dict[int, int]] = {}
    waiting: list[tuple[CallNode, CallNode | None, frozenset[tuple[str, int]]]] = [(root, None, frozenset())]
    while waiting:
        node, caller, active = waiting.pop()
        if node.path is not None:
            function = (node.function, node.function_line)
            if node.path == path:
                if caller is not None and caller.path == path and function not in active:
                    of_function = found.setdefault(function, {})
                    of_function[caller.line] = of_function.get(caller.line, 0) + below[id(node)]
                active |= {function}
            caller = node
        waiting += [(child, caller, active) for child in node.children]
    return found


def _times_below(root: CallNode) -> dict[int, int]:
    """By the node's id the time of it and of all below it; depth is what the program made it, so nothing recurses."""
    order = [root]
    for node in order:
        order += node.children
    times: dict[int, int] = {}
    for node in reversed(order):
        times[id(node)] = node.self_ns + sum(times[id(child)] for child in node.children)
    return times
