"""pprof's profile.proto: samples with several values each, over tables of locations, functions and strings.

Times lead; a profile without times has its samples counted. Values of instructions and allocations are counts of lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from perilune.profiler.exporters.stacks import UNKNOWN, Frame, Stack
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.collapsed import DEFAULT_INTERVAL_NS, interval_note
from perilune.profiler.importers.fields import LARGEST, NS_PER_UNIT, clean_path, expected, line_number
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes
_COUNTED = {
    "instructions": "instructions",
    "alloc_space": "allocated_bytes",
    "alloc_objects": "allocations",
    "inuse_space": "allocated_bytes",
    "inuse_objects": "allocations",
}
"""The figures that are counts, by the name of a sample's value."""


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """Of several values of time the processor's or else the last one is taken."""
    raw = _Raw.of(content)
    origin = Origin("pprof", "sampled")
    builder = ForeignProfile(origin, Program(raw.program() or name))
    types = [(raw.string(kind), raw.string(unit)) for kind, unit in raw.types]
    timed = [at for at, (_, unit) in enumerate(types) if unit in NS_PER_UNIT]
    counted = {at: _COUNTED[kind] for at, (kind, _) in enumerate(types) if kind in _COUNTED}
    sampled = next((at for at, (kind, unit) in enumerate(types) if kind == "samples" and unit == "count"), None)
    if not timed and sampled is None and not counted:
        sampled = next((at for at, (_, unit) in enumerate(types) if unit == "count"), None)
        if sampled is None:
            named = ", ".join(f"{kind}/{unit}" for kind, unit in types) or "none"
            raise expected("sample_type", f"a time, samples, instructions or allocations, not {named}")
    time = timed[-1] if timed else None
    period = raw.period * NS_PER_UNIT.get(raw.string(raw.period_unit), 0)
    per_sample = period or interval_ns or DEFAULT_INTERVAL_NS
    if time is None and sampled is not None and not period:
        origin.notes.append(interval_note(per_sample, interval_ns is None))
    for at, (locations, values) in enumerate(raw.samples):
        if len(values) != len(types):
            raise expected(f"sample {at}", f"{len(types)} values")
        stack = raw.stack(locations, f"sample {at}")
        samples = None if sampled is None else values[sampled]
        ns = values[time] * NS_PER_UNIT[types[time][1]] if time is not None else (samples or 0) * per_sample
        if not 0 <= ns <= LARGEST or not 0 <= (samples or 0) <= LARGEST:
            raise expected(f"sample {at}", "values that are not negative, within bounds")
        if stack and (ns or samples):
            builder.add_stack(stack, ns, samples)
        for column, figure in counted.items():
            if not 0 <= values[column] <= LARGEST:
                raise expected(f"sample {at}", "values that are not negative, within bounds")
            if stack and values[column]:
                innermost = next((frame for frame in reversed(stack) if frame.path is not None), stack[-1])
                builder.add_line(innermost.path, innermost.line, function=innermost, **{figure: values[column]})
    if time is not None or sampled is not None:
        builder.totals.sample_interval_ns = period or (None if time is not None else per_sample)
        builder.totals.wall_ns = raw.duration_ns or None
    else:
        origin.measured = "exact"
    return builder.profile()


@dataclass(slots=True)
class _Raw:
    """The message's fields that are read; ids are as the file has them."""

    types: list[tuple[int, int]] = field(default_factory=list)
    samples: list[tuple[list[int], list[int]]] = field(default_factory=list)
    locations: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    functions: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    mapping: int = 0
    duration_ns: int = 0
    period_unit: int = 0
    period: int = 0

    @staticmethod
    def of(content: bytes) -> _Raw:
        """Reads the message."""
        raw = _Raw()
        for number, value in _fields(content, 0, len(content)):
            if isinstance(value, int):
                if number == 10:
                    raw.duration_ns = max(0, min(value, LARGEST))
                elif number == 12:
                    raw.period = max(0, min(value, LARGEST))
                continue
            begin, end = value
            if number == 6:
                raw.strings.append(content[begin:end].decode("utf-8", "replace"))
            elif number in (1, 11):
                numbers = _integers(content, begin, end)
                pair = numbers.get(1, [0])[-1], numbers.get(2, [0])[-1]
                if number == 1:
                    raw.types.append(pair)
                else:
                    raw.period_unit = pair[1]
            elif number == 2:
                numbers = _integers(content, begin, end)
                raw.samples.append((numbers.get(1, []), numbers.get(2, [])))
            elif number == 3 and not raw.mapping:
                raw.mapping = _integers(content, begin, end).get(5, [0])[-1]
            elif number == 4:
                raw._add_location(content, begin, end)
            elif number == 5:
                numbers = _integers(content, begin, end)
                identity, name, path, line = (numbers.get(at, [0])[-1] for at in (1, 2, 4, 5))
                raw.functions[identity] = name, path, line
        return raw

    def _add_location(self, content: bytes, begin: int, end: int) -> None:
        identity, lines = 0, []
        for number, value in _fields(content, begin, end):
            if number == 1 and isinstance(value, int):
                identity = value
            elif number == 4 and not isinstance(value, int):
                numbers = _integers(content, *value)
                lines.append((numbers.get(1, [0])[-1], numbers.get(2, [0])[-1]))
        self.locations[identity] = lines

    def string(self, at: int) -> str:
        """A text of the table."""
        if not 0 <= at < max(1, len(self.strings)):
            raise expected("string_table", f"a text number {at}")
        return self.strings[at] if self.strings else ""

    def program(self) -> str:
        """What the first mapping is of."""
        return self.string(self.mapping)

    def stack(self, locations: list[int], place: str) -> Stack:
        """The frames, outermost first; the file has them, and what is inlined in each, innermost first."""
        frames = []
        for identity in locations:
            if identity not in self.locations:
                raise expected(place, f"a location that is in the file, not number {identity}")
            for function, line in self.locations[identity] or [(0, 0)]:
                name, path, first = self.functions.get(function, (0, 0, 0))
                file = clean_path(self.string(path))
                if file:
                    at = line_number(line, place), line_number(first, place)
                    frames.append(Frame(self.string(name) or UNKNOWN, file, at[1], at[0]))
                else:
                    frames.append(Frame(self.string(name) or f"location {identity}", None, 0, 0))
        return tuple(reversed(frames))


def _fields(content: bytes, offset: int, end: int) -> Iterator[tuple[int, int | tuple[int, int]]]:
    """The fields of a message: an integer, or where the bytes of one begin and end."""
    while offset < end:
        key, offset = _varint(content, offset, end)
        kind = key & 7
        if kind == _VARINT:
            value, offset = _varint(content, offset, end)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, offset = _varint(content, offset, end)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise expected(f"byte {offset}", f"a field of a protobuf message, not of type {kind}")
        if length > end - offset:
            raise expected(f"byte {offset}", f"{length} bytes, not the end of the message")
        if kind == _BYTES:
            yield key >> 3, (offset, offset + length)
        offset += length


def _integers(content: bytes, begin: int, end: int) -> dict[int, list[int]]:
    """The integers of a message by field, packed ones too."""
    found: dict[int, list[int]] = {}
    for number, value in _fields(content, begin, end):
        values = found.setdefault(number, [])
        if isinstance(value, int):
            values.append(value)
            continue
        offset, until = value
        while offset < until:
            integer, offset = _varint(content, offset, until)
            values.append(integer)
    return found


def _varint(content: bytes, offset: int, end: int) -> tuple[int, int]:
    """A signed 64-bit integer, and where the next field begins."""
    value = 0
    for count in range(_LONGEST_VARINT):
        if offset + count >= end:
            break
        byte = content[offset + count]
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            value &= (1 << 64) - 1
            return value - (1 << 64) if value >> 63 else value, offset + count + 1
    raise expected(f"byte {offset}", "an integer of a protobuf message")
