"""luacov's statistics: for every file `LAST_LINE:PATH`, and on the next line how often each of its lines was hit."""

from __future__ import annotations

from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import clean_path, count, expected, line_number
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A line with 0 hits is one that did not run, or that cannot: the file does not tell, so it has no row."""
    builder = ForeignProfile(Origin("luacov", "exact"), Program(name))
    lines = content.decode("utf-8", "replace").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    for number in range(1, len(lines) + 1, 2):
        place = f"line {number}"
        last, separator, path = lines[number - 1].rstrip("\r").partition(":")
        if not separator or not path:
            raise expected(place, "the last line's number, a colon and a path")
        line_number(count(last, place, "a line number"), place)
        if number == len(lines):
            raise expected(f"line {number + 1}, the end of the file", "the hits of every line")
        for line, hits in enumerate(lines[number].split(), 1):
            times = count(hits, f"line {number + 1}")
            if times:
                builder.add_line(clean_path(path), line, hits=times)
    return builder.profile()
