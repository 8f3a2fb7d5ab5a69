"""Recordings of Lua in other programs: the files that the recorder's C and Lua parts write, and the profile they make.

What a file holds is said in `vm/recorder/recording.h`. A process that crashed leaves a file that ends anywhere; what is
whole of it counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from perilune.profiler.exporters.stacks import Frame, Stack
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.model import OUTSIDE, Profile, ProfileFormatError, Program
from perilune.profiler.origin import Origin

HEADER = b"perilune-recording 1\n"
"""How every recording begins."""

TIMER, COUNT_HOOK, LINE_HOOK, JIT_PROFILE, NONE = "timer", "count hook", "line hook", "jit.profile", "none"
"""How a state was recorded; NONE stands for a second state of LuaJIT in a process, which has one profiler."""

_CONDITIONS = {
    "N": "(compiled)",
    "I": "(interpreted)",
    "C": "(C code)",
    "G": "(garbage collector)",
    "J": "(JIT compiler)",
}
"""What LuaJIT was doing, by the letters of its profiler."""

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
_C_FUNCTION = "(C function)"
_ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class LuaState:
    """A Lua state that a process had: its interpreter, and how it was recorded."""

    interpreter: str
    method: str


@dataclass(slots=True)
class Recording:
    """What one process wrote. Frames of nodes are outermost first; a node of line counts has one frame."""

    process: int = 0
    program: str = ""
    interval_ns: int = 0
    recorded_at: int = 0
    states: dict[int, LuaState] = field(default_factory=dict)
    stacks: dict[int, Stack] = field(default_factory=dict)
    samples: list[tuple[int, int, int, str]] = field(default_factory=list)
    """Node, ticks of the timer, nanoseconds, and LuaJIT's condition."""
    outside_ns: int = 0
    outside_ticks: int = 0
    cost_ns: int = 0
    hook_cost: float | None = None
    """How many times as long a loop of cheap instructions took under the hook of a recorder in Lua."""
    hits: dict[int, int] = field(default_factory=dict)

    @property
    def sampled_ns(self) -> int:
        """The processor time that the samples stand for."""
        return self.outside_ns + sum(ns for _, _, ns, _ in self.samples)


def read_recording(content: bytes) -> Recording:
    """The recording in a file. Raises ProfileFormatError, with the line that is wrong."""
    if not content.startswith(HEADER):
        raise ProfileFormatError("not a recording: it does not begin with perilune-recording 1")
    reader = _Reader()
    lines = content.split(b"\n")
    for number, line in enumerate(lines[1:-1], 2):  # what comes behind the last line's end was cut short
        try:
            reader.take(line.decode("utf-8", "replace").split("\t"))
        except (IndexError, KeyError, ValueError) as error:
            raise ProfileFormatError(f"line {number}: expected a record of a recording") from error
    return reader.recording


class _Reader:
    """Takes the records of a file in their order."""

    def __init__(self) -> None:
        self.recording = Recording()
        self._functions: dict[int, Frame] = {}
        self._nodes: dict[int, tuple[int, int, int]] = {}

    def take(self, record: list[str]) -> None:
        """Takes one record. Raises ValueError, IndexError or KeyError if it is none."""
        kind, fields, made = record[0], record[1:], self.recording
        if kind == "S":
            node = int(fields[1])
            made.stacks.setdefault(node, self._stack(node))
            made.samples.append((node, int(fields[2]), int(fields[3]), fields[5]))
            made.cost_ns += int(fields[4])
        elif kind == "N":
            self._nodes[int(fields[0])] = (int(fields[1]), int(fields[2]), int(fields[3]))
        elif kind == "F":
            self._functions[int(fields[0])] = _function(fields)
        elif kind == "O":
            made.outside_ticks += int(fields[0])
            made.outside_ns += int(fields[1])
        elif kind == "H":
            node = int(fields[0])
            made.stacks.setdefault(node, self._stack(node))
            made.hits[node] = int(fields[1])
        elif kind == "V":
            made.states[int(fields[0])] = LuaState(fields[1], fields[2])
        elif kind == "K":
            made.hook_cost = float(fields[1])
        elif kind == "P":
            made.process, made.interval_ns, made.recorded_at = int(fields[0]), int(fields[2]), int(fields[3])
            made.program = _unescaped(fields[4])
        elif kind != "X":
            raise ValueError(kind)

    def _stack(self, node: int) -> Stack:
        frames: list[Frame] = []
        while node:
            node, function, line = self._nodes[node]
            frames.append(self._functions[function]._replace(line=line))
        return tuple(reversed(frames))


def _function(fields: list[str]) -> Frame:
    kind, first_line, source, name = fields[1], int(fields[2]), _unescaped(fields[4]), _unescaped(fields[5])
    if kind != "L":
        return Frame(name or _C_FUNCTION, None, 0, 0)
    # The main chunk begins at line 1, as in profiles of our own.
    return Frame(name or _ANONYMOUS, source.removeprefix("@"), first_line or 1, 0)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    letters = iter(text)
    return "".join(_ESCAPES.get(next(letters, ""), "") if letter == "\\" else letter for letter in letters)


def profile_of_recordings(recordings: Iterable[Recording], program: Program, wall_ns: int | None = None) -> Profile:
    """One profile of all that the processes of a command have recorded, which took `wall_ns` by the clock.

    Its times are those of the processors. Raises ProfileFormatError if there is no recording of a Lua state.
    """
    recorded = [recording for recording in recordings if recording.states]
    if not recorded:
        raise ProfileFormatError("the recording is of no Lua state")
    methods = {state.method for recording in recorded for state in recording.states.values()}
    origin = Origin(
        "record",
        "exact" if LINE_HOOK in methods else "sampled",
        host=", ".join(sorted({os.path.basename(recording.program) for recording in recorded if recording.program}))
        or None,
        interpreter=", ".join(
            sorted({state.interpreter for recording in recorded for state in recording.states.values()})
        ),
        recorded_at=datetime.fromtimestamp(min(each.recorded_at for each in recorded), UTC).isoformat(),
        notes=_notes(recorded, methods),
    )
    builder = ForeignProfile(origin, program)
    builder.totals.wall_ns = wall_ns
    for recording in recorded:
        _add(builder, recording)
    sampled_ns, cost_ns = (sum(getattr(each, name) for each in recorded) for name in ("sampled_ns", "cost_ns"))
    if origin.is_sampled:
        ticks = sum(each.outside_ticks + sum(sample[1] for sample in each.samples) for each in recorded)
        builder.totals.sampler = " and ".join(sorted(methods - {NONE})) or NONE
        builder.totals.sample_interval_ns = round(sampled_ns / ticks) if ticks else None
        builder.totals.cpu_ns = sampled_ns
        if sampled_ns and COUNT_HOOK not in methods:
            builder.totals.cost_ratio = (sampled_ns + cost_ns) / sampled_ns
    profile = builder.profile()
    profile.clock = "cpu" if origin.is_sampled else "wall"
    return profile


def _add(builder: ForeignProfile, recording: Recording) -> None:
    for node, ticks, ns, condition in recording.samples:
        states = (_CONDITIONS[condition],) if condition in _CONDITIONS else ()
        builder.add_stack(recording.stacks[node], ns, ticks, states)
    if recording.outside_ticks:
        builder.add_stack((Frame(OUTSIDE, None, 0, 0),), recording.outside_ns, recording.outside_ticks)
    for node, hits in recording.hits.items():
        frame = recording.stacks[node][-1]
        builder.add_line(frame.path or "", frame.line, hits=hits)
        builder.add_function(frame.path or "", frame.function, frame.function_line)


def _notes(recordings: list[Recording], methods: set[str]) -> list[str]:
    """What a reader must know of how it was recorded."""
    notes = []
    if LINE_HOOK in methods:
        notes.append("Hits are exact: a hook counted every line, which makes a program many times slower.")
    if TIMER in methods or JIT_PROFILE in methods:
        notes.append("Samples are of processor time: what waits is not seen.")
    if TIMER in methods:
        notes.append("The collector's time is with the lines that it interrupted.")
    slowest = max((recording.hook_cost or 0.0 for recording in recordings), default=0.0)
    if COUNT_HOOK in methods:
        notes.append(
            f"There was only Lua to record with: its hook makes loops of cheap instructions up to {slowest:.1f} times "
            "as slow, and the time of a C function is with what runs after it."
        )
    unseen = sum(state.method == NONE for recording in recordings for state in recording.states.values())
    if unseen:
        notes.append(
            f"LuaJIT profiles one state of a process at a time: {unseen} more {'was' if unseen == 1 else 'were'} not recorded."
        )
    if len(recordings) > 1:
        notes.append(f"The figures are of {len(recordings)} processes.")
    return notes
