"""From raw counters to a profile: what every instruction cost, attributed to lines, opcodes and functions.

Pure functions. Every figure is computed once per instruction and then summed in several directions, so that the sums
over lines, over opcodes and over functions are equal to the last digit.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perilune.compiler.opcodes import OPCODES
from perilune.profiler.model import (
    BuiltinRow,
    FileProfile,
    FunctionRow,
    LineOpcode,
    LineRow,
    Memory,
    OpcodeRow,
    Profile,
    Program,
    Stack,
    Totals,
)

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile

_OPCODE_BYTE = 0 if sys.byteorder == "little" else 3
_WORDS = [OPCODES[code].words if code < len(OPCODES) else 1 for code in range(256)]


@dataclass(slots=True)
class _Instruction:
    """One instruction of one function, with what it cost."""

    opcode: str
    line: int
    count: int
    raw_ns: int
    self_ns: int
    allocations: int
    allocated_bytes: int


@dataclass(slots=True)
class _Function:
    """A function with the counters of all its loads: a chunk that was loaded three times is one chunk that ran thrice."""

    name: str
    path: str
    first_line: int
    last_line: int
    calls: int
    instructions: list[_Instruction]


def file_path(source: bytes | None) -> str | None:
    """The path of a source that was read from a file."""
    return os.fsdecode(source[1:]) if source is not None and source[:1] == b"@" else None


def source_path(source: bytes | None) -> str:
    """How a profile calls a source: a file's path, or a chunk's name as Lua's messages show it (`[string "return 1"]`)."""
    if source is None:
        return "?"
    path = file_path(source)
    if path is not None:
        return path
    text = source.decode("utf-8", "replace")
    if text[:1] == "=":
        return text[1:]
    first_line, newline, _ = text.partition("\n")
    limit = 60 - len('[string "..."]') - 1
    if newline or len(first_line) > limit:
        return f'[string "{first_line[:limit]}..."]'
    return f'[string "{first_line}"]'


def attribute(raw: RawProfile, mode: str, program: Program, digests: Mapping[str, str]) -> Profile:
    """The profile of a run. `digests` gives the SHA-256 of the files among its sources, by path."""
    timed = mode != "count"
    functions = [_function(loads, raw, timed) for loads in _same_functions(raw["functions"])]
    instructions = sum(instruction.count for function in functions for instruction in function.instructions)
    gc_ns = round(raw["gc_ticks"] * raw["ns_per_tick"]) if timed else 0
    outside_ns = round(raw["outside_ticks"] * raw["ns_per_tick"]) if timed else 0
    self_ns = sum(instruction.self_ns for function in functions for instruction in function.instructions)
    raw_ns = sum(instruction.raw_ns for function in functions for instruction in function.instructions)
    run_ns = self_ns + gc_ns + outside_ns
    scale = _Scale(timed, run_ns if timed else instructions)
    return Profile(
        mode=mode,
        program=program,
        totals=Totals(
            wall_ns=raw["run_ns"] if timed else None,
            run_ns=run_ns if timed else None,
            gc_ns=gc_ns if timed else None,
            outside_ns=outside_ns if timed else None,
            raw_ns=raw_ns + gc_ns + outside_ns if timed else None,
            instructions=instructions,
            memory=Memory(raw["current_bytes"], raw["peak_bytes"], raw["allocated_bytes"], raw["allocations"]),
            stack=Stack(raw["current_depth"], raw["peak_depth"]),
        ),
        opcodes=_opcode_rows(functions, scale),
        builtins=_builtin_rows(raw, scale),
        files=_files(functions, program.path, digests, scale),
    )


def program_counts(raw: RawProfile) -> list[dict[int, int]]:
    """How often each instruction of the program's own chunk ran, by function and pc.

    The chunk's outermost function comes first, then those nested in it, each followed by its own.
    """
    functions = sorted(raw["functions"], key=lambda function: function["id"])
    chunk: set[int] = set()
    found = []
    for function in functions:
        if not chunk or function["parent"] in chunk:
            chunk.add(function["id"])
            found.append(dict(enumerate(array("Q", function["counts"]))))
    return found


@dataclass(slots=True)
class _Scale:
    """What the rows' shares are parts of: time where the mode takes it, else instructions."""

    timed: bool
    whole: int

    def share(self, count: int, self_ns: int) -> float:
        return (self_ns if self.timed else count) / self.whole if self.whole else 0.0

    def time(self, ns: int) -> int | None:
        return ns if self.timed else None


def _same_functions(functions: Iterable[RawFunction]) -> Iterable[list[RawFunction]]:
    """Groups the loads of the same function: same source, same place among the functions of its chunk, same code.

    The functions of a chunk have consecutive ids that begin with its outermost function, which has no parent.
    """
    groups: dict[tuple[object, ...], list[RawFunction]] = {}
    roots: dict[int, int] = {}
    for function in sorted(functions, key=lambda function: function["id"]):
        id, parent = function["id"], function["parent"]
        root = roots[id] = id if parent is None else roots.get(parent, parent)
        opcodes = function["code"][_OPCODE_BYTE::4]
        key = (function["source"], id - root, function["first_line"], opcodes, function["lines"])
        groups.setdefault(key, []).append(function)
    return groups.values()


def _sum_arrays(arrays: list[bytes]) -> array[int]:
    total = array("Q", arrays[0])
    for added in arrays[1:]:
        total = array("Q", map(int.__add__, total, array("Q", added)))
    return total


def _instructions(loads: list[RawFunction], raw: RawProfile, timed: bool) -> Iterator[_Instruction]:
    code = loads[0]["code"][_OPCODE_BYTE::4]
    lines = array("I", loads[0]["lines"]) or array("I", bytes(4 * len(code)))
    counts = _sum_arrays([load["counts"] for load in loads])
    allocations = _sum_arrays([load["allocations"] for load in loads])
    allocated_bytes = _sum_arrays([load["allocated_bytes"] for load in loads])
    tick_arrays = [load["ticks"] for load in loads]
    ticks = _sum_arrays([array_ for array_ in tick_arrays if array_ is not None]) if timed else counts
    ns_per_tick, probe_ticks = raw["ns_per_tick"], raw["probe_ticks"]
    pc = 0
    while pc < len(code):
        next_pc = pc + _WORDS[code[pc]]
        count = counts[pc]
        spent = sum(ticks[pc:next_pc]) if timed else 0
        yield _Instruction(
            opcode=OPCODES[code[pc]].name,
            line=lines[pc],
            count=count,
            raw_ns=round(spent * ns_per_tick),
            self_ns=round(corrected_ticks(spent, count, probe_ticks) * ns_per_tick),
            allocations=sum(allocations[pc:next_pc]),
            allocated_bytes=sum(allocated_bytes[pc:next_pc]),
        )
        pc = next_pc


def corrected_ticks(ticks: int, count: int, probe_ticks: float) -> float:
    """Ticks of `count` executions without the calibrated cost of their probes, never below 0."""
    return max(0.0, ticks - count * probe_ticks)


def _function(loads: list[RawFunction], raw: RawProfile, timed: bool) -> _Function:
    first = loads[0]
    instructions = list(_instructions(loads, raw, timed))
    is_main = first["first_line"] == 0
    name = first["name"].decode("utf-8", "replace") if first["name"] else "anonymous"
    return _Function(
        name="main chunk" if is_main else name,
        path=source_path(first["source"]),
        first_line=1 if is_main else first["first_line"],
        last_line=max([1, *(instruction.line for instruction in instructions)]) if is_main else first["last_line"],
        calls=sum(load["entries"] for load in loads),
        instructions=instructions,
    )


def _opcode_rows(functions: list[_Function], scale: _Scale) -> list[OpcodeRow]:
    sums: dict[str, list[int]] = {}
    for function in functions:
        for instruction in function.instructions:
            if instruction.count or instruction.raw_ns:
                row = sums.setdefault(instruction.opcode, [0, 0, 0])
                row[0] += instruction.count
                row[1] += instruction.self_ns
                row[2] += instruction.raw_ns
    rows = [
        OpcodeRow(name, count, scale.share(count, self_ns), scale.time(self_ns), scale.time(raw_ns))
        for name, (count, self_ns, raw_ns) in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.share, -row.count, row.name))


def _builtin_rows(raw: RawProfile, scale: _Scale) -> list[BuiltinRow]:
    sums: dict[str, tuple[int, int]] = {}
    for name, calls, ticks in raw["builtins"]:
        if calls:
            before = sums.get(name, (0, 0))
            sums[name] = (before[0] + calls, before[1] + ticks)
    rows = []
    for name, (calls, ticks) in sums.items():
        self_ns = round(ticks * raw["ns_per_tick"]) if scale.timed else 0
        rows.append(BuiltinRow(name, calls, scale.share(0, self_ns) if scale.timed else None, scale.time(self_ns)))
    return sorted(rows, key=lambda row: (-(row.self_ns or 0), -row.calls, row.name))


def _files(
    functions: list[_Function], program_path: str, digests: Mapping[str, str], scale: _Scale
) -> list[FileProfile]:
    by_path: dict[str, list[_Function]] = {}
    for function in functions:
        by_path.setdefault(function.path, []).append(function)
    files = [
        FileProfile(path, digests.get(path), _line_rows(members, scale), _function_rows(members, scale))
        for path, members in by_path.items()
    ]
    return sorted(
        files,
        key=lambda file: (file.path != program_path, -sum(line.instructions for line in file.lines), file.path),
    )


def _line_rows(functions: list[_Function], scale: _Scale) -> list[LineRow]:
    by_line: dict[int, list[_Instruction]] = {}
    hits: dict[int, int] = {}
    for function in functions:
        for instruction in function.instructions:
            by_line.setdefault(instruction.line, []).append(instruction)
            hits[instruction.line] = max(hits.get(instruction.line, 0), instruction.count)
    return [_line_row(line, hits[line], by_line[line], scale) for line in sorted(by_line)]


def _line_row(line: int, hits: int, instructions: list[_Instruction], scale: _Scale) -> LineRow:
    count = sum(instruction.count for instruction in instructions)
    self_ns = sum(instruction.self_ns for instruction in instructions)
    opcodes: dict[str, list[int]] = {}
    for instruction in instructions:
        if instruction.count or instruction.raw_ns:
            row = opcodes.setdefault(instruction.opcode, [0, 0])
            row[0] += instruction.count
            row[1] += instruction.self_ns
    return LineRow(
        line=line,
        hits=hits,
        instructions=count,
        share=scale.share(count, self_ns),
        self_ns=scale.time(self_ns),
        raw_ns=scale.time(sum(instruction.raw_ns for instruction in instructions)),
        allocated_bytes=sum(instruction.allocated_bytes for instruction in instructions),
        allocations=sum(instruction.allocations for instruction in instructions),
        opcodes=sorted(
            (LineOpcode(name, total, scale.time(ns)) for name, (total, ns) in opcodes.items()),
            key=lambda row: (-(row.self_ns or 0), -row.count, row.name),
        ),
    )


def _function_rows(functions: list[_Function], scale: _Scale) -> list[FunctionRow]:
    rows = []
    for function in functions:
        count = sum(instruction.count for instruction in function.instructions)
        self_ns = sum(instruction.self_ns for instruction in function.instructions)
        rows.append(
            FunctionRow(
                name=function.name,
                line=function.first_line,
                end_line=function.last_line,
                calls=function.calls,
                instructions=count,
                share=scale.share(count, self_ns),
                self_ns=scale.time(self_ns),
                raw_ns=scale.time(sum(instruction.raw_ns for instruction in function.instructions)),
                allocated_bytes=sum(instruction.allocated_bytes for instruction in function.instructions),
                allocations=sum(instruction.allocations for instruction in function.instructions),
            )
        )
    return sorted(rows, key=lambda row: (-row.share, -row.instructions, row.line, row.name))
