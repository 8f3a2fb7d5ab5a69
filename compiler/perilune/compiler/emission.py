"""The function being compiled: its code so far, its constants, its operand stack's height, jumps, and source ranges.

`top` is the height: the next free slot. A value is pushed by writing slot `top`; locals in scope are the slots below.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from perilune.compiler.diagnostics import Diagnostic, LuaSyntaxError
from perilune.compiler.nodes import Vararg
from perilune.compiler.opcodes import BY_NAME, MAX_HINTED_KEY, MAX_SLOTS
from perilune.compiler.proto import Constant, LocalVariable, Loop, Proto, Range, UpvalueDescription
from perilune.compiler.source import next_token

if TYPE_CHECKING:
    from perilune.compiler import nodes
    from perilune.compiler.source import Source
    from perilune.compiler.symbols import FunctionScope, Resolution, Variable

MAX_SHORT_STRING: Final = 40
"""Longest string that the virtual machine interns, so the longest that can be the key of a field instruction."""

CODE: Final = {name: opcode.code for name, opcode in BY_NAME.items()}

_JMP: Final = CODE["JMP"]
_OF_LOOPS: Final = frozenset(CODE[name] for name in ("FORPREP", "FORLOOP", "TFORPREP", "TFORLOOP"))
_CALL: Final = CODE["CALL"]
_LOADNIL: Final = CODE["LOADNIL"]
_LOADTRUE: Final = CODE["LOADTRUE"]
_LOADFALSE: Final = CODE["LOADFALSE"]
_LOADI: Final = CODE["LOADI"]
_LOADF: Final = CODE["LOADF"]
_LOADK: Final = CODE["LOADK"]
_LOADKX: Final = CODE["LOADKX"]

Label = list[int]
"""A place that is not bound yet: the jumps that lead there."""


class LineTable:
    """Line and column of every offset of a source, by one list access: the generator asks for most of them."""

    __slots__ = ("lines", "source", "starts")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.starts = [0, *source.line_starts]
        self.lines: list[int] = []
        begins = source.line_starts
        for number, begin in enumerate(begins, 1):
            end = begins[number] if number < len(begins) else len(source.text) + 2
            self.lines += [number] * (end - begin)


class FunctionState:
    """One function under construction."""

    __slots__ = (
        "active",
        "barrier",
        "code",
        "compile_function",
        "constant_indices",
        "constants",
        "folded",
        "high",
        "key_indices",
        "label_positions",
        "label_waiting",
        "last_nil",
        "late",
        "lines",
        "locals",
        "loops",
        "loops_noted",
        "next_name",
        "open_count",
        "proto",
        "protos",
        "ranges",
        "resolution",
        "scope",
        "starts",
        "table",
        "targets",
        "tbc_count",
        "top",
        "word_ranges",
    )

    def __init__(
        self,
        scope: FunctionScope,
        resolution: Resolution,
        table: LineTable,
        compile_function: Callable[[nodes.Function, bytes | None], Proto],
    ) -> None:
        self.scope = scope
        self.resolution = resolution
        self.folded = resolution.folded
        self.table = table
        self.lines = table.lines
        self.starts = table.starts
        self.compile_function = compile_function
        self.code: list[int] = []
        self.word_ranges: list[int] = []
        self.ranges: list[Range] = []
        self.constants: list[Constant] = []
        self.constant_indices: dict[object, int] = {}
        self.key_indices: dict[str, int] = {}
        self.protos: list[Proto] = []
        self.locals: list[LocalVariable] = []
        self.active: list[ActiveLocal] = []
        self.top = 0
        self.high = 2
        self.next_name: bytes | None = None  # what to call the next function expression
        self.last_nil = -1  # pc of the last LOADNIL
        self.barrier = 0  # highest pc that a jump may reach: no peephole across it
        self.targets: dict[int, int] = {}  # pc of a jump -> pc that it leads to
        self.open_count = 0  # active locals that leaving must close
        self.tbc_count = 0  # of these, the to-be-closed
        self.loops: list[tuple[Label, int]] = []  # where `break` leads, and the locals it leaves open
        self.loops_noted: list[Loop] = []
        self.label_positions: dict[nodes.Label, int] = {}
        self.label_waiting: dict[nodes.Label, Label] = {}
        self.late: dict[nodes.Expression, int] = {}  # see expressions.delay

    # --- source ranges

    def place(self, start: int, end: int, line_offset: int) -> int:
        """The index of a source range whose line is that of `line_offset`."""
        lines = self.lines
        first = lines[start]
        last = lines[end]
        starts = self.starts
        self.ranges.append((lines[line_offset], first, start - starts[first] + 1, last, end - starts[last] + 1))
        return len(self.ranges) - 1

    # --- slots

    def push(self, node: nodes.Node) -> int:
        """Reserves the slot at the top."""
        slot = self.top
        self.top = slot + 1
        if slot >= self.high:
            self.grow(slot + 1, node)
        return slot

    def grow(self, height: int, node: nodes.Node) -> None:
        """Notes that the function needs `height` slots."""
        if height > self.high:
            self.high = height
            if height > MAX_SLOTS:
                self.fail("function or expression needs too many registers", node)

    def fail(self, message: str, node: nodes.Node) -> None:
        """Raises LuaSyntaxError at the token behind a node, which the reference implementation has read by then: in a
        list the one behind the comma, and at its end the one behind the call, unless the list ends with `...`.
        """
        source = self.table.source
        start, end = next_token(source.text, node.end)
        behind = source.text[start:end]
        if behind == "," or (behind == ")" and type(node) is not Vararg):
            start, end = next_token(source.text, end)
        near = f"'{source.text[start:end]}'" if end > start else "<eof>"
        diagnostic = Diagnostic.at(source, f"{message} near {near}", node.start, node.end, source.line(start))
        raise LuaSyntaxError.from_diagnostic(source, diagnostic)

    # --- constants

    def constant(self, value: Any) -> int:
        """The index of a constant."""
        kind = type(value)
        key = value if kind is bytes or kind is int else (kind, str(value))
        index = self.constant_indices.get(key)
        if index is None:
            index = self.constant_indices[key] = len(self.constants)
            self.constants.append(value)
        return index

    def key(self, name: str) -> int:
        """The index of a field name as X wants it, or -1 where it must go through a slot."""
        index = self.key_indices.get(name)
        if index is None:
            index = -1
            if len(name) <= MAX_SHORT_STRING:
                index = self.constant(name.encode("latin-1"))
                if index > MAX_HINTED_KEY:
                    index = -1
            self.key_indices[name] = index
        return index

    def load(self, value: Any, slot: int, place: int) -> None:
        """s[slot] = a constant."""
        kind = type(value)
        if kind is int and -0x8000 <= value <= 0x7FFF:
            word = _LOADI | slot << 8 | (value & 0xFFFF) << 16
        elif value is None:
            self.load_nil(slot, 1, place)
            return
        elif kind is bool:
            word = (_LOADTRUE if value else _LOADFALSE) | slot << 8
        elif kind is float and -0x8000 <= value <= 0x7FFF and value.is_integer() and str(value) != "-0.0":
            word = _LOADF | slot << 8 | (int(value) & 0xFFFF) << 16
        else:
            index = self.constant(value)
            if index > 0xFFFF:
                self.code += (_LOADKX | slot << 8, index)
                self.word_ranges += (place, place)
                return
            word = _LOADK | slot << 8 | index << 16
        self.code.append(word)
        self.word_ranges.append(place)

    def load_nil(self, first: int, count: int, place: int) -> None:
        """Fills slots with nil, in the instruction before where that does the same to neighbours."""
        code = self.code
        pc = len(code)
        if self.last_nil == pc - 1 and pc > self.barrier:
            start = code[-1] >> 8 & 0xFF
            end = start + (code[-1] >> 16)
            if start <= first <= end + 1:
                last = max(end, first + count - 1)
                code[-1] = _LOADNIL | start << 8 | (last - start) << 16
                return
        self.last_nil = pc
        code.append(_LOADNIL | first << 8 | (count - 1) << 16)
        self.word_ranges.append(place)

    # --- jumps

    def jump(self, label: Label, place: int) -> None:
        """An unconditional jump to a label."""
        label.append(len(self.code))
        self.code.append(_JMP)
        self.word_ranges.append(place)

    def jump_back(self, target: int, place: int) -> None:
        """An unconditional jump to a known pc."""
        self.targets[len(self.code)] = target
        self.code.append(_JMP)
        self.word_ranges.append(place)

    def bind(self, label: Label) -> None:
        """Makes a label the current pc."""
        if label:
            here = len(self.code)
            if label[-1] == here - 1 and self.barrier < here:
                # A jump to the next instruction is none. Only an unconditional one is a single word.
                label.pop()
                self.code.pop()
                self.word_ranges.pop()
                here -= 1
            for pc in label:
                self.targets[pc] = here
            if label:
                self.barrier = here

    def lead(self, label: Label, target: int) -> None:
        """Makes a label a pc that is known already."""
        for pc in label:
            self.targets[pc] = target

    def here(self) -> int:
        """The current pc, as a place that jumps will lead to."""
        self.barrier = len(self.code)
        return self.barrier

    # --- locals

    def activate(self, variable: Variable) -> None:
        """Begins the scope of a variable whose slot holds its value."""
        debug = LocalVariable(variable.name.encode("latin-1"), len(self.code), 0, variable.slot)
        self.locals.append(debug)
        closes = variable.attribute == "close"
        if closes:
            self.tbc_count += 1
        if closes or variable.captured:
            self.open_count += 1
            self.active.append(ActiveLocal(debug, variable.slot, True, closes))
        else:
            self.active.append(ActiveLocal(debug, variable.slot, False, False))

    def activate_hidden(self, slot: int, closes: bool) -> None:
        """Begins the scope of a loop's state in a slot."""
        debug = LocalVariable(b"(for state)", len(self.code), 0, slot)
        self.locals.append(debug)
        self.active.append(ActiveLocal(debug, slot, closes, closes))
        if closes:
            self.tbc_count += 1
            self.open_count += 1

    def deactivate(self, count: int) -> None:
        """Ends the scope of all locals but the first `count`."""
        active = self.active
        pc = len(self.code)
        while len(active) > count:
            local = active.pop()
            local.debug.end_pc = pc
            if local.closes:
                self.open_count -= 1
                if local.is_tbc:
                    self.tbc_count -= 1

    def first_open(self, first: int) -> int:
        """The lowest slot to close among the active locals from index `first` on, -1 where there is none."""
        if self.open_count:
            for local in self.active[first:]:
                if local.closes:
                    return local.slot
        return -1

    def insert_before_open_tail(self, word: int) -> None:
        """Puts an instruction before the last one, and before the chain of open calls that feeds it.

        Nothing may stand between an open producer and its consumer, and the chain reads no local.
        """
        code = self.code
        pc = len(code) - 1
        while code[pc] >> 16 & 0xFF == 0:
            pc -= 1
            if code[pc] & 0xFF != _CALL:
                break
        code.insert(pc, word)
        self.word_ranges.insert(pc, self.word_ranges[-1])

    # --- the end

    def finish(self, name: bytes | None, source: bytes | None, first_line: int, last_line: int) -> Proto:
        """The compiled function."""
        proto = Proto(source, name, first_line, last_line)
        self.resolve_jumps()
        proto.is_vararg = self.scope.has_vararg
        proto.parameters = len(self.scope.parameters)
        proto.slots = self.high
        proto.code = array("I", self.code)
        proto.constants = self.constants
        proto.upvalues = [
            UpvalueDescription(upvalue.name.encode("latin-1"), upvalue.in_stack, upvalue.index, upvalue.kind)
            for upvalue in self.scope.upvalues
        ]
        proto.protos = self.protos
        self.number_ranges(proto)
        proto.locals = self.locals
        proto.loops = self.loops_noted
        return proto

    def number_ranges(self, proto: Proto) -> None:
        """Gives the proto its source ranges, each once, in the order of the code."""
        numbers: dict[Range, int] = {}
        ranges = self.ranges
        known = [-1] * len(ranges)
        words: list[int] = []
        for place in self.word_ranges:
            number = known[place]
            if number < 0:
                number = known[place] = numbers.setdefault(ranges[place], len(numbers))
            words.append(number)
        proto.word_ranges = array("I", words)
        proto.ranges = list(numbers)

    def resolve_jumps(self) -> None:
        """Writes the distances, leading jumps to unconditional jumps on to where those lead.

        Those of numeric and generic loops stay, as in the reference implementation: a line hook sees where they go.
        """
        code = self.code
        targets = self.targets
        jmp = _JMP
        for pc, target in targets.items():
            hops = 0
            while code[target] & 0xFF == jmp and hops < 100 and code[pc] & 0xFF not in _OF_LOOPS:
                target = targets[target]
                hops += 1
            if code[pc] & 0xFF == jmp:
                code[pc] |= ((target - pc - 1) & 0xFFFFFF) << 8
            else:
                code[pc + 1] = (target - pc - 2) & 0xFFFFFFFF


class ActiveLocal:
    """A local in scope; `closes` says that leaving its scope must close it."""

    __slots__ = ("closes", "debug", "is_tbc", "slot")

    def __init__(self, debug: LocalVariable, slot: int, closes: bool, is_tbc: bool) -> None:
        self.debug = debug
        self.slot = slot
        self.closes = closes
        self.is_tbc = is_tbc
