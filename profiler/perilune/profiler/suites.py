"""Many programs as one: their profiles added up, which of them runs a line, and what grew since a saved suite.

Pure. The profiles are of count mode, so that every sum is exact and the same suite always gives the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypeVar

from perilune.profiler.comparison import Figure, Limit
from perilune.profiler.model import FileProfile, LineOpcode, Memory, Profile, ProfileFormatError, Program, Stack, Totals
from perilune.profiler.plain import PlainError, from_plain, to_plain
from perilune.profiler.renderers import json as json_renderer

FORMAT = "perilune-suite"
VERSION = 1

METRICS = ("instructions", "allocated_bytes", "peak_bytes")
"""The figures of a program that are compared."""

_LINE_FIGURES = ("hits", "instructions", "allocations", "allocated_bytes")
_FUNCTION_FIGURES = ("calls", "instructions", "allocations", "allocated_bytes")
_ZONE_FIGURES = ("calls", "allocations", "allocated_bytes")

_Row = TypeVar("_Row")


@dataclass(slots=True)
class ProgramRow:
    """One program of a suite. The figures are None where it has no profile; `failure` is None if it ended well."""

    path: str
    args: list[str] = field(default_factory=list)
    failure: str | None = None
    exit_status: int | None = None
    instructions: int | None = None
    allocated_bytes: int | None = None
    peak_bytes: int | None = None

    @property
    def name(self) -> str:
        """The program with its arguments, as one would type them."""
        return " ".join([self.path, *self.args])


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a program, by its index: at a line of a file where that is known, else of the program.

    `kind` is "failed", where the program did, "budget", or "growth". The message is one line.
    """

    program: int
    kind: str
    message: str
    path: str
    line: int | None = None


@dataclass(slots=True)
class LineUse:
    """The programs that ran a line, by their index, that which executed most instructions of it first."""

    path: str
    line: int
    programs: list[int]
    instructions: list[int]


@dataclass(slots=True)
class Suite:
    """The programs, the profile of them all, and the uses of its lines, those with most instructions first."""

    programs: list[ProgramRow]
    profile: Profile
    uses: list[LineUse]

    def to_json(self) -> str:
        """The suite as a JSON object on one line."""
        value = {
            "format": FORMAT,
            "version": VERSION,
            "programs": to_plain(self.programs),
            "profile": json.loads(json_renderer.render(self.profile)),
            "uses": to_plain(self.uses),
        }
        return json.dumps(value, separators=(",", ":")) + "\n"

    @staticmethod
    def parse(text: str | bytes) -> Suite:
        """The suite that `to_json` wrote. Raises ProfileFormatError."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProfileFormatError(f"not JSON: {error}") from error
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise ProfileFormatError(f'not a saved suite: "format" is not {FORMAT!r}')
        if value.get("version") != VERSION:
            raise ProfileFormatError(f"suite version {value.get('version')!r} is not supported, only version {VERSION}")
        profile = json_renderer.parse(json.dumps(value.get("profile")))
        try:
            rows = from_plain(_Rows, value)
        except PlainError as error:
            raise ProfileFormatError(str(error)) from None
        return Suite(rows.programs, profile, rows.uses)


@dataclass(slots=True)
class _Rows:
    programs: list[ProgramRow]
    uses: list[LineUse]


def row_of(path: str, args: Sequence[str], profile: Profile | None) -> ProgramRow:
    """The row of a program whose profile is known, or is not to be had."""
    row = ProgramRow(path, list(args))
    if profile is not None:
        memory = profile.totals.memory
        row.instructions = profile.totals.instructions
        row.allocated_bytes, row.peak_bytes = memory.allocated_bytes, memory.peak_bytes
        row.failure = profile.failure
    return row


def relocated(profile: Profile, folder: str) -> Profile:
    """The profile of a run that began in `folder`, with its files as they are seen from outside of it."""

    def seen(path: str) -> str:
        return os.path.normpath(os.path.join(folder, path))

    files = [
        file if file.sha256 is None else replace(file, path=seen(file.location or file.path), location=None)
        for file in profile.files
    ]
    paths = {old.path: new.path for old, new in zip(profile.files, files, strict=True)}
    program = replace(profile.program, path=paths.get(profile.program.path, seen(profile.program.path)))
    chain = [replace(entry, path=paths.get(entry.path or "", entry.path)) for entry in profile.totals.stack.peak_chain]
    stack = replace(profile.totals.stack, peak_chain=chain)
    return replace(profile, files=files, program=program, totals=replace(profile.totals, stack=stack))


def merged(name: str, profiles: Sequence[Profile | None], programs: Sequence[ProgramRow]) -> Suite:
    """One profile of all programs, whose files are seen from the same folder. `name` stands for the program's path.

    Counts and bytes add up; peaks are the largest of any program. What is live at an end says nothing about all of them,
    and is left out.
    """
    known = [profile for profile in profiles if profile is not None]
    totals = _totals(known)
    by_content: dict[tuple[str, str | None], list[FileProfile]] = {}
    for each in known:
        for file in each.files:
            by_content.setdefault((file.path, file.sha256), []).append(file)
    names: dict[tuple[str, str | None], str] = {}
    for path, sha256 in by_content:
        texts = sum(other == path for other, _ in names) + 1
        names[path, sha256] = path if texts == 1 else f"{path} (text {texts})"
    uses: dict[tuple[str, int], dict[int, int]] = {}
    for index, profile in enumerate(profiles):
        for file in profile.files if profile is not None else ():
            for line in file.lines:
                if line.instructions:
                    uses.setdefault((names[file.path, file.sha256], line.line), {})[index] = line.instructions
    whole = Profile(
        "count",
        Program(name),
        totals,
        opcodes=_summed((row for each in known for row in each.opcodes), ("name",), ("count",)),
        builtins=_summed((row for each in known for row in each.builtins), ("name",), ("calls",)),
        files=[_file(names[key], files) for key, files in by_content.items()],
        opcode_pairs=_summed((row for each in known for row in each.opcode_pairs), ("first", "second"), ("count",)),
        zones=_summed((row for each in known for row in each.zones), ("name",), _ZONE_FIGURES),
    )
    _share_out(whole)
    return Suite(list(programs), whole, _uses(uses))


def growth(before: Suite, now: Suite, metric: str) -> list[Figure | None]:
    """For every program of a suite its figure before and now; None where it has none in one of them."""
    known = {row.name: getattr(row, metric) for row in before.programs if row.failure is None}
    figures: list[Figure | None] = []
    for row in now.programs:
        a, b = known.get(row.name), getattr(row, metric)
        figures.append(None if a is None or b is None or row.failure is not None else Figure(a, b))
    return figures


def grew_beyond(figure: Figure | None, limit: Limit) -> bool:
    """Whether a figure is larger than the limit lets it be."""
    return figure is not None and figure.difference > 0 and (figure.b or 0) > (figure.a or 0) * limit.ratio


def _totals(profiles: Sequence[Profile]) -> Totals:
    all_totals = [profile.totals for profile in profiles]
    deepest = max((totals.stack for totals in all_totals), key=lambda stack: stack.peak_depth, default=Stack())
    return Totals(
        instructions=sum(totals.instructions for totals in all_totals),
        memory=Memory(
            peak_bytes=max((totals.memory.peak_bytes for totals in all_totals), default=0),
            allocated_bytes=sum(totals.memory.allocated_bytes for totals in all_totals),
            allocations=sum(totals.memory.allocations for totals in all_totals),
        ),
        stack=replace(deepest, current_depth=0),
    )


def _file(name: str, files: Sequence[FileProfile]) -> FileProfile:
    lines = _summed((line for file in files for line in file.lines), ("line",), _LINE_FIGURES)
    opcodes: dict[int, list[LineOpcode]] = {}
    for file in files:
        for line in file.lines:
            opcodes.setdefault(line.line, []).extend(line.opcodes)
    for line in lines:
        line.opcodes = _summed(opcodes[line.line], ("name",), ("count",))
        line.live_bytes = line.peak_live_bytes = None
        line.live_kinds, line.gc_share = [], 0.0
    functions = _summed(
        (row for file in files for row in file.functions), ("name", "line", "end_line"), _FUNCTION_FIGURES
    )
    for function in functions:
        function.gc_share = 0.0
    return replace(files[0], path=name, lines=lines, functions=functions)


def _summed(rows: Iterable[_Row], identity: Sequence[str], figures: Sequence[str]) -> list[_Row]:
    """Rows that are the same thing as one, in the order of their first."""
    sums: dict[tuple[object, ...], _Row] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in identity)
        if key not in sums:
            sums[key] = copy(row)
            continue
        for name in figures:
            setattr(sums[key], name, getattr(sums[key], name) + getattr(row, name))
    return list(sums.values())


def _share_out(profile: Profile) -> None:
    whole = profile.totals.instructions or 1
    for opcode in profile.opcodes:
        opcode.share = opcode.count / whole
    profile.opcodes.sort(key=lambda row: (-row.count, row.name))
    for file in profile.files:
        for line in file.lines:
            line.share = line.instructions / whole
        for function in file.functions:
            function.share = function.instructions / whole
        file.lines.sort(key=lambda line: line.line)
        file.functions.sort(key=lambda function: (function.line, function.end_line, function.name))


def _uses(uses: dict[tuple[str, int], dict[int, int]]) -> list[LineUse]:
    rows = []
    for (path, line), of_line in uses.items():
        ordered = sorted(of_line.items(), key=lambda item: (-item[1], item[0]))
        rows.append(LineUse(path, line, [index for index, _ in ordered], [count for _, count in ordered]))
    return sorted(rows, key=lambda use: (-sum(use.instructions), use.path, use.line))
