"""A profile limited to what ran below one call: its times by the sampled call tree, as if nothing else had run.

Samples know who called; counts do not. How often a line ran, what it allocated and how many instructions it took are
known for the whole run alone. They stay as they are in a limited profile: whoever shows them says that they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    FileProfile,
    FunctionRow,
    LineRow,
    Profile,
    Totals,
)
from perilune.profiler.shares import Interval, interval_of_share

_Row = TypeVar("_Row", LineRow, FunctionRow)
_Place = tuple[str, str | None, int, int]
_Line = tuple[str, int]
_Function = tuple[str, str, int]


_MOST_FRAMES = 3  # that a label names


class PathError(ValueError):
    """A profile cannot be limited to a call; the message says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a flame graph: a function, by its name and where it begins, and its line where lines are frames."""

    function: str
    path: str | None
    function_line: int
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CallPath:
    """A call: the line that makes it, in a file as the profile names it, and the function called, None for all it calls.

    `caller` is the function around the line. `samples` of the run fell below it, which is `share` of the run's time, with
    the error of that. Of a frame of a flame graph `frames` are the functions on the way to it, and there is no call.
    """

    path: str
    line: int
    callee: str | None
    caller: str
    samples: int
    share: float
    error: float
    frames: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """`main chunk:31`, `update:12 calling draw`, `main chunk > update > draw`."""
        if self.frames:
            return " > ".join(self.frames if len(self.frames) <= _MOST_FRAMES else ("…", *self.frames[-_MOST_FRAMES:]))
        calling = f" calling {self.callee}" if self.callee is not None else ""
        return f"{self.caller}:{self.line}{calling}"


def limited(profile: Profile, path: str, line: int, callee: str | None = None) -> tuple[Profile, CallPath]:
    """The profile of what ran below a line and on it, or, with a `callee`, below its calls of that function alone.

    Raises PathError where stacks were not sampled, or no sample fell below the call.
    """
    if profile.call_tree is None:
        raise PathError(f"who called whom is known in sample mode only, and this run was in {profile.mode} mode")
    found = list(_outermost(profile.call_tree, path, line))
    if not found:
        raise PathError(f"no sample fell below a call in line {line}")
    if callee is not None:
        below = [child for node in found for child in node.children if is_called(child.function, callee)]
        if not below:
            raise PathError(f"no sample fell below a call of {callee} in line {line}")
        parts = [replace(node, samples=0, self_ns=0, cpu_ns=_zero(node.cpu_ns), children=[]) for node in found]
        parts[0].children = below
    else:
        parts = found
        if not any(node.children for node in found):
            raise PathError(f"no sample fell below a call in line {line}")
    root = _root(profile, parts)
    whole = _whole(root)
    if not whole.samples:
        raise PathError(f"no sample fell below a call in line {line}")
    share, error = _part_of_run(profile, whole)
    call = CallPath(path, line, callee, found[0].function, whole.samples, share, error)
    return _Limited(profile, root, whole).profile(), call


def limited_to_frame(profile: Profile, frames: Sequence[Frame]) -> tuple[Profile, CallPath]:
    """The profile of what ran in a frame of the flame graph, the last of the frames on the way to it.

    Frames are made as the graph makes them: where they are functions, one that is on the stack several times counts at its
    outermost place. Raises PathError where stacks were not sampled, or there is no such frame.
    """
    if profile.call_tree is None:
        raise PathError(f"who called whom is known in sample mode only, and this run was in {profile.mode} mode")
    wanted = tuple(frames)
    if not wanted:
        raise PathError("there is no such frame in this run")
    parts = list(_in_frame(profile.call_tree, wanted))
    root = _root(profile, parts)
    whole = _whole(root)
    if not whole.samples:
        raise PathError("there is no such frame in this run")
    share, error = _part_of_run(profile, whole)
    last = wanted[-1]
    line = last.function_line if last.line is None else last.line
    names = tuple(frame.function for frame in wanted)
    call = CallPath(last.path or "", line, None, last.function, whole.samples, share, error, names)
    return _Limited(profile, root, whole).profile(), call


def _in_frame(root: CallNode, wanted: tuple[Frame, ...]) -> Iterator[CallNode]:
    """The nodes of a frame and those below it that belong to it, as trees of their own."""
    waiting: list[tuple[CallNode, tuple[Frame, ...], CallNode | None]] = [(child, (), None) for child in root.children]
    while waiting:
        node, above, copy_above = waiting.pop()
        frame = Frame(node.function, node.path, node.function_line, None if wanted[-1].line is None else node.line)
        place = above[: above.index(frame) + 1] if frame.line is None and frame in above else (*above, frame)
        copy = None
        if place[: len(wanted)] == wanted:
            copy = replace(node, children=[])
            if copy_above is None:
                yield copy
            else:
                copy_above.children.append(copy)
        waiting += [(child, place, copy) for child in node.children]


def _root(profile: Profile, parts: list[CallNode]) -> CallNode:
    cpu_ns = None if profile.totals.waiting_samples is None else 0
    return CallNode("", None, 0, 0, 0, 0, _merged(parts), cpu_ns, cpu_ns)


def _part_of_run(profile: Profile, whole: _Sum) -> tuple[float, float]:
    """The share of the run's time that is in a tree, and its error."""
    samples, run_ns = profile.totals.samples or whole.samples, profile.totals.run_ns or 1
    share = min(1.0, whole.self_ns / run_ns)
    return share, interval_of_share(share, samples).error(share)


def callees(profile: Profile, path: str, line: int) -> list[str]:
    """The functions that samples found below the calls of a line, those with most samples first."""
    if profile.call_tree is None:
        return []
    samples: dict[str, int] = {}
    for node in _outermost(profile.call_tree, path, line):
        for child in node.children:
            samples[child.function] = samples.get(child.function, 0) + _whole(child).samples
    return sorted(samples, key=lambda name: (-samples[name], name))


def is_called(function: str, callee: str) -> bool:
    """Whether a function of a tree, `string.rep` or `Shape:area`, is meant by the name that stands in a call."""
    return function == callee or function.replace(":", ".").rpartition(".")[2] == callee


def _zero(cpu_ns: int | None) -> int | None:
    return None if cpu_ns is None else 0


def _outermost(root: CallNode, path: str, line: int) -> Iterator[CallNode]:
    """The nodes of a line, none of which is below another."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.path == path and node.line == line:
            yield node
        else:
            waiting += node.children


def _place(node: CallNode) -> _Place:
    return node.function, node.path, node.function_line, node.line


def _merged(nodes: list[CallNode]) -> list[CallNode]:
    """One node for each place, with what all of them had below them."""
    top: dict[_Place, CallNode] = {}
    waiting = [(top, node) for node in nodes]
    known: dict[int, dict[_Place, CallNode]] = {}
    for siblings, node in waiting:
        place = _place(node)
        same = siblings.get(place)
        if same is None:
            same = siblings[place] = replace(node, children=[])
            known[id(same)] = {}
        else:
            same.samples += node.samples
            same.self_ns += node.self_ns
            if same.cpu_ns is not None:
                same.cpu_ns += node.cpu_ns or 0
            if same.waiting_samples is not None:
                same.waiting_samples += node.waiting_samples or 0
        waiting += [(known[id(same)], child) for child in node.children]
    pending = list(top.values())
    for node in pending:
        node.children = list(known[id(node)].values())
        pending += node.children
    return list(top.values())


@dataclass(slots=True)
class _Sum:
    """What is in a tree."""

    samples: int = 0
    self_ns: int = 0
    cpu_ns: int = 0
    waiting: int = 0

    def add(self, node: CallNode) -> None:
        self.samples += node.samples
        self.self_ns += node.self_ns
        self.cpu_ns += node.cpu_ns or 0
        self.waiting += node.waiting_samples or 0

    def add_all(self, other: _Sum) -> None:
        self.samples += other.samples
        self.self_ns += other.self_ns
        self.cpu_ns += other.cpu_ns
        self.waiting += other.waiting


def _whole(root: CallNode) -> _Sum:
    found = _Sum()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        found.add(node)
        waiting += node.children
    return found


class _Limited:
    """Makes the rows of a limited profile from its tree."""

    def __init__(self, profile: Profile, root: CallNode, whole: _Sum) -> None:
        self.whole_profile, self.root, self.whole = profile, root, whole
        self.knows_cpu = profile.totals.waiting_samples is not None
        self.lines: dict[_Line, _Sum] = {}
        self.line_totals: dict[_Line, _Sum] = {}
        self.functions: dict[_Function, _Sum] = {}
        self.function_totals: dict[_Function, _Sum] = {}
        self.builtins: dict[str, _Sum] = {}
        self._read()

    def _read(self) -> None:
        """Visits every node twice: on the way down its own time counts, on the way up what is below it."""
        below: dict[int, _Sum] = {}
        owners: list[tuple[_Line, _Function]] = []
        on_path: set[_Line | _Function] = set()
        opened: dict[int, list[_Line | _Function]] = {}
        pending = [(self.root, True)]
        while pending:
            node, entering = pending.pop()
            line, function = (node.path or "", node.line), (node.path or "", node.function, node.function_line)
            if entering:
                opened[id(node)] = []
                if node.path is not None:
                    owners.append((line, function))
                    opened[id(node)] = [key for key in (line, function) if key not in on_path]
                    on_path.update(opened[id(node)])
                elif node is not self.root:
                    self.builtins.setdefault(node.function, _Sum()).add(node)
                if owners:
                    self.lines.setdefault(owners[-1][0], _Sum()).add(node)
                    self.functions.setdefault(owners[-1][1], _Sum()).add(node)
                pending.append((node, False))
                pending += [(child, True) for child in reversed(node.children)]
                continue
            total = _Sum()
            total.add(node)
            for child in node.children:
                total.add_all(below.pop(id(child)))
            below[id(node)] = total
            if node.path is not None:
                owners.pop()
            for key in opened.pop(id(node)):
                on_path.discard(key)
                if len(key) == 2:
                    self.line_totals.setdefault(key, _Sum()).add_all(total)
                else:
                    self.function_totals.setdefault(key, _Sum()).add_all(total)

    def profile(self) -> Profile:
        totals = self.whole_profile.totals
        return replace(
            self.whole_profile,
            totals=Totals(
                run_ns=self.whole.self_ns,
                gc_ns=0,
                compile_ns=0,
                outside_ns=0,
                instructions=totals.instructions,
                samples=self.whole.samples,
                sampler=totals.sampler,
                sample_interval_ns=totals.sample_interval_ns,
                cpu_ns=self._cpu(self.whole),
                waiting_samples=self.whole.waiting if self.knows_cpu else None,
                memory=totals.memory,
                stack=totals.stack,
            ),
            opcodes=[],
            opcode_pairs=[],
            zones=[],
            builtins=self._builtins(),
            files=[limited for file in self.whole_profile.files if (limited := self._file(file)).lines],
            call_tree=self.root,
        )

    def _builtins(self) -> list[BuiltinRow]:
        rows = [
            replace(
                row,
                share=self._share(own),
                self_ns=own.self_ns,
                error=self._error(own),
                low=self._interval(own).low,
                high=self._interval(own).high,
                cpu_ns=self._cpu(own),
            )
            for row in self.whole_profile.builtins
            if (own := self.builtins.get(row.name)) is not None
        ]
        return sorted(rows, key=lambda row: (-(row.self_ns or 0), row.name))

    def _file(self, file: FileProfile) -> FileProfile:
        lines = [
            replace(
                self._placed(row, self.lines.get((file.path, row.line), _Sum()), total),
                opcodes=[replace(opcode, self_ns=None) for opcode in row.opcodes],
            )
            for row in file.lines
            if (total := self.line_totals.get((file.path, row.line))) is not None
        ]
        functions = [
            self._placed(row, self.functions.get((file.path, row.name, row.line), _Sum()), total)
            for row in file.functions
            if (total := self.function_totals.get((file.path, row.name, row.line))) is not None
        ]
        return replace(file, lines=lines, functions=functions)

    def _placed(self, row: _Row, own: _Sum, total: _Sum) -> _Row:
        return replace(
            row,
            share=self._share(own),
            self_ns=own.self_ns,
            raw_ns=None,
            total_ns=total.self_ns,
            error=self._error(own),
            low=self._interval(own).low,
            high=self._interval(own).high,
            total_error=self._error(total),
            gc_share=0.0,
            gc_ns=None,
            cpu_ns=self._cpu(own),
            total_cpu_ns=self._cpu(total),
        )

    def _share(self, part: _Sum) -> float:
        return part.samples / self.whole.samples

    def _interval(self, part: _Sum) -> Interval:
        return interval_of_share(self._share(part), self.whole.samples)

    def _error(self, part: _Sum) -> float:
        return self._interval(part).error(self._share(part))

    def _cpu(self, part: _Sum) -> int | None:
        return part.cpu_ns if self.knows_cpu else None
