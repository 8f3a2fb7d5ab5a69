"""The compiled form of a function and its binary chunk: what the compiler hands to the virtual machine.

A binary chunk is little-endian, whatever machine writes it and whatever machine reads it:

    chunk     = b"\\x1bPerilune" version:8 bytes  function
    function  = name:string  source:string  first_line:u32  last_line:u32
                parameters:u8  flags:u8  slots:u8  upvalue_count:u8
                word_count:u32  word:u32...
                constant_count:u32  constant...
                upvalue: (in_stack:u8 index:u8 kind:u8 name:string)...
                function_count:u32  function...
                range_count:u32  (line:u32 start_line:u32 start_column:u32 end_line:u32 end_column:u32)...
                range index of every word: u32...        (absent where range_count is 0)
                local_count:u32  (name:string first_pc:u32 end_pc:u32 slot:u8)...
    constant  = 0 (nil) | 1 (false) | 2 (true) | 3 i64 | 4 f64 | 5 string
    string    = length:u32 bytes; length 0xFFFFFFFF means absent

A range that begins in line 0 is not one but a `while` loop, and they come last: the line of the token before its `end`,
0, the pc of its test (of its jump back, where it has none), the pc of its body, 0. Hooks need that, nothing else does.

A nested function's source is absent where it is the enclosing function's.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Final

from perilune.compiler.opcodes import VERSION

SIGNATURE: Final = b"\x1bPerilune"
FLAG_VARARG: Final = 1

Constant = None | bool | int | float | bytes

_ABSENT: Final = 0xFFFFFFFF
_NO_STRING: Final = b"\xff\xff\xff\xff"
_HEAD: Final = struct.Struct("<IIBBBBI")  # of a function, as far as its code
_FLOAT: Final = struct.Struct("<d")
_VISIBLE: Final = struct.Struct("<IIB")  # of a local variable, behind its name
_CONSTANT_NIL: Final = 0
_CONSTANT_FALSE: Final = 1
_CONSTANT_TRUE: Final = 2
_CONSTANT_INTEGER: Final = 3
_CONSTANT_FLOAT: Final = 4
_CONSTANT_STRING: Final = 5

MAX_NESTING: Final = 200
"""How deep functions may be nested in a chunk; the parser's own limit is the same."""


class ChunkError(Exception):
    """A binary chunk that is not one, or is cut short, or was made for another opcode table."""


class UpvalueDescription:
    """Where a closure finds an upvalue when it is made: a slot of the enclosing function, or one of its upvalues."""

    __slots__ = ("in_stack", "index", "kind", "name")

    REGULAR: Final = 0
    CONSTANT: Final = 1
    TO_BE_CLOSED: Final = 2

    def __init__(self, name: bytes | None, in_stack: bool, index: int, kind: int = REGULAR) -> None:
        self.name = name
        self.in_stack = in_stack
        self.index = index
        self.kind = kind


class LocalVariable:
    """A local variable's name and slot, visible from first_pc (inclusive) to end_pc (exclusive)."""

    __slots__ = ("end_pc", "first_pc", "name", "slot")

    def __init__(self, name: bytes, first_pc: int, end_pc: int, slot: int) -> None:
        self.name = name
        self.first_pc = first_pc
        self.end_pc = end_pc
        self.slot = slot


Range = tuple[int, int, int, int, int]
"""(line, start line, start column, end line, end column), 1-based, columns in bytes, end exclusive.

`line` is the one that error messages and the profile use; the rest is the source range of the construct.
"""


Loop = tuple[int, int, int]
"""(line, test, body) of a `while`: the line of the token before its `end`, and two pcs.

The reference implementation jumps back there, in a loop with the test at its beginning, and reports lines accordingly.
"""


class Proto:
    """A function's bytecode with everything needed to run, explain and profile it.

    `name` is how reports call the function: `fib`, `Account:deposit`, `main chunk`; None where it has none.
    `code` holds 32-bit words, `ranges[word_ranges[pc]]` is the source range of the word at `pc`.
    """

    __slots__ = (
        "code",
        "constants",
        "first_line",
        "is_vararg",
        "last_line",
        "locals",
        "loops",
        "name",
        "parameters",
        "protos",
        "ranges",
        "slots",
        "source",
        "upvalues",
        "word_ranges",
    )

    def __init__(self, source: bytes | None, name: bytes | None, first_line: int, last_line: int) -> None:
        self.source = source
        self.name = name
        self.first_line = first_line
        self.last_line = last_line
        self.parameters = 0
        self.is_vararg = False
        self.slots = 2
        self.code: array[int] = array("I")
        self.constants: list[Constant] = []
        self.upvalues: list[UpvalueDescription] = []
        self.protos: list[Proto] = []
        self.ranges: list[Range] = []
        self.word_ranges: array[int] = array("I")
        self.loops: list[Loop] = []
        self.locals: list[LocalVariable] = []

    def line(self, pc: int) -> int:
        """The line of the word at pc, or 0 where debug information was stripped."""
        return self.ranges[self.word_ranges[pc]][0] if self.ranges else 0


def dump(proto: Proto) -> bytes:
    """The binary chunk of a main function."""
    out = bytearray(SIGNATURE + VERSION)
    _dump_function(out, proto, None)
    return bytes(out)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _dump_string(out: bytearray, text: bytes | None) -> None:
    if text is None:
        out += _NO_STRING
    else:
        out += _number(len(text))
        out += text


def _words(words: array[int]) -> bytes:
    if sys.byteorder == "little":
        return words.tobytes()
    swapped = array("I", words)
    swapped.byteswap()
    return swapped.tobytes()


def _dump_constant(out: bytearray, constant: Constant) -> None:
    if constant is None:
        out.append(_CONSTANT_NIL)
    elif constant is False:
        out.append(_CONSTANT_FALSE)
    elif constant is True:
        out.append(_CONSTANT_TRUE)
    elif isinstance(constant, int):
        out.append(_CONSTANT_INTEGER)
        out += constant.to_bytes(8, "little", signed=True)
    elif isinstance(constant, float):
        out.append(_CONSTANT_FLOAT)
        out += _FLOAT.pack(constant)
    else:
        out.append(_CONSTANT_STRING)
        _dump_string(out, constant)


def _dump_function(out: bytearray, proto: Proto, outer: Proto | None) -> None:
    _dump_string(out, proto.name)
    _dump_string(out, None if outer is not None and outer.source == proto.source else proto.source)
    flags = FLAG_VARARG if proto.is_vararg else 0
    count = len(proto.upvalues)
    out += _HEAD.pack(proto.first_line, proto.last_line, proto.parameters, flags, proto.slots, count, len(proto.code))
    out += _words(proto.code)
    out += _number(len(proto.constants))
    for constant in proto.constants:
        _dump_constant(out, constant)
    for upvalue in proto.upvalues:
        out += bytes((upvalue.in_stack, upvalue.index, upvalue.kind))
        _dump_string(out, upvalue.name)
    out += _number(len(proto.protos))
    for nested in proto.protos:
        _dump_function(out, nested, proto)
    numbers: list[int] = []
    if proto.ranges:
        for entry in proto.ranges:
            numbers.extend(entry)
        for line, test, body in proto.loops:
            numbers.extend((line, 0, test, body, 0))
    out += _number(len(numbers) // 5)
    if numbers:
        out += _words(array("I", numbers))
        out += _words(proto.word_ranges)
    out += _number(len(proto.locals))
    for local in proto.locals:
        _dump_string(out, local.name)
        out += _VISIBLE.pack(local.first_pc, local.end_pc, local.slot)


def undump(chunk: bytes) -> Proto:
    """The main function of a binary chunk.

    Raises ChunkError. The structure is checked; whether the code is safe to run is the virtual machine's verifier's
    business.
    """
    if not chunk.startswith(SIGNATURE):
        raise ChunkError("not a binary chunk")
    if chunk[len(SIGNATURE) : len(SIGNATURE) + len(VERSION)] != VERSION:
        raise ChunkError("binary chunk was made by another version")
    reader = _Reader(chunk, len(SIGNATURE) + len(VERSION))
    try:
        proto = _undump_function(reader, 0, None)
    except (struct.error, IndexError) as error:
        raise ChunkError("truncated binary chunk") from error
    if reader.position != len(chunk):
        raise ChunkError("binary chunk has bytes behind its end")
    return proto


class _Reader:
    __slots__ = ("chunk", "position")

    def __init__(self, chunk: bytes, position: int) -> None:
        self.chunk = chunk
        self.position = position

    def take(self, size: int) -> bytes:
        taken = self.chunk[self.position : self.position + size]
        if len(taken) != size:
            raise ChunkError("truncated binary chunk")
        self.position += size
        return taken

    def byte(self) -> int:
        self.position += 1
        return self.chunk[self.position - 1]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def string(self) -> bytes | None:
        length = self.number()
        return None if length == _ABSENT else self.take(length)

    def words(self, count: int) -> array[int]:
        words = array("I", self.take(4 * count))
        if sys.byteorder == "big":
            words.byteswap()
        return words


def _undump_constant(reader: _Reader) -> Constant:
    tag = reader.byte()
    if tag == _CONSTANT_NIL:
        return None
    if tag in (_CONSTANT_FALSE, _CONSTANT_TRUE):
        return tag == _CONSTANT_TRUE
    if tag == _CONSTANT_INTEGER:
        return int.from_bytes(reader.take(8), "little", signed=True)
    if tag == _CONSTANT_FLOAT:
        value: float = struct.unpack("<d", reader.take(8))[0]
        return value
    if tag == _CONSTANT_STRING:
        return reader.string() or b""
    raise ChunkError(f"unknown constant tag {tag}")


def _undump_function(reader: _Reader, depth: int, outer_source: bytes | None) -> Proto:
    if depth > MAX_NESTING:
        raise ChunkError("functions nested too deep")
    name, source = reader.string(), reader.string()
    if source is None:
        source = outer_source
    first_line, last_line = reader.number(), reader.number()
    proto = Proto(source, name, first_line, last_line)
    proto.parameters, flags, proto.slots = reader.byte(), reader.byte(), reader.byte()
    upvalue_count = reader.byte()
    proto.is_vararg = bool(flags & FLAG_VARARG)
    proto.code = reader.words(reader.number())
    proto.constants = [_undump_constant(reader) for _ in range(reader.number())]
    for _ in range(upvalue_count):
        in_stack, index, kind = reader.byte(), reader.byte(), reader.byte()
        proto.upvalues.append(UpvalueDescription(reader.string(), bool(in_stack), index, kind))
    proto.protos = [_undump_function(reader, depth + 1, source) for _ in range(reader.number())]
    range_count = reader.number()
    if range_count:
        flat = reader.words(5 * range_count)
        proto.ranges = [(flat[i], flat[i + 1], flat[i + 2], flat[i + 3], flat[i + 4]) for i in range(0, len(flat), 5)]
        while proto.ranges and proto.ranges[-1][1] == 0:
            line, _, test, body, _ = proto.ranges.pop()
            proto.loops.insert(0, (line, test, body))
        proto.word_ranges = reader.words(len(proto.code))
        if len(proto.word_ranges) and max(proto.word_ranges) >= len(proto.ranges):
            raise ChunkError("source range out of bounds")
    for _ in range(reader.number()):
        local_name = reader.string() or b""
        first_pc, end_pc = reader.number(), reader.number()
        proto.locals.append(LocalVariable(local_name, first_pc, end_pc, reader.byte()))
    return proto
