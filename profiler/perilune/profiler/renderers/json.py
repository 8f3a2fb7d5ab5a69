"""The profile as JSON: one compact object on one line, with a newline at its end.

A profile of 10,000 lines stays under 6 MB, for which numbers are rounded to six digits where they are no counts, and a few
fields of rows that readers do not rely on are left out where they say nothing: `parse` puts them back.
"""

from __future__ import annotations

import json
from typing import Any

from perilune.profiler.model import FORMAT, VERSION, FunctionRow, LineRow, Profile, ProfileFormatError

_LEFT_OUT_IF: dict[str, tuple[Any, ...]] = {
    "raw_ns": (None,),
    "peak_live_bytes": (None, 0),
    "live_kinds": ([],),
    "gc_share": (0.0,),
    "waiting_samples": (None,),
    "clock": ("wall",),
    "repeats": (None,),
    "ranges": ([],),
    "origin": (None,),
    "hits": (None,),
}
_LEFT_OUT_OF_ROWS_IF: dict[str, tuple[Any, ...]] = _LEFT_OUT_IF | {
    "gc_ns": (None, 0),
    "cpu_ns": (None,),
    "total_cpu_ns": (None,),
}


def render(profile: Profile) -> str:
    """The same profile always gives the same text."""
    head = {"format": FORMAT, "version": VERSION}
    unknown = profile.unknown_fields

    def fields(row: Any) -> dict[str, Any]:
        return _fields(row, unknown)

    return json.dumps(head | fields(profile), separators=(",", ":"), default=fields) + "\n"


def _fields(row: Any, unknown: frozenset[str]) -> dict[str, Any]:
    """The fields of one of the model's dataclasses; the encoder asks for those of the ones inside."""
    left_out = _LEFT_OUT_OF_ROWS_IF if isinstance(row, LineRow | FunctionRow) else _LEFT_OUT_IF
    fields: dict[str, Any] = {}
    for name in row.__slots__:
        value = getattr(row, name)
        if type(value) is float:
            value = float(f"{value:.6g}")
        if name in unknown and value is not None:
            fields[name] = None
        elif value not in left_out.get(name, ()):
            fields[name] = value
    return fields


def parse(text: str | bytes) -> Profile:
    """The profile that `render` wrote. Raises ProfileFormatError."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ProfileFormatError("nested too deeply") from error
    except ValueError as error:
        raise ProfileFormatError(f"not JSON: {error}") from error
    return parse_value(value)


def parse_value(value: object) -> Profile:
    """The profile in a parsed JSON value. Raises ProfileFormatError."""
    try:
        profile = Profile.from_json(value)
    except RecursionError as error:
        raise ProfileFormatError("nested too deeply") from error
    for line in (line for file in profile.files for line in file.lines):
        if line.live_bytes is not None and line.peak_live_bytes is None:
            line.peak_live_bytes = 0  # both are recorded, or neither
    if profile.totals.collector is not None and profile.totals.gc_ns is not None:
        for file in profile.files:
            for line in file.lines:
                line.gc_ns = line.gc_ns or 0
            for function in file.functions:
                function.gc_ns = function.gc_ns or 0
    return profile
