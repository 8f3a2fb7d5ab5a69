"""What a profile of several runs says of them: how many, how long, and what of their counts differs."""

from __future__ import annotations

from collections.abc import Sequence

from perilune.profiler.model import FunctionRow, LineRow, Profile, Range
from perilune.profiler.renderers.figures import bytes_text, count_text, plural, time_text
from perilune.profiler.repeatable import inputs_text


def runs_text(profile: Profile) -> str | None:
    """`mean of 12 runs (7.90 ms to 9.10 ms), counts agree`; None where the program was run once."""
    repeats = profile.totals.repeats
    if repeats is None or repeats.runs < 2:
        return None
    timed = repeats.shortest_ns is not None
    text = f"{'mean of ' if timed else ''}{count_text(repeats.runs)} runs"
    if repeats.shortest_ns is not None and repeats.longest_ns is not None:
        text += f" ({time_text(repeats.shortest_ns)} to {time_text(repeats.longest_ns)})"
    return text if repeats.ranges or varying_lines(profile) else f"{text}, counts agree"


def varying_lines(profile: Profile) -> int:
    """How many lines are not deterministic."""
    return sum(bool(line.ranges) for file in profile.files for line in file.lines)


def repeat_warnings(profile: Profile) -> list[str]:
    """What of the runs is not as one would think: counts that differ, runs that are left out, why there are not more."""
    repeats = profile.totals.repeats
    if repeats is None:
        return []
    found = []
    lines = varying_lines(profile)
    if repeats.ranges or lines:
        parts = [plural(lines, "line")] if lines else []
        parts += [range_text(each) for each in repeats.ranges[:1]]
        found.append(
            f"Not deterministic: counts differ between the runs ({', '.join(parts)}). Shown are those of the first."
        )
    if repeats.left_out:
        found.append(f"{plural(repeats.left_out, 'run')} left out: {repeats.left_out_reason}.")
    if repeats.inputs:
        found.append(f"What it called does not follow from the program: {inputs_text(repeats.inputs)}.")
    elif found:
        found.append("No library function that it called explains that.")
    if repeats.stopped:
        found.append(f"{'Not run again' if repeats.runs == 1 else 'Not run more often'}: {repeats.stopped}.")
    return found


def range_text(each: Range) -> str:
    """`hits 812 to 1,043`."""
    show = bytes_text if each.figure.endswith("bytes") else count_text
    return f"{each.figure.replace('_', ' ')} {show(each.low)} to {show(each.high)}"


def varies_text(row: LineRow | FunctionRow) -> str:
    """The first count of a row that differs between runs, with both ends; empty where all agree."""
    return range_text(row.ranges[0]) if row.ranges else ""


def ranges_text(ranges: Sequence[Range]) -> str:
    """All that differs."""
    return ", ".join(map(range_text, ranges))
