"""A profile as sample mode makes it, by hand, for tests of what reads profiles: two files, recursion, builtins, zones.

The program: main chunk (lines 1 to 9 of `main.lua`) calls `fib` (recursive, line 1 to 4) at line 6 and `join` of
`lib/text.lua` (lines 2 to 5) at line 8; `join` calls the builtin `table.concat` at line 4. 1,000 samples, 1 ms each.
"""

from __future__ import annotations

from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    ChainEntry,
    FileProfile,
    FunctionRow,
    KindRow,
    LineOpcode,
    LineRow,
    Memory,
    OpcodePair,
    OpcodeRow,
    Profile,
    Program,
    Stack,
    Totals,
    ZoneRow,
)
from perilune.profiler.shares import interval_of_share

MS = 1_000_000

SOURCES = {
    "main.lua": [
        "local function fib(n)",
        "  if n < 2 then return n end",
        "  return fib(n - 1) + fib(n - 2)",
        "end",
        'local text = require "lib.text"',
        "fib(20)",
        "for i = 1, 100 do",
        "  text.join(i)",
        "end",
    ],
    "lib/text.lua": [
        "local M = {}",
        "function M.join(n)",
        "  local t = {n, n, n}",
        '  return table.concat(t, ",")',
        "end",
        "return M",
    ],
}


def _node(
    function: str, path: str | None, function_line: int, line: int, samples: int, *children: CallNode
) -> CallNode:
    return CallNode(function, path, function_line, line, samples, samples * MS, list(children))


def call_tree() -> CallNode:
    """Self samples: fib:2 300, fib:3 350, main:6 5, main:7 10, main:8 15, join:3 80, join:4 20 + table.concat 150."""
    main, text = "main.lua", "lib/text.lua"
    return _node(
        "",
        None,
        0,
        0,
        0,
        _node(
            "main chunk",
            main,
            1,
            6,
            5,
            _node("fib", main, 1, 2, 20),
            _node("fib", main, 1, 3, 350, _node("fib", main, 1, 2, 280)),
        ),
        _node("main chunk", main, 1, 7, 10),
        _node(
            "main chunk",
            main,
            1,
            8,
            15,
            _node("join", text, 2, 3, 80),
            _node("join", text, 2, 4, 20, _node("table.concat", None, 0, 0, 150)),
        ),
        _node("(collector)", None, 0, 0, 40),
        _node("(compiler)", None, 0, 0, 20),
        _node("(outside)", None, 0, 0, 10),
    )


def _line(line: int, hits: int, self_ms: int, total_ms: int, *opcodes: tuple[str, int], **more: int) -> LineRow:
    instructions = sum(count for _, count in opcodes)
    return LineRow(
        line,
        hits,
        instructions,
        self_ms / 1000,
        self_ns=self_ms * MS,
        total_ns=total_ms * MS,
        allocated_bytes=more.get("allocated_bytes", 0),
        allocations=more.get("allocations", 0),
        live_bytes=more.get("live_bytes", 0),
        peak_live_bytes=more.get("peak_live_bytes", 0),
        live_kinds=[KindRow("table", more["live_bytes"], 2)] if more.get("live_bytes") else [],
        opcodes=[LineOpcode(name, count, self_ms * MS // len(opcodes)) for name, count in opcodes],
    )


Placed = LineRow | FunctionRow


def _with_errors(profile: Profile, samples: int) -> Profile:
    """The profile with the intervals of its shares, as of so many samples."""
    profile.totals.samples = samples
    placed: list[Placed] = [row for file in profile.files for row in file.lines]
    placed += [row for file in profile.files for row in file.functions]
    rows: list[Placed | OpcodeRow | BuiltinRow] = [*placed, *profile.opcodes, *profile.builtins]
    for row in rows:
        interval = interval_of_share(row.share or 0, samples)
        row.error, row.low, row.high = interval.error(row.share or 0), *interval
    for placed_row in placed:
        total = (placed_row.total_ns or 0) / (profile.totals.run_ns or 1)
        placed_row.total_error = interval_of_share(total, samples).error(total)
    return profile


def sampled_profile(samples: int = 1000) -> Profile:
    """The profile; every call makes a new one, to be changed at will.

    With another number of `samples` all rows have the same times and shares, known better or worse.
    """
    profile = Profile(
        mode="sample",
        program=Program("main.lua", ["20"], "a" * 64),
        totals=Totals(
            wall_ns=1010 * MS,
            run_ns=1000 * MS,
            gc_ns=40 * MS,
            compile_ns=20 * MS,
            outside_ns=10 * MS,
            raw_ns=1000 * MS,
            instructions=153_246,
            samples=1000,
            sampler="signal",
            sample_interval_ns=MS,
            cost_ratio=1.03,
            memory=Memory(20_480, 65_536, 120_000, 1_700, [KindRow("table", 12_480, 40), KindRow("string", 8_000, 90)]),
            stack=Stack(0, 68, [ChainEntry("main chunk", "main.lua", 6), ChainEntry("fib", "main.lua", 3)]),
        ),
        opcodes=[
            OpcodeRow("CALL", 22_092, 0.5, 500 * MS, 500 * MS),
            OpcodeRow("JLTK", 21_891, 0.3, 300 * MS, 300 * MS),
            OpcodeRow("SUBI", 109_162, 0.13, 130 * MS, 130 * MS),
            OpcodeRow("FORLOOP", 100, 0.0, 0, 0),
            OpcodeRow("CLOSURE", 1, 0.0, 0, 0),
        ],
        builtins=[BuiltinRow("table.concat", 100, 0.15, 150 * MS), BuiltinRow("require", 1, 0.0, 0)],
        files=[
            FileProfile(
                "main.lua",
                "a" * 64,
                [
                    _line(1, 1, 0, 0, ("CLOSURE", 1), allocated_bytes=64, allocations=2, live_bytes=64),
                    _line(2, 21_891, 300, 300, ("JLTK", 21_891)),
                    _line(3, 10_945, 350, 630, ("SUBI", 109_162), ("CALL", 21_890)),
                    _line(5, 1, 0, 0, ("CALL", 1)),
                    _line(6, 1, 5, 655, ("CALL", 1)),
                    _line(7, 101, 10, 10, ("FORLOOP", 100)),
                    _line(8, 100, 15, 265, ("CALL", 100)),
                ],
                [
                    FunctionRow("fib", 1, 4, 21_891, 152_943, 0.65, 650 * MS, 650 * MS, 650 * MS),
                    FunctionRow("main chunk", 1, 9, 1, 203, 0.03, 30 * MS, 30 * MS, 930 * MS, None, 64, 2),
                ],
            ),
            FileProfile(
                "lib/text.lua",
                "b" * 64,
                [
                    _line(3, 100, 80, 80, allocated_bytes=12_000, allocations=200, live_bytes=0, peak_live_bytes=9_000),
                    _line(4, 100, 170, 170, ("CALL", 100), allocated_bytes=6_000, allocations=100, peak_live_bytes=90),
                ],
                [FunctionRow("join", 2, 5, 100, 100, 0.25, 250 * MS, 250 * MS, 250 * MS, None, 18_000, 300)],
            ),
        ],
        opcode_pairs=[OpcodePair("JLTK", "SUBI", 10_945), OpcodePair("SUBI", "CALL", 10_945)],
        zones=[ZoneRow("joining", 1, 18_000, 300, 265 * MS)],
        call_tree=call_tree(),
    )
    return _with_errors(profile, samples)


def waiting_profile() -> Profile:
    """The same run, in which all of `table.concat` waits for something: 150 of 1,000 ms, and of as many samples."""
    profile = sampled_profile()
    totals = profile.totals
    totals.cpu_ns, totals.waiting_samples = 850 * MS, 150
    totals.gc_cpu_ns, totals.compile_cpu_ns, totals.outside_cpu_ns = totals.gc_ns, totals.compile_ns, totals.outside_ns
    join, main = profile.files[1].functions[0], profile.files[0].functions[1]
    concatenating, calling = profile.files[1].lines[1], profile.files[0].lines[6]
    waits: list[object] = [join, concatenating, profile.opcodes[0], profile.builtins[0]]
    rows: list[Placed | OpcodeRow | BuiltinRow] = [*profile.opcodes, *profile.builtins]
    for file in profile.files:
        places: list[Placed] = [*file.lines, *file.functions]
        for placed in places:
            rows.append(placed)
            waited = 150 * MS if any(placed is row for row in (join, main, concatenating, calling)) else 0
            placed.total_cpu_ns = (placed.total_ns or 0) - waited
    for row in rows:
        row.cpu_ns = (row.self_ns or 0) - (150 * MS if any(row is waiting for waiting in waits) else 0)
    profile.zones[0].cpu_ns = 115 * MS
    assert profile.call_tree is not None
    nodes = [profile.call_tree]
    for node in nodes:
        nodes += node.children
        node.waiting_samples = 150 if node.function == "table.concat" else 0
        node.cpu_ns = node.self_ns - 150 * MS if node.waiting_samples else node.self_ns
    return profile
