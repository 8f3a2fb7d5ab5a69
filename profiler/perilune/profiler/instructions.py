"""What every instruction of a raw profile cost: each figure is computed here once, per instruction.

Loads of the same function are one function, and the counters of an instruction's two words are one instruction's.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from perilune.compiler.opcodes import OPCODES
from perilune.profiler.quick_dataclasses import dataclass

if TYPE_CHECKING:
    from perilune.profiler.loaded_files import LoadedFile
    from perilune.profiler.probe import Probe
    from perilune.vm.raw_profile import RawFunction, RawProfile

_OPCODE_BYTE = 0 if sys.byteorder == "little" else 3
_WORDS = [OPCODES[code].words if code < len(OPCODES) else 1 for code in range(256)]


@dataclass(slots=True)
class Instruction:
    """One instruction of one function, with what it cost; `raw_ns` is its time as measured, with the probes.

    `waiting` of its `samples` found the thread waiting; `cpu_ns` is 0 until the processor time is divided. `hits` is its count, or, where it is what goes back to a loop's beginning, how many iterations of the loop began.
    """

    opcode: str
    line: int
    count: int
    hits: int
    raw_ns: int
    self_ns: int
    samples: int
    waiting: int
    cpu_ns: int
    allocations: int
    allocated_bytes: int
    live_bytes: int
    peak_live_bytes: int
    gc_driven: int
    kinds: dict[str, tuple[int, int]]  # what is live: bytes and objects by kind
    gc_ns: int = 0  # of the collector's time, by `gc_driven`


@dataclass(slots=True)
class Function:
    """A function with the counters of all its loads: a chunk that was loaded three times is one chunk that ran thrice.

    `ids` are those of its loads.
    """

    ids: list[int]
    name: str
    file: LoadedFile
    first_line: int
    last_line: int
    calls: int
    instructions: list[Instruction]

    @property
    def path(self) -> str:
        """The path of its file."""
        return self.file.path


class Division:
    """Divides a whole number into parts whose sum is exact: each is rounded so that the sum so far is."""

    __slots__ = ("_passed", "_weights", "_whole")

    def __init__(self, whole: int, weights: int) -> None:
        """`weights` is the sum of all weights."""
        self._whole, self._weights, self._passed = whole, weights, 0

    def take(self, weight: int) -> int:
        """The part of the next weight; 0 if there are no weights at all."""
        if not self._weights:
            return 0
        before = self.part(self._passed)
        self._passed += weight
        return self.part(self._passed) - before

    def part(self, weight: int) -> int:
        """The part of a weight on its own, rounded down."""
        return self._whole * weight // self._weights if self._weights else 0


Clock = Callable[[int, int, int], tuple[int, int]]
"""(ticks, count, samples) of an instruction -> its time as measured, its time without the probes."""


def trace_clock(raw: RawProfile, probe: Probe) -> Clock:
    """Time from stamps, and what is left of it without the probes."""
    ns_per_tick = raw["ns_per_tick"]

    def times(ticks: int, count: int, samples: int) -> tuple[int, int]:
        return round(ticks * ns_per_tick), round(probe.corrected(ticks * ns_per_tick, count))

    return times


def sample_clock(division: Division) -> Clock:
    """Time from samples: the same part of the run's time as of all samples."""

    def times(ticks: int, count: int, samples: int) -> tuple[int, int]:
        ns = division.take(samples) if samples else 0
        return ns, ns

    return times


def no_clock(ticks: int, count: int, samples: int) -> tuple[int, int]:
    """No time, as in count mode."""
    return 0, 0


def functions_of(raw: RawProfile, clock: Clock, file_of: Callable[[RawFunction], LoadedFile]) -> list[Function]:
    """All functions of a raw profile, loads of the same one merged."""
    return [_function(loads, clock, file) for file, loads in _same_functions(raw["functions"], file_of)]


def source_path(source: bytes | None) -> str:
    """How a profile calls a source: a file's path, or a chunk's name as Lua's messages show it (`[string "return 1"]`).

    What has no name there, "=" and "@", is called by that character, so that it has a row of its own.
    """
    if source is None:
        return "?"
    if source[:1] == b"@":
        return os.fsdecode(source[1:]) or "@"
    text = source.decode("utf-8", "replace")
    if text[:1] == "=":
        return text[1:] or "="
    first_line, newline, _ = text.partition("\n")
    limit = 60 - len('[string "..."]') - 1
    if newline or len(first_line) > limit:
        return f'[string "{first_line[:limit]}..."]'
    return f'[string "{first_line}"]'


def _same_functions(
    functions: Iterable[RawFunction], file_of: Callable[[RawFunction], LoadedFile]
) -> Iterator[tuple[LoadedFile, list[RawFunction]]]:
    """Groups the loads of the same function."""
    groups: dict[tuple[LoadedFile, Identity], list[RawFunction]] = {}
    for function, file, identity in identified(functions, file_of):
        groups.setdefault((file, identity), []).append(function)
    return ((file, loads) for (file, _), loads in groups.items())


Identity = tuple[int, int, bytes, bytes]
"""What the loads of a function have in common beside their file: place in its chunk, first line, opcodes, lines."""


def identified(
    functions: Iterable[RawFunction], file_of: Callable[[RawFunction], LoadedFile]
) -> Iterator[tuple[RawFunction, LoadedFile, Identity]]:
    """All functions, by their ids, with what makes them the same: text, place among the functions of their chunk, code.

    The functions of a chunk have consecutive ids that begin with its outermost function, which has no parent.
    """
    roots: dict[int, int] = {}
    for function in sorted(functions, key=lambda function: function["id"]):
        id, parent = function["id"], function["parent"]
        root = roots[id] = id if parent is None else roots.get(parent, parent)
        opcodes = function["code"][_OPCODE_BYTE::4]
        yield function, file_of(function), (id - root, function["first_line"], opcodes, function["lines"])


def _function(loads: list[RawFunction], clock: Clock, file: LoadedFile) -> Function:
    first = loads[0]
    instructions = list(_instructions(loads, clock))
    is_main = first["first_line"] == 0
    name = first["name"].decode("utf-8", "replace") if first["name"] else "anonymous"
    return Function(
        ids=[load["id"] for load in loads],
        name="main chunk" if is_main else name,
        file=file,
        first_line=1 if is_main else first["first_line"],
        last_line=max([1, *(instruction.line for instruction in instructions)]) if is_main else first["last_line"],
        calls=sum(load["entries"] for load in loads),
        instructions=instructions,
    )


class ImpossibleCountError(Exception):
    """A counter is negative, or larger than any run can make it: the machine has counted wrong, and no figure is told."""


_MOST = 1 << 55
"""What a counter cannot reach in a year."""


def check_counts(raw: RawProfile) -> None:
    """Raises ImpossibleCountError if a counter cannot be right."""
    whole = raw["sampling"]["samples"] if raw["sampling"] is not None else 0
    for function in raw["functions"]:
        place = f"line {function['first_line']} of {(function['source'] or b'?')[:60].decode('utf-8', 'replace')}"
        for name, counts in (("instructions", function["counts"]), ("jumps", function["taken"])):
            if max(array("Q", counts), default=0) >= _MOST:
                raise ImpossibleCountError(f"impossible number of {name} in the function at {place}")
        if sum(array("Q", function["samples"] or b"")) > whole:
            raise ImpossibleCountError(f"more samples than were taken in the function at {place}")
    for name, calls, *_ in raw["builtins"]:
        if calls >= _MOST:
            raise ImpossibleCountError(f"impossible number of calls of {name}")


def _sum_arrays(arrays: list[bytes | None]) -> array[int]:
    """The sum of u64 arrays of the same length; those that are not there count as zeros."""
    total = array("Q")
    for added in arrays:
        if added is not None:
            total = array("Q", map(int.__add__, total, array("Q", added))) if total else array("Q", added)
    return total


def _instructions(loads: list[RawFunction], clock: Clock) -> Iterator[Instruction]:
    code = loads[0]["code"][_OPCODE_BYTE::4]
    lines = array("I", loads[0]["lines"]) or array("I", bytes(4 * len(code)))
    counts = _sum_arrays([load["counts"] for load in loads])
    allocations = _sum_arrays([load["allocations"] for load in loads])
    allocated_bytes = _sum_arrays([load["allocated_bytes"] for load in loads])
    ticks = _sum_arrays([load["ticks"] for load in loads])
    samples = _sum_arrays([load["samples"] for load in loads])
    waiting = _sum_arrays([load["waiting"] for load in loads])
    live_bytes = _sum_arrays([load["live_bytes"] for load in loads])
    peak_live_bytes = _sum_arrays([load["peak_live_bytes"] for load in loads])
    gc_driven = _sum_arrays([load["gc_driven"] for load in loads])
    iterations = _iterations(loads, code, lines, counts)
    kinds: dict[int, dict[str, tuple[int, int]]] = {}
    for word, kind, size, objects in (entry for load in loads for entry in load["live_kinds"]):
        add_kind(kinds.setdefault(word, {}), kind, size, objects)
    pc = 0
    while pc < len(code):
        next_pc = pc + _WORDS[code[pc]]
        taken_samples = sum(samples[pc:next_pc])
        raw_ns, self_ns = clock(sum(ticks[pc:next_pc]), counts[pc], taken_samples)
        yield Instruction(
            opcode=OPCODES[code[pc]].name,
            line=lines[pc],
            count=counts[pc],
            hits=max(counts[pc], iterations.get(pc, 0)),
            raw_ns=raw_ns,
            self_ns=self_ns,
            samples=taken_samples,
            waiting=sum(waiting[pc:next_pc]),
            cpu_ns=0,
            allocations=sum(allocations[pc:next_pc]),
            allocated_bytes=sum(allocated_bytes[pc:next_pc]),
            live_bytes=sum(live_bytes[pc:next_pc]),
            peak_live_bytes=sum(peak_live_bytes[pc:next_pc]),
            gc_driven=sum(gc_driven[pc:next_pc]),
            kinds=_merged([kinds[word] for word in range(pc, next_pc) if word in kinds]),
        )
        pc = next_pc


def _iterations(loads: list[RawFunction], code: bytes, lines: array[int], counts: array[int]) -> dict[int, int]:
    """How many iterations of loops began, by the pc of what goes back to a loop's beginning.

    That is a numeric `for`'s FORLOOP, and the jump of a `while` without a condition, which alone stands on a line before
    the one that it goes back to. An iteration that is left early does not come to them.
    """
    words = array("I", loads[0]["code"])
    taken = _sum_arrays([load["taken"] for load in loads])
    aborted = [sum(column) for column in zip(*(array("q", load["aborted"]) for load in loads), strict=True)]
    iterations: dict[int, int] = {}
    back: Counter[int] = Counter()  # jumps back to a pc that stand before the present one
    pc = 0
    while pc < len(code):
        opcode = OPCODES[code[pc]]
        next_pc = pc + opcode.words
        if opcode.flow in ("jump", "branch"):
            target = _jump_target(words, pc, next_pc)
            if target <= pc:
                jumps = counts[pc] if opcode.flow == "jump" else sum(taken[pc:next_pc])
                enter = target - opcode.words  # FORPREP has as many as FORLOOP
                if opcode.name == "FORLOOP" and enter >= 0 and OPCODES[code[enter]].name == "FORPREP":
                    leaving = counts[enter] - sum(aborted[enter:target]) - sum(taken[enter:target])
                    iterations[pc] = leaving + jumps
                elif opcode.flow == "jump" and lines[pc] < lines[target]:
                    iterations[pc] = counts[target] - back[target]
                back[target] += jumps
        pc = next_pc
    return iterations


def add_kind(kinds: dict[str, tuple[int, int]], kind: str, size: int, objects: int) -> None:
    """Adds to the bytes and objects of a kind."""
    before = kinds.get(kind, (0, 0))
    kinds[kind] = before[0] + size, before[1] + objects


def _merged(all_kinds: list[dict[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    merged: dict[str, tuple[int, int]] = {}
    for kinds in all_kinds:
        for kind, (size, objects) in kinds.items():
            add_kind(merged, kind, size, objects)
    return merged


def opcode_pairs(functions: Iterable[RawFunction]) -> Counter[tuple[str, str]]:
    """How often an instruction with the second opcode was executed directly after one with the first.

    From the exact counts: what leaves an instruction goes to its jump's target or to the next one, unless it aborted.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for function in functions:
        words = array("I", function["code"])
        counts, taken = array("Q", function["counts"]), array("Q", function["taken"])
        aborted = array("q", function["aborted"])  # negative where a frame was suspended before the profile began
        pc = 0
        while pc < len(words):
            opcode = OPCODES[words[pc] & 0xFF]
            next_pc = pc + opcode.words
            leaving = counts[pc] - sum(aborted[pc:next_pc])
            jumping = leaving if opcode.flow == "jump" else sum(taken[pc:next_pc]) if opcode.flow == "branch" else 0
            if jumping:
                pairs[opcode.name, OPCODES[words[_jump_target(words, pc, next_pc)] & 0xFF].name] += jumping
            if opcode.flow in ("next", "branch") and leaving != jumping:
                pairs[opcode.name, OPCODES[words[next_pc] & 0xFF].name] += leaving - jumping
            pc = next_pc
    return pairs


def _jump_target(words: array[int], pc: int, next_pc: int) -> int:
    """Where the instruction at pc jumps to."""
    return next_pc + (_signed(words[pc] >> 8, 24) if next_pc - pc == 1 else _signed(words[pc + 1], 32))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
