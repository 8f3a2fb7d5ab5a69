"""pprof's profile.proto in its gzip wrapping.

The last sample type is what viewers show first: time, or instructions where there is no time.
"""

from __future__ import annotations

import gzip

from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.exporters.protobuf import Message
from perilune.profiler.exporters.stacks import Frame, line_costs, time_name, timed_stacks
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

_COUNTED = [("alloc_objects", "count"), ("alloc_space", "bytes"), ("instructions", "count")]
_FIGURES = ("allocations", "allocations", "instructions")
_SAMPLES = ("samples", "count")

_MAPPING = 1


class _Tables:
    """The strings, functions and locations of a profile, numbered as they are used; ids of the latter begin at 1."""

    __slots__ = ("_functions", "_locations", "_strings", "message")

    def __init__(self) -> None:
        self.message = Message()
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
            line = Message().integer(1, self._function(frame.whole)).integer(2, frame.line)
            self.message.message(4, Message().integer(1, identity).integer(2, _MAPPING).message(4, line))
        return self._locations[frame]

    def _function(self, whole: Frame) -> int:
        if whole not in self._functions:
            self._functions[whole] = identity = len(self._functions) + 1
            name, path = self.string(whole.function), self.string(whole.path or "")
            function = Message().integer(1, identity).integer(2, name).integer(3, name).integer(4, path)
            self.message.message(5, function.integer(5, whole.function_line))
        return self._functions[whole]

    def write_strings(self) -> None:
        """Adds the texts to the message, when all are known."""
        for text in self._strings:
            self.message.bytes(6, text.encode("utf-8", "replace"))


def sample_types(profile: Profile) -> list[tuple[str, str]]:
    """What a profile's samples hold: name and unit of each of their values."""
    is_timed = profile.totals.run_ns is not None
    counted = [kind for kind, figure in zip(_COUNTED, _FIGURES, strict=True) if profile.holds(figure)]
    return [*counted, *([_SAMPLES, (time_name(profile).replace(" ", "_"), "nanoseconds")] if is_timed else [])]


def export(profile: Profile, sources: Sources, begun_ns: int = 0) -> bytes:
    """Counts stand at lines without callers, times at whole stacks: the counts say nothing of callers.

    `begun_ns` says when the run began, in nanoseconds of UNIX time; 0 leaves it open.
    """
    types = sample_types(profile)
    if not types:
        raise ProfileExportError("pprof holds times, instructions and allocations, and this profile has none of them")
    held = [at for at, figure in enumerate(_FIGURES) if profile.holds(figure)]
    tables = _Tables()
    message = tables.message
    for kind, unit in types:
        message.message(1, _value_type(tables, kind, unit))
    padding = [0] * (len(types) - len(held))
    for frame, cost in line_costs(profile):
        counts = [cost.allocations, cost.allocated_bytes, cost.instructions]
        if any(counts):
            message.message(2, _sample(tables, (frame,), [counts[at] for at in held] + padding))
    for frames, samples, self_ns in timed_stacks(profile):
        message.message(2, _sample(tables, frames[::-1], [0] * len(held) + [samples, self_ns]))
    mapping = Message().integer(1, _MAPPING).integer(5, tables.string(profile.program.path))
    for has in (7, 8, 9):  # functions, file names, line numbers: nothing is left to be looked up
        mapping.integer(has, 1)
    message.message(3, mapping)
    message.integer(9, begun_ns)
    if profile.totals.run_ns is not None:
        message.integer(10, profile.totals.wall_ns or 0)
        message.message(11, _value_type(tables, *types[-1]))
        message.integer(12, profile.totals.sample_interval_ns or 1)
    message.integer(14, tables.string(types[-1][0]))
    tables.write_strings()
    return gzip.compress(bytes(message.content), mtime=0)


def _value_type(tables: _Tables, kind: str, unit: str) -> Message:
    return Message().integer(1, tables.string(kind)).integer(2, tables.string(unit))


def _sample(tables: _Tables, innermost_first: tuple[Frame, ...], values: list[int]) -> Message:
    return Message().integers(1, [tables.location(frame) for frame in innermost_first]).integers(2, values)
