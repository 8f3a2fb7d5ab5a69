"""The map of lines where edits touched some regions of a text: only the statements there are compared again.

What stands outside the regions, line by line as it was measured, is what it was, as long as nothing in a region could be
a copy of it, or it a copy of something there: then the statements in question are compared too. The regions are compared
as one text, so that what went from one to another is found.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from perilune.compiler.common_lines import Run, common_runs, places_of_single
from perilune.compiler.source import Source
from perilune.profiler.line_map import Origin, Version, map_lines
from perilune.profiler.outline import NONE, FunctionBody, Outline, Statement

_MARGIN = 1  # statements on either side that are compared too: an edit may reach into its neighbours
_MOST_LINES = 0.6  # of the text: to compare more of it is no gain
_MOST_ROUNDS = 4
_LARGE = 1_000_000  # bytes
_SEAM = ";"  # stands between regions, so that no statement goes on in the next one


@dataclass(frozen=True, slots=True)
class _Part:
    """One region: its lines, from 0, in both texts, ends exclusive. `is_last` if it holds what ends the texts."""

    old: int
    old_end: int
    new: int
    new_end: int
    is_last: bool


class _Elsewhere:
    """The labels that statements outside the regions have too."""

    def __init__(self, everywhere: Mapping[str, int], regions: Outline) -> None:
        self._everywhere = everywhere
        self._in_regions = Counter(statement.label for statement in regions.statements)

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and self._everywhere.get(label, 0) > self._in_regions[label]


class Measured:
    """A text that was measured, as Lua's lines: its statements at the top, and what is there by which copies are known."""

    def __init__(self, version: Version, lines: Sequence[str]) -> None:
        self._version = version
        self._lines = lines
        self._preparing = threading.Lock()
        self._has_all = False
        self.is_prepared = False
        """Whether what comparisons need is made, or being made."""

    @cached_property
    def _is_broken(self) -> bool:
        return self._version.outline.is_broken

    @cached_property
    def _units(self) -> list[tuple[int, int]]:
        """The first and last line, from 0, of the statements at the top; those that share a line are together."""
        units: list[tuple[int, int]] = []
        outline = self._version.outline
        for statement in outline.statements:
            if statement.function == 0 and statement.parent == NONE:
                first = outline.lines[statement.first_token] - 1
                last = outline.lines[statement.end_token - 1] - 1
                last += len(Source("", outline.texts[statement.end_token - 1]).line_starts) - 1
                if units and units[-1][1] >= first:
                    units[-1] = (units[-1][0], last)
                else:
                    units.append((first, last))
        return units

    @cached_property
    def _places(self) -> dict[Hashable, list[int]]:
        """The units, by place, that hold a mark, or a function of a name or body anywhere inside."""
        outline, units = self._version.outline, self._units
        found: defaultdict[Hashable, list[int]] = defaultdict(list)
        unit = 0
        for statement in outline.statements:
            line = outline.lines[statement.first_token] - 1
            while units[unit][1] < line:
                unit += 1
            for mark in _marks_of(statement, outline):
                found[mark].append(unit)
            for index in statement.functions:
                for key in _keys(outline.functions[index]):
                    found[key].append(unit)
        return dict(found)

    @cached_property
    def _labels(self) -> Counter[str]:
        return Counter(statement.label for statement in self._version.outline.statements)

    @cached_property
    def _heads(self) -> frozenset[str]:
        return frozenset(statement.head for statement in self._version.outline.statements if statement.function == 0)

    @cached_property
    def _same(self) -> list[Origin]:
        return [Origin(line) for line in range(1, len(self._lines) + 1)]

    @cached_property
    def _singles(self) -> dict[str, int]:
        return places_of_single(self._lines)

    def prepare(self) -> None:
        """Makes what every comparison needs, once, whoever asks for it: the first takes as long as to read the whole.

        The statements of a large text are read again where it is compared as a whole: they take eighty times its bytes.
        """
        self.is_prepared = True
        with self._preparing:
            if self._has_all:
                return
            _ = self._is_broken, self._units, self._heads, self._same, self._singles, self._labels, self._places
            if len(self._version.source.text) > _LARGE:
                self._version = Version(self._version.source)
            self._has_all = True

    def origins(self, source: Source, lines: Sequence[str]) -> dict[int, Origin]:
        """The origin of every line (from 1) of another text that has one."""
        if lines == self._lines:
            return dict(enumerate(self._same, 1))
        self.prepare()
        found = self._by_regions(lines)
        return found if found is not None else map_lines(self._version, Version(source))

    def _by_regions(self, lines: Sequence[str]) -> dict[int, Origin] | None:
        """None if the whole has to be compared."""
        if self._is_broken or not self._units or "#" in (self._lines[0][:1], lines[0][:1]):
            return None
        runs = common_runs(self._lines, lines, self._singles)
        run_of = self._runs_of_units(runs)
        touched = self._touched(runs, run_of, len(lines))
        for _ in range(_MOST_ROUNDS):
            parts = self._parts(touched, runs, run_of, len(lines))
            if sum(part.old_end - part.old for part in parts) > len(self._lines) * _MOST_LINES:
                return None
            old = _version(self._lines, [(part.old, part.old_end) for part in parts])
            new = _version(lines, [(part.new, part.new_end) for part in parts])
            in_question = self._in_question(old.outline, new.outline, parts)
            if not in_question - touched:
                break
            touched |= in_question
        else:
            return None
        if new.outline.is_broken and self._may_hide(old.outline, new.outline, parts, lines):
            return None
        inside = map_lines(old, new, _Elsewhere(self._labels, old.outline))
        return self._together(parts, inside, len(lines))

    def _runs_of_units(self, runs: Sequence[Run]) -> list[int]:
        """For every unit the place of the run that it is wholly in, -1 if there is none."""
        found: list[int] = []
        place = 0
        for first, last in self._units:
            while place < len(runs) and runs[place].old_end <= first:
                place += 1
            is_inside = place < len(runs) and runs[place].old <= first and last < runs[place].old_end
            found.append(place if is_inside else -1)
        return found

    def _touched(self, runs: Sequence[Run], run_of: Sequence[int], new_count: int) -> set[int]:
        """The units that edits touched, and those beside them."""
        count = len(run_of)
        bounds = [bound for bound, (before, behind) in enumerate(pairwise(run_of), 1) if before != behind or before < 0]
        if not runs:
            return set(range(count))
        if run_of[0] != 0 or runs[0].old or runs[0].new:
            bounds.append(0)
        last = runs[-1]
        if run_of[-1] != len(runs) - 1 or last.old_end != len(self._lines) or last.new_end != new_count:
            bounds.append(count)
        return {unit for bound in bounds for unit in range(bound - _MARGIN, bound + _MARGIN) if 0 <= unit < count}

    def _parts(self, touched: set[int], runs: Sequence[Run], run_of: Sequence[int], new_count: int) -> list[_Part]:
        """The regions: what lies between units that are not touched."""
        parts: list[_Part] = []
        units = self._units
        ordered = sorted(touched)
        place = 0
        while place < len(ordered):
            first = last = ordered[place]
            while place < len(ordered) and ordered[place] == last:
                last, place = last + 1, place + 1
            start = units[first - 1][1] + 1 if first else 0
            new_start = start + runs[run_of[first - 1]].moved if first else 0
            is_last = last == len(units)
            end = len(self._lines) if is_last else units[last][0]
            new_end = new_count if is_last else end + runs[run_of[last]].moved
            parts.append(_Part(start, end, new_start, new_end, is_last))
        return parts

    def _in_question(self, old: Outline, new: Outline, parts: Sequence[_Part]) -> set[int]:
        """The units that something in the regions could be, or be a copy of, inside the regions and outside."""
        marks_old = _marks_by_part(old, [part.old_end - part.old for part in parts])
        marks_new = _marks_by_part(new, [part.new_end - part.new for part in parts])
        keys = {mark for part, mark in {**marks_old, **marks_new} if marks_old[part, mark] != marks_new[part, mark]}
        keys |= _nested(new) - _nested(old)  # what is in a function now may be what stood at the top
        edited = _bodies(old) ^ _bodies(new)
        keys.update(("name", name) for name, _ in edited if name)  # which of several functions of a name was edited
        names_old, names_new = ({function.name for function in outline.functions} for outline in (old, new))
        if names_old - names_new and names_new - names_old:
            # Functions that may have moved or been renamed are known by what the whole text has once.
            for outline in (old, new):
                for function in outline.functions[1:]:
                    if (function.name, function.body) in edited:
                        keys.update(_keys(function))
        return {unit for key in keys for unit in self._places.get(key, ())}

    def _may_hide(self, old: Outline, new: Outline, parts: Sequence[_Part], lines: Sequence[str]) -> bool:
        """Whether what is broken may hide statements outside the regions, or hold what looks like one of them."""
        for part in parts:
            if part.is_last:
                continue
            ends = _version(self._lines, [(part.old, part.old_end)]), _version(lines, [(part.new, part.new_end)])
            if not _end_alike(*(version.outline for version in ends)):
                return True
        unread = new.text_of_others({statement.label for statement in old.statements})
        outside = self._heads.difference(statement.head for statement in old.statements)
        return any(f"\0{head}\0" in unread for head in outside)

    def _together(self, parts: Sequence[_Part], inside: Mapping[int, Origin], new_count: int) -> dict[int, Origin]:
        """The origins of all lines, of those inside the regions and of those that are as they were."""
        old_lines = [line for part in parts for line in (*range(part.old + 1, part.old_end + 1), 0)]
        new_lines = [line for part in parts for line in (*range(part.new + 1, part.new_end + 1), 0)]
        found: dict[int, Origin] = {}
        end_old = end_new = 0
        ends = [(part.old, part.old_end, part.new, part.new_end) for part in parts]
        for old, old_end, _, new_end in [*ends, (len(self._lines), 0, new_count, 0)]:
            found.update(enumerate(self._same[end_old:old], end_new + 1))
            end_old, end_new = old_end, new_end
        for line, origin in inside.items():
            if line <= len(new_lines) and origin.line <= len(old_lines):
                after, before = new_lines[line - 1], old_lines[origin.line - 1]
                if after and before:
                    found[after] = Origin(before, origin.changed)
        return found


def _version(lines: Sequence[str], regions: Iterable[tuple[int, int]]) -> Version:
    """The text of some regions; a line that is in none stands between them, and one is behind the last."""
    return Version(Source("region", "\n".join([line for a, b in regions for line in (*lines[a:b], _SEAM)])))


def _marks_of(statement: Statement, outline: Outline) -> list[Hashable]:
    """What a statement of the text itself, and the functions right in it, are known by; nothing of one in a function."""
    if statement.function:
        return []
    return [statement.label, *(("name", outline.functions[function].name) for function in statement.functions)]


def _marks_by_part(outline: Outline, counts: Sequence[int]) -> Counter[tuple[int, Hashable]]:
    """How often each mark is in each part of a text, of so many lines and the one behind them."""
    seams = list(accumulate(count + 1 for count in counts))
    return Counter(
        (bisect_left(seams, outline.lines[statement.first_token]), mark)
        for statement in outline.statements
        for mark in _marks_of(statement, outline)
    )


def _nested(outline: Outline) -> set[Hashable]:
    """The labels of the statements in functions."""
    return {statement.label for statement in outline.statements if statement.function}


def _keys(function: FunctionBody) -> list[Hashable]:
    """What a function could be taken for another by."""
    return [("body", function.signature, function.body), *([("inside", function.name)] if function.name else [])]


def _bodies(outline: Outline) -> set[tuple[str | None, str]]:
    return {(function.name, function.body) for function in outline.functions}


def _end_alike(old: Outline, new: Outline) -> bool:
    """Whether the last statement at the top of a text is what ends the other text too, in whatever place of its tree."""
    last = old.statements[old.functions[0].statements[-1]]
    while last.parent != NONE:
        last = old.statements[last.parent]
    count = last.end_token - last.first_token
    return "\0".join(new.texts[-2 - count : -2]) == last.whole
