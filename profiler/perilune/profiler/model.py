"""The profile as data: what a run cost, by opcode, builtin, line and function.

The dataclasses mirror the JSON object that `perilune profile --format json` writes; field names are the same in both.
Times are nanoseconds and None where the mode takes none; lines count from 1; shares lie between 0 and 1 and are of
`totals.run_ns`, or of `totals.instructions` in count mode, which has no time. The 95 % interval of a sampled share is
from `low` to `high`, and `error` is how far its farther end is from the share; `total_error` is that of `total_ns`, as a
share of `totals.run_ns`. They are None where nothing was sampled, and never 0.

A foreign profile has an `origin`, and may lack counts: they are null in JSON and 0 here, and `Profile.holds` tells.
"""

from __future__ import annotations

from typing import Any

from perilune.profiler.field_marks import COUNT, LATER
from perilune.profiler.origin import MEASURED, NULL_WITHOUT, Origin
from perilune.profiler.quick_dataclasses import dataclass, field

FORMAT = "perilune-profile"
VERSION = 1

MODES = ("count", "sample", "trace")


class ProfileFormatError(ValueError):
    """Something that was to be read as a profile is not one; the message says what is wrong and where."""


@dataclass(slots=True)
class Program:
    """What ran. `sha256` is of the file's bytes, None where the program did not come from a file."""

    path: str
    args: list[str] = field(default_factory=list)
    sha256: str | None = None


@dataclass(slots=True)
class RunOutcome:
    """How the run ended.

    `kind` is "ok", "error", "exit" (by os.exit, whose status is `exit_status`), "interrupted", or "limit" (of time,
    instructions or memory). `message` is the error's, without its traceback; None where there is none.
    """

    kind: str
    message: str | None = None
    exit_status: int | None = None

    @property
    def failure(self) -> str | None:
        """How the run ended, in one line: `with an error: a.lua:3: no such file`; None if it ended well."""
        if self.kind == "ok" or (self.kind == "exit" and not self.exit_status):
            return None
        known = {"error": "with an error", "exit": f"with status {self.exit_status} by os.exit"}
        how = known.get(self.kind, "before its time")
        return f"{how}: {' '.join(self.message.split())}" if self.message else how


@dataclass(slots=True)
class KindRow:
    """Bytes by kind of object: "table", "string", "function", ..."""

    kind: str
    bytes: int
    objects: int


@dataclass(slots=True)
class Memory:
    """Figures of the machine's one allocator, in bytes; `allocations` is how often it handed out a block.

    `current_bytes` and `live_kinds` are of the program's end, before the finalizers of what it left.
    `peak_bytes` is the largest that the heap was while it was measured or at the end, so never below `current_bytes`.
    """

    current_bytes: int = field(default=0, metadata=COUNT)
    peak_bytes: int = field(default=0, metadata=COUNT)
    allocated_bytes: int = field(default=0, metadata=COUNT)
    allocations: int = field(default=0, metadata=COUNT)
    live_kinds: list[KindRow] = field(default_factory=list, metadata=LATER)


@dataclass(slots=True)
class Collector:
    """What the garbage collector did while it was measured: how often it went over the heap, and what it found there.

    `walked` is what was alive, object by object, summed over its cycles; the rest was freed.
    """

    cycles: int = 0
    walked_bytes: int = 0
    walked_objects: int = 0
    freed_bytes: int = 0
    freed_objects: int = 0
    walked_kinds: list[KindRow] = field(default_factory=list)


@dataclass(slots=True)
class ChainEntry:
    """One activation of a call chain; `line` is where it was, 0 where that is unknown, `path` None for a builtin."""

    function: str
    path: str | None
    line: int


@dataclass(slots=True)
class Stack:
    """Slots in use on the value stack: locals and operands of all active frames of the running coroutine.

    `peak_chain` is the chain of calls that first reached the peak, outermost first; a long one lacks `peak_chain_missing`
    calls in its middle.
    """

    current_depth: int = field(default=0, metadata=COUNT)
    peak_depth: int = field(default=0, metadata=COUNT)
    peak_chain: list[ChainEntry] = field(default_factory=list, metadata=LATER)
    peak_chain_missing: int = field(default=0, metadata=LATER)


@dataclass(slots=True)
class Range:
    """The least and the most of a figure, called as the field that has it, in runs where it differs."""

    figure: str
    low: int
    high: int


@dataclass(slots=True)
class Repeats:
    """How often the program was run for the profile: `runs` are those that it is of, the first one included.

    Times are the mean of a run, which took from `shortest_ns` to `longest_ns`; samples are those of all runs, and so are
    the errors. Counts, bytes and depths are of the first run. Where they differ in others, `ranges` has those of the whole
    run, each row has its own, and `inputs` are the library functions that were called whose results are no
    consequence of the program: the clock, random numbers, input. `left_out` more runs ended in another way, or did other
    work, and are not in the profile; `left_out_reason` is of the first of them. `stopped` says why the program was not run
    more often, where that was wanted.
    """

    runs: int = 1
    left_out: int = 0
    left_out_reason: str | None = None
    shortest_ns: int | None = None
    longest_ns: int | None = None
    ranges: list[Range] = field(default_factory=list, metadata=LATER)
    inputs: list[str] = field(default_factory=list, metadata=LATER)
    stopped: str | None = None


@dataclass(slots=True)
class Totals:
    """The whole run.

    `run_ns` is the self time of all lines, plus what belongs to no line: `gc_ns` of the collector, `compile_ns` of
    compiling what the program loads as text while it runs, `outside_ns` before the first and after the last
    instruction. In trace mode what the probes add is subtracted from it, and `raw_ns` is the sum as measured: `run_ns`
    lies between `run_low_ns` and `run_high_ns`, or is scaled to `plain_ns`, what the program took when it was run without
    a profile.
    `cpu_ns` is the processor time of the thread meanwhile, measured exactly, without the probes' cost as `run_ns` is; None
    where the system does not tell it. Where samples tell waiting from computing, `waiting_samples` are those that found
    the thread waiting, and the processor time is divided as `run_ns` is: it is the `cpu_ns` of all lines, plus
    `gc_cpu_ns`, `compile_cpu_ns` and `outside_cpu_ns`.
    `wall_ns` is the clock's time from start to stop, probes included. `sampler` is "signal" or "thread" in sample mode;
    `cost_ratio` is what profiling cost, the processor time with it over that without it, where that was measured; what is
    not above 1.00 is noise, and no cost. `repeats` is None where the program was run once, as it was to be. `hits` is
    the sum over all lines where that stands for the instructions, which a foreign profile does not know.
    """

    wall_ns: int | None = None
    run_ns: int | None = None
    gc_ns: int | None = None
    compile_ns: int | None = None
    outside_ns: int | None = None
    raw_ns: int | None = None
    instructions: int = field(default=0, metadata=COUNT)
    samples: int | None = None
    sampler: str | None = None
    sample_interval_ns: int | None = None
    cost_ratio: float | None = None
    cpu_ns: int | None = None
    gc_cpu_ns: int | None = None
    compile_cpu_ns: int | None = None
    outside_cpu_ns: int | None = None
    waiting_samples: int | None = None
    collector: Collector | None = field(default=None, metadata=LATER)
    run_low_ns: int | None = None
    run_high_ns: int | None = None
    plain_ns: int | None = None
    repeats: Repeats | None = None
    hits: int | None = None
    memory: Memory = field(default_factory=Memory)
    stack: Stack = field(default_factory=Stack)


COLLECTOR = "(collector)"
COMPILER = "(compiler)"
OUTSIDE = "(outside)"
NOT_SHOWN = "(calls not shown)"


def times_elsewhere(totals: Totals) -> list[tuple[str, int]]:
    """The times that belong to no line, those that are 0 too, by the names that stand in place of a function's."""
    times = ((COLLECTOR, totals.gc_ns), (COMPILER, totals.compile_ns), (OUTSIDE, totals.outside_ns))
    return [(name, ns or 0) for name, ns in times]


@dataclass(slots=True)
class LineOpcode:
    """How often one opcode ran on one line."""

    name: str
    count: int
    self_ns: int | None = None


@dataclass(slots=True)
class OpcodeRow:
    """One opcode over the whole run."""

    name: str
    count: int
    share: float
    self_ns: int | None = None
    raw_ns: int | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    cpu_ns: int | None = None


@dataclass(slots=True)
class OpcodePair:
    """How often an instruction with opcode `second` was executed directly after one with `first` in the same function."""

    first: str
    second: str
    count: int


@dataclass(slots=True)
class BuiltinRow:
    """One library function, such as `string.format`. Its time is also part of the lines that called it."""

    name: str
    calls: int = field(metadata=COUNT)
    share: float | None = None
    self_ns: int | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    cpu_ns: int | None = None


@dataclass(slots=True)
class ZoneRow:
    """One named zone that the program marked with `profiler.zone`; a zone entered inside itself counts once in `total_ns`.

    `cpu_ns` is the part of it that the thread had the processor, measured exactly.
    """

    name: str
    calls: int
    allocated_bytes: int
    allocations: int
    total_ns: int | None = None
    cpu_ns: int | None = None


@dataclass(slots=True)
class LineRow:
    """One line that holds instructions; `line` is 0 where the chunk carried no line numbers.

    `hits` is the largest count of any instruction on the line, `instructions` the sum of all of them. The line where a
    numeric `for` or a `while true` begins has at least as many hits as iterations of it began. `total_ns` is the time
    that the line was on the stack, its callees included. `cpu_ns` is the processor's part of `self_ns`, the rest was
    waiting; `total_cpu_ns` is that of `total_ns`. `live_bytes` of what the line allocated were not released when the
    profile ended, `peak_live_bytes` when the heap was largest. `gc_share` of the collector's work was driven by what
    the line allocated, or asked for by it, which is `gc_ns` of the collector's time, in no line's `self_ns`. `ranges` are
    of those of its counts that differ between the runs that the profile is of: such a line is not deterministic.
    """

    line: int
    hits: int = field(metadata=COUNT)
    instructions: int = field(metadata=COUNT)
    share: float
    self_ns: int | None = None
    raw_ns: int | None = None
    total_ns: int | None = None
    error: float | None = None
    allocated_bytes: int = field(default=0, metadata=COUNT)
    allocations: int = field(default=0, metadata=COUNT)
    live_bytes: int | None = None
    peak_live_bytes: int | None = None
    live_kinds: list[KindRow] = field(default_factory=list, metadata=LATER)
    opcodes: list[LineOpcode] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    total_error: float | None = None
    gc_share: float = field(default=0.0, metadata=LATER)
    gc_ns: int | None = field(default=None, metadata=LATER)
    cpu_ns: int | None = None
    total_cpu_ns: int | None = None
    ranges: list[Range] = field(default_factory=list, metadata=LATER)


@dataclass(slots=True)
class FunctionRow:
    """One function of a file; `calls` counts its activations. The main chunk begins at line 1. `ranges` as in LineRow."""

    name: str
    line: int
    end_line: int
    calls: int = field(metadata=COUNT)
    instructions: int = field(metadata=COUNT)
    share: float
    self_ns: int | None = None
    raw_ns: int | None = None
    total_ns: int | None = None
    error: float | None = None
    allocated_bytes: int = field(default=0, metadata=COUNT)
    allocations: int = field(default=0, metadata=COUNT)
    low: float | None = None
    high: float | None = None
    total_error: float | None = None
    gc_share: float = field(default=0.0, metadata=LATER)
    gc_ns: int | None = field(default=None, metadata=LATER)
    cpu_ns: int | None = None
    total_cpu_ns: int | None = None
    ranges: list[Range] = field(default_factory=list, metadata=LATER)


@dataclass(slots=True)
class CallNode:
    """One place in the sampled call tree: a function at a line, reached through its parents.

    A function at the same line that is on the stack several times (recursion) appears once, at its outermost place.
    The line that was running stands at the end of its path even then. Builtins have `path` None and `line` 0; below them
    stands what they call back. NOT_SHOWN stands likewise for the middle of a path that is too long. The root, which stands for nothing, has an empty `function`; among its children stand COLLECTOR, COMPILER and OUTSIDE
    for the times that belong to no line.
    """

    function: str
    path: str | None
    function_line: int
    line: int
    samples: int
    self_ns: int
    children: list[CallNode] = field(default_factory=list)
    cpu_ns: int | None = None
    waiting_samples: int | None = None


@dataclass(slots=True)
class FileProfile:
    """One source: a file, or text given to `load`, which appears under its chunk name and has no `sha256`.

    A file is one, whatever paths it was loaded by. `path` is how the program called it first, `sha256` of the text as it
    was when it was loaded; `location` is where the file is, seen from where the run began, if `path` does not say it.
    A text that a file had later in the same run is a source of its own, whose `path` has a number behind it. What
    `is_binary` came in a binary chunk, and nobody knows its text.
    """

    path: str
    sha256: str | None = None
    lines: list[LineRow] = field(default_factory=list)
    functions: list[FunctionRow] = field(default_factory=list)
    location: str | None = field(default=None, metadata=LATER)
    is_binary: bool = field(default=False, metadata=LATER)


@dataclass(slots=True)
class Profile:
    """A whole profile. `call_tree` is None in modes that record no stacks.

    `outcome` is None where it is not known: in a profile from before it was recorded, or of a machine that ran on.
    `clock` is "cpu" where all times are processor times, as `by_cpu` makes a profile for those who show it. `origin` is
    None where it was made here; in a foreign profile library functions are C functions and states of the virtual machine.
    """

    mode: str
    program: Program
    totals: Totals
    outcome: RunOutcome | None = None
    opcodes: list[OpcodeRow] = field(default_factory=list)
    builtins: list[BuiltinRow] = field(default_factory=list)
    files: list[FileProfile] = field(default_factory=list)
    opcode_pairs: list[OpcodePair] = field(default_factory=list, metadata=LATER)
    zones: list[ZoneRow] = field(default_factory=list, metadata=LATER)
    call_tree: CallNode | None = None
    clock: str = field(default="wall", metadata=LATER)
    origin: Origin | None = None

    def holds(self, figure: str) -> bool:
        """Whether it holds one of the figures of NULL_WITHOUT; what was profiled here holds all of them."""
        return self.origin is None or figure in self.origin.figures

    @property
    def unknown_fields(self) -> frozenset[str]:
        """The names of fields that are 0 for not being known."""
        return frozenset(name for figure, names in NULL_WITHOUT.items() if not self.holds(figure) for name in names)

    def file(self, path: str) -> FileProfile | None:
        """The file of that path, if the run touched it."""
        return next((file for file in self.files if file.path == path), None)

    def to_json(self) -> dict[str, Any]:
        """The profile as the JSON object, made of dicts, lists and plain values."""
        from perilune.profiler.plain import to_plain

        plain: dict[str, Any] = to_plain(self, self.unknown_fields)
        return {"format": FORMAT, "version": VERSION, **plain}

    @staticmethod
    def from_json(value: object) -> Profile:
        """The profile in a parsed JSON object.

        Raises ProfileFormatError. Fields that this version does not know are ignored, so that a profile written by a
        later one of the same `version` can be read.
        """
        from perilune.profiler.plain import PlainError, from_plain

        if not isinstance(value, dict):
            raise ProfileFormatError("profile: expected an object")
        found, version = value.get("format"), value.get("version")
        if found != FORMAT:
            raise ProfileFormatError(f'not a Perilune profile: "format" is {found!r}, not {FORMAT!r}')
        if type(version) is not int:
            raise ProfileFormatError("version: expected an integer")
        if version != VERSION:
            raise ProfileFormatError(f"profile version {version} is not supported, only version {VERSION}")
        if value.get("mode") not in MODES:
            raise ProfileFormatError(f'"mode" is {value.get("mode")!r}, not one of {", ".join(MODES)}')
        try:
            profile = from_plain(Profile, value)
        except PlainError as error:
            raise ProfileFormatError(str(error)) from None
        if profile.origin is not None and profile.origin.measured not in MEASURED:
            raise ProfileFormatError(f'"origin.measured" is not one of {", ".join(MEASURED)}')
        return profile

    @property
    def failure(self) -> str | None:
        """How the run ended, in one line; None if it ended well, or if that is not known."""
        return None if self.outcome is None else self.outcome.failure
