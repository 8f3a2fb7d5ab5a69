"""Two profiles side by side: what became dearer and what cheaper, by line, function, opcode and library function.

Pure. Counts, bytes and depths are exact, so that a difference of one is a difference. Times are estimates: a difference
within the combined error of both is noise, and nothing is concluded from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeVar

from perilune.profiler.matching import Pairs, match_lines, pair_files, pair_functions
from perilune.profiler.model import BuiltinRow, FileProfile, OpcodeRow, Profile, Totals, ZoneRow
from perilune.profiler.probe import RUN_NOISE
from perilune.profiler.shares import interval_of_share, order_is_known, times_lead
from perilune.profiler.sources import Sources

FORMAT = "perilune-comparison"
VERSION = 1

Verdict = Literal["same", "within noise", "more", "less", "new", "gone"]

_LEADING = {
    "count": ("instructions", "count", "calls"),
    "time": ("run_ns", "self_ns", "total_ns"),
    "memory": ("allocated_bytes",),
}
METRICS = tuple(_LEADING)

_TRACE_NOISE = 0.25
"""The same for a single row in trace mode, where few executions make up a time and caches decide about each."""
_PROBE_NOISE = 0.1
"""The part of what trace mode subtracted for its probes that may be wrong."""
_INTERRUPTION_NS = 20_000_000
"""What other processes take from a traced program counts for the instruction that they interrupt: some time slices."""

_MEMORY_FIGURES = ("allocated_bytes", "allocations", "peak_bytes", "current_bytes")
_FUNCTION_PLACE = ("path", "name", "line")
_LINE_COUNTS = ("instructions", "hits", "allocated_bytes", "allocations", "live_bytes", "peak_live_bytes")
_FUNCTION_COUNTS = ("instructions", "calls", "allocated_bytes", "allocations")

_Named = TypeVar("_Named", OpcodeRow, BuiltinRow, ZoneRow)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of A and of B, None where the thing does not exist.

    The difference plus or minus `error` covers its 95 % interval; 0 where the figure is exact.
    """

    a: int | None
    b: int | None
    error: int = 0

    @property
    def difference(self) -> int:
        """B less A; what does not exist counts as 0."""
        return (self.b or 0) - (self.a or 0)

    @property
    def ratio(self) -> Fraction | None:
        """B over A, None where there is nothing to divide by."""
        return Fraction(self.b or 0, self.a) if self.a else None

    @property
    def verdict(self) -> Verdict:
        """What the figure says; what does not exist and what costs nothing are the same."""
        if self.difference == 0:
            return "same"
        if abs(self.difference) <= self.error:
            return "within noise"
        if self.a is None:
            return "new"
        if self.b is None:
            return "gone"
        return "more" if self.difference > 0 else "less"

    def to_json(self) -> dict[str, Any]:
        """The figure as plain values."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "ratio": None if self.ratio is None else float(self.ratio),
            "error": self.error,
            "verdict": self.verdict,
        }


Figures = dict[str, Figure]
"""Figures by the name of their field in the profile: `instructions`, `self_ns`, ..."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line or function is: `line` 0 and `path` None for an opcode, a library function or a zone."""

    name: str
    path: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in A and in B; its place is None where it does not exist there. One of the two always does."""

    a: Place | None
    b: Place | None
    figures: Figures

    @property
    def place(self) -> Place:
        """Where it is in B, or was in A."""
        place = self.b or self.a
        assert place is not None
        return place

    def leading(self, metric: str) -> str | None:
        """The name of the figure that stands for a metric, if the row has one."""
        return next((name for name in _LEADING[metric] if name in self.figures), None)


@dataclass(slots=True)
class Comparison:
    """Two profiles. The lists hold what differs in any figure."""

    a: Profile
    b: Profile
    totals: Row
    lines: list[Row] = field(default_factory=list)
    functions: list[Row] = field(default_factory=list)
    opcodes: list[Row] = field(default_factory=list)
    builtins: list[Row] = field(default_factory=list)
    zones: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_timed(self) -> bool:
        """Whether both have times."""
        return "run_ns" in self.totals.figures

    @property
    def leading_metric(self) -> str:
        """The metric to begin with: time, where both profiles know which of their lines leads."""
        return "time" if all(times_lead(each) and order_is_known(each) for each in (self.a, self.b)) else "count"

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON object, made of dicts, lists and plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            **{
                side: {
                    "mode": profile.mode,
                    "program": {
                        "path": profile.program.path,
                        "args": profile.program.args,
                        "sha256": profile.program.sha256,
                    },
                }
                for side, profile in (("a", self.a), ("b", self.b))
            },
            "totals": {name: figure.to_json() for name, figure in self.totals.figures.items()},
            "lines": [_row_json(row, ("path", "line")) for row in self.lines],
            "functions": [_row_json(row, _FUNCTION_PLACE) for row in self.functions],
            "opcodes": [_row_json(row, ("name",)) for row in self.opcodes],
            "builtins": [_row_json(row, ("name",)) for row in self.builtins],
            "zones": [_row_json(row, ("name",)) for row in self.zones],
            "notes": self.notes,
        }


def _row_json(row: Row, fields: Sequence[str]) -> dict[str, Any]:
    return {
        "a": None if row.a is None else {name: getattr(row.a, name) for name in fields},
        "b": None if row.b is None else {name: getattr(row.b, name) for name in fields},
        **{name: figure.to_json() for name, figure in row.figures.items()},
    }


def compare(a: Profile, b: Profile, sources_a: Sources, sources_b: Sources) -> Comparison:
    """Compares what both profiles have. The sources are the texts that ran, as far as they are known."""
    measure = _Measure(a, b)
    totals = Row(Place(a.program.path), Place(b.program.path), _total_figures(measure))
    comparison = Comparison(a, b, totals, notes=_notes(a, b))
    for file_a, file_b in pair_files(a, b):
        _compare_files(comparison, measure, file_a, file_b, sources_a, sources_b)
    comparison.opcodes = _named_rows(a.opcodes, b.opcodes, measure, ("count",), ("self_ns",))
    comparison.builtins = _named_rows(a.builtins, b.builtins, measure, ("calls",), ("self_ns",))
    comparison.zones = _named_rows(
        a.zones, b.zones, measure, ("calls", "allocated_bytes", "allocations"), ("total_ns",)
    )
    return comparison


def _notes(a: Profile, b: Profile) -> list[str]:
    notes = [f"{side} ended {profile.failure}" for side, profile in (("A", a), ("B", b)) if profile.failure]
    for side, profile in (("A", a), ("B", b)):
        repeats = profile.totals.repeats
        if repeats is not None and repeats.runs > 1:
            notes.append(f"{side} is of {repeats.runs:,} runs: its times are their mean, its counts those of the first")
        if repeats is not None and (
            repeats.ranges or any(line.ranges for file in profile.files for line in file.lines)
        ):
            notes.append(f"the counts of {side} differ between its runs: a difference of counts within that is noise")
    for side, profile in (("A", a), ("B", b)):
        if profile.origin is not None:
            notes.append(f"{side} is of another profiler: {profile.origin.text}")
    if a.mode != b.mode and a.origin is None and b.origin is None:
        without = [side for side, profile in (("A", a), ("B", b)) if profile.totals.run_ns is None]
        what = f"{without[0]} has no times" if without else "their times were measured differently"
        notes.append(
            f"A was profiled in {a.mode} mode and B in {b.mode} mode: {what}; counts and bytes are exact in both"
        )
    short = [side for side, profile in (("A", a), ("B", b)) if not order_is_known(profile)]
    if short:
        notes.append(
            f"the samples of {' and '.join(short)} are too few to tell which line took most of the time, and instructions "
            "do not weigh the work inside one of them: compare what is allocated too, with --metric memory"
        )
    if a.program.args != b.program.args:
        args = [" ".join(profile.program.args) or "none" for profile in (a, b)]
        notes.append(f"the programs had different arguments: {args[0]} in A, {args[1]} in B")
    return notes


class _Measure:
    """Makes figures of the fields of two rows."""

    def __init__(self, a: Profile, b: Profile) -> None:
        self.a, self.b = a, b
        self._unknown = a.unknown_fields | b.unknown_fields
        self._interrupted_a, self._interrupted_b = _interrupted(a, b), _interrupted(b, a)

    def figures(self, a: object | None, b: object | None, exact: Sequence[str], timed: Sequence[str]) -> Figures:
        """The figures that both rows have, where both exist. `exact` and `timed` are names of fields."""
        figures = {}
        for name in (*exact, *timed):
            if name in self._unknown:
                continue
            value_a, value_b = getattr(a, name, None), getattr(b, name, None)
            if (value_a is None and a is not None) or (value_b is None and b is not None):
                continue
            if name in timed and (self.a.totals.run_ns is None or self.b.totals.run_ns is None):
                continue
            if name in timed:
                error = self._error(name, a, b, value_a, value_b)
            else:
                error = _count_error(a, name, value_a) + _count_error(b, name, value_b)
            figures[name] = Figure(value_a, value_b, error)
        return figures

    def _error(self, name: str, a: object | None, b: object | None, ns_a: int | None, ns_b: int | None) -> int:
        """How far the farther end of the interval of the difference is from it, composed of the intervals of both.

        The lower end of B and the upper one of A make the lower end of the difference (Newcombe, "Interval Estimation
        for the Difference Between Independent Proportions", 1998, method 10); what does not exist took no time.
        """
        a_below, a_above = (0, 0) if a is None else _time_errors(self.a, a, name, ns_a or 0, self._interrupted_a)
        b_below, b_above = (0, 0) if b is None else _time_errors(self.b, b, name, ns_b or 0, self._interrupted_b)
        return round(max(math.hypot(b_below, a_above), math.hypot(b_above, a_below)))


def runs_of(profile: Profile) -> int:
    """Of how many runs the profile is."""
    return 1 if profile.totals.repeats is None else profile.totals.repeats.runs


def _count_error(row: object | None, name: str, value: int | None) -> int:
    """How far a count was from that of the first run in others, in a profile of several; 0 where they agree."""
    ranges = getattr(row, "ranges", [])
    return max(
        (max(each.high - (value or 0), (value or 0) - each.low) for each in ranges if each.figure == name), default=0
    )


def _interrupted(profile: Profile, other: Profile) -> float:
    """The part of a sampled time in which other processes had the processor, as far as another profile shows it.

    The signal sampler counts processor time, so that a program that was interrupted has fewer samples in its time.
    """
    intervals = [
        each.totals.run_ns * runs_of(each) / each.totals.samples
        for each in (profile, other)
        if each.totals.samples and each.totals.run_ns and each.totals.sampler == "signal"
    ]
    return max(0.0, 1 - intervals[1] / intervals[0]) if len(intervals) == 2 else 0.0


def _time_errors(profile: Profile, row: object, name: str, ns: int, interrupted: float) -> tuple[float, float]:
    """How far the ends of the 95 % interval of a row's time, the field of that name, are below and above it."""
    run_ns, samples = profile.totals.run_ns or 0, profile.totals.samples
    is_total = name == "run_ns"
    if samples is None:
        subtracted = max(0, (getattr(row, "raw_ns", None) or ns) - ns)
        noise = RUN_NOISE if is_total else _TRACE_NOISE
        error = math.hypot(noise * ns, _PROBE_NOISE * subtracted, _INTERRUPTION_NS)
        return error, error
    machine_error = math.hypot(RUN_NOISE, interrupted) * ns
    if is_total or isinstance(row, ZoneRow):  # what a clock measured
        error = math.hypot(machine_error, profile.totals.sample_interval_ns or 0)
        return error, error
    share = min(1.0, ns / (run_ns or 1))
    interval = interval_of_share(share, samples)
    return (
        math.hypot(machine_error, (share - interval.low) * run_ns),
        math.hypot(machine_error, (interval.high - share) * run_ns),
    )


def _total_figures(measure: _Measure) -> Figures:
    a, b = measure.a.totals, measure.b.totals
    cpu = ("cpu_ns",) if measure.a.clock == "wall" else ()  # else it is run_ns
    compiles = ("compile_ns",) if a.compile_ns or b.compile_ns else ()
    return {
        **measure.figures(a, b, (), ("run_ns", *cpu, "gc_ns", *compiles)),
        **_widened(measure.figures(a, b, ("instructions",), ()), a, b),
        **_widened(measure.figures(a.memory, b.memory, _MEMORY_FIGURES, ()), a, b),
        **_widened(measure.figures(a.stack, b.stack, ("peak_depth",), ()), a, b),
    }


def _widened(figures: Figures, a: Totals, b: Totals) -> Figures:
    """The figures of whole runs with how far they differ between the runs of one profile."""
    return {
        name: Figure(each.a, each.b, _count_error(a.repeats, name, each.a) + _count_error(b.repeats, name, each.b))
        for name, each in figures.items()
    }


def _named_rows(
    a: Sequence[_Named], b: Sequence[_Named], measure: _Measure, exact: Sequence[str], timed: Sequence[str]
) -> list[Row]:
    pairs = Pairs(a, b)
    pairs.match(lambda row: row.name)
    return _differing(
        Row(
            None if row_a is None else Place(row_a.name),
            None if row_b is None else Place(row_b.name),
            measure.figures(row_a, row_b, exact, timed),
        )
        for row_a, row_b in pairs.all()
    )


def _differing(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if any(figure.verdict != "same" for figure in row.figures.values())]


def _compare_files(
    comparison: Comparison,
    measure: _Measure,
    a: FileProfile | None,
    b: FileProfile | None,
    sources_a: Sources,
    sources_b: Sources,
) -> None:
    match = None
    if a is not None and b is not None:
        match = match_lines(a, b, sources_a.get(a.path), sources_b.get(b.path))
        if match.is_complete and a.sha256 is not None and not (a.path in sources_a or b.path in sources_b):
            comparison.notes.append(f"the text of {b.path} that ran was not found: its lines are shown without it")
    path_a, path_b = (None if file is None else file.path for file in (a, b))
    origins = match.origins if match is not None else {}
    lines = Pairs(a.lines if a is not None else [], b.lines if b is not None else [])
    lines.match(lambda row: row.line, lambda row: origins.get(row.line))
    pairs = lines.all()
    if match is not None and not match.is_complete:
        known = [pair for pair in pairs if None not in pair]
        comparison.notes.append(
            _lost_text_note(path_b or "?", len(known), len(pairs), "B" if path_a in sources_a else "A")
        )
        pairs = known
    comparison.lines += _differing(
        Row(
            None if row_a is None else Place("", path_a, row_a.line),
            None if row_b is None else Place("", path_b, row_b.line),
            measure.figures(row_a, row_b, _LINE_COUNTS, ("self_ns", "total_ns")),
        )
        for row_a, row_b in pairs
    )
    functions = pair_functions(
        a.functions if a is not None else [],
        b.functions if b is not None else [],
        None if match is not None and not match.is_complete else origins,
    )
    comparison.functions += _differing(
        Row(
            None if row_a is None else Place(row_a.name, path_a, row_a.line),
            None if row_b is None else Place(row_b.name, path_b, row_b.line),
            measure.figures(row_a, row_b, _FUNCTION_COUNTS, ("self_ns", "total_ns")),
        )
        for row_a, row_b in functions
    )


def _lost_text_note(path: str, matched: int, lines: int, side: str) -> str:
    return (
        f"{path} is not the same in A and B, and its text of {side} was not found, it has changed or is gone: lines are "
        f"matched by their place in functions that kept their length, {matched} of {lines}"
        + ("" if matched == lines else ", and the others are left out")
    )


@dataclass(frozen=True, slots=True)
class Limit:
    """How much dearer B may be: at most `ratio` times A."""

    ratio: Fraction
    text: str

    @staticmethod
    def parse(text: str) -> Limit:
        """Reads a growth, `2%`, or a ratio, `1.02` or `x1.02`. Raises ValueError."""
        match = _LIMIT.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is neither a growth, such as 2%, nor a ratio, such as 1.02")
        if match["percent"]:
            return Limit(1 + Fraction(match["percent"]) / 100, text)
        ratio = Fraction(match["ratio"])
        if ratio < 1:
            raise ValueError(f"'{text}' is a ratio below 1: for a growth write {float(100 * ratio):g}%")
        return Limit(ratio, text)


_LIMIT = re.compile(r"(?P<percent>[0-9]+(?:\.[0-9]+)?)\s*%|x?(?P<ratio>[0-9]+(?:\.[0-9]+)?)x?")


@dataclass(frozen=True, slots=True)
class Excess:
    """What grew by more than its limit; `place` None stands for the whole run."""

    place: Place | None
    figure_name: str
    figure: Figure
    limit: Limit

    def to_json(self) -> dict[str, Any]:
        """The excess as plain values."""
        place = None if self.place is None else {name: getattr(self.place, name) for name in _FUNCTION_PLACE}
        return {"function": place, "figure": self.figure_name, **self.figure.to_json(), "limit": self.limit.text}


def exceeded(comparison: Comparison, metric: str, total: Limit | None, function: Limit | None) -> list[Excess]:
    """Where the metric grew by more than the run as a whole, or a function, may grow.

    A function that A has not, or that did nothing there, has nothing to grow from: what it costs is in the total. A time
    that grew by no more than its error did not grow.
    """
    found = []
    candidates: list[tuple[Place | None, Row, Limit]] = []
    if total is not None:
        candidates.append((None, comparison.totals, total))
    if function is not None:
        candidates += [(row.place, row, function) for row in comparison.functions if row.a is not None]
    for place, row, limit in candidates:
        name = row.leading(metric)
        if name is None:
            continue
        figure = row.figures[name]
        if figure.verdict != "more" or (place is not None and not figure.a):
            continue
        if (figure.b or 0) > (figure.a or 0) * limit.ratio:
            found.append(Excess(place, name, figure, limit))
    return found
