"""The figures at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perilune.lsp.features.figures import duration, rounded_percent, short_count
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import LineRow, Profile
from perilune.profiler.shares import leading_share, times_lead

STALE = "~"
MAX_LENGTH = 30
TOP_LINES = 5
_INVISIBLE_SHARE = 0.0005  # would be written 0.0%


@dataclass(frozen=True, slots=True)
class Hint:
    """A label that stands behind the text of a line.

    `measured_line` is the line whose figures it stands for; `changed` if the text is another since.
    """

    offset: int
    label: str
    measured_line: int
    changed: bool


def hints(view: View, first_line: int, last_line: int, threshold: float) -> Iterator[Hint]:
    """The hints of a range of lines, ends inclusive. A line that was edited shows that it was, and no figure."""
    prominent = prominent_rows(view.measurement, threshold)
    for line in range(max(1, first_line), min(last_line, len(view.document.lines)) + 1):
        origin = view.origins.get(line)
        if origin is None or origin.line not in prominent:
            continue
        written = STALE if origin.changed else label(prominent[origin.line], view.measurement.profile)
        yield Hint(view.document.line_end(line), written, origin.line, origin.changed)


def prominent_rows(measurement: Measurement, threshold: float) -> dict[int, LineRow]:
    """The lines worth showing: those with a share of at least the threshold, and the few that cost most."""
    profile = measurement.profile
    shares = {row.line: leading_share(profile, row) for row in measurement.file.lines}
    hottest = sorted(measurement.file.lines, key=lambda row: shares[row.line], reverse=True)
    return {
        row.line: row
        for rank, row in enumerate(hottest)
        if shares[row.line] >= threshold or (rank < TOP_LINES and shares[row.line] >= _INVISIBLE_SHARE)
    }


def label(row: LineRow, profile: Profile) -> str:
    """`41.2% · 1.2M× · 340 ms`, the last part only where time was taken.

    A sampled share has no more digits than its error leaves; of a run too short for times, the share is of instructions.
    """
    timed = times_lead(profile)
    share = rounded_percent(leading_share(profile, row), row.error if timed else None)
    parts = [share, f"{short_count(row.hits)}×"]
    if timed and (row.self_ns or (row.self_ns is not None and row.error is None)):
        parts.append(duration(row.self_ns))
    return " · ".join(parts)
