"""From raw counters to a profile: what every instruction cost, attributed to lines, opcodes and functions.

Pure functions. Every figure is computed once per instruction and then summed in several directions, so that the sums
over lines, over opcodes and over functions are equal to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from perilune.profiler.call_tree import call_tree, samples_of_functions, samples_of_lines
from perilune.profiler.cpu_times import CpuDivision, Part
from perilune.profiler.instructions import (
    Clock,
    Division,
    Function,
    Instruction,
    add_kind,
    check_counts,
    functions_of,
    no_clock,
    opcode_pairs,
    sample_clock,
    trace_clock,
)
from perilune.profiler.loaded_files import LoadedFile, LoadedFiles
from perilune.profiler.model import (
    BuiltinRow,
    ChainEntry,
    Collector,
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
from perilune.profiler.probe import RUN_NOISE, PlainRun, Probe, probe_of
from perilune.profiler.quick_dataclasses import dataclass, field
from perilune.profiler.shares import interval_of_share

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


MACHINE = "machine"
"""The kind of live blocks that are part of no Lua object: the table of strings, the machine itself."""


def attribute(
    raw: RawProfile, mode: str, program: Program, loaded: LoadedFiles, plain: PlainRun | None = None
) -> Profile:
    """The profile of a run. Traced times are scaled to what the program took in a `plain` run, where there was one."""
    check_counts(raw)
    plain_ns = None if plain is None else plain.wall_ns
    sampling = raw["sampling"]
    timed = mode != "count"
    gc_ns = compile_ns = outside_ns = 0
    clock: Clock = no_clock
    probe = None
    division = Division(raw["run_ns"], sampling["samples"] if sampling is not None else 0)
    if sampling is not None:
        gc_ns, compile_ns, outside_ns = (
            division.take(sampling[name]) for name in ("gc_samples", "compile_samples", "outside_samples")
        )
        if not sampling["samples"]:
            outside_ns = raw["run_ns"]  # nobody knows where the time went
        clock = sample_clock(division)
    elif timed:
        probe = probe_of(raw, plain_ns)
        gc_ns, compile_ns, outside_ns = (
            round(probe.scale * raw[name] * raw["ns_per_tick"])
            for name in ("gc_ticks", "compile_ticks", "outside_ticks")
        )
        clock = trace_clock(raw, probe)
    functions = functions_of(raw, clock, loaded.file)
    instructions = [instruction for function in functions for instruction in function.instructions]
    collecting = Division(gc_ns, raw["collector"]["work"])
    for instruction in instructions:
        instruction.gc_ns = collecting.take(instruction.gc_driven)
    cost = _Cost.of(instructions)
    elsewhere_ns = gc_ns + compile_ns + outside_ns
    run_low_ns = run_high_ns = None
    if probe is not None and plain_ns is None:
        low_ns, high_ns = (elsewhere_ns + _corrected_ns(instructions, bound) for bound in probe.bounds())
        waited_ns = 0 if raw["cpu_ns"] is None else max(0, raw["run_ns"] - raw["cpu_ns"])  # perhaps for other processes
        least_ns = min(low_ns, round(probe.bounds()[0].least(cost.count)))
        run_low_ns = max(least_ns, round(low_ns * (1 - RUN_NOISE)) - waited_ns)
        run_high_ns = round(high_ns * (1 + RUN_NOISE))
    run_ns = cost.self_ns + elsewhere_ns
    samples = sampling["samples"] if sampling else None
    scale = _Scale(timed, run_ns if timed else cost.count, division, samples, raw["collector"]["work"])
    cpu_ns = _cpu_ns(raw, run_ns, cost.raw_ns - cost.self_ns, plain) if timed else None
    gc_cpu_ns = compile_cpu_ns = outside_cpu_ns = None
    waiting = sampling["waiting"] if sampling is not None else None
    if sampling is not None and waiting is not None and cpu_ns is not None:
        elsewhere = [
            Part(gc_ns, sampling["gc_samples"], waiting["gc"]),
            Part(compile_ns, sampling["compile_samples"], waiting["compile"]),
            Part(outside_ns, sampling["outside_samples"], waiting["outside"]),
        ]
        parts = [Part(each.self_ns, each.samples, each.waiting) for each in instructions]
        scale.cpu_division = CpuDivision([*elsewhere, *parts], cpu_ns)
        gc_cpu_ns, compile_cpu_ns, outside_cpu_ns = map(scale.cpu_division.take, elsewhere)
        for instruction, part in zip(instructions, parts, strict=True):
            instruction.cpu_ns = scale.cpu_division.take(part)
    by_id = {id: function for function in functions for id in function.ids}
    if sampling is not None:
        scale.line_samples = samples_of_lines(sampling, by_id)
        scale.function_samples = samples_of_functions(sampling, by_id)
        if waiting is not None:
            scale.line_waiting = samples_of_lines(sampling, by_id, waiting["tree"])
            scale.function_waiting = samples_of_functions(sampling, by_id, waiting["tree"])
    return Profile(
        mode=mode,
        program=program,
        totals=Totals(
            wall_ns=raw["run_ns"] if timed else None,
            run_ns=run_ns if timed else None,
            gc_ns=gc_ns if timed else None,
            compile_ns=compile_ns if timed else None,
            outside_ns=outside_ns if timed else None,
            raw_ns=scale.raw(cost.raw_ns + round(elsewhere_ns / (probe.scale if probe is not None else 1.0))),
            run_low_ns=run_low_ns,
            run_high_ns=run_high_ns,
            plain_ns=plain_ns,
            instructions=cost.count,
            samples=scale.samples,
            sampler=sampling["sampler"] if sampling is not None else None,
            sample_interval_ns=sampling["interval_ns"] if sampling is not None else None,
            cpu_ns=cpu_ns,
            gc_cpu_ns=gc_cpu_ns,
            compile_cpu_ns=compile_cpu_ns,
            outside_cpu_ns=outside_cpu_ns,
            waiting_samples=waiting["samples"] if scale.cpu_division is not None and waiting is not None else None,
            collector=_collector(raw),
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
        files=_files(functions, program.path, scale),
        opcode_pairs=_opcode_pairs(raw),
        zones=_zone_rows(raw, timed),
        call_tree=call_tree(sampling, by_id, raw["run_ns"], cpu_ns) if sampling is not None else None,
    )


def _cpu_ns(raw: RawProfile, run_ns: int, probes_ns: int, plain: PlainRun | None) -> int | None:
    """The processor time of the run, without that of the probes, and so never more than the run's time."""
    if plain is not None:
        return min(run_ns, plain.cpu_ns)
    return None if raw["cpu_ns"] is None else min(run_ns, max(0, raw["cpu_ns"] - probes_ns))


def _corrected_ns(instructions: list[Instruction], probe: Probe) -> int:
    return round(sum(probe.corrected(instruction.raw_ns, instruction.count) for instruction in instructions))


@dataclass(slots=True)
class _Scale:
    """What the rows' shares are parts of: time where the mode takes it, else instructions.

    `samples` is how many there are, None in modes without. The mappings say how many samples had a line or function on the
    stack, and with how many of them the thread waited. `cpu_division` is None where the processor time is not divided.
    """

    timed: bool
    whole: int
    division: Division
    samples: int | None
    gc_work: int
    line_samples: Mapping[tuple[str, int], int] | None = None
    function_samples: Mapping[int, int] | None = None
    cpu_division: CpuDivision | None = None
    line_waiting: Mapping[tuple[str, int], int] = field(default_factory=dict)
    function_waiting: Mapping[int, int] = field(default_factory=dict)

    def share(self, cost: _Cost) -> float:
        return (cost.self_ns if self.timed else cost.count) / self.whole if self.whole else 0.0

    def time(self, ns: int) -> int | None:
        return ns if self.timed else None

    def cpu(self, ns: int) -> int | None:
        return None if self.cpu_division is None else ns

    def total_cpu(self, total_ns: int | None, samples: int, waiting: int, cpu_ns: int) -> int | None:
        """The processor's part of a total time, of which `cpu_ns` has been given out already."""
        if self.cpu_division is None or total_ns is None:
            return None
        return min(total_ns, max(cpu_ns, self.cpu_division.part(Part(total_ns, samples, waiting))))

    def raw(self, ns: int) -> int | None:
        return ns if self.timed and self.samples is None else None

    def gc_share(self, cost: _Cost) -> float:
        return cost.gc_driven / self.gc_work if self.gc_work else 0.0

    def interval(self, samples: int) -> tuple[float | None, float | None, float | None]:
        """The ends of the interval of a sampled share, and its error."""
        if self.samples is None:
            return None, None, None
        share = samples / self.samples if self.samples else 0.0
        interval = interval_of_share(share, self.samples)
        return *interval, interval.error(share)

    def total(self, samples: int, self_ns: int) -> int:
        """The time of so many samples, of which `self_ns` has been given out already."""
        return max(self_ns, self.division.part(samples))


@dataclass(slots=True)
class _Cost:
    """Figures summed over instructions."""

    count: int = 0
    self_ns: int = 0
    cpu_ns: int = 0
    raw_ns: int = 0
    samples: int = 0
    allocations: int = 0
    allocated_bytes: int = 0
    live_bytes: int = 0
    peak_live_bytes: int = 0
    gc_driven: int = 0
    gc_ns: int = 0
    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    hits: int = 0  # the most

    @staticmethod
    def of(instructions: list[Instruction]) -> _Cost:
        cost = _Cost()
        for instruction in instructions:
            cost.add(instruction)
        return cost

    def add(self, instruction: Instruction) -> None:
        self.count += instruction.count
        self.self_ns += instruction.self_ns
        self.cpu_ns += instruction.cpu_ns
        self.raw_ns += instruction.raw_ns
        self.samples += instruction.samples
        self.allocations += instruction.allocations
        self.allocated_bytes += instruction.allocated_bytes
        self.live_bytes += instruction.live_bytes
        self.peak_live_bytes += instruction.peak_live_bytes
        self.gc_driven += instruction.gc_driven
        self.gc_ns += instruction.gc_ns
        for kind, (size, objects) in instruction.kinds.items():
            add_kind(self.kinds, kind, size, objects)
        self.hits = max(self.hits, instruction.hits)


def _memory(raw: RawProfile, cost: _Cost) -> Memory:
    kinds = dict(cost.kinds)
    for _, kind, size, objects in raw["live_kinds"]:
        add_kind(kinds, kind, size, objects)
    rows = _kind_rows(kinds, raw["current_bytes"])
    return Memory(raw["current_bytes"], raw["peak_bytes"], raw["allocated_bytes"], raw["allocations"], rows)


def _collector(raw: RawProfile) -> Collector:
    did = raw["collector"]
    kinds = [KindRow(kind, size, objects) for kind, size, objects in did["walked"] if objects]
    return Collector(
        did["cycles"],
        sum(row.bytes for row in kinds),
        sum(row.objects for row in kinds),
        did["freed_bytes"],
        did["freed_objects"],
        sorted(kinds, key=lambda row: (-row.bytes, row.kind)),
    )


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
    rows = []
    for name, cost in costs.items():
        low, high, error = scale.interval(cost.samples)
        rows.append(
            OpcodeRow(
                name=name,
                count=cost.count,
                share=scale.share(cost),
                self_ns=scale.time(cost.self_ns),
                raw_ns=scale.raw(cost.raw_ns),
                error=error,
                low=low,
                high=high,
                cpu_ns=scale.cpu(cost.cpu_ns),
            )
        )
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
        ZoneRow(
            name.decode("utf-8", "replace"),
            calls,
            allocated_bytes,
            allocations,
            ns if timed else None,
            min(ns, cpu_ns) if timed and cpu_ns is not None else None,
        )
        for name, calls, ns, allocated_bytes, allocations, cpu_ns in raw["zones"]
    ]


def _opcode_pairs(raw: RawProfile) -> list[OpcodePair]:
    pairs = [OpcodePair(first, second, count) for (first, second), count in opcode_pairs(raw["functions"]).items()]
    return sorted((pair for pair in pairs if pair.count), key=lambda pair: (-pair.count, pair.first, pair.second))


def _builtin_rows(raw: RawProfile, scale: _Scale) -> list[BuiltinRow]:
    sampling = raw["sampling"]
    waiting = sampling["waiting"]["builtins"] if sampling is not None and sampling["waiting"] is not None else {}
    sums: dict[str, tuple[int, int, int]] = {}
    for name, calls, ticks, samples in raw["builtins"]:
        if calls or samples:
            before = sums.get(name, (0, 0, 0))
            sums[name] = (before[0] + calls, before[1] + ticks, before[2] + samples)
    rows = []
    for name, (calls, ticks, samples) in sums.items():
        self_ns = scale.division.part(samples) if scale.samples is not None else round(ticks * raw["ns_per_tick"])
        share = scale.share(_Cost(self_ns=self_ns)) if scale.timed else None
        low, high, error = scale.interval(samples)
        cpu_ns = None
        if scale.cpu_division is not None:
            cpu_ns = scale.cpu_division.part(Part(self_ns, samples, min(samples, waiting.get(name, 0))))
        rows.append(BuiltinRow(name, calls, share, scale.time(self_ns), error, low, high, cpu_ns))
    return sorted(rows, key=lambda row: (-(row.self_ns or 0), -row.calls, row.name))


def _files(functions: list[Function], program_path: str, scale: _Scale) -> list[FileProfile]:
    by_file: dict[LoadedFile, list[Function]] = {}
    for function in functions:
        by_file.setdefault(function.file, []).append(function)
    files = [
        FileProfile(
            file.path,
            file.sha256,
            _line_rows(file.path, members, scale),
            _function_rows(members, scale),
            file.location,
            file.is_binary,
        )
        for file, members in by_file.items()
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
    low, high, error = scale.interval(cost.samples)
    on_stack = None if scale.line_samples is None else scale.line_samples.get((path, line), 0)
    total_ns = None if on_stack is None else scale.total(on_stack, cost.self_ns)
    waiting = scale.line_waiting.get((path, line), 0)
    return LineRow(
        line=line,
        hits=cost.hits,
        instructions=cost.count,
        share=scale.share(cost),
        self_ns=scale.time(cost.self_ns),
        raw_ns=scale.raw(cost.raw_ns),
        total_ns=total_ns,
        cpu_ns=scale.cpu(cost.cpu_ns),
        total_cpu_ns=scale.total_cpu(total_ns, on_stack or 0, waiting, cost.cpu_ns),
        error=error,
        low=low,
        high=high,
        total_error=None if on_stack is None else scale.interval(on_stack)[2],
        allocated_bytes=cost.allocated_bytes,
        allocations=cost.allocations,
        live_bytes=cost.live_bytes,
        peak_live_bytes=cost.peak_live_bytes,
        live_kinds=_kind_rows(cost.kinds, cost.live_bytes),
        gc_share=scale.gc_share(cost),
        gc_ns=scale.time(cost.gc_ns),
        opcodes=sorted(
            (LineOpcode(name, of.count, scale.time(of.self_ns)) for name, of in _by_opcode(instructions).items()),
            key=lambda row: (-(row.self_ns or 0), -row.count, row.name),
        ),
    )


def _function_rows(functions: list[Function], scale: _Scale) -> list[FunctionRow]:
    rows = []
    for function in functions:
        cost = _Cost.of(function.instructions)
        low, high, error = scale.interval(cost.samples)
        on_stack = None if scale.function_samples is None else scale.function_samples.get(function.ids[0], 0)
        total_ns = None if on_stack is None else scale.total(on_stack, cost.self_ns)
        waiting = scale.function_waiting.get(function.ids[0], 0)
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
                total_ns=total_ns,
                cpu_ns=scale.cpu(cost.cpu_ns),
                total_cpu_ns=scale.total_cpu(total_ns, on_stack or 0, waiting, cost.cpu_ns),
                error=error,
                low=low,
                high=high,
                total_error=None if on_stack is None else scale.interval(on_stack)[2],
                allocated_bytes=cost.allocated_bytes,
                allocations=cost.allocations,
                gc_share=scale.gc_share(cost),
                gc_ns=scale.time(cost.gc_ns),
            )
        )
    return sorted(rows, key=lambda row: (-row.share, -row.instructions, row.line, row.name))
