"""Which statement of an edited text is which of the text before.

A statement is known by its tokens and by the function that owns it, a function by its name and where it stands, or by
its parameters and its body. What is there once on both sides is the same. Of what is there several times only as much is
matched as its surroundings decide: the same number of equal statements in the same block are taken in their order, and
blocks that begin alike are told apart by what is inside. Nothing else is matched: it may be a copy, above all a function
of a name that there was once and is now twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from perilune.profiler.outline import NONE, FunctionBody, Outline

_END = "\0end"
_MIN_VOTES = 2
_MOST_COMPARED = 10_000


@dataclass(frozen=True, slots=True)
class StatementMap:
    """For every new statement the old one that it is, NONE if it is new or that cannot be told, and the same of functions.

    `new_of` holds the old statements that have a counterpart.
    """

    old_of: list[int]
    new_of: dict[int, int]
    old_functions: dict[int, int]
    _old: Outline

    def block(self, function: int, parent: int) -> tuple[int, int] | None:
        """The old function and statement that a block of the new text was in; None if that is not known."""
        if parent == NONE:
            return (self.old_functions[function], NONE) if function in self.old_functions else None
        before = self.old_of[parent]
        return None if before == NONE else (self._old.statements[before].function, before)


def map_statements(old: Outline, new: Outline, elsewhere: Container[str] = ()) -> StatementMap:
    """Finds what is the same in two versions of a text; what has a label that is `elsewhere` too is never there once."""
    return _Matching(old, new, elsewhere).run()


class _Matching:
    def __init__(self, old: Outline, new: Outline, elsewhere: Container[str]) -> None:
        self._old, self._new = old, new
        self._elsewhere = elsewhere
        self._old_of = [NONE] * len(new.statements)
        self._new_of = [NONE] * len(old.statements)
        self._old_functions: dict[int, int] = {}  # by new ones
        self._new_functions: dict[int, int] = {}
        self._waiting: list[tuple[int, int]] = []

    def run(self) -> StatementMap:
        if self._new.is_broken or self._old.is_broken:
            self._match_broken()
        else:
            self._pair_functions(0, 0)
            self._drain()
            for is_renamed in (False, True):
                self._match_moved(is_renamed)
                self._drain()
            self._match_by_votes()
            self._drain()
        new_of = {before: after for before, after in enumerate(self._new_of) if after != NONE}
        return StatementMap(self._old_of, new_of, self._old_functions, self._old)

    def _pair(self, before: int, after: int) -> None:
        if self._new_of[before] != NONE or self._old_of[after] != NONE:
            return
        self._old_of[after], self._new_of[before] = before, after
        pair = self._old.statements[before], self._new.statements[after]
        for inner_before, inner_after in zip(pair[0].functions, pair[1].functions, strict=False):
            self._pair_functions(inner_before, inner_after)

    def _pair_functions(self, before: int, after: int) -> None:
        if before in self._new_functions or after in self._old_functions:
            return
        self._new_functions[before], self._old_functions[after] = after, before
        self._waiting.append((before, after))

    def _drain(self) -> None:
        while self._waiting:
            before, after = self._waiting.pop()
            self._match_inside(self._old.functions[before], self._new.functions[after])

    def _match_inside(self, before: FunctionBody, after: FunctionBody) -> None:
        """The statements of a function, and those of its functions that kept their name."""
        old_labels = _groups(before.statements, lambda index: self._old.statements[index].label)
        new_labels = _groups(after.statements, lambda index: self._new.statements[index].label)
        for label, indexes in new_labels.items():
            if len(indexes) == len(old_labels.get(label, ())) == 1:
                self._pair(old_labels[label][0], indexes[0])
        old_places = _groups(
            before.statements, lambda index: (self._old.statements[index].label, self._old.statements[index].parent)
        )
        levels = _groups(after.statements, lambda index: self._new.statements[index].depth)
        for depth in sorted(levels, key=lambda depth: depth if isinstance(depth, int) else 0):
            new_places = _groups(levels[depth], self._place)
            for place, indexes in new_places.items():
                label = self._new.statements[indexes[0]].label
                is_copied = len(old_labels.get(label, ())) != len(new_labels[label])
                if not (is_copied and self._new.statements[indexes[0]].functions):
                    self._match_equals(old_places.get(place, []), indexes)
        self._match_names(before, after)

    def _place(self, index: int) -> Hashable:
        """The label and the matched statement around it; None where that is not known."""
        statement = self._new.statements[index]
        around = NONE if statement.parent == NONE else self._old_of[statement.parent]
        return None if around == NONE and statement.parent != NONE else (statement.label, around)

    def _match_equals(self, before: Sequence[int], after: Sequence[int]) -> None:
        """Statements of one block whose own tokens are equal."""
        before = [index for index in before if self._new_of[index] == NONE]
        after = [index for index in after if self._old_of[index] == NONE]
        if not before or not after:
            return
        if all(self._new.statements[index].last == index + 1 for index in after):
            if len(before) == len(after):
                for pair in zip(before, after, strict=True):
                    self._pair(*pair)
            return
        old_wholes = _groups(before, lambda index: self._old.statements[index].whole)
        new_wholes = _groups(after, lambda index: self._new.statements[index].whole)
        pairs = [
            pair
            for whole, indexes in new_wholes.items()
            if len(indexes) == len(old_wholes.get(whole, ()))
            for pair in zip(old_wholes[whole], indexes, strict=True)
        ]
        rest_before = sorted(set(before) - {pair[0] for pair in pairs})
        rest_after = sorted(set(after) - {pair[1] for pair in pairs})
        if len(before) == len(after):
            if len(rest_before) == 1:
                pairs.append((rest_before[0], rest_after[0]))
            else:
                pairs += self._alike_inside(rest_before, rest_after)
        else:
            rest = self._labels_inside(rest_before, rest_after)
            pairs = [pair for pair in pairs if (inside := self._labels_inside((), pair[1:])) and not inside & rest]
        for pair in pairs:
            self._pair(*pair)

    def _labels_inside(self, before: Iterable[int], after: Iterable[int]) -> set[str]:
        found = {inner.label for index in before for inner in self._old.inside(index)}
        return found | {inner.label for index in after for inner in self._new.inside(index)}

    def _alike_inside(self, before: Sequence[int], after: Sequence[int]) -> list[tuple[int, int]]:
        """Those that share statements with exactly one of the other side."""
        if len(before) * len(after) > _MOST_COMPARED:
            return []
        old_labels = {index: self._labels_inside((index,), ()) for index in before}
        new_labels = {index: self._labels_inside((), (index,)) for index in after}
        alike = [(a, b) for a in before for b in after if old_labels[a] & new_labels[b]]
        olds, news = Counter(a for a, _ in alike), Counter(b for _, b in alike)
        return [(a, b) for a, b in alike if olds[a] == news[b] == 1]

    def _match_names(self, before: FunctionBody, after: FunctionBody) -> None:
        """Functions whose name is there once, though the statement around them is another now."""
        old = _groups(self._functions_in(self._old, before), lambda index: self._old.functions[index].name)
        new = _groups(self._functions_in(self._new, after), lambda index: self._new.functions[index].name)
        for name, indexes in new.items():
            if len(indexes) == len(old.get(name, ())) == 1:
                self._pair_functions(old[name][0], indexes[0])

    @staticmethod
    def _functions_in(outline: Outline, function: FunctionBody) -> list[int]:
        return [inner for index in function.statements for inner in outline.statements[index].functions]

    def _match_moved(self, is_renamed: bool) -> None:
        """Functions whose parameters and body are there once in the whole text, under the same name or a new one.

        A name that there are more or fewer of than before, be it of a function around it, says that one may be a copy;
        and a function of another name is known only by a statement that no other function has.
        """
        in_copies = self._in_copies()
        unique = {after for _, after in self._unique_everywhere(_label)}
        old_names = Counter(function.name for function in self._old.functions)
        new_names = Counter(function.name for function in self._new.functions)

        def key(function: FunctionBody) -> Hashable:
            if not function.body:
                return None
            return (function.signature, function.body, None if is_renamed else function.name)

        old = _groups(range(len(self._old.functions)), lambda index: key(self._old.functions[index]))
        new = _groups(range(len(self._new.functions)), lambda index: key(self._new.functions[index]))
        for value, indexes in new.items():
            if len(indexes) == len(old.get(value, ())) == 1:
                before, after = self._old.functions[old[value][0]].name, self._new.functions[indexes[0]].name
                is_gone = before is None or new_names[before] == (0 if is_renamed else old_names[before])
                is_new = after is None or not is_renamed or (not old_names[after] and new_names[after] == 1)
                is_known = not is_renamed or not unique.isdisjoint(self._new.functions[indexes[0]].statements)
                if is_gone and is_new and is_known and indexes[0] not in in_copies:
                    self._pair_functions(old[value][0], indexes[0])

    def _in_copies(self) -> set[int]:
        """The new functions in a function that may be a copy."""
        copied = self._copied_names()
        found: set[int] = set()
        for statement in self._new.statements:
            if statement.function in found or self._new.functions[statement.function].name in copied - {None}:
                found.update(statement.functions)
        return found

    def _match_by_votes(self) -> None:
        """Functions with other names and bodies, if what the text has once on both sides went from one into the other."""
        votes: dict[tuple[int, int], int] = defaultdict(int)
        for before, after in self._unique_everywhere(_label):
            pair = self._old.statements[before].function, self._new.statements[after].function
            if pair[0] not in self._new_functions and pair[1] not in self._old_functions:
                votes[pair] += 1
        olds, news = Counter(a for a, _ in votes), Counter(b for _, b in votes)
        for (before, after), count in votes.items():
            same = self._old.functions[before].signature == self._new.functions[after].signature
            if count >= _MIN_VOTES and same and olds[before] == news[after] == 1:
                self._pair_functions(before, after)

    def _unique_everywhere(self, key: Callable[[Outline, int], Hashable]) -> list[tuple[int, int]]:
        """Statements that are there once in both whole texts, by what they are known by."""
        old = _groups(range(len(self._old.statements)), lambda index: key(self._old, index))
        new = _groups(range(len(self._new.statements)), lambda index: key(self._new, index))
        return [
            (old[value][0], indexes[0])
            for value, indexes in new.items()
            if len(indexes) == len(old.get(value, ())) == 1
            and self._old.statements[old[value][0]].label not in self._elsewhere
        ]

    def _match_broken(self) -> None:
        """Nobody knows which function owns a statement then: what counts is what comes before and behind it."""
        copied = self._copied_names()
        labels = {statement.label for statement in self._old.statements}
        unread = self._new.text_of_others(labels)
        hollow = self._hollow_heads()
        unique = [
            (before, after)
            for before, after in self._unique_everywhere(_head)
            if copied.isdisjoint(self._names(self._new, after))
            and self._new.statements[after].head not in hollow
            and unread.count(f"\0{self._new.statements[after].head}\0")
            == (self._new.statements[after].label not in labels)
        ]
        for before, after in unique:
            old, new = self._old.statements[before], self._new.statements[after]
            if old.whole != new.whole or old.function or old.parent != NONE:
                continue  # what is inside another one may have got its end from that
            for offset in range(self._old.statements[before].last - before):
                self._pair(before + offset, after + offset)
        for pair in unique:
            self._pair(*pair)
        counted = self._counted_alike() - hollow
        functions = [pair for pair in unique if self._new.statements[pair[1]].functions]
        anchors = [(NONE, NONE), *functions, (len(self._new_of), len(self._old_of))]
        anchors.sort(key=lambda pair: pair[1])
        next_old = dict(pairwise(sorted(before for before, _ in anchors)))
        for (before, after), (end_before, end_after) in pairwise(anchors):
            if next_old.get(before) == end_before:
                self._match_between(range(before + 1, end_before), range(after + 1, end_after), copied, counted)

    def _hollow_heads(self) -> set[str]:
        """What statements begin with that have nothing inside: one that begins so and has may be one of them."""
        statements = (*self._old.statements, *self._new.statements)
        return {each.head.removesuffix(_END) for each in statements if each.head.endswith(_END)}

    def _counted_alike(self) -> set[str]:
        """The heads that both texts have equally often: of the others one may have come out of another function."""
        old, new = (Counter(statement.head for statement in outline.statements) for outline in (self._old, self._new))
        return {head for head in old if old[head] == new[head]}

    def _copied_names(self) -> set[str | None]:
        """The names that there are more or fewer functions of than before."""
        old, new = (Counter(function.name for function in outline.functions) for outline in (self._old, self._new))
        return {name for name in old | new if old[name] != new[name]}

    @staticmethod
    def _names(outline: Outline, index: int) -> list[str | None]:
        return [outline.functions[function].name for function in outline.statements[index].functions]

    def _match_between(self, before: range, after: range, copied: set[str | None], counted: set[str]) -> None:
        """Statements between the beginnings of two functions: all of them if nothing there is another, else what is there once.

        Where functions are among them, nobody knows whose the others are then.
        """
        old_heads = [self._old.statements[index].head for index in before]
        new_heads = [self._new.statements[index].head for index in after]
        names = [name for index in before for name in self._names(self._old, index)]
        names += [name for index in after for name in self._names(self._new, index)]
        if not copied.isdisjoint(names) or (names and old_heads != new_heads):
            return
        is_same = old_heads == new_heads
        old_counts, new_counts = Counter(old_heads), Counter(new_heads)
        places = dict(zip(old_heads, before, strict=True))
        for place, (index, head) in enumerate(zip(after, new_heads, strict=True)):
            if is_same:
                self._pair(before[place], index)
            elif head in counted and old_counts[head] == new_counts[head] == 1:
                self._pair(places[head], index)


def _head(outline: Outline, index: int) -> str:
    return outline.statements[index].head


def _label(outline: Outline, index: int) -> str:
    return outline.statements[index].label


def _groups(indexes: Iterable[int], key: Callable[[int], Hashable]) -> dict[Hashable, list[int]]:
    """The indexes by their key, in their order; None is no key."""
    groups: dict[Hashable, list[int]] = {}
    for index in indexes:
        value = key(index)
        if value is not None:
            groups.setdefault(value, []).append(index)
    return groups
