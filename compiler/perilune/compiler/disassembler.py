"""Compiled functions as text: readable, with the source beside it, and complete, so that the assembler reads it back.

The form is described in `assembler.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perilune.compiler.opcodes import OPCODES, Opcode
from perilune.compiler.proto import Constant, Proto, Range, UpvalueDescription

_FIELD_SHIFTS = {"A": (8, 8), "B": (16, 8), "C": (24, 8), "Bx": (16, 16), "J": (8, 24)}
_LONGEST_LITERAL = 40
_UPVALUE_KINDS = {
    UpvalueDescription.REGULAR: "",
    UpvalueDescription.CONSTANT: " const",
    UpvalueDescription.TO_BE_CLOSED: " close",
}
_ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}


def quote(text: bytes) -> str:
    """A string literal of the assembly text, in ASCII."""
    return '"' + "".join(_ESCAPES.get(c) or (chr(c) if 32 <= c < 127 else f"\\x{c:02x}") for c in text) + '"'


def constant_text(constant: Constant) -> str:
    """A constant as a literal of the assembly text."""
    if constant is None:
        return "nil"
    if isinstance(constant, bool):
        return "true" if constant else "false"
    return quote(constant) if isinstance(constant, bytes) else repr(constant)


def fields(opcode: Opcode, word: int, extra: int) -> list[int]:
    """The operands of an instruction in the table's order, signed where their kind is."""
    values = []
    for field, kind in opcode.operands:
        if field == "X":
            value, bits = extra, 32
            if kind == "key":
                value &= 0xFFFF
        else:
            shift, bits = _FIELD_SHIFTS[field]
            value = word >> shift & ((1 << bits) - 1)
        if kind in ("i", "jump") and value >= 1 << (bits - 1):
            value -= 1 << bits
        values.append(value)
    return values


def range_text(place: Range) -> str:
    """`@line:column-column`, with the start line behind `!` and the end line before its column where they differ."""
    line, start_line, start_column, end_line, end_column = place
    start = f"{line}" if start_line == line else f"{line}!{start_line}"
    end = f"{end_column}" if end_line == start_line else f"{end_line}:{end_column}"
    return f"@{start}:{start_column}-{end}"


def disassemble(
    proto: Proto,
    source_text: str | None = None,
    margins: Sequence[Mapping[int, str]] = (),
    places: list[tuple[int, int]] | None = None,
) -> str:
    """The text of a function and of all nested in it.

    With `source_text` each source line stands above the first instruction that it became. `margins` gives what stands
    before the instruction at a pc, all of one width, for every function: the outer one first, then those nested in it,
    each followed by its own. The assembler skips counts, percentages and times there. `places` is given, in pairs, which
    line of the text, from 0, is of which source line, from 1.
    """
    lines: list[str] = []
    source_lines = source_text.splitlines() if source_text is not None else []
    _Listing(lines, source_lines, list(margins), [] if places is None else places).function(proto, "")
    return "\n".join(lines) + "\n"


class _Listing:
    def __init__(
        self,
        lines: list[str],
        source_lines: list[str],
        margins: list[Mapping[int, str]],
        places: list[tuple[int, int]],
    ) -> None:
        self.lines = lines
        self.source_lines = source_lines
        self.margins = margins
        self.places = places

    def function(self, proto: Proto, indent: str) -> None:
        margins = self.margins.pop(0) if self.margins else {}
        name = "" if proto.name is None else " " + quote(proto.name)
        self.lines.append(f"{indent}.function{name}")
        inner = indent + "    "
        self.header(proto, inner)
        self.code(proto, inner, margins)
        for nested in proto.protos:
            self.lines.append("")
            self.function(nested, inner)
        self.lines.append(f"{indent}.end")

    def header(self, proto: Proto, indent: str) -> None:
        header = [] if proto.source is None else [f".source {quote(proto.source)}"]
        header.append(f".lines {proto.first_line} {proto.last_line}")
        header.append(f".parameters {proto.parameters}")
        if proto.is_vararg:
            header.append(".vararg")
        header.append(f".slots {proto.slots}")
        for upvalue in proto.upvalues:
            name = "-" if upvalue.name is None else quote(upvalue.name)
            place = "slot" if upvalue.in_stack else "upvalue"
            header.append(f".upvalue {name} {place} {upvalue.index}{_UPVALUE_KINDS.get(upvalue.kind, '')}")
        header += [f".constant {constant_text(constant)}" for constant in proto.constants]
        header += [f".local {quote(v.name)} s{v.slot} {v.first_pc} {v.end_pc}" for v in proto.locals]
        header += [f".loop {line} {test} {body}" for line, test, body in proto.loops]
        if not proto.ranges:
            header.append(".stripped")
        self.lines += [indent + line for line in header]

    def code(self, proto: Proto, indent: str, margins: Mapping[int, str]) -> None:
        decoded = []
        targets = set()
        pc = 0
        while pc < len(proto.code):
            word = proto.code[pc]
            opcode = OPCODES[word & 0xFF]
            operands = fields(opcode, word, proto.code[pc + 1] if opcode.words == 2 else 0)
            decoded.append((pc, opcode, operands))
            pc += opcode.words
            targets |= {
                pc + value for (_, kind), value in zip(opcode.operands, operands, strict=True) if kind == "jump"
            }
        indices = {(type(constant), str(constant)): i for i, constant in reversed([*enumerate(proto.constants)])}
        shown_line = 0
        for pc, opcode, operands in decoded:
            line = proto.line(pc)
            if line != shown_line and 0 < line <= len(self.source_lines):
                self.places.append((len(self.lines), line))
                self.lines.append(f"{indent}; {line:5} | {self.source_lines[line - 1].strip()}")
                shown_line = line
            if pc in targets:
                self.lines.append(f"{indent}L{pc}:")
            text = " ".join([f"{opcode.name:<10}", *self.operands(proto, pc, opcode, operands, indices)])
            place = ""
            if proto.ranges:
                places = [proto.word_ranges[pc + word] for word in range(opcode.words)]
                place = " ".join(range_text(proto.ranges[index]) for index in dict.fromkeys(places))
            comment = self.comment(proto, pc, opcode, operands)
            if line:
                self.places.append((len(self.lines), line))
            full = f"{indent}{margins.get(pc, '')}{pc:6} | {text:<34} {place:<18}{comment}"
            self.lines.append(full.rstrip())

    def operands(
        self,
        proto: Proto,
        pc: int,
        opcode: Opcode,
        operands: list[int],
        indices: dict[tuple[type, str], int],
    ) -> list[str]:
        found = []
        for (_, kind), value in zip(opcode.operands, operands, strict=True):
            if kind in ("w", "r", "m", "a"):
                found.append(f"s{value}")
            elif kind in ("k", "num", "key"):
                literal = f"k{value}"
                if value < len(proto.constants):
                    constant = proto.constants[value]
                    text = constant_text(constant)
                    if len(text) <= _LONGEST_LITERAL and indices[type(constant), str(constant)] == value:
                        literal = text
                found.append(literal)
            elif kind in ("u", "p"):
                found.append(f"{kind}{value}")
            elif kind == "jump":
                found.append(f"L{pc + opcode.words + value}")
            else:
                found.append(str(value))
        return found

    def comment(self, proto: Proto, pc: int, opcode: Opcode, operands: list[int]) -> str:
        """Names for the numbers of an instruction."""
        found: dict[str, None] = {}
        for (_, kind), value in zip(opcode.operands, operands, strict=True):
            if kind in ("w", "r", "m"):
                # A variable's scope begins behind the instruction that gives it its first value.
                here = pc + opcode.words if kind == "w" else pc
                for local in proto.locals:
                    if local.slot == value and local.first_pc <= here < local.end_pc:
                        found[f"s{value} {local.name.decode('latin-1')}"] = None
            elif kind == "u" and value < len(proto.upvalues):
                name = proto.upvalues[value].name
                if name is not None:
                    found[f"u{value} {name.decode('latin-1')}"] = None
            elif kind == "p" and value < len(proto.protos):
                name = proto.protos[value].name
                if name is not None:
                    found[f"p{value} {name.decode('latin-1')}"] = None
        return " ; " + ", ".join(found) if found else ""
