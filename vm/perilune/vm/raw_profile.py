"""The shape of what the machine recorded between start and stop of a profile."""

from __future__ import annotations

from typing import TypedDict

RawKind = tuple[int, str, int, int]
"""(index of the word, kind of object, bytes, objects): blocks that were live when the profile ended. A block that is part
of an object, such as a table's array, has the object's kind and counts no object. In the whole profile's list the index
is 0 for blocks from before the profile and 1 for those that no Lua function allocated."""


class RawFunction(TypedDict):
    """Counters of one loaded function. `bytes` fields are arrays of machine integers, parallel to the code words.

    `counts` (u64) holds the executions of an instruction at its first word and 0 at its second; of `taken` (jumps
    taken), `aborted` (activations that ended early there), `every`, `ticks`, `samples`, `allocations` and
    `allocated_bytes` (u64 each) the sum of both words counts. `every` is there in the oracle mode only, `ticks` when
    traced, `samples` when sampled. A block that grows belongs to the instruction that grew it
    last: so an instruction's `live_bytes` (u64, of blocks that were not released when the profile ended) and
    `peak_live_bytes` (when the heap was largest) may be more than it allocated. `taken` lacks unconditional jumps forward. `lines`, `ranges` (five u32 each) and `word_ranges` (u32) are empty where debug
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
    samples: bytes | None
    taken: bytes
    aborted: bytes
    allocations: bytes
    allocated_bytes: bytes
    live_bytes: bytes
    peak_live_bytes: bytes
    live_kinds: list[RawKind]


class RawSampling(TypedDict):
    """What the sampler found. `samples` are all, `gc_samples` those in the collector, `outside_samples` those while no Lua
    function ran.

    `tree` is None where the sampler sees no call stacks. Its first node is the root; a node is (index of its parent,
    function id, line, name of the library function that stands there instead, samples that ended here).
    """

    sampler: str
    interval_ns: int
    samples: int
    gc_samples: int
    outside_samples: int
    tree: list[tuple[int, int, int, str | None, int]] | None


class RawProfile(TypedDict):
    """All figures.

    `current_bytes` are `started_bytes + paused_bytes + allocated_bytes - released_bytes`. `zones` are (name, calls,
    nanoseconds, allocated bytes, allocations). `peak_chain` are the calls, outermost first, when the stack first had
    `peak_chain_depth` slots, which is `peak_depth`: (function id, line, name of the library function or None). It has `peak_chain_length` activations, of which a long one lacks the middle.
    `builtins` are (name, calls, ticks, samples), their times without Lua functions that they call back. `sampling` is
    None unless the mode was "sample". `run_ns` is the part of `wall_ns` in which a program ran.
    """

    functions: list[RawFunction]
    builtins: list[tuple[str, int, int, int]]
    sampling: RawSampling | None
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
    outside_live_bytes: int
    outside_peak_live_bytes: int
    before_live_bytes: int
    before_peak_live_bytes: int
    live_kinds: list[RawKind]
    current_depth: int
    peak_depth: int
    paused_bytes: int
    zones: list[tuple[bytes, int, int, int, int]]
    peak_chain: list[tuple[int, int, str | None]]
    peak_chain_length: int
    peak_chain_depth: int
