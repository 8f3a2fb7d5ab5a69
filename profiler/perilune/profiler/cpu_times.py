"""Processor time beside the clock's: how it is divided among the parts of a run, what waited, and a profile by it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from perilune.profiler.instructions import Division
from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    FileProfile,
    FunctionRow,
    LineRow,
    OpcodeRow,
    Profile,
    Totals,
)
from perilune.profiler.quick_dataclasses import replace
from perilune.profiler.shares import interval_of_share

_NOTICEABLE = 0.02  # of the run
_NOTICEABLE_OF_ROW = 0.1
_NOTICEABLE_ROW = 0.005  # of the run
_MUCH_DENIED = 0.05  # of the run: other programs have their part on every machine


class Part(NamedTuple):
    """A part of a run: its time, its samples, and how many of them found the thread waiting."""

    self_ns: int
    samples: int
    waiting: int

    @property
    def computing_ns(self) -> int:
        """The time without that of the samples that waited."""
        return self.self_ns * (self.samples - self.waiting) // self.samples if self.samples else self.self_ns


class CpuDivision:
    """Divides the processor time of a run, which is known exactly, among its parts, so that their sum is exact too.

    What computed has it in proportion to its time; never more than that time, but perhaps less, as others have the
    processor too. What is left then was used by what the samples found waiting. No part has more than its own time.
    """

    __slots__ = ("_computing", "_waiting")

    def __init__(self, parts: Sequence[Part], cpu_ns: int) -> None:
        computing_ns = sum(part.computing_ns for part in parts)
        waiting_ns = sum(part.self_ns for part in parts) - computing_ns
        of_computing = min(cpu_ns, computing_ns)
        self._computing = Division(of_computing, computing_ns)
        self._waiting = Division(min(cpu_ns - of_computing, waiting_ns), waiting_ns)

    def take(self, part: Part) -> int:
        """The processor time of the next part."""
        ns = part.computing_ns
        return self._computing.take(ns) + self._waiting.take(part.self_ns - ns)

    def part(self, part: Part) -> int:
        """The processor time of a part on its own, rounded down."""
        ns = part.computing_ns
        return self._computing.part(ns) + self._waiting.part(part.self_ns - ns)


class Waiting:
    """What of a profile's times was waiting, and what of the rest the processor was denied.

    A thread that is ready to compute, but finds others on the processor, does not wait for anything that its program
    does: that part of its time is in no row's waiting. All are None or 0 where processor times are not known by row.
    """

    __slots__ = ("_error", "_run_ns", "_stretch", "denied_ns", "total_ns")

    def __init__(self, totals: Totals) -> None:
        self.total_ns: int | None = None
        self.denied_ns = 0
        self._run_ns, self._stretch, self._error = totals.run_ns or 0, 1.0, 0.0
        samples, waiting, cpu_ns = totals.samples, totals.waiting_samples, totals.cpu_ns
        if not samples or waiting is None or cpu_ns is None or not self._run_ns:
            return
        computing_ns = max(cpu_ns, self._run_ns * (samples - waiting) // samples)
        share = computing_ns / self._run_ns
        self._error = interval_of_share(share, samples).error(share)
        self.total_ns = self._run_ns - computing_ns
        self.denied_ns = computing_ns - cpu_ns
        self._stretch = computing_ns / cpu_ns if cpu_ns else 1.0

    @property
    def is_noticeable(self) -> bool:
        """Whether the run as a whole waited enough to say so."""
        return (self.total_ns or 0) > _NOTICEABLE * self._run_ns

    @property
    def is_denied(self) -> bool:
        """Whether others had the processor for a part of the run that is worth to be told."""
        return self.denied_ns > max(_MUCH_DENIED, self._error) * self._run_ns

    def of(self, self_ns: int | None, cpu_ns: int | None) -> int:
        """What of a row's time was waiting."""
        if self_ns is None or cpu_ns is None or self.total_ns is None:
            return 0
        return max(0, self_ns - round(cpu_ns * self._stretch))

    def share(self, self_ns: int | None, cpu_ns: int | None) -> float | None:
        """The part of a row's time that was waiting, from 0 to 1; None where it is not worth to be told."""
        waiting = self.of(self_ns, cpu_ns)
        if not self_ns or waiting < _NOTICEABLE_OF_ROW * self_ns or waiting < _NOTICEABLE_ROW * self._run_ns:
            return None
        return waiting / self_ns


def has_cpu_times(profile: Profile) -> bool:
    """Whether processor times are known by line, not only for the run as a whole."""
    return profile.totals.waiting_samples is not None and profile.totals.cpu_ns is not None


def by_cpu(profile: Profile) -> Profile:
    """The profile with processor times in the place of the clock's: what waits has none. It must have them by line.

    Samples are those that found the thread computing. `totals.wall_ns` remains the clock's.
    """
    if profile.clock == "cpu":
        return profile
    totals = profile.totals
    view = _View(totals)
    return replace(
        profile,
        clock="cpu",
        totals=replace(
            totals,
            run_ns=totals.cpu_ns,
            gc_ns=totals.gc_cpu_ns,
            compile_ns=totals.compile_cpu_ns,
            outside_ns=totals.outside_cpu_ns,
            samples=view.samples,
            waiting_samples=0,
        ),
        opcodes=sorted(map(view.row, profile.opcodes), key=lambda row: (-row.share, -row.count, row.name)),
        builtins=sorted(map(view.row, profile.builtins), key=lambda row: (-(row.self_ns or 0), -row.calls, row.name)),
        files=list(map(view.file, profile.files)),
        zones=[replace(row, total_ns=row.cpu_ns) for row in profile.zones],
        call_tree=None if profile.call_tree is None else view.tree(profile.call_tree),
    )


_Timed = TypeVar("_Timed", OpcodeRow, BuiltinRow, LineRow, FunctionRow)


class _View:
    """Rows by processor time. `samples` are those that found the thread computing."""

    def __init__(self, totals: Totals) -> None:
        self._run_ns = totals.cpu_ns or 0
        self._gc_ns, self._gc_cpu_ns = totals.gc_ns or 0, totals.gc_cpu_ns or 0
        self.samples = max(0, (totals.samples or 0) - (totals.waiting_samples or 0))

    def row(self, row: _Timed) -> _Timed:
        """What all rows with a share have."""
        share = (row.cpu_ns or 0) / self._run_ns if self._run_ns else 0.0
        interval = interval_of_share(share, self.samples)
        return replace(
            row,
            share=share,
            self_ns=row.cpu_ns,
            error=interval.error(share),
            low=interval.low,
            high=interval.high,
        )

    def file(self, file: FileProfile) -> FileProfile:
        """The file's lines and functions. How the time of a line divides among its opcodes is not known."""
        lines = [
            replace(
                self.row(line),
                total_ns=line.total_cpu_ns,
                gc_ns=self._collecting(line.gc_ns),
                total_error=self._total_error(line.total_cpu_ns),
                opcodes=[replace(opcode, self_ns=None) for opcode in line.opcodes],
            )
            for line in file.lines
        ]
        functions = [
            replace(
                self.row(function),
                total_ns=function.total_cpu_ns,
                gc_ns=self._collecting(function.gc_ns),
                total_error=self._total_error(function.total_cpu_ns),
            )
            for function in file.functions
        ]
        functions.sort(key=lambda row: (-row.share, -row.instructions, row.line, row.name))
        return replace(file, lines=lines, functions=functions)

    def _collecting(self, ns: int | None) -> int | None:
        """The processor's part of the collector's time that a row drove."""
        return None if ns is None else Division(self._gc_cpu_ns, self._gc_ns).part(ns)

    def _total_error(self, ns: int | None) -> float | None:
        if ns is None:
            return None
        share = min(1.0, ns / self._run_ns) if self._run_ns else 0.0
        return interval_of_share(share, self.samples).error(share)

    def tree(self, root: CallNode) -> CallNode:
        """The same calls. Depth is what the program made it, so there is no recursion here."""
        copy = _by_cpu(root)
        waiting = [(root, copy)]
        while waiting:
            node, made = waiting.pop()
            made.children = [_by_cpu(child) for child in node.children]
            waiting += zip(node.children, made.children, strict=True)
        return copy


def _by_cpu(node: CallNode) -> CallNode:
    samples = node.samples - (node.waiting_samples or 0)
    return replace(node, samples=samples, self_ns=node.cpu_ns or 0, waiting_samples=0, children=[])
