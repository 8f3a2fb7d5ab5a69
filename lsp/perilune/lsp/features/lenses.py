"""What stands above functions, and above the first line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from perilune.lsp.features.costs import cost_of, total_cost
from perilune.lsp.features.inlay_hints import STALE
from perilune.lsp.features.spots import edited_lines, function_label, has_run, is_edited, run_label
from perilune.lsp.measurement import View
from perilune.profiler.model import FunctionRow, Profile

RUN, RUN_AGAIN, COMPARE, CLEAR, HOTTEST = "profile", "rerun", "compare", "clear", "hottest"
CALLED_FROM, WHOLE_RUN = "callPath", "wholeRun"
_TITLES = {
    RUN: "Profile",
    RUN_AGAIN: "Profile again",
    COMPARE: "Compare",
    CLEAR: "Clear",
    WHOLE_RUN: "Show the whole run",
}
_MAX_CALLERS = 3


@dataclass(frozen=True, slots=True)
class Lens:
    """A title above a line, from 1, and what it does: one of the actions above.

    HOTTEST goes to the line `target`; CALLED_FROM limits the figures to the calls of `callee` that it makes.
    """

    line: int
    title: str
    action: str
    target: int | None = None
    callee: str | None = None


def lenses(view: View | None, threshold: float, actions: frozenset[str]) -> Iterator[Lens]:
    """Those of a document, of the actions that the server has."""
    if view is None:
        yield from _first_line((RUN,), actions)
        return
    profile = view.measurement.profile
    lines = _Lines(view)
    call = view.measurement.call
    from_there = "" if call is None else f" as called from {call.label}"
    yield Lens(1, f"{profile.program.path}{from_there}: {run_label(profile)}", HOTTEST, lines.hottest(1, lines.last))
    yield from _first_line((RUN_AGAIN, COMPARE, CLEAR) if call is None else (WHOLE_RUN, RUN_AGAIN, CLEAR), actions)
    lines_now = {origin.line: line for line, origin in view.origins.items()}
    edited = edited_lines(view)
    for row in view.measurement.file.functions:
        if (
            row.line in lines_now
            and has_run(row)
            and row.name != "main chunk"
            and _is_noticeable(row, profile, threshold)
        ):
            label = function_label(row, view.measurement)
            title = f"{STALE}{label}" if is_edited(row, edited) else label
            yield Lens(lines_now[row.line], title, HOTTEST, lines.hottest(row.line, row.end_line))
            if CALLED_FROM in actions:
                yield from _callers(view, row, lines_now)


def _callers(view: View, row: FunctionRow, lines_now: Mapping[int, int]) -> Iterator[Lens]:
    """The lines of the file that call a function most, where there are several, to look at it as called from there."""
    times = view.measurement.callers.get((row.name, row.line), {})
    known = sorted(((ns, line) for line, ns in times.items() if line in lines_now and ns), reverse=True)
    if len(times) < 2:
        return
    for ns, line in known[:_MAX_CALLERS]:
        part = f"{100 * ns / sum(times.values()):.0f}%"
        yield Lens(
            lines_now[row.line], f"{part} from line {lines_now[line]}", CALLED_FROM, lines_now[line], callee=row.name
        )


def _first_line(wanted: tuple[str, ...], actions: frozenset[str]) -> Iterator[Lens]:
    return (Lens(1, _TITLES[action], action) for action in wanted if action in actions)


def _is_noticeable(row: FunctionRow, profile: Profile, threshold: float) -> bool:
    costs = [cost_of(row, profile, "time"), total_cost(row, profile)]
    return any(cost is not None and cost.share >= threshold for cost in costs)


class _Lines:
    """The measured lines that are still in the text, in order, with what ranks them."""

    def __init__(self, view: View) -> None:
        profile, rows = view.measurement.profile, view.measurement.rows
        placed = sorted((origin.line, line) for line, origin in view.origins.items() if origin.line in rows)
        self._lines = [line for line, _ in placed]
        self._ranks = [
            (cost_of(rows[line], profile, "time").share, rows[line].instructions, -now) for line, now in placed
        ]
        self.last = self._lines[-1] if self._lines else 0

    def hottest(self, first: int, last: int) -> int | None:
        """The line, as it stands now, that costs most among measured lines, ends inclusive."""
        ranks = self._ranks[bisect_left(self._lines, first) : bisect_right(self._lines, last)]
        return -max(ranks)[2] if ranks else None
