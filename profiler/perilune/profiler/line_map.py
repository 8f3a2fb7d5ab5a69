"""Which line of an edited text is which line of the text that was measured.

A figure belongs to a statement, its text and its place in the tree, and never to a line number. So unchanged lines are
found first (patience diff: lines that occur once on either side are the anchors), then what lies between them is
compared closely, then blocks that moved are looked for. A pair whose enclosing functions do not correspond is dropped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Gap = tuple[int, int, int, int]
"""(old start, old end, new start, new end): lines, from 0, ends exclusive, that are still to be matched."""

_CLOSE_COMPARISON_LIMIT = 1_000_000  # cells of the table, beyond which a gap is left unmatched
_SIMILARITY_LIMIT = 2_500
_SIMILAR = 0.6
_MOVE_LETTERS = 4  # shorter lines, `end` and `}` before all, say nothing about where they came from


@dataclass(frozen=True, slots=True)
class Origin:
    """The measured line (from 1) that a line was; `changed` if its text is another now."""

    line: int
    changed: bool = False


@dataclass(frozen=True)
class Version:
    """A text to compare. `enclosing[i]` is the line (from 1) where the function around line i + 1 begins, 0 if none.

    `enclosing` is None where the text is broken and has no tree: then lines count as being where they seem to be, and
    blocks that moved are not looked for.
    """

    lines: Sequence[str]
    enclosing: Sequence[int] | None


def map_lines(old: Version, new: Version) -> dict[int, Origin]:
    """The origin of every line of `new` (from 1) that has one in `old`."""
    old_lines, new_lines = _stripped(old.lines), _stripped(new.lines)
    pairs = dict(_unchanged_pairs(old_lines, new_lines))
    origins = {after: Origin(before + 1) for after, before in pairs.items()}
    for gap in _gaps(pairs, len(old_lines), len(new_lines)):
        for before, after in _similar_pairs(old_lines, new_lines, gap):
            origins[after] = Origin(before + 1, changed=True)
    origins = {after: origins[after] for after in sorted(origins)}
    if old.enclosing is not None and new.enclosing is not None:
        origins = _in_corresponding_functions(origins, old.enclosing, new.enclosing)
        _add_moved(origins, old_lines, new_lines, old.enclosing, new.enclosing)
    return {after + 1: origin for after, origin in origins.items()}


def _stripped(lines: Sequence[str]) -> list[str]:
    # Indentation is no part of a statement: what moves into a block keeps its figures.
    return [line.strip() for line in lines]


def _unchanged_pairs(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """(new line, old line), in no particular order."""
    work: list[Gap] = [(0, len(old), 0, len(new))]
    while work:
        old_start, old_end, new_start, new_end = work.pop()
        while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
            yield new_start, old_start
            old_start, new_start = old_start + 1, new_start + 1
        while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
            old_end, new_end = old_end - 1, new_end - 1
            yield new_end, old_end
        if old_start == old_end or new_start == new_end:
            continue
        gap = old_start, old_end, new_start, new_end
        anchors = _anchors(old, new, gap)
        if not anchors:
            yield from _closely_compared(old, new, gap)
            continue
        for before, after in anchors:
            yield after, before
            work.append((old_start, before, new_start, after))
            old_start, new_start = before + 1, after + 1
        work.append((old_start, old_end, new_start, new_end))


def _anchors(old: list[str], new: list[str], gap: Gap) -> list[tuple[int, int]]:
    """Lines that occur once on each side, as far as they stand in the same order: the longest rising sequence."""
    old_start, old_end, new_start, new_end = gap
    old_counts, new_counts = Counter(old[old_start:old_end]), Counter(new[new_start:new_end])
    places = {new[i]: i for i in range(new_start, new_end) if new_counts[new[i]] == 1}
    candidates = [
        (i, places[old[i]]) for i in range(old_start, old_end) if old_counts[old[i]] == 1 and old[i] in places
    ]
    tails: list[int] = []
    tail_indexes: list[int] = []
    previous: list[int] = []
    for index, (_, after) in enumerate(candidates):
        length = bisect_left(tails, after)
        previous.append(tail_indexes[length - 1] if length else -1)
        if length == len(tails):
            tails.append(after)
            tail_indexes.append(index)
        else:
            tails[length] = after
            tail_indexes[length] = index
    rising = []
    index = tail_indexes[-1] if tail_indexes else -1
    while index >= 0:
        rising.append(candidates[index])
        index = previous[index]
    return rising[::-1]


def _closely_compared(old: list[str], new: list[str], gap: Gap) -> Iterator[tuple[int, int]]:
    old_start, old_end, new_start, new_end = gap
    if (old_end - old_start) * (new_end - new_start) > _CLOSE_COMPARISON_LIMIT:
        return
    matcher = SequenceMatcher(None, old[old_start:old_end], new[new_start:new_end], autojunk=False)
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            yield new_start + block.b + i, old_start + block.a + i


def _gaps(pairs: dict[int, int], old_count: int, new_count: int) -> Iterator[Gap]:
    """What lies between unchanged lines."""
    old_start = new_start = 0
    for after in [*sorted(pairs), new_count]:
        before = pairs.get(after, old_count)
        if before > old_start and after > new_start:
            yield old_start, before, new_start, after
        old_start, new_start = before + 1, after + 1


def _similar_pairs(old: list[str], new: list[str], gap: Gap) -> list[tuple[int, int]]:
    """(old line, new line): the pairing of a gap's lines, in order, with the greatest sum of similarities."""
    old_start, old_end, new_start, new_end = gap
    rows, columns = old_end - old_start, new_end - new_start
    if rows == columns == 1:
        return [(old_start, new_start)] if old[old_start] and new[new_start] else []
    if rows * columns > _SIMILARITY_LIMIT:
        return []
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    similarity = [[_similarity(old[old_start + i], new[new_start + j]) for j in range(columns)] for i in range(rows)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            paired = best[i + 1][j + 1] + similarity[i][j] if similarity[i][j] else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    pairs = []
    i = j = 0
    while i < rows and j < columns:
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((old_start + i, new_start + j))
            i, j = i + 1, j + 1
    return pairs


def _similarity(before: str, after: str) -> float:
    """0 for lines that have too little in common to be one line that was edited."""
    if not before or not after:
        return 0.0
    ratio = SequenceMatcher(None, before, after, autojunk=False).ratio()
    return ratio if ratio >= _SIMILAR else 0.0


def _in_corresponding_functions(
    origins: dict[int, Origin], old_functions: Sequence[int], new_functions: Sequence[int]
) -> dict[int, Origin]:
    """The pairs (in rising order of their new line) whose functions begin at lines that are a pair themselves."""
    kept: dict[int, Origin] = {}
    for after, origin in origins.items():
        if _corresponds(kept, old_functions[origin.line - 1], new_functions[after]):
            kept[after] = origin
    return kept


def _corresponds(origins: dict[int, Origin], old_function: int, new_function: int) -> bool:
    if not new_function:
        return not old_function
    origin = origins.get(new_function - 1)
    return origin is not None and origin.line == old_function


def _add_moved(
    origins: dict[int, Origin],
    old_lines: list[str],
    new_lines: list[str],
    old_functions: Sequence[int],
    new_functions: Sequence[int],
) -> None:
    """Adds lines that stand elsewhere now but in the same function: unique ones, then their like neighbours."""
    old_counts, new_counts = Counter(old_lines), Counter(new_lines)
    places = {line: i for i, line in enumerate(old_lines) if old_counts[line] == 1}
    taken = {origin.line - 1 for origin in origins.values() if not origin.changed}

    def add(before: int, after: int) -> bool:
        known = origins.get(after)
        if (
            not (0 <= before < len(old_lines) and 0 <= after < len(new_lines))
            or before in taken
            or (known is not None and not known.changed)
            or old_lines[before] != new_lines[after]
            or not _corresponds(origins, old_functions[before], new_functions[after])
        ):
            return False
        origins[after] = Origin(before + 1)
        taken.add(before)
        return True

    for after, line in enumerate(new_lines):
        if new_counts[line] != 1 or line not in places or sum(map(str.isalnum, line)) < _MOVE_LETTERS:
            continue
        before = places[line]
        if add(before, after):
            distance = 1
            while add(before + distance, after + distance):
                distance += 1
            distance = 1
            while add(before - distance, after - distance):
                distance += 1
    for after in [after for after, origin in origins.items() if origin.changed and origin.line - 1 in taken]:
        del origins[after]
