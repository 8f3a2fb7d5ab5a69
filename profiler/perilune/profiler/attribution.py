"""From raw counters to a profile: what every instruction cost, attributed to lines, opcodes and functions.

Pure functions. Every figure is computed once per instruction and then summed in several directions, so that the sums
over lines, over opcodes and over functions are equal to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perilune.profiler.call_tree import call_tree, samples_of_functions, samples_of_lines
from perilune.profiler.instructions import (
    Clock,
    Division,
    Function,
    Instruction,
    add_kind,
    functions_of,
    no_clock,
    opcode_pairs,
    sample_clock,
    trace_clock,
)
from perilune.profiler.model import (
    BuiltinRow,
    ChainEntry,
    FileProfile,
    FunctionRow,
    KindRow,
    LineOpcode,
    LineRow,
    Memory,
    OpcodePair,
    OpcodeRow,
    Profile,
    Program,
    Stack,
    Totals,
    ZoneRow,
)
from perilune.profiler.shares import error_of_share

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


MACHINE = "machine"
"""The kind of live blocks that are part of no Lua object: the table of strings, the machine itself."""


def attribute(raw: RawProfile, mode: str, program: Program, digests: Mapping[str, str]) -> Profile:
    """The profile of a run. `digests` gives the SHA-256 of the files among its sources, by path."""
    sampling = raw["sampling"]
    timed = mode != "count"
    gc_ns = outside_ns = 0
    clock: Clock = no_clock
    division = Division(raw["run_ns"], sampling["samples"] if sampling is not None else 0)
    if sampling is not None:
        gc_ns, outside_ns = division.take(sampling["gc_samples"]), division.take(sampling["outside_samples"])
        if not sampling["samples"]:
            outside_ns = raw["run_ns"]  # nobody knows where the time went
        clock = sample_clock(division)
    elif timed:
        gc_ns, outside_ns = (
            round(raw["gc_ticks"] * raw["ns_per_tick"]),
            round(raw["outside_ticks"] * raw["ns_per_tick"]),
        )
        clock = trace_clock(raw)
    functions = functions_of(raw, clock)
    cost = _Cost.of([instruction for function in functions for instruction in function.instructions])
    run_ns = cost.self_ns + gc_ns + outside_ns
    scale = _Scale(timed, run_ns if timed else cost.count, division, sampling["samples"] if sampling else None)
    by_id = {id: function for function in functions for id in function.ids}
    if sampling is not None and sampling["tree"] is not None:
        scale.line_samples = samples_of_lines(sampling, by_id)
        scale.function_samples = samples_of_functions(sampling, by_id)
    return Profile(
        mode=mode,
        program=program,
        totals=Totals(
            wall_ns=raw["run_ns"] if timed else None,
            run_ns=run_ns if timed else None,
            gc_ns=gc_ns if timed else None,
            outside_ns=outside_ns if timed else None,
            raw_ns=scale.raw(cost.raw_ns + gc_ns + outside_ns),
            instructions=cost.count,
            samples=scale.samples,
            sampler=sampling["sampler"] if sampling is not None else None,
            sample_interval_ns=sampling["interval_ns"] if sampling is not None else None,
            memory=_memory(raw, cost),
            stack=Stack(
                raw["current_depth"],
                raw["peak_depth"],
                _peak_chain(raw, by_id),
                raw["peak_chain_length"] - len(raw["peak_chain"]),
            ),
        ),
        opcodes=_opcode_rows(functions, scale),
        builtins=_builtin_rows(raw, scale),
        files=_files(functions, program.path, digests, scale),
        opcode_pairs=_opcode_pairs(raw),
        zones=_zone_rows(raw, timed),
        call_tree=call_tree(sampling, by_id, raw["run_ns"]) if sampling is not None else None,
    )


@dataclass(slots=True)
class _Scale:
    """What the rows' shares are parts of: time where the mode takes it, else instructions.

    `samples` is how many there are, None in modes without. The mappings say how many had a line or function on the stack.
    """

    timed: bool
    whole: int
    division: Division
    samples: int | None
    line_samples: Mapping[tuple[str, int], int] | None = None
    function_samples: Mapping[int, int] | None = None

    def share(self, cost: _Cost) -> float:
        return (cost.self_ns if self.timed else cost.count) / self.whole if self.whole else 0.0

    def time(self, ns: int) -> int | None:
        return ns if self.timed else None

    def raw(self, ns: int) -> int | None:
        return ns if self.timed and self.samples is None else None

    def error(self, samples: int) -> float | None:
        """Half the width of the 95 % interval of a sampled share."""
        if not self.samples:
            return None
        return error_of_share(samples / self.samples, self.samples)

    def total(self, samples: int, self_ns: int) -> int:
        """The time of so many samples, of which `self_ns` has been given out already."""
        return max(self_ns, self.division.part(samples))


@dataclass(slots=True)
class _Cost:
    """Figures summed over instructions."""

    count: int = 0
    self_ns: int = 0
    raw_ns: int = 0
    samples: int = 0
    allocations: int = 0
    allocated_bytes: int = 0
    live_bytes: int = 0
    peak_live_bytes: int = 0
    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    hits: int = 0  # the largest count

    @staticmethod
    def of(instructions: list[Instruction]) -> _Cost:
        cost = _Cost()
        for instruction in instructions:
            cost.add(instruction)
        return cost

    def add(self, instruction: Instruction) -> None:
        self.count += instruction.count
        self.self_ns += instruction.self_ns
        self.raw_ns += instruction.raw_ns
        self.samples += instruction.samples
        self.allocations += instruction.allocations
        self.allocated_bytes += instruction.allocated_bytes
        self.live_bytes += instruction.live_bytes
        self.peak_live_bytes += instruction.peak_live_bytes
        for kind, (size, objects) in instruction.kinds.items():
            add_kind(self.kinds, kind, size, objects)
        self.hits = max(self.hits, instruction.count)


def _memory(raw: RawProfile, cost: _Cost) -> Memory:
    kinds = dict(cost.kinds)
    for _, kind, size, objects in raw["live_kinds"]:
        add_kind(kinds, kind, size, objects)
    rows = _kind_rows(kinds, raw["current_bytes"])
    return Memory(raw["current_bytes"], raw["peak_bytes"], raw["allocated_bytes"], raw["allocations"], rows)


def _kind_rows(kinds: dict[str, tuple[int, int]], live_bytes: int) -> list[KindRow]:
    """The kinds by their bytes, with a row for what is part of no object."""
    rows = [KindRow(kind, size, objects) for kind, (size, objects) in kinds.items()]
    rest = live_bytes - sum(row.bytes for row in rows)
    if rows and rest > 0:
        rows.append(KindRow(MACHINE, rest, 0))
    return sorted(rows, key=lambda row: (-row.bytes, row.kind))


def _by_opcode(instructions: list[Instruction]) -> dict[str, _Cost]:
    """The cost by opcode of what was executed or measured."""
    costs: dict[str, _Cost] = {}
    for instruction in instructions:
        if instruction.count or instruction.raw_ns:
            costs.setdefault(instruction.opcode, _Cost()).add(instruction)
    return costs


def _opcode_rows(functions: list[Function], scale: _Scale) -> list[OpcodeRow]:
    costs = _by_opcode([instruction for function in functions for instruction in function.instructions])
    rows = [
        OpcodeRow(
            name,
            cost.count,
            scale.share(cost),
            scale.time(cost.self_ns),
            scale.raw(cost.raw_ns),
            scale.error(cost.samples),
        )
        for name, cost in costs.items()
    ]
    return sorted(rows, key=lambda row: (-row.share, -row.count, row.name))


def _peak_chain(raw: RawProfile, functions: Mapping[int, Function]) -> list[ChainEntry]:
    chain = []
    for id, line, builtin in raw["peak_chain"]:
        if builtin is not None:
            chain.append(ChainEntry(builtin, None, 0))
        elif id in functions:
            chain.append(ChainEntry(functions[id].name, functions[id].path, line))
    return chain


def _zone_rows(raw: RawProfile, timed: bool) -> list[ZoneRow]:
    return [
        ZoneRow(name.decode("utf-8", "replace"), calls, allocated_bytes, allocations, ns if timed else None)
        for name, calls, ns, allocated_bytes, allocations in raw["zones"]
    ]


def _opcode_pairs(raw: RawProfile) -> list[OpcodePair]:
    pairs = [OpcodePair(first, second, count) for (first, second), count in opcode_pairs(raw["functions"]).items()]
    return sorted((pair for pair in pairs if pair.count), key=lambda pair: (-pair.count, pair.first, pair.second))


def _builtin_rows(raw: RawProfile, scale: _Scale) -> list[BuiltinRow]:
    sums: dict[str, tuple[int, int, int]] = {}
    for name, calls, ticks, samples in raw["builtins"]:
        if calls or samples:
            before = sums.get(name, (0, 0, 0))
            sums[name] = (before[0] + calls, before[1] + ticks, before[2] + samples)
    rows = []
    for name, (calls, ticks, samples) in sums.items():
        self_ns = scale.division.part(samples) if scale.samples is not None else round(ticks * raw["ns_per_tick"])
        share = scale.share(_Cost(self_ns=self_ns)) if scale.timed else None
        rows.append(BuiltinRow(name, calls, share, scale.time(self_ns), scale.error(samples)))
    return sorted(rows, key=lambda row: (-(row.self_ns or 0), -row.calls, row.name))


def _files(
    functions: list[Function], program_path: str, digests: Mapping[str, str], scale: _Scale
) -> list[FileProfile]:
    by_path: dict[str, list[Function]] = {}
    for function in functions:
        by_path.setdefault(function.path, []).append(function)
    files = [
        FileProfile(path, digests.get(path), _line_rows(path, members, scale), _function_rows(members, scale))
        for path, members in by_path.items()
    ]
    return sorted(
        files,
        key=lambda file: (file.path != program_path, -sum(line.instructions for line in file.lines), file.path),
    )


def _line_rows(path: str, functions: list[Function], scale: _Scale) -> list[LineRow]:
    by_line: dict[int, list[Instruction]] = {}
    for function in functions:
        for instruction in function.instructions:
            by_line.setdefault(instruction.line, []).append(instruction)
    return [_line_row(path, line, by_line[line], scale) for line in sorted(by_line)]


def _line_row(path: str, line: int, instructions: list[Instruction], scale: _Scale) -> LineRow:
    cost = _Cost.of(instructions)
    on_stack = scale.line_samples
    return LineRow(
        line=line,
        hits=cost.hits,
        instructions=cost.count,
        share=scale.share(cost),
        self_ns=scale.time(cost.self_ns),
        raw_ns=scale.raw(cost.raw_ns),
        total_ns=None if on_stack is None else scale.total(on_stack.get((path, line), 0), cost.self_ns),
        error=scale.error(cost.samples),
        allocated_bytes=cost.allocated_bytes,
        allocations=cost.allocations,
        live_bytes=cost.live_bytes,
        peak_live_bytes=cost.peak_live_bytes,
        live_kinds=_kind_rows(cost.kinds, cost.live_bytes),
        opcodes=sorted(
            (LineOpcode(name, of.count, scale.time(of.self_ns)) for name, of in _by_opcode(instructions).items()),
            key=lambda row: (-(row.self_ns or 0), -row.count, row.name),
        ),
    )


def _function_rows(functions: list[Function], scale: _Scale) -> list[FunctionRow]:
    on_stack = scale.function_samples
    rows = []
    for function in functions:
        cost = _Cost.of(function.instructions)
        rows.append(
            FunctionRow(
                name=function.name,
                line=function.first_line,
                end_line=function.last_line,
                calls=function.calls,
                instructions=cost.count,
                share=scale.share(cost),
                self_ns=scale.time(cost.self_ns),
                raw_ns=scale.raw(cost.raw_ns),
                total_ns=None if on_stack is None else scale.total(on_stack.get(function.ids[0], 0), cost.self_ns),
                error=scale.error(cost.samples),
                allocated_bytes=cost.allocated_bytes,
                allocations=cost.allocations,
            )
        )
    return sorted(rows, key=lambda row: (-row.share, -row.instructions, row.line, row.name))
