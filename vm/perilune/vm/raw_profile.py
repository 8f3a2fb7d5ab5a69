"""The shape of what the machine recorded between start and stop of a profile."""

from __future__ import annotations

from typing import TypedDict


class RawFunction(TypedDict):
    """Counters of one loaded function. `bytes` fields are arrays of machine integers, parallel to the code words.

    `counts` (u64) holds the executions of an instruction at its first word and 0 at its second; of `every`, `ticks`,
    `allocations` and `allocated_bytes` (u64 each) the sum of both words counts. `every` is there in the oracle mode
    only, `ticks` when traced. `lines`, `ranges` (five u32 each) and `word_ranges` (u32) are empty where debug
    information was stripped.
    """

    id: int
    parent: int | None
    name: bytes | None
    source: bytes | None
    first_line: int
    last_line: int
    code: bytes
    lines: bytes
    ranges: bytes
    word_ranges: bytes
    entries: int
    counts: bytes
    every: bytes | None
    ticks: bytes | None
    allocations: bytes
    allocated_bytes: bytes


class RawProfile(TypedDict):
    """All figures. `builtins` are (name, calls, ticks); `run_ns` is the part of `wall_ns` in which a program ran."""

    functions: list[RawFunction]
    builtins: list[tuple[str, int, int]]
    wall_ns: int
    run_ns: int
    gc_ticks: int
    outside_ticks: int
    ns_per_tick: float
    probe_ticks: float
    started_bytes: int
    current_bytes: int
    peak_bytes: int
    allocated_bytes: int
    released_bytes: int
    allocations: int
    outside_allocations: int
    outside_bytes: int
    current_depth: int
    peak_depth: int
