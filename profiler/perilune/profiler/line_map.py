"""Which line of an edited text is which line of the text that was measured.

A figure belongs to the statements of its line, and never to a line number. A line is another one's if its tokens are the
same and belong to the same statements; how they are spaced, and what comments stand there, does not count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from perilune.compiler.source import Source
from perilune.profiler.outline import NONE, Outline
from perilune.profiler.statement_map import StatementMap, map_statements

Gap = tuple[int, int, int, int]
"""(old start, old end, new start, new end): ends exclusive, what is still to be matched."""

_SIMILARITY_LIMIT = 2_500
_SIMILAR = 0.6


@dataclass(frozen=True, slots=True)
class Origin:
    """The measured line (from 1) that a line was; `changed` if its text is another now."""

    line: int
    changed: bool = False


@dataclass(frozen=True)
class Version:
    """A text to compare."""

    source: Source

    @cached_property
    def outline(self) -> Outline:
        """Its statements."""
        return Outline(self.source)

    @cached_property
    def lines(self) -> dict[int, list[int]]:
        """The tokens of statements that begin on each line, by index."""
        found: dict[int, list[int]] = {}
        own = [token for statement in self.outline.statements for token in statement.tokens]
        for token in sorted(own):
            found.setdefault(self.outline.lines[token], []).append(token)
        return found


def map_lines(old: Version, new: Version, elsewhere: Container[str] = ()) -> dict[int, Origin]:
    """The origin of every line of `new` (from 1) that has one in `old`.

    Where these are parts of texts, statements that both texts have `elsewhere` too, by their labels, are not single.
    """
    same = map_statements(old.outline, new.outline, elsewhere)
    old_tokens = _same_tokens(old.outline, new.outline, same)
    origins = _unchanged(old, new, old_tokens)
    edited = [*_in_parts(old, new, old_tokens), *_edited(old.outline, new.outline, same)]
    used = {origin.line for origin in origins.values()}
    for before, after in edited:
        if after not in origins and before not in used:
            origins[after] = Origin(before, changed=True)
            used.add(before)
    return {line: origins[line] for line in sorted(origins)}


def map_plain_lines(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """The line of every line (from 1) in two texts that are not Lua: what they have in common, and what resembles it."""
    old_lines, new_lines = ([" ".join(line.split()) for line in text] for text in (old, new))
    blocks = SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_matching_blocks()
    pairs = [(block.a + offset, block.b + offset) for block in blocks for offset in range(block.size)]
    for gap in list(_gaps(pairs, len(old_lines), len(new_lines))):
        pairs += _similar_pairs(old_lines, new_lines, gap)
    return {after + 1: before + 1 for before, after in pairs}


def _same_tokens(old: Outline, new: Outline, same: StatementMap) -> dict[int, int]:
    """By the tokens of the new text those of the old one that they are.

    In a text that is broken a statement of several lines may seem to end elsewhere: only its beginning counts.
    """
    found: dict[int, int] = {}
    is_broken = old.is_broken or new.is_broken
    for after, before in enumerate(same.old_of):
        if before == NONE:
            continue
        old_statement, new_statement = old.statements[before], new.statements[after]
        tokens = new_statement.tokens
        is_one_line = new.lines[new_statement.first_token] == new.lines[new_statement.end_token - 1]
        if is_broken and not (is_one_line and old_statement.whole == new_statement.whole):
            tokens = [token for place, token in enumerate(tokens) if token == tokens[0] + place]
        found.update(zip(tokens, old_statement.tokens, strict=False))
    return found


def _unchanged(old: Version, new: Version, old_tokens: Mapping[int, int]) -> dict[int, Origin]:
    """Lines that hold just what a line held before; of one statement that takes several lines now, the first."""
    new_tokens = {before: after for after, before in old_tokens.items()}
    origins: dict[int, Origin] = {}
    for line, tokens in old.lines.items():
        now = [new_tokens[token] for token in tokens if token in new_tokens]
        if len(now) != len(tokens):
            continue
        lines = sorted({new.outline.lines[token] for token in now})
        if sum(len(new.lines[after]) for after in lines) != len(now):
            continue  # something else stands there too
        if len(lines) == 1 or old.outline.is_of_one_statement(tokens):
            origins[lines[0]] = Origin(line)
    return origins


def _in_parts(old: Version, new: Version, old_tokens: Mapping[int, int]) -> list[tuple[int, int]]:
    """(old line, new line) where some tokens of one are on the other, most first."""
    shared = Counter(
        (old.outline.lines[old_tokens[token]], line)
        for line, tokens in new.lines.items()
        for token in tokens
        if token in old_tokens
    )
    return [lines for lines, _ in shared.most_common()]


def _edited(old: Outline, new: Outline, same: StatementMap) -> Iterator[tuple[int, int]]:
    """Lines of statements that were edited: these resemble each other, and stand between the same ones."""
    old_blocks = old.blocks()
    for (function, parent), members in new.blocks().items():
        block = same.block(function, parent)
        if block is None or block not in old_blocks:
            continue
        before = old_blocks[block]
        places = {index: place for place, index in enumerate(before)}
        known = [
            (places[same.old_of[index]], place) for place, index in enumerate(members) if same.old_of[index] in places
        ]
        old_texts = ["" if index in same.new_of else old.statements[index].label for index in before]
        new_texts = [new.statements[index].label if same.old_of[index] == NONE else "" for index in members]
        for gap in _gaps(_rising(known), len(before), len(members)):
            for place_before, place_after in _similar_pairs(old_texts, new_texts, gap):
                yield from _ends(old, new, before[place_before], members[place_after])


def _ends(old: Outline, new: Outline, before: int, after: int) -> Iterator[tuple[int, int]]:
    """The lines where two statements begin, and where they end if with the same word."""
    tokens = old.statements[before].tokens, new.statements[after].tokens
    yield old.lines[tokens[0][0]], new.lines[tokens[1][0]]
    if old.texts[tokens[0][-1]] == new.texts[tokens[1][-1]]:
        yield old.lines[tokens[0][-1]], new.lines[tokens[1][-1]]


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest sequence among pairs, which rise in their second member, that rises in both."""
    tails: list[int] = []
    tail_indexes: list[int] = []
    previous: list[int] = []
    for index, (before, _) in enumerate(pairs):
        length = bisect_left(tails, before)
        previous.append(tail_indexes[length - 1] if length else -1)
        tails[length : length + 1] = [before]
        tail_indexes[length : length + 1] = [index]
    rising = []
    index = tail_indexes[-1] if tail_indexes else -1
    while index >= 0:
        rising.append(pairs[index])
        index = previous[index]
    return rising[::-1]


def _gaps(pairs: Sequence[tuple[int, int]], old_count: int, new_count: int) -> Iterator[Gap]:
    """What lies between pairs."""
    old_start = new_start = 0
    for before, after in [*pairs, (old_count, new_count)]:
        if before > old_start and after > new_start:
            yield old_start, before, new_start, after
        old_start, new_start = before + 1, after + 1


def _similar_pairs(old: list[str], new: list[str], gap: Gap) -> list[tuple[int, int]]:
    """(old place, new place): the pairing of a gap's texts, in order, with the greatest sum of similarities."""
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
