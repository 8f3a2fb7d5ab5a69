"""Checks a text again and again while it is edited: only the statements around its edits are read once more.

What is found is what `check_source` finds in the whole text without looking for the machine's limits. Where that is not certain, the whole text is read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.compiler.chunks import CollectorPaused, in_order
from perilune.compiler.common_ends import reach, reach_back
from perilune.compiler.common_lines import common_runs, places_of_single
from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.parser import parse_tolerant
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source
from perilune.compiler.symbols import Resolution

Names = list[tuple[str, str | None]]
"""Local variables and their attributes, in the order of their declarations."""

_MARGIN = 2  # statements on either side of an edit that are read too
_LOOKAHEAD = 1000  # bytes behind them that recovery from an error may look at
_SHORT = 4_000  # bytes between two edits that are read as one
_MOST_READ = 0.6  # of the text: to read more of it is to read it whole
_MOST_ERRORS = 100
_MOST_NAMES = 150
_MOST_ACTIVE = 200
_MOST_UPVALUES = 200


class _Clean:
    """A text without errors: where its statements begin, what each declares, and how near it is to the limits."""

    def __init__(self, text: str, starts: list[int], names: list[Names], active: int, upvalues: int) -> None:
        self.text = text
        self.starts = starts
        self.names = names
        self.active = active
        self.upvalues = upvalues


class Rechecking:
    """The checks of one text's versions."""

    def __init__(self) -> None:
        self._clean: _Clean | None = None

    def check(self, source: Source) -> list[Diagnostic]:
        """All static errors of a version, in the order of their places. Raises MemoryError like `check_source`."""
        clean = self._clean
        if clean is not None and source.begin == 0 and source.text != clean.text:
            found = self._check_regions(clean, source)
            if found is not None:
                return found
        elif clean is not None and source.text == clean.text:
            return []
        return self._check_whole(source)

    def _check_whole(self, source: Source) -> list[Diagnostic]:
        with CollectorPaused():
            chunk, diagnostics = parse_tolerant(source)
            resolution = resolve(chunk, source)
        found = in_order(diagnostics, resolution)
        statements = chunk.body.statements
        if not found and source.begin == 0 and not any(type(s) is nodes.Label for s in statements):
            starts = [statement.start for statement in statements]
            names = [_declared(statement) for statement in statements]
            self._clean = _Clean(source.text, starts, names, _most_active(resolution), _most_upvalues(resolution))
        return found

    def _check_regions(self, clean: _Clean, source: Source) -> list[Diagnostic] | None:
        """None if the whole has to be read."""
        regions = _regions(clean, source.text)
        if sum(region.end - region.begin for region in regions) > len(source.text) * _MOST_READ:
            return None
        constants = {name for names in clean.names for name, attribute in names if attribute}
        found: list[Diagnostic] = []
        read: list[_Read] = []
        visible: Names = []
        behind = 0
        active, upvalues, grown = clean.active, clean.upvalues, 0
        for region in regions:
            visible += [name for names in clean.names[behind : region.first] for name in names]
            if len(visible) > _MOST_NAMES:
                return None
            result = _read(region, source, visible)
            if result is None:
                return None
            before = [name for names in clean.names[region.first : region.last] for name in names]
            now = [name for names in result.names for name in names]
            if before != now and any(attribute or name in constants for name, attribute in before + now):
                return None
            grown += max(0, len(now) - len(before))
            visible += now
            behind = region.last
            found += result.errors
            read.append(result)
            active, upvalues = max(active, result.active), max(upvalues, result.upvalues)
        if active + grown > _MOST_ACTIVE or upvalues + grown > _MOST_UPVALUES or len(found) > _MOST_ERRORS:
            return None
        if not found:
            self._clean = _after(clean, source.text, regions, read, active + grown, upvalues + grown)
        return found


@dataclass(frozen=True, slots=True)
class _Region:
    """The statements of a clean text, by place, that are read again, those from `sure` on being as they were.

    Their bytes in the new text are those from `begin` to `end`; what follows has moved by so many.
    """

    first: int
    sure: int
    last: int
    begin: int
    end: int
    moved: int
    starts: tuple[int, ...]
    """Where those that are as they were begin in the new text."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a region holds, and how near it is to the limits."""

    errors: list[Diagnostic]
    starts: list[int]
    names: list[Names]
    active: int
    upvalues: int


def _read(region: _Region, source: Source, visible: Names) -> _Read | None:
    """None if errors there may reach beyond it."""
    part = source.beginning(region.begin, region.end)
    with CollectorPaused():
        chunk, diagnostics = parse_tolerant(part)
        statements = chunk.body.statements
        if any(type(statement) is nodes.Label for statement in statements):
            return None
        if region.end < len(source.text):
            behind = list(region.starts)
            if [statement.start for statement in statements[-len(behind) :]] != behind:
                return None
            if any(diagnostic.start >= behind[0] for diagnostic in diagnostics):
                return None
        declared = [_declared(statement) for statement in statements]
        starts = [statement.start for statement in statements]
        chunk.body.statements = [*(_declaration(name, region.begin) for name in visible), *statements]
        resolution = resolve(chunk, part)
        if any(noticed >= region.end or "too many" in error.message for noticed, error in resolution.errors):
            return None
        found = in_order(diagnostics, resolution)
        return _Read(found, starts, declared, _most_active(resolution), _most_upvalues(resolution))


def _regions(clean: _Clean, new: str) -> list[_Region]:
    """What has to be read of a new text, in order."""
    starts = clean.starts
    regions: list[_Region] = []
    begun: tuple[int, int] | None = None  # the first edit of a region, and what had moved before it
    edits = list(_edits(clean.text, new))
    for place, (start, end, moved_before, moved) in enumerate(edits):
        begun = begun or (start, moved_before)
        first = max(0, bisect_right(starts, begun[0]) - 1 - _MARGIN)
        sure = bisect_left(starts, end) + _MARGIN  # from here on all is as it was
        last = len(starts)
        if sure < len(starts):
            last = bisect_left(starts, starts[sure] + _LOOKAHEAD)
        if place + 1 < len(edits):
            following = max(0, bisect_right(starts, edits[place + 1][0]) - 1 - _MARGIN)
            if following <= last:
                continue  # the next edit is of this region too
        region_begin = starts[first] + begun[1] if first else 0
        region_end = starts[last] + moved if last < len(starts) else len(new)
        behind = tuple(start + moved for start in starts[sure:last])
        regions.append(_Region(first, sure, last, region_begin, region_end, moved, behind))
        begun = None
    return regions


def _edits(old: str, new: str) -> Iterator[tuple[int, int, int, int]]:
    """What was edited, in order: (start, end) in the old text, and how far what is before and behind it has moved."""
    prefix = reach(old, 0, new, 0, min(len(old), len(new)))
    suffix = reach_back(old, new, min(len(old), len(new)) - prefix)
    old_end, new_end = len(old) - suffix, len(new) - suffix
    if min(old_end, new_end) - prefix <= _SHORT:
        yield prefix, old_end, 0, new_end - old_end
        return
    old_lines, new_lines = old[prefix:old_end].split("\n"), new[prefix:new_end].split("\n")
    old_places, new_places = _places(old_lines, prefix), _places(new_lines, prefix)
    start, moved = prefix, 0
    # The last lines go on behind the edits.
    for run in common_runs(old_lines[:-1], new_lines[:-1], places_of_single(old_lines[:-1])):
        shift = new_places[run.new] - old_places[run.old]
        if old_places[run.old_end] - old_places[run.old] > _SHORT:
            yield start, old_places[run.old], moved, shift
            start, moved = old_places[run.old_end], shift
    yield start, old_end, moved, new_end - old_end


def _places(lines: list[str], begin: int) -> list[int]:
    """Where lines begin, and where one behind them would."""
    places = [begin]
    for line in lines:
        begin += len(line) + 1
        places.append(begin)
    return places


def _after(clean: _Clean, text: str, regions: list[_Region], read: list[_Read], active: int, upvalues: int) -> _Clean:
    """The new text, which has no errors either."""
    starts: list[int] = []
    names: list[Names] = []
    behind = moved = 0
    for region, result in zip(regions, read, strict=True):
        starts += [start + moved for start in clean.starts[behind : region.first]]
        names += clean.names[behind : region.first]
        starts += result.starts
        names += result.names
        behind, moved = region.last, region.moved
    starts += [start + moved for start in clean.starts[behind:]]
    names += clean.names[behind:]
    return _Clean(text, starts, names, active, upvalues)


def _most_upvalues(resolution: Resolution) -> int:
    return max(len(function.upvalues) for function in resolution.functions)


def _most_active(resolution: Resolution) -> int:
    """At least as many local variables as are in scope anywhere in the main function."""
    hidden = 4  # of a loop
    return hidden + max(scope._first_active + len(scope.variables) for scope in resolution.functions[0].scopes)


def _declared(statement: nodes.Statement) -> Names:
    if isinstance(statement, nodes.LocalStatement):
        return [(n.identifier.name, n.attribute.name if n.attribute is not None else None) for n in statement.names]
    return [(statement.identifier.name, None)] if isinstance(statement, nodes.LocalFunction) else []


def _declaration(name: tuple[str, str | None], at: int) -> nodes.Statement:
    """A statement without text that stands for the one far before that declares a name."""
    attribute = nodes.Identifier(at, at, name[1]) if name[1] is not None else None
    named = nodes.AttributedName(at, at, nodes.Identifier(at, at, name[0]), attribute)
    return nodes.LocalStatement(at, at, [named], [])
