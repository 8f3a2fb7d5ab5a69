"""The profile as data: what a run cost, by opcode, builtin, line and function.

The dataclasses mirror the JSON object that `perilune profile --format json` writes; field names are the same in both.
Times are nanoseconds and None where the mode takes none; lines count from 1; shares lie between 0 and 1 and are of
`totals.run_ns`, or of `totals.instructions` in count mode, which has no time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from typing import Any, TypeVar

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
    """Bytes not yet released when the profile ended, by kind of object: "table", "string", "function", ..."""

    kind: str
    bytes: int
    objects: int


@dataclass(slots=True)
class Memory:
    """Figures of the machine's one allocator, in bytes; `allocations` is how often it handed out a block."""

    current_bytes: int = 0
    peak_bytes: int = 0
    allocated_bytes: int = 0
    allocations: int = 0
    live_kinds: list[KindRow] = field(default_factory=list)


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

    current_depth: int = 0
    peak_depth: int = 0
    peak_chain: list[ChainEntry] = field(default_factory=list)
    peak_chain_missing: int = 0


@dataclass(slots=True)
class Totals:
    """The whole run.

    `run_ns` is the self time of all lines, plus `gc_ns`, plus `outside_ns` (before the first and after the last
    instruction). In trace mode the probes' own cost is subtracted from it, and `raw_ns` is the sum as measured.
    `wall_ns` is the clock's time from start to stop, probes included. `sampler` is "signal" or "thread" in sample mode;
    `cost_ratio` is what profiling cost, the processor time with it over that without it, where that was measured; what is
    not above 1.00 is noise, and no cost.
    """

    wall_ns: int | None = None
    run_ns: int | None = None
    gc_ns: int | None = None
    outside_ns: int | None = None
    raw_ns: int | None = None
    instructions: int = 0
    samples: int | None = None
    sampler: str | None = None
    sample_interval_ns: int | None = None
    cost_ratio: float | None = None
    memory: Memory = field(default_factory=Memory)
    stack: Stack = field(default_factory=Stack)


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
    calls: int
    share: float | None = None
    self_ns: int | None = None
    error: float | None = None


@dataclass(slots=True)
class ZoneRow:
    """One named zone that the program marked with `profiler.zone`; a zone entered inside itself counts once in `total_ns`."""

    name: str
    calls: int
    allocated_bytes: int
    allocations: int
    total_ns: int | None = None


@dataclass(slots=True)
class LineRow:
    """One line that holds instructions; `line` is 0 where the chunk carried no line numbers.

    `hits` is the largest count of any instruction on the line, `instructions` the sum of all of them. `error` is the
    half-width of the 95 % interval of a sampled share. `total_ns` is the time that the line was on the stack, its
    callees included. `live_bytes` of what the line allocated were not released when the profile ended, `peak_live_bytes`
    when the heap was largest.
    """

    line: int
    hits: int
    instructions: int
    share: float
    self_ns: int | None = None
    raw_ns: int | None = None
    total_ns: int | None = None
    error: float | None = None
    allocated_bytes: int = 0
    allocations: int = 0
    live_bytes: int | None = None
    peak_live_bytes: int | None = None
    live_kinds: list[KindRow] = field(default_factory=list)
    opcodes: list[LineOpcode] = field(default_factory=list)


@dataclass(slots=True)
class FunctionRow:
    """One function of a file; `calls` counts its activations. The main chunk begins at line 1."""

    name: str
    line: int
    end_line: int
    calls: int
    instructions: int
    share: float
    self_ns: int | None = None
    raw_ns: int | None = None
    total_ns: int | None = None
    error: float | None = None
    allocated_bytes: int = 0
    allocations: int = 0


@dataclass(slots=True)
class CallNode:
    """One place in the sampled call tree: a function at a line, reached through its parents.

    A function at the same line that is on the stack several times (recursion) appears once, at its outermost place.
    The line that was running stands at the end of its path even then. Builtins are leaves with `path` None and `line` 0. The root, which stands for nothing, has an empty `function`; among
    its children stand "(collector)" and "(outside)", where no Lua function was running.
    """

    function: str
    path: str | None
    function_line: int
    line: int
    samples: int
    self_ns: int
    children: list[CallNode] = field(default_factory=list)


@dataclass(slots=True)
class FileProfile:
    """One source: a file, or text given to `load`, which appears under its chunk name and has no `sha256`."""

    path: str
    sha256: str | None = None
    lines: list[LineRow] = field(default_factory=list)
    functions: list[FunctionRow] = field(default_factory=list)


@dataclass(slots=True)
class Profile:
    """A whole profile. `call_tree` is None in modes that record no stacks.

    `outcome` is None where it is not known: in a profile from before it was recorded, or of a machine that ran on.
    """

    mode: str
    program: Program
    totals: Totals
    outcome: RunOutcome | None = None
    opcodes: list[OpcodeRow] = field(default_factory=list)
    builtins: list[BuiltinRow] = field(default_factory=list)
    files: list[FileProfile] = field(default_factory=list)
    opcode_pairs: list[OpcodePair] = field(default_factory=list)
    zones: list[ZoneRow] = field(default_factory=list)
    call_tree: CallNode | None = None

    def file(self, path: str) -> FileProfile | None:
        """The file of that path, if the run touched it."""
        return next((file for file in self.files if file.path == path), None)

    def to_json(self) -> dict[str, Any]:
        """The profile as the JSON object, made of dicts, lists and plain values."""
        plain: dict[str, Any] = _plain(self)
        return {"format": FORMAT, "version": VERSION, **plain}

    @staticmethod
    def from_json(value: object) -> Profile:
        """The profile in a parsed JSON object.

        Raises ProfileFormatError. Fields that this version does not know are ignored, so that a profile written by a
        later one of the same `version` can be read.
        """
        reader = _Reader(value, "")
        found = reader.fields.get("format")
        if found != FORMAT:
            raise ProfileFormatError(f'not a Perilune profile: "format" is {found!r}, not {FORMAT!r}')
        version = reader.integer("version")
        if version != VERSION:
            raise ProfileFormatError(f"profile version {version} is not supported, only version {VERSION}")
        mode = reader.text("mode")
        if mode not in MODES:
            raise ProfileFormatError(f'"mode" is {mode!r}, not one of {", ".join(MODES)}')
        return Profile(
            mode=mode,
            program=_program(reader.object("program")),
            totals=_totals(reader.object("totals")),
            outcome=None if reader.fields.get("outcome") is None else _outcome(reader.object("outcome")),
            opcodes=reader.rows("opcodes", _opcode_row),
            builtins=reader.rows("builtins", _builtin_row),
            files=reader.rows("files", _file),
            opcode_pairs=reader.optional_rows("opcode_pairs", _opcode_pair),
            zones=reader.optional_rows("zones", _zone_row),
            call_tree=None if reader.fields.get("call_tree") is None else _call_node(reader.object("call_tree")),
        )

    @property
    def failure(self) -> str | None:
        """How the run ended, in one line; None if it ended well, or if that is not known."""
        return None if self.outcome is None else self.outcome.failure


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


_Row = TypeVar("_Row")


class _Reader:
    """Takes typed fields out of a JSON object; `path` says in errors where the object stands."""

    __slots__ = ("fields", "path")

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ProfileFormatError(f"{path or 'profile'}: expected an object")
        self.fields: dict[str, Any] = value
        self.path = path

    def _place(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def integer(self, name: str) -> int:
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ProfileFormatError(f"{self._place(name)}: expected an integer")
        return value

    def number(self, name: str) -> float:
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ProfileFormatError(f"{self._place(name)}: expected a number")
        return float(value)

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise ProfileFormatError(f"{self._place(name)}: expected a string")
        return value

    def optional_integer(self, name: str) -> int | None:
        return None if self.fields.get(name) is None else self.integer(name)

    def optional_number(self, name: str) -> float | None:
        return None if self.fields.get(name) is None else self.number(name)

    def optional_text(self, name: str) -> str | None:
        return None if self.fields.get(name) is None else self.text(name)

    def object(self, name: str) -> _Reader:
        return _Reader(self.fields.get(name), self._place(name))

    def items(self, name: str) -> list[Any]:
        value = self.fields.get(name)
        if not isinstance(value, list):
            raise ProfileFormatError(f"{self._place(name)}: expected a list")
        return value

    def rows(self, name: str, read: Callable[[_Reader], _Row]) -> list[_Row]:
        place = self._place(name)
        return [read(_Reader(value, f"{place}[{index}]")) for index, value in enumerate(self.items(name))]

    def optional_rows(self, name: str, read: Callable[[_Reader], _Row]) -> list[_Row]:
        """As `rows`; a list that is not there is empty, as in profiles of versions that did not write it yet."""
        return [] if self.fields.get(name) is None else self.rows(name, read)


def _program(reader: _Reader) -> Program:
    args = reader.items("args")
    if not all(isinstance(argument, str) for argument in args):
        raise ProfileFormatError(f"{reader.path}.args: expected a list of strings")
    return Program(reader.text("path"), args, reader.optional_text("sha256"))


def _outcome(reader: _Reader) -> RunOutcome:
    return RunOutcome(reader.text("kind"), reader.optional_text("message"), reader.optional_integer("exit_status"))


def _kind_row(reader: _Reader) -> KindRow:
    return KindRow(reader.text("kind"), reader.integer("bytes"), reader.integer("objects"))


def _chain_entry(reader: _Reader) -> ChainEntry:
    return ChainEntry(reader.text("function"), reader.optional_text("path"), reader.integer("line"))


def _totals(reader: _Reader) -> Totals:
    memory, stack = reader.object("memory"), reader.object("stack")
    return Totals(
        wall_ns=reader.optional_integer("wall_ns"),
        run_ns=reader.optional_integer("run_ns"),
        gc_ns=reader.optional_integer("gc_ns"),
        outside_ns=reader.optional_integer("outside_ns"),
        raw_ns=reader.optional_integer("raw_ns"),
        instructions=reader.integer("instructions"),
        samples=reader.optional_integer("samples"),
        sampler=reader.optional_text("sampler"),
        sample_interval_ns=reader.optional_integer("sample_interval_ns"),
        cost_ratio=reader.optional_number("cost_ratio"),
        memory=Memory(
            memory.integer("current_bytes"),
            memory.integer("peak_bytes"),
            memory.integer("allocated_bytes"),
            memory.integer("allocations"),
            memory.optional_rows("live_kinds", _kind_row),
        ),
        stack=Stack(
            stack.integer("current_depth"),
            stack.integer("peak_depth"),
            stack.optional_rows("peak_chain", _chain_entry),
            stack.optional_integer("peak_chain_missing") or 0,
        ),
    )


def _opcode_row(reader: _Reader) -> OpcodeRow:
    return OpcodeRow(
        name=reader.text("name"),
        count=reader.integer("count"),
        share=reader.number("share"),
        self_ns=reader.optional_integer("self_ns"),
        raw_ns=reader.optional_integer("raw_ns"),
        error=reader.optional_number("error"),
    )


def _opcode_pair(reader: _Reader) -> OpcodePair:
    return OpcodePair(reader.text("first"), reader.text("second"), reader.integer("count"))


def _builtin_row(reader: _Reader) -> BuiltinRow:
    return BuiltinRow(
        name=reader.text("name"),
        calls=reader.integer("calls"),
        share=reader.optional_number("share"),
        self_ns=reader.optional_integer("self_ns"),
        error=reader.optional_number("error"),
    )


def _zone_row(reader: _Reader) -> ZoneRow:
    return ZoneRow(
        name=reader.text("name"),
        calls=reader.integer("calls"),
        allocated_bytes=reader.integer("allocated_bytes"),
        allocations=reader.integer("allocations"),
        total_ns=reader.optional_integer("total_ns"),
    )


def _call_node(reader: _Reader) -> CallNode:
    return CallNode(
        function=reader.text("function"),
        path=reader.optional_text("path"),
        function_line=reader.integer("function_line"),
        line=reader.integer("line"),
        samples=reader.integer("samples"),
        self_ns=reader.integer("self_ns"),
        children=reader.rows("children", _call_node),
    )


def _line_opcode(reader: _Reader) -> LineOpcode:
    return LineOpcode(reader.text("name"), reader.integer("count"), reader.optional_integer("self_ns"))


def _line_row(reader: _Reader) -> LineRow:
    return LineRow(
        line=reader.integer("line"),
        hits=reader.integer("hits"),
        instructions=reader.integer("instructions"),
        share=reader.number("share"),
        self_ns=reader.optional_integer("self_ns"),
        raw_ns=reader.optional_integer("raw_ns"),
        total_ns=reader.optional_integer("total_ns"),
        error=reader.optional_number("error"),
        allocated_bytes=reader.integer("allocated_bytes"),
        allocations=reader.integer("allocations"),
        live_bytes=reader.optional_integer("live_bytes"),
        peak_live_bytes=reader.optional_integer("peak_live_bytes"),
        live_kinds=reader.optional_rows("live_kinds", _kind_row),
        opcodes=reader.rows("opcodes", _line_opcode),
    )


def _function_row(reader: _Reader) -> FunctionRow:
    return FunctionRow(
        name=reader.text("name"),
        line=reader.integer("line"),
        end_line=reader.integer("end_line"),
        calls=reader.integer("calls"),
        instructions=reader.integer("instructions"),
        share=reader.number("share"),
        self_ns=reader.optional_integer("self_ns"),
        raw_ns=reader.optional_integer("raw_ns"),
        total_ns=reader.optional_integer("total_ns"),
        error=reader.optional_number("error"),
        allocated_bytes=reader.optional_integer("allocated_bytes") or 0,
        allocations=reader.optional_integer("allocations") or 0,
    )


def _file(reader: _Reader) -> FileProfile:
    return FileProfile(
        path=reader.text("path"),
        sha256=reader.optional_text("sha256"),
        lines=reader.rows("lines", _line_row),
        functions=reader.rows("functions", _function_row),
    )
