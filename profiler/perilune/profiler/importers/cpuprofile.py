"""V8's .cpuprofile: a tree of calls, and a series of samples with the microseconds between them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from perilune.profiler.exporters.stacks import Frame, Stack
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import clean_path, expected, items, members, number, optional_line, text
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_NS_PER_US = 1000
_ROOT = "(root)"


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A node whose name ends in its line, below one of the same function, is that line, as our own export has it."""
    value = members(json.loads(content), "the file")
    nodes, stacks = _stacks(items(value.get("nodes"), "nodes"))
    samples, deltas = (items(value.get(name), name) for name in ("samples", "timeDeltas"))
    if len(samples) != len(deltas):
        raise expected("timeDeltas", f"{len(samples)} of them, as many as samples")
    start, end = (round(number(value.get(name), name)) for name in ("startTime", "endTime"))
    times = [start]
    for at, delta in enumerate(deltas):
        times.append(times[-1] + round(number(delta, f"timeDeltas[{at}]")))
    builder = ForeignProfile(Origin("cpuprofile", "sampled"), Program(name))
    for at, (sample, (begin, until)) in enumerate(
        zip(samples, pairwise([*times[1:], max(end, times[-1])]), strict=True)
    ):
        if isinstance(sample, bool) or not isinstance(sample, int) or sample not in stacks:
            raise expected(f"samples[{at}]", "the id of a node")
        if stacks[sample] and until > begin:
            _add(builder, stacks[sample], nodes[sample], (until - begin) * _NS_PER_US)
    builder.origin.notes.append("The file does not tell how many samples were taken, so that errors are not known.")
    return builder.profile()


def _add(builder: ForeignProfile, stack: Stack, node: dict[str, Any], ns: int) -> None:
    """The time of a node, divided among its lines by the ticks that they had, where the node tells."""
    ticks = node.get("positionTicks")
    if not isinstance(ticks, list) or not ticks or stack[-1].line or stack[-1].path is None:
        builder.add_stack((*stack[:-1], stack[-1]._replace(line=stack[-1].line or stack[-1].function_line)), ns)
        return
    lines = []
    for value in ticks:
        tick = members(value, "positionTicks")
        lines.append((optional_line(tick.get("line"), "line"), round(number(tick.get("ticks"), "ticks"))))
    whole = sum(count for _, count in lines)
    given = below = 0
    for line, count in lines if whole else [(0, 1)]:
        below += count
        part = ns * below // (whole or 1) - given
        given += part
        if part:
            builder.add_stack((*stack[:-1], stack[-1]._replace(line=line)), part)


def _stacks(values: list[Any]) -> tuple[dict[int, dict[str, Any]], dict[int, Stack]]:
    """Nodes, and the stacks that they stand for, by id."""
    nodes: dict[int, dict[str, Any]] = {}
    for at, value in enumerate(values):
        node = members(value, f"nodes[{at}]")
        identity = node.get("id")
        if isinstance(identity, bool) or not isinstance(identity, int) or identity in nodes:
            raise expected(f"nodes[{at}].id", "a number of its own")
        nodes[identity] = node
    parents: dict[int, int] = {}
    for at, (identity, node) in enumerate(nodes.items()):
        for child in items(node.get("children", []), f"nodes[{at}].children"):
            if not isinstance(child, int) or child not in nodes or child in parents:
                raise expected(f"nodes[{at}].children", "ids of nodes that have no other parent")
            parents[child] = identity
        if "parent" in node and node["parent"] in nodes and identity not in parents:
            parents[identity] = node["parent"]
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    stacks: dict[int, Stack] = {}
    waiting: list[tuple[int, Stack]] = [(identity, ()) for identity in nodes if identity not in parents]
    while waiting:
        identity, above = waiting.pop()
        stacks[identity] = stack = _with_node(above, nodes[identity], f"the node of id {identity}")
        waiting += [(child, stack) for child in children.get(identity, [])]
    if len(stacks) < len(nodes):
        raise expected("nodes", "a tree, and not a circle of them")
    return nodes, stacks


def _with_node(above: Stack, node: dict[str, Any], place: str) -> Stack:
    called = members(node.get("callFrame"), f"{place}: callFrame")
    name = text(called.get("functionName"), f"{place}: functionName")
    if name == _ROOT and not above:
        return ()
    path = clean_path(text(called.get("url", ""), f"{place}: url"))
    at_work = above
    if above and above[-1].path is not None and not above[-1].line:
        at_work = (*above[:-1], above[-1]._replace(line=above[-1].function_line))  # the best that is known
    line = optional_line(called.get("lineNumber"), f"{place}: lineNumber") + 1
    if not path:
        return (*at_work, Frame(name, None, 0, 0))
    ending = f":{line}"
    if not name.endswith(ending):
        return (*at_work, Frame(name or "(anonymous)", path, line, 0))
    function = name.removesuffix(ending)
    # The function's own node, or a line of it that called, stands above.
    for at in range(len(above) - 1, -1, -1):
        if above[at].function == function and above[at].path == path:
            here = above[at]._replace(line=line)
            return (*above[:at], here) if at == len(above) - 1 and not above[at].line else (*at_work, here)
    return (*at_work, Frame(function, path, 0, line))
