"""What the formats share: a profile as stacks with costs, and names for its functions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from perilune.profiler.model import CallNode, FileProfile, Profile, times_elsewhere

UNKNOWN = "(unknown)"


class Frame(NamedTuple):
    """A function at one of its lines; `line` 0 means the function as a whole.

    What is not Lua (builtins, the collector, the compiler, the time outside) has `path` None and both lines 0.
    """

    function: str
    path: str | None
    function_line: int
    line: int

    @property
    def whole(self) -> Frame:
        """The function itself, at no line."""
        return Frame(self.function, self.path, self.function_line, 0)

    @property
    def label(self) -> str:
        """A short name: `fib:3`, or `fib` for the function as a whole."""
        return f"{self.function}:{self.line}" if self.line else self.function


Stack = tuple[Frame, ...]
"""Frames, outermost first."""


class TimedStack(NamedTuple):
    """A stack and the time spent in its innermost frame; `samples` is 0 in trace mode, which takes none."""

    frames: Stack
    samples: int
    self_ns: int


def time_name(profile: Profile) -> str:
    """What the times of a profile are."""
    return "processor time" if profile.clock == "cpu" else "time"


def timed_stacks(profile: Profile) -> list[TimedStack]:
    """Where the time went, with what belongs to no line; the sum is `totals.run_ns`.

    In trace mode, which records no calls, every line is a stack of one. Empty in count mode.
    """
    if profile.call_tree is not None:
        return _tree_stacks(profile.call_tree)
    if profile.totals.run_ns is None:
        return []
    stacks = [TimedStack((frame,), 0, cost.self_ns) for frame, cost in line_costs(profile)]
    for name, ns in times_elsewhere(profile.totals):
        stacks.append(TimedStack((Frame(name, None, 0, 0),), 0, ns))
    return [stack for stack in stacks if stack.self_ns]


def _tree_stacks(root: CallNode) -> list[TimedStack]:
    stacks = []
    waiting: list[tuple[Stack, CallNode]] = [((), node) for node in reversed(root.children)]
    while waiting:
        callers, node = waiting.pop()
        frames = (*callers, Frame(node.function, node.path, node.function_line, node.line))
        if node.self_ns or node.samples:
            stacks.append(TimedStack(frames, node.samples, node.self_ns))
        waiting += [(frames, child) for child in reversed(node.children)]
    return stacks


def flame_stacks(profile: Profile, cost: str) -> list[tuple[Stack, int]]:
    """Stacks for viewers that draw them, with one of the costs in LineCost; those without it are left out.

    Time has its calls as far as the mode records them; other costs have none, so each line stands under its function.
    """
    if cost != "self_ns":
        stacks = [(_under_function((frame,)), getattr(costs, cost)) for frame, costs in line_costs(profile)]
    elif profile.call_tree is None:
        stacks = [(_under_function(frames), self_ns) for frames, _, self_ns in timed_stacks(profile)]
    else:
        stacks = [(frames, self_ns) for frames, _, self_ns in timed_stacks(profile)]
    return [(frames, amount) for frames, amount in stacks if amount]


def _under_function(line: Stack) -> Stack:
    return (line[0].whole, line[0]) if line[0].line else line


class LineCost(NamedTuple):
    """What a line cost, without the functions that it called; `self_ns` is 0 in count mode."""

    instructions: int
    allocated_bytes: int
    allocations: int
    self_ns: int


def line_costs(profile: Profile) -> list[tuple[Frame, LineCost]]:
    """The cost of every line by function, where there is any.

    A line that holds parts of several functions is divided so that the sums over lines and over functions both hold.
    """
    found = []
    for file in profile.files:
        costs: dict[Frame, list[int]] = {}
        for column, name in enumerate(LineCost._fields):
            for frame, amount in _divided(file, name):
                costs.setdefault(frame, [0] * len(LineCost._fields))[column] += amount
        found += [(frame, LineCost(*cost)) for frame, cost in sorted(costs.items(), key=lambda item: item[0].line)]
    return found


def _divided(file: FileProfile, cost: str) -> Iterator[tuple[Frame, int]]:
    """One kind of cost by function and line: inner functions take first what they are known to have cost in all.

    Surrounding code can share a function's first line (which creates it) and its last, so those are the last to be taken
    from. What carries no line numbers stands at line 0.
    """
    lines = [row.line for row in file.lines]
    left: list[int] = [getattr(row, cost) or 0 for row in file.lines]
    for function in sorted(file.functions, key=lambda row: row.end_line - row.line):
        due: int = getattr(function, cost) or 0
        within = range(bisect_left(lines, function.line), bisect_right(lines, function.end_line))
        order = sorted((lines[index] == function.line, lines[index] == function.end_line, index) for index in within)
        for index in [*(index for *_, index in order), *range(bisect_right(lines, 0))]:
            taken = min(due, left[index])
            if taken:
                due -= taken
                left[index] -= taken
                yield Frame(function.name, file.path, function.line, lines[index]), taken
    for line, amount in zip(lines, left, strict=True):
        if amount:
            yield Frame(UNKNOWN, file.path, 0, line), amount


FunctionNames = dict[tuple[str | None, str, int], str]
"""Names of functions by path, name as the profile has it, and first line."""


def function_names(profile: Profile) -> FunctionNames:
    """A name for every Lua function that is its own within the file: the line is added where several share a name."""
    names: FunctionNames = {}
    for file in profile.files:
        functions = {(function.name, function.line) for function in file.functions}
        shared = Counter(name for name, _ in functions)
        for name, line in functions:
            names[file.path, name, line] = f"{name}:{line}" if shared[name] > 1 else name
    return names
