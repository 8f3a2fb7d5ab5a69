"""pprof's profile.proto in its gzip wrapping, encoded here: the few messages need no library.

The last sample type is what viewers show first: time, or instructions where there is no time.
"""

from __future__ import annotations

import gzip

from perilune.profiler.exporters.stacks import Frame, line_costs, time_name, timed_stacks
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

_COUNTED = [("alloc_objects", "count"), ("alloc_space", "bytes"), ("instructions", "count")]
_SAMPLES = ("samples", "count")

_VARINT, _BYTES = 0, 2
_MAPPING = 1


class _Message:
    """A protobuf message under construction; fields that are 0 or empty are left out, as the encoding has it."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content = bytearray()

    def integer(self, field: int, value: int) -> _Message:
        """Adds an integer."""
        if value:
            self.content += _varint(field << 3 | _VARINT) + _varint(value)
        return self

    def integers(self, field: int, values: list[int]) -> _Message:
        """Adds a packed list of integers."""
        return self.bytes(field, b"".join(map(_varint, values))) if values else self

    def bytes(self, field: int, value: bytes | bytearray) -> _Message:
        """Adds one element of a repeated field, which may be empty."""
        self.content += _varint(field << 3 | _BYTES) + _varint(len(value)) + value
        return self

    def message(self, field: int, value: _Message) -> _Message:
        """Adds a message within this one."""
        return self.bytes(field, value.content)


_ONE_BYTE = [bytes([value]) for value in range(0x80)]


def _varint(value: int) -> bytes:
    if value < len(_ONE_BYTE):
        return _ONE_BYTE[value]
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class _Tables:
    """The strings, functions and locations of a profile, numbered as they are used; ids of the latter begin at 1."""

    __slots__ = ("_functions", "_locations", "_strings", "message")

    def __init__(self) -> None:
        self.message = _Message()
        self._strings: dict[str, int] = {"": 0}
        self._functions: dict[Frame, int] = {}
        self._locations: dict[Frame, int] = {}

    def string(self, text: str) -> int:
        """The index of a text."""
        return self._strings.setdefault(text, len(self._strings))

    def location(self, frame: Frame) -> int:
        """The id of a line of a function."""
        if frame not in self._locations:
            self._locations[frame] = identity = len(self._locations) + 1
            line = _Message().integer(1, self._function(frame.whole)).integer(2, frame.line)
            self.message.message(4, _Message().integer(1, identity).integer(2, _MAPPING).message(4, line))
        return self._locations[frame]

    def _function(self, whole: Frame) -> int:
        if whole not in self._functions:
            self._functions[whole] = identity = len(self._functions) + 1
            name, path = self.string(whole.function), self.string(whole.path or "")
            function = _Message().integer(1, identity).integer(2, name).integer(3, name).integer(4, path)
            self.message.message(5, function.integer(5, whole.function_line))
        return self._functions[whole]

    def write_strings(self) -> None:
        """Adds the texts to the message, when all are known."""
        for text in self._strings:
            self.message.bytes(6, text.encode("utf-8", "replace"))


def export(profile: Profile, sources: Sources) -> bytes:
    """Counts stand at lines without callers, times at whole stacks: the counts say nothing of callers."""
    is_timed = profile.totals.run_ns is not None
    time = (time_name(profile).replace(" ", "_"), "nanoseconds")
    types = [*_COUNTED, *([_SAMPLES, time] if is_timed else [])]
    tables = _Tables()
    message = tables.message
    for kind, unit in types:
        message.message(1, _value_type(tables, kind, unit))
    padding = [0] * (len(types) - len(_COUNTED))
    for frame, cost in line_costs(profile):
        counts = [cost.allocations, cost.allocated_bytes, cost.instructions]
        if any(counts):
            message.message(2, _sample(tables, (frame,), counts + padding))
    for frames, samples, self_ns in timed_stacks(profile):
        message.message(2, _sample(tables, frames[::-1], [0] * len(_COUNTED) + [samples, self_ns]))
    mapping = _Message().integer(1, _MAPPING).integer(5, tables.string(profile.program.path))
    for has in (7, 8, 9):  # functions, file names, line numbers: nothing is left to be looked up
        mapping.integer(has, 1)
    message.message(3, mapping)
    if is_timed:
        message.integer(10, profile.totals.wall_ns or 0)
        message.message(11, _value_type(tables, *time))
        message.integer(12, profile.totals.sample_interval_ns or 1)
    message.integer(14, tables.string(types[-1][0]))
    tables.write_strings()
    return gzip.compress(bytes(message.content), mtime=0)


def _value_type(tables: _Tables, kind: str, unit: str) -> _Message:
    return _Message().integer(1, tables.string(kind)).integer(2, tables.string(unit))


def _sample(tables: _Tables, innermost_first: tuple[Frame, ...], values: list[int]) -> _Message:
    return _Message().integers(1, [tables.location(frame) for frame in innermost_first]).integers(2, values)
