"""LCOV's tracefile, as `luau --coverage` and luacov's reporter write it: how often lines and functions ran."""

from __future__ import annotations

from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import clean_path, count, expected, line_number, text_lines
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_IGNORED = ("TN", "FNF", "FNH", "LF", "LH", "BRDA", "BRF", "BRH", "VER", "MCDC", "MRF", "MRH", "FNL", "FNA")
_END = "end_of_record"


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A line that a record has several times, for the functions on it, ran as often as most of them say."""
    builder = ForeignProfile(Origin("lcov", "exact"), Program(name))
    path: str | None = None
    hits: dict[int, int] = {}
    starts: dict[str, tuple[int, int]] = {}
    calls: dict[str, int] = {}
    number = 0
    for number, line in text_lines(content):
        place = f"line {number}"
        if line.strip() == _END:
            if path is None:
                raise expected(place, "SF: before the end of a record")
            _add_record(builder, path, hits, starts, calls)
            path, hits, starts, calls = None, {}, {}, {}
            continue
        key, separator, value = line.partition(":")
        fields = value.split(",")
        if key == "SF" and separator:
            path = clean_path(value)
        elif key == "DA" and len(fields) >= 2:
            at = line_number(count(fields[0], place, "a line number"), place)
            hits[at] = max(hits.get(at, 0), count(fields[1].strip(), place))
        elif key == "FN" and len(fields) >= 2:
            end_line = fields[1] if len(fields) > 2 and fields[1].isdecimal() else ""
            function = ",".join(fields[2 if end_line else 1 :])
            starts[function] = tuple(  # type: ignore[assignment]
                line_number(count(each or "0", place, "a line number"), place) for each in (fields[0], end_line)
            )
        elif key == "FNDA" and len(fields) >= 2:
            function = ",".join(fields[1:])
            calls[function] = calls.get(function, 0) + count(fields[0], place)
        elif not separator or key not in _IGNORED:
            raise expected(place, f"a field of LCOV's tracefile ({', '.join(('SF', 'DA', 'FN', 'FNDA', *_IGNORED))})")
    if path is not None:
        raise expected(f"line {number}, the end of the file", _END)
    return builder.profile()


def _add_record(
    builder: ForeignProfile, path: str, hits: dict[int, int], starts: dict[str, tuple[int, int]], calls: dict[str, int]
) -> None:
    for line, count_of_line in hits.items():
        builder.add_line(path, line, hits=count_of_line)
    for function in {**starts, **calls}:
        line, end_line = starts.get(function, (0, 0))
        builder.add_function(path, function, line, calls.get(function, 0), end_line)
