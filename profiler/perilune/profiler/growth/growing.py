"""Profiles of a program at several sizes, brought together: the series of its lines and functions, fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from perilune.profiler.growth.fitting import fit
from perilune.profiler.growth.model import Fit, Growth, Series, Subject
from perilune.profiler.model import FunctionRow, LineRow, Profile
from perilune.profiler.shares import instruction_share

_LEAST_PREDICTION = 10**6
_MUCH_LARGER = 10
_STEEP = ("{}^n", "n!")

_Row = TypeVar("_Row", LineRow, FunctionRow)
_Rows = dict[tuple[str, str, int], _Row]


def growth_of(
    profiles: Sequence[Profile], sizes: Sequence[int], variable: str, predicted_at: int | None = None
) -> Growth:
    """How the figures of the profiles, one for each size, grow with the sizes. `predicted_at` None chooses a size."""
    largest = profiles[-1]
    whole = Subject(largest.program.path, 0, "", 1.0, _whole(profiles, sizes))
    lines = _subjects(profiles, sizes, [_lines(profile) for profile in profiles], _line_figures(largest))
    functions = _subjects(profiles, sizes, [_functions(profile) for profile in profiles], _function_figures(largest))
    at = predicted_at or _prediction_size(whole.leading.fit, sizes[-1])
    _predict(lines, at)
    _predict(functions, at)
    return Growth(largest.program, variable, list(sizes), largest.mode, at, whole, functions, lines)


def _whole(profiles: Sequence[Profile], sizes: Sequence[int]) -> list[Series]:
    series = {
        "instructions": [profile.totals.instructions for profile in profiles],
        "allocated_bytes": [profile.totals.memory.allocated_bytes for profile in profiles],
        "peak_bytes": [profile.totals.memory.peak_bytes for profile in profiles],
    }
    if profiles[-1].totals.run_ns is not None:
        series["run_ns"] = [profile.totals.run_ns or 0 for profile in profiles]
    return [Series(figure, values, fit(sizes, values)) for figure, values in series.items()]


def _line_figures(profile: Profile) -> tuple[str, ...]:
    return ("instructions", "hits", "allocated_bytes", "peak_live_bytes", *_times(profile))


def _function_figures(profile: Profile) -> tuple[str, ...]:
    return ("instructions", "calls", "allocated_bytes", *_times(profile))


def _times(profile: Profile) -> tuple[str, ...]:
    return ("self_ns",) if profile.totals.run_ns is not None else ()


def _lines(profile: Profile) -> _Rows[LineRow]:
    return {(file.path, "", row.line): row for file in profile.files for row in file.lines}


def _functions(profile: Profile) -> _Rows[FunctionRow]:
    return {(file.path, row.name, row.line): row for file in profile.files for row in file.functions}


def _subjects(
    profiles: Sequence[Profile], sizes: Sequence[int], tables: Sequence[_Rows[_Row]], figures: Sequence[str]
) -> list[Subject]:
    found = []
    sample_ns = float(profiles[-1].totals.sample_interval_ns or 1)
    for place in dict.fromkeys(place for table in reversed(tables) for place in table):
        rows = [table.get(place) for table in tables]
        if any(row is not None and row.instructions for row in rows):
            path, name, line = place
            last = rows[-1]
            share = 0.0 if last is None else instruction_share(profiles[-1], last.instructions)
            found.append(Subject(path, line, name, share, _series(rows, sizes, figures, sample_ns)))
    return sorted(found, key=lambda subject: -subject.share)


def _series(
    rows: Sequence[LineRow | FunctionRow | None], sizes: Sequence[int], figures: Sequence[str], sample_ns: float
) -> list[Series]:
    found = []
    steps = {"instructions": _pass_cost(rows), "self_ns": sample_ns}
    for figure in figures:
        values = [int(getattr(row, figure, 0) or 0) for row in rows]
        found.append(Series(figure, values, fit(sizes, values, steps.get(figure, 1.0))))
    return found


def _pass_cost(rows: Sequence[LineRow | FunctionRow | None]) -> float:
    """The instructions of one more pass over a line."""
    last = next((row for row in reversed(rows) if row is not None and row.instructions), None)
    return max(1.0, last.instructions / max(1, last.hits)) if isinstance(last, LineRow) else 1.0


def _prediction_size(whole: Fit | None, largest: int) -> int:
    """Far beyond the sizes, but where a run that explodes could still be imagined."""
    if whole is not None and whole.family in _STEEP:
        return 2 * largest
    size = _LEAST_PREDICTION
    while size < _MUCH_LARGER * largest:
        size *= 10
    return size


def _predict(subjects: Sequence[Subject], size: int) -> None:
    """Divides a run at a size by what the fits say of its instructions; in logarithms, as no number holds 2 to the millionth."""
    logs = [-math.inf if subject.leading.fit is None else subject.leading.fit.log_value(size) for subject in subjects]
    most = max(logs, default=-math.inf)
    if most == -math.inf:
        return
    total = sum(math.exp(log - most) for log in logs)
    for subject, log in zip(subjects, logs, strict=True):
        subject.predicted_share = math.exp(log - most) / total
