"""Which file, line and function of one profile is which of another: pairs, and what has no counterpart."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from perilune.compiler.source import Source
from perilune.profiler.line_map import Version, map_lines, map_plain_lines
from perilune.profiler.model import FileProfile, FunctionRow, Profile

_ASSEMBLY = ".pasm"
MAIN_CHUNK = "main chunk"
ANONYMOUS = "anonymous"

_Item = TypeVar("_Item")
_Key = Callable[[_Item], Hashable]


@dataclass(frozen=True, slots=True)
class LineMatch:
    """The lines of a file in two profiles. `origins` gives the line in A of each line of B that has one.

    Where `is_complete`, a line without a counterpart is new or gone. It is not where the text of a run is lost: then only
    what kept its place in a function is matched, and of the other lines nothing is known.
    """

    origins: dict[int, int]
    is_complete: bool = True


class Pairs(Generic[_Item]):
    """The members of two lists, paired off by one key after another.

    A key pairs the members that have it, in their order, if both lists hold it equally often; None is no key.
    """

    def __init__(self, a: Sequence[_Item], b: Sequence[_Item]) -> None:
        self._a, self._b = a, b
        self._rest_a, self._rest_b = list(range(len(a))), list(range(len(b)))
        self._partners: dict[int, int] = {}

    def match(self, key_a: _Key[_Item], key_b: _Key[_Item] | None = None) -> None:
        """Pairs those whose keys are equal; `key_b` is for the second list where its keys are made otherwise."""
        groups_a = _groups(self._a, self._rest_a, key_a)
        groups_b = _groups(self._b, self._rest_b, key_b or key_a)
        for key, members_b in groups_b.items():
            members_a = groups_a.get(key, [])
            if len(members_a) == len(members_b):
                self._partners.update(zip(members_b, members_a, strict=True))
        matched_a = set(self._partners.values())
        self._rest_a = [index for index in self._rest_a if index not in matched_a]
        self._rest_b = [index for index in self._rest_b if index not in self._partners]

    def all(self) -> list[tuple[_Item | None, _Item | None]]:
        """Every member once: those of B in their order, then those of A that have no partner."""
        found: list[tuple[_Item | None, _Item | None]] = [
            (self._a[self._partners[index]] if index in self._partners else None, item)
            for index, item in enumerate(self._b)
        ]
        return [*found, *((self._a[index], None) for index in self._rest_a)]


def _groups(items: Sequence[_Item], indexes: list[int], key: _Key[_Item]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index in indexes:
        value = key(items[index])
        if value is not None:
            groups.setdefault(value, []).append(index)
    return groups


def pair_files(a: Profile, b: Profile) -> list[tuple[FileProfile | None, FileProfile | None]]:
    """The files of both profiles. The programs themselves are a pair, whatever their names.

    Other files are one if their path is the same, or their place relative to the program, or their content, or at last
    their name.
    """
    pairs = Pairs(a.files, b.files)
    pairs.match(
        lambda file: True if file.path == a.program.path else None,
        lambda file: True if file.path == b.program.path else None,
    )
    pairs.match(lambda file: file.path)
    pairs.match(lambda file: _place(file, a), lambda file: _place(file, b))
    pairs.match(lambda file: file.sha256)
    pairs.match(lambda file: os.path.basename(file.path))
    return pairs.all()


def _place(file: FileProfile, profile: Profile) -> str | None:
    """Where a file lies as seen from the program; None for what is no file."""
    if file.sha256 is None:
        return None
    try:
        return os.path.relpath(file.path, os.path.dirname(profile.program.path) or ".")
    except ValueError:  # on another drive
        return None


def match_lines(
    a: FileProfile, b: FileProfile, text_a: Sequence[str] | None, text_b: Sequence[str] | None
) -> LineMatch:
    """Matches lines by the statements on them, as far as the two texts are known."""
    lines_a, lines_b = ({row.line for row in file.lines} for file in (a, b))
    if a.sha256 == b.sha256 and (a.sha256 is not None or lines_a == lines_b):
        return LineMatch({line: line for line in lines_a | lines_b})
    if text_a is not None and text_b is not None:
        if list(text_a) == list(text_b):
            return LineMatch({line: line for line in range(1, len(text_a) + 1)})
        if a.path.endswith(_ASSEMBLY) or b.path.endswith(_ASSEMBLY):
            return LineMatch(map_plain_lines(text_a, text_b))
        origins = map_lines(_version(text_a), _version(text_b))
        return LineMatch({line: origin.line for line, origin in origins.items()})
    return LineMatch(_lines_by_functions(a, b, lines_a, lines_b), is_complete=False)


def _version(text: Sequence[str]) -> Version:
    return Version(Source.from_bytes("", "\n".join(text).encode("utf-8", "surrogatepass"), is_file=True))


def _lines_by_functions(a: FileProfile, b: FileProfile, lines_a: set[int], lines_b: set[int]) -> dict[int, int]:
    """The lines of functions that kept their name, their length, and the places of the instructions in them."""
    origins: dict[int, int] = {}
    for function_a, function_b in pair_functions(a.functions, b.functions, None):
        if function_a is not None and function_b is not None:
            inside_a = {line - function_a.line for line in lines_a if function_a.line <= line <= function_a.end_line}
            inside_b = {line - function_b.line for line in lines_b if function_b.line <= line <= function_b.end_line}
            if inside_a == inside_b:
                origins |= {function_b.line + offset: function_a.line + offset for offset in inside_b}
    return origins


def pair_functions(
    a: Sequence[FunctionRow], b: Sequence[FunctionRow], origins: dict[int, int] | None
) -> list[tuple[FunctionRow | None, FunctionRow | None]]:
    """The functions of a file in both profiles: one if name and place are the same, or else the name, or the place.

    Without `origins`, the lines of B in A, nothing is known of places.
    """
    pairs = Pairs(a, b)
    pairs.match(lambda function: function.name if function.name == MAIN_CHUNK else None)
    if origins is None:
        pairs.match(lambda function: function.name)
        return pairs.all()
    pairs.match(
        lambda function: (function.name, function.line),
        lambda function: (function.name, origins[function.line]) if function.line in origins else None,
    )
    pairs.match(lambda function: None if function.name == ANONYMOUS else function.name)
    # Renamed: what kept its first and its last line. Of functions of one line these say too little.
    pairs.match(_ends, lambda function: _original_ends(function, origins))
    return pairs.all()


def _ends(function: FunctionRow) -> tuple[int, int] | None:
    return None if function.line == function.end_line else (function.line, function.end_line)


def _original_ends(function: FunctionRow, origins: dict[int, int]) -> tuple[int, int] | None:
    ends = _ends(function)
    return None if ends is None or not origins.keys() >= set(ends) else (origins[ends[0]], origins[ends[1]])
