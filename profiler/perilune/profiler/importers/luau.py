"""What Luau's `--profile` writes: microseconds, then a stack, innermost frame first, frames being `source,name,line`.

The line is the one where the function begins; the line that ran is not known. `GC,GC,` stands for the collector.
"""

from __future__ import annotations

import re

from perilune.profiler.exporters.stacks import UNKNOWN, Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import clean_path, count, expected, line_number, text_lines
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_LINE = re.compile(r"(?P<us>\d+) (?P<stack>.+)", re.ASCII)
_FRAME = re.compile(r"(?P<source>.*),(?P<name>[^,]*),(?P<line>-?\d{0,9})", re.ASCII)
_NS_PER_US = 1000
_COLLECTING = "(garbage collector)"
_NATIVE = ("[C]", "=[C]")


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A collection belongs to the function that it interrupted, as in the file; its time is a row of its own too."""
    origin = Origin("luau", "sampled", interpreter="Luau")
    origin.notes.append("Luau's profiler knows functions, not lines: times stand where a function begins.")
    origin.notes.append("It does not tell how many samples it took, so that errors are not known.")
    builder = ForeignProfile(origin, Program(name))
    for number, line in text_lines(content):
        place = f"line {number}"
        match = _LINE.fullmatch(line)
        if match is None:
            raise expected(place, "microseconds, a blank and frames joined by semicolons")
        frames = [_frame(part, place) for part in match["stack"].split(";")]
        states = [_COLLECTING] if frames[0] is None else []
        stack = tuple(frame for frame in reversed(frames) if frame is not None)
        ns = count(match["us"], place, "microseconds") * _NS_PER_US
        builder.add_stack(stack or (Frame(_COLLECTING, None, 0, 0),), ns, states=states)
    return builder.profile()


def _frame(text: str, place: str) -> Frame | None:
    """The frame, None for the collector's."""
    match = _FRAME.fullmatch(text)
    if match is None:
        raise expected(place, "a frame: source,name,line")
    if match["source"] == match["name"] == "GC":
        return None
    if match["source"] in _NATIVE:
        return Frame(match["name"] or UNKNOWN, None, 0, 0)
    line = line_number(int(match["line"] or 0) if match["line"] != "-" else 0, place)
    return Frame(match["name"] or ("main chunk" if line <= 1 else UNKNOWN), clean_path(match["source"]), line, line)
