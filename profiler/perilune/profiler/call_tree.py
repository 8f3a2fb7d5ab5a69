"""The sampled call tree: the machine's nodes as a tree of functions and lines, and what it says about total times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

from perilune.profiler.cpu_times import CpuDivision, Part
from perilune.profiler.instructions import Division, Function
from perilune.profiler.model import COLLECTOR, COMPILER, NOT_SHOWN, OUTSIDE, CallNode

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawSampling

_Key = TypeVar("_Key", bound=Hashable)
_RawNode = tuple[int, int, int, str | None, int]


MOST_PLACES = 250
"""On one path, so that what reads a saved tree need not nest deeper. What is below stands under NOT_SHOWN."""


def call_tree(sampling: RawSampling, functions: Mapping[int, Function], run_ns: int, cpu_ns: int | None) -> CallNode:
    """The tree, its times being parts of `run_ns` and, where waiting is known, of `cpu_ns`. `functions` are by the id of
    every load."""
    raw_nodes = sampling["tree"]
    root = CallNode("", None, 0, 0, 0, 0)
    nodes = [root]
    known: dict[tuple[int, str, str | None, int, int], int] = {}
    waiting = sampling["waiting"]
    waiting_samples = [0]  # by index of a node
    merged = [0]  # by index of a raw node: the index of its node
    depths = [0]

    def below(above: int, place: tuple[str, str | None, int, int]) -> int:
        index = known.setdefault((above, *place), len(nodes))
        if index == len(nodes):
            nodes.append(CallNode(*place, 0, 0))
            waiting_samples.append(0)
            nodes[above].children.append(nodes[index])
        return index

    tree_waiting = waiting["tree"] if waiting is not None else [0] * len(raw_nodes)
    for (parent, id, line, builtin, samples), waited in zip(raw_nodes[1:], tree_waiting[1:], strict=True):
        function = functions[id] if builtin is None else None
        place: tuple[str, str | None, int, int] = (builtin or "", None, 0, 0)
        if function is not None:
            place = (function.name, function.path, function.first_line, line)
        depth = depths[parent] + 1
        depths.append(depth)
        index = merged[parent]
        if depth <= MOST_PLACES:
            index = below(index, place)
        elif depth == MOST_PLACES + 1:
            index = below(index, (NOT_SHOWN, None, 0, 0))
        merged.append(index)
        if depth > MOST_PLACES and samples:
            index = below(index, place)
        nodes[index].samples += samples
        waiting_samples[index] += waited
    elsewhere = (
        (COLLECTOR, sampling["gc_samples"], waiting["gc"] if waiting is not None else 0),
        (COMPILER, sampling["compile_samples"], waiting["compile"] if waiting is not None else 0),
        (OUTSIDE, sampling["outside_samples"], waiting["outside"] if waiting is not None else 0),
    )
    for name, samples, waited in elsewhere:
        if samples:
            nodes.append(CallNode(name, None, 0, 0, samples, 0))
            waiting_samples.append(waited)
            root.children.append(nodes[-1])
    division = Division(run_ns, sampling["samples"])
    for node in nodes:
        node.self_ns = division.take(node.samples)
    if waiting is not None and cpu_ns is not None:
        parts = [Part(node.self_ns, node.samples, waited) for node, waited in zip(nodes, waiting_samples, strict=True)]
        cpu_division = CpuDivision(parts, cpu_ns)
        for node, part in zip(nodes, parts, strict=True):
            node.cpu_ns, node.waiting_samples = cpu_division.take(part), part.waiting
    return root


def samples_of_lines(
    sampling: RawSampling, functions: Mapping[int, Function], counts: list[int] | None = None
) -> Counter[tuple[str, int]]:
    """How many samples had each line, by path and number, on the stack; a line counts once in a sample.

    `counts` are of some of the samples, by node.
    """
    return _on_stack(sampling, counts, lambda id, line: (functions[id].path, line))


def samples_of_functions(
    sampling: RawSampling, functions: Mapping[int, Function], counts: list[int] | None = None
) -> Counter[int]:
    """How many samples had each function, by the id of its first load, on the stack; `counts` as in `samples_of_lines`."""
    return _on_stack(sampling, counts, lambda id, line: functions[id].ids[0])


def _on_stack(sampling: RawSampling, counts: list[int] | None, key_of: Callable[[int, int], _Key]) -> Counter[_Key]:
    raw_nodes: list[_RawNode] = sampling["tree"]
    below = (
        list(counts) if counts is not None else [node[4] for node in raw_nodes]
    )  # samples in the node and under it; children follow their parents
    children: list[list[int]] = [[] for _ in raw_nodes]
    for index in range(len(raw_nodes) - 1, 0, -1):
        parent = raw_nodes[index][0]
        below[parent] += below[index]
        children[parent].append(index)
    found: Counter[_Key] = Counter()
    on_path: set[_Key] = set()
    pending = [(child, True) for child in children[0]]
    while pending:
        index, entering = pending.pop()
        _, id, line, builtin, _ = raw_nodes[index]
        if builtin is None:
            key = key_of(id, line)
            if not entering:
                on_path.discard(key)
                continue
            if key not in on_path:
                on_path.add(key)
                found[key] += below[index]
                pending.append((index, False))
        pending.extend((child, True) for child in children[index])
    return found
