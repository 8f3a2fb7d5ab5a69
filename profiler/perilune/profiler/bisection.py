"""Which revision made a figure exceed a limit: what figure is meant, what its limit is, and the binary search.

Pure. The figures are exact, so that a revision exceeds the limit or does not, and the same one always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Literal

from perilune.compiler.source import Source
from perilune.profiler.budgets import BudgetError, parse_amount
from perilune.profiler.comparison import Comparison, Limit
from perilune.profiler.line_map import Version, map_lines
from perilune.profiler.model import FileProfile, Profile
from perilune.profiler.repository import Revision
from perilune.profiler.sources import Sources

FORMAT = "perilune-bisection"
VERSION = 1

FIGURES = {"instructions": "instructions", "allocated": "allocated_bytes", "peak": "peak_bytes"}
"""The field that each metric is in the figures of a whole run."""

WORDS = {"instructions": "instructions", "allocated": "allocated bytes", "peak": "peak bytes"}
"""What each metric is called in a sentence."""

_KINDS = ("function", "line")
_SEPARATORS = (".", ":")


class MetricError(ValueError):
    """What is written as a metric or a limit is none, or a profile does not have it; the message says why."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of the whole run, or of the functions or lines that `name` says. `figure` is a key of FIGURES."""

    figure: str
    kind: Literal["function", "line"] | None = None
    name: str = ""

    @staticmethod
    def parse(text: str) -> Metric:
        """Reads `instructions`, `allocated:function:parse`, `peak:line:12`, `instructions:line:table.concat(`.

        Raises MetricError.
        """
        figure, _, rest = text.partition(":")
        kind, _, name = rest.partition(":")
        if figure not in FIGURES:
            raise MetricError(f"'{figure}' is no metric: it is one of {', '.join(FIGURES)}")
        if not rest:
            return Metric(figure)
        if kind not in _KINDS or not name.strip():
            raise MetricError(f"'{text}' is none of {figure}, {figure}:function:NAME and {figure}:line:TEXT-OR-NUMBER")
        if kind == "line":
            return Metric(figure, "line", " ".join(name.split()))
        if figure == "peak":
            raise MetricError("a function has no peak of its own: give peak, or peak:line:TEXT-OR-NUMBER")
        return Metric(figure, "function", name.strip())

    @property
    def line(self) -> int | None:
        """The number of the line that is meant, None where it is meant by its text."""
        return int(self.name) if self.kind == "line" and self.name.isdecimal() else None

    @property
    def text(self) -> str:
        """What is measured: `instructions`, `allocated bytes of parse`, `peak bytes of line 12`."""
        what = WORDS[self.figure]
        if self.kind is None:
            return what
        return f"{what} of {self.name}" if self.kind == "function" else f"{what} of line {self._line_text}"

    @property
    def _line_text(self) -> str:
        return self.name if self.line is not None else f"'{self.name}'"

    def of(self, profile: Profile, sources: Sources, newest: Sequence[str] | None = None) -> int | None:
        """The figure in a profile; None where nothing that is meant ran.

        A number of a line counts in `newest`, the program's text to begin with, and the line is followed from there into
        the text that ran.
        """
        if self.kind is None:
            totals = profile.totals
            return (
                totals.instructions if self.figure == "instructions" else getattr(totals.memory, FIGURES[self.figure])
            )
        if self.kind == "function":
            rows = [row for file in profile.files for row in file.functions if self._is_meant(row.name)]
            return sum(getattr(row, FIGURES[self.figure]) for row in rows) if rows else None
        found = [
            (row.peak_live_bytes or 0) if self.figure == "peak" else getattr(row, FIGURES[self.figure])
            for file in profile.files
            for row in file.lines
            if row.line in self._lines(file, profile, sources.get(file.path), newest)
        ]
        return sum(found) if found else None

    def _is_meant(self, name: str) -> bool:
        """`parse` means `M.parse` and `M:parse` too."""
        return name == self.name or any(name.endswith(separator + self.name) for separator in _SEPARATORS)

    def _lines(
        self, file: FileProfile, profile: Profile, text: Sequence[str] | None, newest: Sequence[str] | None
    ) -> set[int]:
        if self.line is None:
            return {number for number, line in enumerate(text or (), 1) if self.name in " ".join(line.split())}
        if file.path != profile.program.path:
            return set()
        if newest is None or text is None or list(newest) == list(text):
            return {self.line}
        origin = map_lines(_version(text), _version(newest)).get(self.line)
        return set() if origin is None else {origin.line}

    def alternatives(self, profile: Profile) -> list[str]:
        """Names of functions that resemble the one that is meant."""
        names = [row.name for file in profile.files for row in file.functions]
        return get_close_matches(self.name, names, n=3) if self.kind == "function" else []


def _version(text: Sequence[str]) -> Version:
    return Version(Source.from_bytes("", "\n".join(text).encode("utf-8", "surrogatepass"), is_file=True))


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a figure may be: so much, or a growth from what it was in the good revision."""

    text: str
    growth: Limit | None = None
    amount: int = 0

    @staticmethod
    def parse(text: str, figure: str) -> Bound:
        """Reads `5%`, `x1.5`, or an amount: `12000`, `12K`, for bytes `64kB`, `64KiB`. Raises MetricError."""
        try:
            if text.strip().endswith("%") or text.strip().startswith("x"):
                return Bound(text, Limit.parse(text.strip()))
            return Bound(text, None, parse_amount(text, FIGURES[figure]))
        except (BudgetError, ValueError) as error:
            raise MetricError(f"'{text}' is neither a growth, such as 5%, nor an amount: {error}") from error

    def is_exceeded(self, figure: int | None, good: int | None) -> bool:
        """Whether a figure is more than the limit that follows from that of the good revision."""
        most = Fraction(self.amount) if self.growth is None else (good or 0) * self.growth.ratio
        return (figure or 0) > most


Verdict = Literal["within", "above", "skipped"]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search ended: the last place within the limit and the first above it, None where none is.

    Places between the two could not be judged.
    """

    within: int
    above: int | None


def search(count: int, judge: Callable[[int], Verdict]) -> Found:
    """The first of `count` places, numbered from 0, that is above the limit; place 0 is known to be within.

    Judges at most log2(count) of them, rounded up, and one more for each that has to be skipped. The last place is judged
    like others: that it is above the limit is not taken for granted.
    """
    within, above = 0, count
    skipped: set[int] = set()
    while True:
        open_places = [place for place in range(within + 1, above) if place not in skipped]
        if not open_places:
            return Found(within, above if above < count else None)
        middle = (within + above) / 2
        place = min(open_places, key=lambda each: (abs(each - middle), each))
        verdict = judge(place)
        if verdict == "above":
            above = place
        elif verdict == "within":
            within = place
        else:
            skipped.add(place)


@dataclass(frozen=True, slots=True)
class Judged:
    """A revision and the figure in it, None where nothing that is meant ran."""

    revision: Revision
    figure: int | None

    def to_json(self) -> dict[str, Any]:
        """The revision as plain values."""
        revision = self.revision
        return {
            "commit": revision.commit,
            "author": revision.author,
            "date": revision.date,
            "subject": revision.subject,
            "figure": self.figure,
        }


@dataclass(frozen=True, slots=True)
class Bisection:
    """The revision that made a figure exceed its limit.

    `before` is the last that is within it, `first` the first that is above. What lies between, `skipped` with the reason,
    could not be judged, and may have done it too; `elsewhere` are others that were skipped. `runs` were made for it, and
    `stored` results were there already. `diff` is that of the program's files from `before` to `first`.
    """

    metric: Metric
    bound: Bound
    count: int
    good: Judged
    before: Judged
    first: Judged
    comparison: Comparison
    diff: str
    runs: int
    stored: int
    skipped: list[tuple[Revision, str]] = field(default_factory=list)
    elsewhere: list[tuple[Revision, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object, made of dicts, lists and plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "metric": self.metric.text,
            "above": self.bound.text,
            "revisions": self.count,
            "good": self.good.to_json(),
            "before": self.before.to_json(),
            "first": self.first.to_json(),
            "skipped": [
                {
                    "commit": revision.commit,
                    "subject": revision.subject,
                    "reason": reason,
                    "may_be_it": rows is self.skipped,
                }
                for rows in (self.skipped, self.elsewhere)
                for revision, reason in rows
            ],
            "diff": self.diff,
            "comparison": self.comparison.to_json(),
            "runs": self.runs,
            "stored": self.stored,
            "notes": self.notes,
        }
