"""The shape of what the machine recorded between start and stop of a profile."""

from __future__ import annotations

from typing import TypedDict

RawKind = tuple[int, str, int, int]
"""(index of the word, kind of object, bytes, objects): blocks that were live when the profile ended. A block that is part
of an object, such as a table's array, has the object's kind and counts no object. In the whole profile's list the index
is 0 for blocks from before the profile and 1 for those that no Lua function allocated."""


class RawFunction(TypedDict):
    """Counters of one function: of all its loads, which may be gone. `text` is the number of its text in the machine's `texts`. `bytes` fields are arrays of machine integers, parallel to the code words.

    `counts` (u64) holds the executions of an instruction at its first word and 0 at its second; of `taken` (jumps
    taken), `aborted` (activations that ended early there), `every`, `ticks`, `samples`, `waiting` (of the samples), `allocations` and
    `allocated_bytes` (u64 each) the sum of both words counts. `every` is there in the oracle mode only, `ticks` when
    traced, `samples` and `waiting`
    when sampled. A block that grows belongs to the instruction that grew it
    last: so an instruction's `live_bytes` (u64, of blocks that were not released when the profile ended) and
    `peak_live_bytes` (when the heap was largest) may be more than it allocated. `taken` lacks unconditional jumps forward. `lines`, `ranges` (five u32 each) and `word_ranges` (u32) are empty where debug
    information was stripped.
    """

    id: int
    text: int
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
    waiting: bytes | None
    taken: bytes
    aborted: bytes
    allocations: bytes
    allocated_bytes: bytes
    live_bytes: bytes
    peak_live_bytes: bytes
    gc_driven: bytes
    live_kinds: list[RawKind]


class RawWaiting(TypedDict):
    """How many samples found the thread waiting for something else than the processor; `tree` is parallel to the nodes."""

    samples: int
    gc: int
    compile: int
    outside: int
    builtins: dict[str, int]
    tree: list[int]


class RawCollector(TypedDict):
    """What the garbage collector did. `work` is in time stamps' ticks, or in bytes of its own measure where the mode takes
    no time; an instruction's `gc_driven` is a part of it. `walked` are (kind of object, bytes, objects) that were found
    alive, summed over the cycles.
    """

    cycles: int
    work: int
    freed_bytes: int
    freed_objects: int
    walked: list[tuple[str, int, int]]


class RawSampling(TypedDict):
    """What the sampler found. `samples` are all, `gc_samples` those in the collector, `compile_samples` those while a text
    was compiled for the program, `outside_samples` those while no Lua function ran.

    The first node of `tree` is the root; a node is (index of its parent, function id, line, name of the library function
    that stands there instead, samples that ended here). A parent stands before its children. `waiting` is None where the
    sampler cannot see it.
    """

    sampler: str
    interval_ns: int
    samples: int
    gc_samples: int
    compile_samples: int
    outside_samples: int
    tree: list[tuple[int, int, int, str | None, int]]
    waiting: RawWaiting | None


class RawProfile(TypedDict):
    """All figures.

    `current_bytes`, what was live when the program ended, are `started_bytes + paused_bytes + allocated_bytes -
    released_bytes - closing_bytes`; the last are what finalizers have added since, when the machine closed. `zones` are (name, calls,
    nanoseconds, allocated bytes, allocations, nanoseconds of the processor or None). `peak_chain` are the calls, outermost first, when the stack first had
    `peak_chain_depth` slots, which is `peak_depth`: (function id, line, name of the library function or None). It has `peak_chain_length` activations, of which a long one lacks the middle.
    `builtins` are (name, calls, ticks, samples), their times without Lua functions that they call back. `sampling` is
    None unless the mode was "sample". `run_ns` is the part of `wall_ns` in which a program ran, and `cpu_ns` the processor
    time of its thread meanwhile, None where the system does not tell it.
    """

    functions: list[RawFunction]
    builtins: list[tuple[str, int, int, int]]
    sampling: RawSampling | None
    wall_ns: int
    run_ns: int
    cpu_ns: int | None
    gc_ticks: int
    compile_ticks: int
    outside_ticks: int
    ns_per_tick: float
    probe_ticks: float
    hidden_ticks: float
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
    closing_bytes: int
    collector: RawCollector
    zones: list[tuple[bytes, int, int, int, int, int | None]]
    peak_chain: list[tuple[int, int, str | None]]
    peak_chain_length: int
    peak_chain_depth: int
