"""Builds the profile of another profiler's or recorder's findings: stacks with times or samples, and exact counts.

A stack's frames are outermost first. A frame with a `path` is Lua; one without stands for a C function and has both lines
0. The time of a stack belongs to its innermost Lua frame's line, and to the C function below that, if there is one. A stack
without any Lua frame is the collector's or the compiler's, if that is its only frame, or else outside of the program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from perilune.profiler.exporters.stacks import Frame, Stack
from perilune.profiler.model import (
    COLLECTOR,
    COMPILER,
    NOT_SHOWN,
    OUTSIDE,
    BuiltinRow,
    CallNode,
    FileProfile,
    FunctionRow,
    LineRow,
    Memory,
    Profile,
    ProfileFormatError,
    Program,
    Totals,
)
from perilune.profiler.origin import Origin
from perilune.profiler.shares import interval_of_share

MOST_PLACES = 250
"""On one path of the call tree, as in the machine's own."""

_LONGEST_RUN = (1 << 63) - 1  # ns

_ELSEWHERE = (COLLECTOR, COMPILER, OUTSIDE)

_Function = tuple[str, str, int]
"""Path, name and first line, which is 0 where it is not known."""


@dataclass(slots=True)
class _Cost:
    self_ns: int = 0
    samples: int = 0
    total_ns: int = 0
    total_samples: int = 0
    hits: int = 0
    calls: int = 0
    instructions: int = 0
    allocated_bytes: int = 0
    allocations: int = 0


@dataclass(slots=True)
class _Counts:
    """Exact figures to add to a line or a function; None where the format has none."""

    hits: int | None = None
    calls: int | None = None
    instructions: int | None = None
    allocated_bytes: int | None = None
    allocations: int | None = None


_FIGURE_OF = {"allocated_bytes": "allocations"}


@dataclass(slots=True)
class _Node:
    samples: int = 0
    self_ns: int = 0
    below: dict[Frame, _Node] = field(default_factory=dict)


class ForeignProfile:
    """A profile under construction. `origin` gets its figures from what is added."""

    def __init__(self, origin: Origin, program: Program) -> None:
        self.origin = origin
        self.program = program
        self.totals = Totals()
        self._root = _Node()
        self._elsewhere: Counter[str] = Counter()
        self._lines: dict[str, dict[int, _Cost]] = {}
        self._functions: dict[_Function, _Cost] = {}
        self._extents: dict[_Function, int] = {}
        self._builtins: dict[str, _Cost] = {}
        self._outside = _Cost()
        self._figures: set[str] = set()
        self._is_timed = self._is_sampled = self._has_calls = False

    def add_stack(self, frames: Stack, self_ns: int, samples: int | None = None, states: Iterable[str] = ()) -> None:
        """Adds the time that a stack took, and how many samples that is, None where the format counts none.

        `states` are names for what the virtual machine did meanwhile, such as `(compiled)`; they stand in the table of
        library functions.
        """
        self._is_timed = True
        self._is_sampled |= samples is not None
        count = samples or 0
        self._add_to_tree(frames, self_ns, count)
        lua = [frame for frame in frames if frame.path is not None]
        self._has_calls |= len(lua) > 1
        for name in states:
            self.add_state(name, self_ns, count)
        if not lua:
            only = frames[0].function if len(frames) == 1 else OUTSIDE
            self._elsewhere[only if only in _ELSEWHERE else OUTSIDE] += self_ns
            if only not in _ELSEWHERE and frames:
                self._add(self._builtins.setdefault(frames[-1].function, _Cost()), self_ns, count)
            return
        if frames[-1].path is None and frames[-1].function != NOT_SHOWN:
            self._add(self._builtins.setdefault(frames[-1].function, _Cost()), self_ns, count)
        self._add(self._line(lua[-1].path or "", lua[-1].line), self_ns, count)
        self._add(self._function(lua[-1]), self_ns, count)
        for path, line in {(frame.path or "", frame.line) for frame in lua}:
            cost = self._line(path, line)
            cost.total_ns += self_ns
            cost.total_samples += count
        for frame in {frame.whole: frame for frame in lua}.values():
            cost = self._function(frame)
            cost.total_ns += self_ns
            cost.total_samples += count

    def add_state(self, name: str, self_ns: int, samples: int = 0) -> None:
        """Adds time of a state of the virtual machine, whose stacks are added by themselves."""
        self._add(self._builtins.setdefault(name, _Cost()), self_ns, samples)

    def add_line(
        self,
        path: str | None,
        line: int,
        *,
        hits: int | None = None,
        instructions: int | None = None,
        allocated_bytes: int | None = None,
        allocations: int | None = None,
        function: Frame | None = None,
    ) -> None:
        """Adds exact figures of a line, those but hits to the `function` that the line is in too, where that is known.

        What has no `path` belongs to no line, but to the whole.
        """
        counts = _Counts(hits, None, instructions, allocated_bytes, allocations)
        self._count(self._outside if path is None else self._line(path, line), counts)
        if path is not None and function is not None:
            counts.hits = None
            self._count(self._function(function._replace(line=line)), counts)

    def add_function(self, path: str, name: str, line: int, calls: int | None = None, end_line: int = 0) -> None:
        """Adds a function, or calls to one; `line` is its first, 0 where that is not known."""
        self._count(self._function(Frame(name, path, line, end_line)), _Counts(calls=calls))

    def add_builtin(self, name: str, calls: int | None = None) -> None:
        """Adds a C function, or calls to one."""
        self._count(self._builtins.setdefault(name, _Cost()), _Counts(calls=calls))

    def profile(self) -> Profile:
        """The profile of what was added. The builder is of no use afterwards."""
        totals = self.totals
        costs = [cost for lines in self._lines.values() for cost in lines.values()]
        if self._is_timed:
            totals.gc_ns, totals.compile_ns, totals.outside_ns = (self._elsewhere[name] for name in _ELSEWHERE)
            totals.run_ns = sum(cost.self_ns for cost in costs) + sum(self._elsewhere.values())
            totals.wall_ns = totals.run_ns if totals.wall_ns is None else totals.wall_ns
            if totals.run_ns > _LONGEST_RUN:
                raise ProfileFormatError("the times of its stacks add up to more than 290 years")
        costs.append(self._outside)
        totals.instructions = sum(cost.instructions for cost in costs)
        totals.memory = Memory(
            allocated_bytes=sum(cost.allocated_bytes for cost in costs),
            allocations=sum(cost.allocations for cost in costs),
        )
        tree = self._tree()
        if self._is_sampled:
            totals.samples = _samples_in(tree)
        self.origin.figures = sorted(self._figures)
        mode = "count" if not self._is_timed else "sample" if self.origin.is_sampled else "trace"
        builtins = []
        for name, cost in self._builtins.items():
            builtins.append(BuiltinRow(name, cost.calls))
            self._fill(builtins[-1], cost)
        return Profile(
            mode=mode,
            program=self.program,
            totals=totals,
            builtins=sorted(builtins, key=lambda row: (-(row.share or 0.0), -row.calls, row.name)),
            files=self._files(),
            call_tree=tree if self._is_timed and (self._is_sampled or self._has_calls) else None,
            origin=self.origin,
        )

    @staticmethod
    def _add(cost: _Cost, self_ns: int, samples: int) -> None:
        cost.self_ns += self_ns
        cost.samples += samples

    def _count(self, cost: _Cost, counts: _Counts) -> None:
        for name in counts.__slots__:
            count = getattr(counts, name)
            if count is not None:
                self._figures.add(_FIGURE_OF.get(name, name))
                setattr(cost, name, getattr(cost, name) + count)

    def _line(self, path: str, line: int) -> _Cost:
        return self._lines.setdefault(path, {}).setdefault(line, _Cost())

    def _function(self, frame: Frame) -> _Cost:
        """The function of a frame, which has a line of it."""
        key = (frame.path or "", frame.function, frame.function_line)
        self._extents[key] = max(self._extents.get(key, 0), frame.line, frame.function_line)
        self._lines.setdefault(key[0], {})
        return self._functions.setdefault(key, _Cost())

    def _add_to_tree(self, frames: Stack, self_ns: int, samples: int) -> None:
        """Recursion is one place, at its outermost; the line that ran stands at the end of the path even then."""
        if not any(frame.path is not None for frame in frames) and not (
            len(frames) == 1 and frames[0].function in _ELSEWHERE
        ):
            frames = (Frame(OUTSIDE, None, 0, 0), *(frame for frame in frames if frame.function != OUTSIDE))
        running = max((at for at, frame in enumerate(frames) if frame.path is not None), default=len(frames) - 1)
        path = [*dict.fromkeys(frames[:running]), *frames[running:]]
        if len(path) > MOST_PLACES:
            path = [*path[:MOST_PLACES], Frame(NOT_SHOWN, None, 0, 0), path[-1]]
        node = self._root
        for frame in path:
            node = node.below.setdefault(frame, _Node())
        node.self_ns += self_ns
        node.samples += samples

    def _tree(self) -> CallNode:
        root = CallNode("", None, 0, 0, 0, 0)
        waiting = [(root, self._root)]
        while waiting:
            made, node = waiting.pop()
            for frame, below in node.below.items():
                child = CallNode(*frame, below.samples, below.self_ns)
                made.children.append(child)
                waiting.append((child, below))
        return root

    def _fill(self, row: LineRow | FunctionRow | BuiltinRow, cost: _Cost) -> None:
        """Puts a cost into its row, whose share is of the run's time."""
        if not isinstance(row, BuiltinRow):
            row.instructions = cost.instructions
            row.allocated_bytes, row.allocations = cost.allocated_bytes, cost.allocations
        run_ns, samples = self.totals.run_ns, self.totals.samples
        if run_ns is None:
            return
        row.self_ns = cost.self_ns
        row.share = share = cost.self_ns / (run_ns or 1)
        if samples is not None:
            interval = interval_of_share(share, samples)
            row.low, row.high, row.error = interval.low, interval.high, interval.error(share)
        if not isinstance(row, BuiltinRow) and (self._has_calls or self._is_sampled):
            row.total_ns = cost.total_ns
            if samples is not None:
                share = cost.total_ns / (run_ns or 1)
                row.total_error = interval_of_share(share, samples).error(share)

    def _files(self) -> list[FileProfile]:
        functions: dict[str, list[FunctionRow]] = {path: [] for path in self._lines}
        for key, cost in self._functions.items():
            path, name, line = key
            function = FunctionRow(name, line, self._extents[key], cost.calls, 0, 0.0)
            self._fill(function, cost)
            functions[path].append(function)
        files = []
        for path, lines in self._lines.items():
            rows = []
            for line, cost in sorted(lines.items()):
                rows.append(LineRow(line, cost.hits, 0, 0.0))
                self._fill(rows[-1], cost)
            of_file = sorted(functions[path], key=lambda row: (-row.share, -row.calls, row.line, row.name))
            files.append(FileProfile(path, None, rows, of_file))
        self._share_counts([row for file in files for row in file.lines])
        files.sort(key=lambda file: (file.path != self.program.path, -sum(row.share for row in file.lines), file.path))
        return files

    def _share_counts(self, rows: list[LineRow]) -> None:
        """Without times, shares are of instructions, or of hits where these are not known either."""
        if "hits" in self._figures and "instructions" not in self._figures:
            self.totals.hits = sum(row.hits for row in rows)
        if self._is_timed:
            return
        counted = [row.instructions if "instructions" in self._figures else row.hits for row in rows]
        whole = sum(counted) or 1
        for row, count in zip(rows, counted, strict=True):
            row.share = count / whole


def _samples_in(root: CallNode) -> int:
    found, waiting = 0, [root]
    while waiting:
        node = waiting.pop()
        found += node.samples
        waiting += node.children
    return found
