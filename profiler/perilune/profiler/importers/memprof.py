"""What Tarantool's `misc.memprof` records: a table of symbols, then a stream of allocations, in LEB128 numbers.

Of the streams of its versions 1 to 3 allocations and reallocations are read; a reallocation allocates what is new.
"""

from __future__ import annotations

from perilune.profiler.exporters.stacks import UNKNOWN, Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import LARGEST, clean_path, expected, line_number
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_SYMBOLS, _EVENTS = b"ljs", b"ljm"
_VERSIONS = (1, 2, 3)
_WITH_C_FUNCTIONS = 3  # the version of the symbols from which they hold C functions
_RESERVED = 3  # bytes behind a version
_END = 0x80
_KIND = 0x03
_LUA, _C, _TRACE = range(3)
_NEW_SYMBOL, _ALLOC, _FREE, _REALLOC = range(4)
_INTERNAL, _IN_LUA, _IN_C, _IN_TRACE = range(1, 5)
_LONGEST_NUMBER = 10  # bytes
_INSIDE = "(inside LuaJIT)"


class _Reader:
    """The bytes, and where it is in them."""

    __slots__ = ("content", "offset")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.offset = 0

    @property
    def place(self) -> str:
        """Where it is, for errors."""
        return f"byte {self.offset}"

    def byte(self) -> int:
        """The next byte."""
        if self.offset >= len(self.content):
            raise expected(f"{self.place}, the end of the file", "more of the profile")
        self.offset += 1
        return self.content[self.offset - 1]

    def number(self) -> int:
        """An unsigned LEB128 number."""
        place, value = self.place, 0
        for shift in range(0, 7 * _LONGEST_NUMBER, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise expected(place, f"a number of at most {_LONGEST_NUMBER} bytes")

    def text(self) -> str:
        """A string behind its length."""
        length = self.number()
        if length > len(self.content) - self.offset:
            raise expected(self.place, f"a text of {length} bytes")
        self.offset += length
        return self.content[self.offset - length : self.offset].decode("utf-8", "replace")

    def prologue(self, magic: bytes) -> int:
        """The version of what begins here."""
        place = self.place
        if not self.content.startswith(magic, self.offset):
            raise expected(place, magic.decode())
        self.offset += len(magic)
        version = self.byte()
        if version not in _VERSIONS:
            raise expected(place, f"{magic.decode()} of version 1, 2 or 3, not {version}")
        self.offset += _RESERVED
        return version


class _Symbols:
    """The functions of a profile by their address, and the traces by their number."""

    __slots__ = ("c_functions", "functions", "traces")

    def __init__(self) -> None:
        self.functions: dict[int, tuple[str, int]] = {}
        self.c_functions: dict[int, str] = {}
        self.traces: dict[int, tuple[int, int]] = {}

    def read(self, reader: _Reader, kind: int, has_address: bool = False) -> None:
        """Reads a symbol; a trace of version 2 `has_address` of its code too."""
        if kind == _LUA:
            address = reader.number()
            self.functions[address] = clean_path(reader.text()), line_number(reader.number(), reader.place)
        elif kind == _C:
            address = reader.number()
            self.c_functions[address] = reader.text()
        elif kind == _TRACE:
            trace = reader.number()
            if has_address:
                reader.number()
            self.traces[trace] = reader.number(), line_number(reader.number(), reader.place)
        else:
            raise expected(reader.place, "a symbol")


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """The lines are those of the functions that allocated; what C functions did has none."""
    reader = _Reader(content)
    symbols = _Symbols()
    version = reader.prologue(_SYMBOLS)
    while not (header := reader.byte()) & _END:
        kind = header & _KIND
        if version < _WITH_C_FUNCTIONS and kind:
            kind = _TRACE
        symbols.read(reader, kind, has_address=version < _WITH_C_FUNCTIONS)
    reader.prologue(_EVENTS)
    builder = ForeignProfile(Origin("memprof", "exact", host="tarantool", interpreter="LuaJIT"), Program(name))
    while not (header := reader.byte()) & _END:
        _read_event(reader, header, symbols, builder)
    return builder.profile()


def _read_event(reader: _Reader, header: int, symbols: _Symbols, builder: ForeignProfile) -> None:
    place = f"byte {reader.offset - 1}"
    event, source = header & _KIND, header >> 2
    if event == _NEW_SYMBOL:
        kinds = {_IN_LUA: _LUA, _IN_C: _C, _IN_TRACE: _TRACE}
        if source not in kinds:
            raise expected(place, "a new symbol")
        symbols.read(reader, kinds[source])
        return
    function, line = _location(reader, source, symbols, place)
    if event in (_FREE, _REALLOC):
        reader.number()
        reader.number()
    if event in (_ALLOC, _REALLOC):
        reader.number()
        size = reader.number()
        if size > LARGEST:
            raise expected(reader.place, "a size")
        if function.path is None:
            builder.add_builtin(function.function)
        builder.add_line(function.path, line, allocated_bytes=size, allocations=1, function=function)


def _location(reader: _Reader, source: int, symbols: _Symbols, place: str) -> tuple[Frame, int]:
    """The function, and its line that allocated."""
    if source == _INTERNAL:
        return Frame(_INSIDE, None, 0, 0), 0
    if source == _IN_C:
        address = reader.number()
        return Frame(symbols.c_functions.get(address, f"C function {address:#x}"), None, 0, 0), 0
    if source not in (_IN_LUA, _IN_TRACE):
        raise expected(place, "an event of an allocation")
    if source == _IN_TRACE:
        address, line = symbols.traces.get(reader.number(), (0, 0))
    else:
        address, line = reader.number(), line_number(reader.number(), place)
    path, first = symbols.functions.get(address, (UNKNOWN, 0))
    return Frame("main chunk" if first == 0 and path != UNKNOWN else UNKNOWN, path, first, 0), line
