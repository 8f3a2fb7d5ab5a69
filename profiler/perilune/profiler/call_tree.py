"""The sampled call tree: the machine's nodes as a tree of functions and lines, and what it says about total times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

from perilune.profiler.instructions import Division, Function
from perilune.profiler.model import CallNode

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawSampling

COLLECTOR = "(collector)"
OUTSIDE = "(outside)"

_Key = TypeVar("_Key", bound=Hashable)
_RawNode = tuple[int, int, int, str | None, int]


def call_tree(sampling: RawSampling, functions: Mapping[int, Function], run_ns: int) -> CallNode | None:
    """The tree, its times being parts of `run_ns`. `functions` are by the id of every load.

    None where the sampler saw no stacks.
    """
    raw_nodes = sampling["tree"]
    if raw_nodes is None:
        return None
    root = CallNode("", None, 0, 0, 0, 0)
    nodes = [root]
    known: dict[tuple[int, str, str | None, int, int], int] = {}
    merged = [0]  # by index of a raw node: the index of its node
    for parent, id, line, builtin, samples in raw_nodes[1:]:
        function = functions[id] if builtin is None else None
        place: tuple[str, str | None, int, int] = (builtin or "", None, 0, 0)
        if function is not None:
            place = (function.name, function.path, function.first_line, line)
        above = merged[parent]
        index = known.setdefault((above, *place), len(nodes))
        if index == len(nodes):
            nodes.append(CallNode(*place, 0, 0))
            nodes[above].children.append(nodes[index])
        merged.append(index)
        nodes[index].samples += samples
    for name, samples in ((COLLECTOR, sampling["gc_samples"]), (OUTSIDE, sampling["outside_samples"])):
        if samples:
            nodes.append(CallNode(name, None, 0, 0, samples, 0))
            root.children.append(nodes[-1])
    division = Division(run_ns, sampling["samples"])
    for node in nodes:
        node.self_ns = division.take(node.samples)
    return root


def samples_of_lines(sampling: RawSampling, functions: Mapping[int, Function]) -> Counter[tuple[str, int]]:
    """How many samples had each line, by path and number, on the stack; a line counts once in a sample."""
    return _on_stack(sampling, lambda id, line: (functions[id].path, line))


def samples_of_functions(sampling: RawSampling, functions: Mapping[int, Function]) -> Counter[int]:
    """How many samples had each function, by the id of its first load, on the stack."""
    return _on_stack(sampling, lambda id, line: functions[id].ids[0])


def _on_stack(sampling: RawSampling, key_of: Callable[[int, int], _Key]) -> Counter[_Key]:
    raw_nodes: list[_RawNode] = sampling["tree"] or []
    below = [node[4] for node in raw_nodes]  # samples in the node and under it; children follow their parents
    children: list[list[int]] = [[] for _ in raw_nodes]
    for index in range(len(raw_nodes) - 1, 0, -1):
        parent = raw_nodes[index][0]
        below[parent] += below[index]
        children[parent].append(index)
    found: Counter[_Key] = Counter()
    on_path: set[_Key] = set()
    pending = [(child, True) for child in (children[0] if children else [])]
    while pending:
        index, entering = pending.pop()
        _, id, line, builtin, _ = raw_nodes[index]
        if builtin is not None:
            continue
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
