"""Raw counters become lines, opcodes and functions, and every sum agrees with every other."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.compiler.opcodes import OPCODES
from perilune.profiler.attribution import attribute
from perilune.profiler.instructions import Division, ImpossibleCountError, source_path
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    FunctionRow,
    KindRow,
    LineOpcode,
    LineRow,
    OpcodePair,
    OpcodeRow,
    Profile,
    Program,
    times_elsewhere,
)
from perilune.vm.texts import Text
from raw_profiles import raw_function, raw_profile

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile, RawSampling

A_LUA = Program("a.lua")


def profile_of(raw: RawProfile, mode: str = "count", loaded: LoadedFiles | None = None) -> Profile:
    return attribute(raw, mode, A_LUA, loaded or LoadedFiles())


def test_a_line_sums_its_instructions_and_takes_its_largest_count_as_hits() -> None:
    main = raw_function([("LOADI", 1, 1, 0, 0, 0), ("GETFIELD", 2, 10, 0, 0, 0), ("ADD", 2, 9, 0, 2, 64)], text=2)
    loaded = LoadedFiles([Text(2, b"@a.lua", "/folder/a.lua", b"", "abc")], "/folder")
    profile = profile_of(raw_profile(main), loaded=loaded)
    (file,) = profile.files
    assert (file.path, file.sha256) == ("a.lua", "abc")
    assert file.lines == [
        LineRow(1, 1, 1, 0.05, live_bytes=0, peak_live_bytes=0, opcodes=[LineOpcode("LOADI", 1)]),
        LineRow(
            2,
            hits=10,
            instructions=19,
            share=0.95,
            allocated_bytes=64,
            allocations=2,
            live_bytes=0,
            peak_live_bytes=0,
            opcodes=[LineOpcode("GETFIELD", 10), LineOpcode("ADD", 9)],
        ),
    ]
    assert profile.opcodes == [
        OpcodeRow("GETFIELD", 10, 0.5),
        OpcodeRow("ADD", 9, 0.45),
        OpcodeRow("LOADI", 1, 0.05),
    ]
    assert file.functions == [
        FunctionRow("main chunk", 1, 2, calls=1, instructions=20, share=1.0, allocated_bytes=64, allocations=2)
    ]
    assert profile.totals.instructions == 20


def test_a_line_shared_by_functions_has_the_hits_of_the_one_that_ran_most() -> None:
    main = raw_function([("CLOSURE", 1, 1, 0, 0, 0)])
    inner = raw_function([("RETURN0", 1, 8, 0, 0, 0)], id=1, parent=0, name="f", lines=(1, 1), entries=8)
    (line,) = profile_of(raw_profile(main, inner)).files[0].lines
    assert (line.hits, line.instructions) == (8, 9)


def test_instructions_of_one_line_in_different_opcodes_are_listed_once_each() -> None:
    main = raw_function([("ADD", 1, 2, 0, 0, 0), ("SUB", 1, 2, 0, 0, 0), ("ADD", 1, 3, 0, 0, 0)])
    assert profile_of(raw_profile(main)).files[0].lines[0].opcodes == [LineOpcode("ADD", 5), LineOpcode("SUB", 2)]


def test_lines_that_never_ran_are_kept_with_no_hits() -> None:
    main = raw_function([("LOADI", 1, 1, 0, 0, 0), ("LOADI", 2, 0, 0, 0, 0)])
    never = raw_function([("RETURN0", 5, 0, 0, 0, 0)], id=1, parent=0, name="never", lines=(4, 6), entries=0)
    (file,) = profile_of(raw_profile(main, never)).files
    assert [(line.line, line.hits, line.opcodes) for line in file.lines if not line.hits] == [(2, 0, []), (5, 0, [])]
    assert ("never", 0) in [(function.name, function.calls) for function in file.functions]


def test_a_chunk_that_is_loaded_twice_is_one_chunk_that_ran_twice() -> None:
    def load(first_id: int, hint: int) -> list[RawFunction]:
        return [
            raw_function([("GETGLOBAL", 1, 1, 0, 0, 0)], id=first_id, hint=hint),
            raw_function(
                [("RETURN0", 1, 5, 0, 1, 8)], id=first_id + 1, parent=first_id, name="f", lines=(1, 1), entries=5
            ),
        ]

    profile = profile_of(raw_profile(*load(0, hint=0), *load(7, hint=3)))
    (file,) = profile.files
    assert [(row.name, row.calls) for row in file.functions] == [("f", 10), ("main chunk", 2)]
    assert [(row.hits, row.instructions, row.allocated_bytes) for row in file.lines] == [(10, 12, 16)]


def test_twin_functions_on_one_line_stay_two() -> None:
    twin = [("RETURN0", 1, 5, 0, 0, 0)]
    main = raw_function([("LOADI", 1, 1, 0, 0, 0)])
    twins = [raw_function(twin, id=number, parent=0, lines=(1, 1), entries=5) for number in (1, 2)]
    (file,) = profile_of(raw_profile(main, *twins)).files
    assert [(row.name, row.calls) for row in file.functions[:2]] == [("anonymous", 5), ("anonymous", 5)]
    assert file.lines[0].hits == 5


def test_a_function_of_a_function_belongs_to_its_chunk() -> None:
    def load(first_id: int) -> list[RawFunction]:
        return [
            raw_function([("CLOSURE", 1, 1, 0, 0, 0)], id=first_id),
            raw_function([("CLOSURE", 1, 2, 0, 0, 0)], id=first_id + 1, parent=first_id, lines=(1, 1), entries=2),
            raw_function([("CLOSURE", 1, 3, 0, 0, 0)], id=first_id + 2, parent=first_id + 1, lines=(1, 1), entries=3),
        ]

    (file,) = profile_of(raw_profile(*load(0), *load(3))).files
    assert [(row.name, row.calls) for row in file.functions] == [("anonymous", 6), ("anonymous", 4), ("main chunk", 2)]


def test_instructions_without_debug_information_stand_on_line_0() -> None:
    stripped = raw_function([("LOADI", 1, 4, 0, 0, 0)], source=None)
    stripped["lines"] = b""
    (file,) = profile_of(raw_profile(stripped)).files
    assert (file.path, file.lines[0].line, file.lines[0].instructions) == ("?", 0, 4)


def test_the_program_comes_first_and_other_files_follow_by_instructions() -> None:
    main = raw_function([("LOADI", 1, 1, 0, 0, 0)], id=0)
    small = raw_function([("LOADI", 1, 10, 0, 0, 0)], id=1, source="@small.lua")
    large = raw_function([("LOADI", 1, 20, 0, 0, 0)], id=2, source="@large.lua")
    assert [file.path for file in profile_of(raw_profile(small, large, main)).files] == [
        "a.lua",
        "large.lua",
        "small.lua",
    ]


def test_sources_are_named_as_messages_name_them() -> None:
    assert source_path(b"@dir/a.lua") == "dir/a.lua"
    assert source_path(b"=stdin") == "stdin"
    assert source_path(b"return 1") == '[string "return 1"]'
    assert source_path(b"x = 1\nreturn x") == '[string "x = 1..."]'
    assert source_path(b"x" * 100) == '[string "' + "x" * 45 + '..."]'
    assert source_path(None) == "?"
    assert (source_path(b"="), source_path(b"@")) == ("=", "@")


def test_count_mode_has_no_clock_value() -> None:
    main = raw_function([("LOADI", 1, 1, 9, 0, 0)], traced=True)
    profile = profile_of(raw_profile(main, run_ns=123, gc_ticks=5, builtins=[("print", 2, 77, 0)]))
    totals = profile.totals
    assert (totals.wall_ns, totals.run_ns, totals.gc_ns, totals.outside_ns, totals.raw_ns) == (None,) * 5
    assert profile.builtins == [BuiltinRow("print", 2)]
    line = profile.files[0].lines[0]
    assert (line.self_ns, line.raw_ns, line.opcodes[0].self_ns) == (None, None, None)


def test_trace_mode_subtracts_the_probes_and_keeps_what_was_measured() -> None:
    main = raw_function([("ADD", 1, 10, 90, 0, 0), ("SUB", 2, 10, 50, 0, 0)], traced=True)
    raw = raw_profile(main, gc_ticks=20, outside_ticks=10, run_ns=99)
    profile = profile_of(raw, "trace")
    totals = profile.totals
    assert [(row.name, row.self_ns, row.raw_ns) for row in profile.opcodes] == [("ADD", 30, 45), ("SUB", 10, 25)]
    assert (totals.gc_ns, totals.outside_ns, totals.run_ns, totals.raw_ns, totals.wall_ns) == (10, 5, 55, 85, 99)
    assert [row.share for row in profile.files[0].lines] == [30 / 55, 10 / 55]


def test_time_and_memory_of_a_second_word_belong_to_its_instruction() -> None:
    main = raw_function([("GETFIELD", 1, 2, 26, 1, 16)], traced=True)
    main["ticks"] = array("Q", [6, 20]).tobytes()
    main["allocations"] = array("Q", [1, 3]).tobytes()
    main["allocated_bytes"] = array("Q", [16, 48]).tobytes()
    (line,) = profile_of(raw_profile(main), "trace").files[0].lines
    assert (line.raw_ns, line.self_ns, line.allocations, line.allocated_bytes) == (13, 10, 4, 64)


def test_what_is_live_is_summed_by_line_and_kind() -> None:
    main = raw_function([("LOADI", 1, 1, 0, 1, 40), ("CALL", 1, 1, 0, 1, 60), ("CLOSURE", 2, 1, 0, 1, 8)])
    main["live_bytes"] = array("Q", [40, 60, 8]).tobytes()
    main["live_kinds"] = [(0, "table", 10, 1), (0, "table", 30, 0), (1, "string", 60, 2), (2, "function", 5, 1)]
    profile = profile_of(raw_profile(main, current_bytes=200, live_kinds=[(0, "string", 40, 4)]))
    first, second = profile.files[0].lines
    assert first.live_kinds == [KindRow("string", 60, 2), KindRow("table", 40, 1)]
    assert second.live_kinds == [KindRow("function", 5, 1), KindRow("machine", 3, 0)]
    assert profile.totals.memory.live_kinds == [
        KindRow("string", 100, 6),
        KindRow("machine", 55, 0),
        KindRow("table", 40, 1),
        KindRow("function", 5, 1),
    ]


def test_no_time_is_negative_after_the_correction() -> None:
    main = raw_function([("ADD", 1, 10, 20, 0, 0), ("SUB", 1, 1, 13, 0, 0)], traced=True)
    profile = profile_of(raw_profile(main, hidden_ticks=0.0), "trace")
    assert profile.files[0].lines[0].self_ns == 5
    assert profile.totals.run_ns == 5


def test_builtins_of_one_name_are_one_row_and_unused_ones_none() -> None:
    main = raw_function([("CALL", 1, 1, 503, 0, 0)], traced=True)
    builtins = [("coroutine.wrap", 1, 100, 0), ("string.rep", 4, 200, 0), ("coroutine.wrap", 2, 200, 0)]
    builtins.append(("print", 0, 0, 0))
    profile = profile_of(raw_profile(main, builtins=builtins), "trace")
    assert profile.builtins == [
        BuiltinRow("coroutine.wrap", 3, share=0.6, self_ns=150),
        BuiltinRow("string.rep", 4, share=0.4, self_ns=100),
    ]


def sampling(
    samples: int,
    gc: int = 0,
    outside: int = 0,
    tree: Sequence[tuple[int, int, int, str | None, int]] = ((0, 0, 0, None, 0),),
    compiling: int = 0,
) -> RawSampling:
    return {
        "sampler": "signal",
        "interval_ns": 1_000_000,
        "samples": samples,
        "gc_samples": gc,
        "compile_samples": compiling,
        "outside_samples": outside,
        "tree": list(tree),
        "waiting": None,
    }


def test_samples_divide_the_time_of_the_run() -> None:
    main = raw_function([("ADD", 1, 7, 30, 0, 0), ("CALL", 2, 7, 50, 0, 0)], sampled=True)
    tree = ((0, 0, 0, None, 0), (0, 0, 1, None, 30), (0, 0, 2, None, 10), (2, 0, 0, "print", 40))
    raw = raw_profile(main, run_ns=1000, builtins=[("print", 7, 0, 40)], sampling=sampling(100, 15, 5, tree))
    profile = profile_of(raw, "sample")
    totals = profile.totals
    assert (totals.run_ns, totals.gc_ns, totals.outside_ns, totals.raw_ns, totals.samples) == (1000, 150, 50, None, 100)
    assert (totals.sampler, totals.sample_interval_ns) == ("signal", 1_000_000)
    first, second = profile.files[0].lines
    assert (first.self_ns, first.share, first.raw_ns, first.total_ns) == (300, 0.3, None, 300)
    assert (first.low, first.high) == pytest.approx((0.218948, 0.395850), abs=1e-6)
    assert first.error == (first.high or 0) - 0.3
    assert second.self_ns == 500
    assert (second.low, second.high, second.error) == pytest.approx((0.403830, 0.596170, 0.096170), abs=1e-6)
    assert [(row.name, row.self_ns, row.error) for row in profile.opcodes] == [
        ("CALL", 500, second.error),
        ("ADD", 300, first.error),
    ]
    (builtin,) = profile.builtins
    assert (builtin.name, builtin.calls, builtin.share, builtin.self_ns) == ("print", 7, 0.4, 400)
    assert (builtin.low, builtin.high) == pytest.approx((0.309400, 0.497999), abs=1e-6)


def test_a_run_without_samples_was_spent_nobody_knows_where() -> None:
    main = raw_function([("ADD", 1, 7, 0, 0, 0)], sampled=True)
    profile = profile_of(raw_profile(main, run_ns=1000, sampling=sampling(0)), "sample")
    assert (profile.totals.run_ns, profile.totals.outside_ns, profile.files[0].lines[0].self_ns) == (1000, 1000, 0)
    (line,) = profile.files[0].lines
    assert (line.low, line.high, line.error) == (0.0, 1.0, 1.0)


def test_total_time_counts_a_line_once_in_every_stack() -> None:
    main = raw_function([("CALL", 6, 1, 1, 0, 0)], sampled=True)
    fib = raw_function(
        [("JLTK", 2, 9, 30, 0, 0), ("CALL", 3, 9, 60, 0, 0)], id=1, parent=0, name="fib", lines=(1, 4), sampled=True
    )
    tree: list[tuple[int, int, int, str | None, int]] = [
        (0, 0, 0, None, 0),
        (0, 0, 6, None, 1),
        (1, 1, 2, None, 10),
        (1, 1, 3, None, 50),
        (3, 1, 2, None, 20),
        (3, 0, 0, "print", 4),
        (3, 0, 6, None, 0),
        (6, 1, 3, None, 6),  # the sampled line again, below itself
    ]
    raw = raw_profile(main, fib, run_ns=100_000, sampling=sampling(100, gc=9, tree=tree))
    profile = profile_of(raw, "sample")
    totals = {row.line: row.total_ns for row in profile.files[0].lines}
    assert totals == {6: 91_000, 2: 30_000, 3: 80_000}
    assert {row.name: row.total_ns for row in profile.files[0].functions} == {"main chunk": 91_000, "fib": 90_000}
    root = profile.call_tree
    assert root is not None
    assert [(node.function, node.samples) for node in root.children] == [("main chunk", 1), ("(collector)", 9)]
    line_3 = root.children[0].children[1]
    assert line_3.children[0] == CallNode("fib", "a.lua", 1, 2, 20, 20_000)
    assert line_3.children[1] == CallNode("print", None, 0, 0, 4, 4_000)


def test_what_a_library_function_calls_back_stands_below_it() -> None:
    main = raw_function([("CALL", 1, 1, 5, 0, 0)], sampled=True)
    compare = raw_function([("ADD", 2, 9, 4, 0, 0)], id=1, parent=0, name="compare", lines=(2, 2), sampled=True)
    tree = ((0, 0, 0, None, 0), (0, 0, 1, None, 1), (1, 0, 0, "table.sort", 4), (2, 1, 2, None, 4))
    profile = profile_of(raw_profile(main, compare, run_ns=9, sampling=sampling(9, tree=tree)), "sample")
    assert {row.line: row.total_ns for row in profile.files[0].lines} == {1: 9, 2: 4}
    assert profile.call_tree is not None
    (sort,) = profile.call_tree.children[0].children
    assert sort == CallNode("table.sort", None, 0, 0, 4, 4, [CallNode("compare", "a.lua", 2, 2, 4, 4)])


def test_a_path_of_very_many_places_keeps_its_totals_and_lacks_its_middle() -> None:
    functions = [
        raw_function([("CALL", 1, 1, 0, 0, 0)], id=id, lines=(id + 1, id + 1), name=f"f{id}", sampled=True)
        for id in range(400)
    ]
    tree = [(0, 0, 0, None, 0), *((id, id, 1, None, id == 399) for id in range(400))]
    profile = profile_of(raw_profile(*functions, run_ns=1, sampling=sampling(1, tree=tree)), "sample")
    assert [row.total_ns for row in profile.files[0].functions] == [1] * 400
    path, node = [], profile.call_tree
    while node is not None:
        path.append(node.function)
        node = node.children[0] if node.children else None
    assert path == ["", *(f"f{id}" for id in range(250)), "(calls not shown)", "f399"]


@pytest.mark.parametrize("mode", ["count", "sample"])
def test_a_negative_count_is_an_error_and_no_figure(mode: str) -> None:
    main = raw_function([("ADD", 1, 2**64 - 1, 0, 0, 0)], sampled=mode == "sample")
    raw = raw_profile(main, run_ns=10, sampling=sampling(2) if mode == "sample" else None)
    with pytest.raises(
        ImpossibleCountError, match=r"impossible number of instructions in the function at line 0 of @a\.lua"
    ):
        profile_of(raw, mode)


def test_more_samples_than_were_taken_are_an_error() -> None:
    main = raw_function([("ADD", 1, 2, 3, 0, 0)], sampled=True)
    with pytest.raises(ImpossibleCountError, match="more samples than were taken"):
        profile_of(raw_profile(main, run_ns=10, sampling=sampling(2)), "sample")


def test_loads_of_one_function_are_one_node_of_the_tree() -> None:
    loads = [raw_function([("ADD", 1, 1, 1, 0, 0)], id=id, sampled=True) for id in (0, 5)]
    tree: list[tuple[int, int, int, str | None, int]] = [(0, 0, 0, None, 0), (0, 0, 1, None, 1), (0, 5, 1, None, 1)]
    profile = profile_of(raw_profile(*loads, run_ns=10, sampling=sampling(2, tree=tree)), "sample")
    assert profile.call_tree is not None
    assert profile.call_tree.children == [CallNode("main chunk", "a.lua", 1, 1, 2, 10)]
    assert profile.files[0].lines[0].total_ns == 10


def test_pairs_follow_the_flow() -> None:
    loop = raw_function(
        [("LOADI", 1, 1, 0, 0, 0), ("ADD", 1, 5, 0, 0, 0), ("JT", 1, 5, 0, 0, 0), ("RETURN0", 1, 1, 0, 0, 0)]
    )
    loop["code"] = array("I", [*array("I", loop["code"])[:3], 2**32 - 3, array("I", loop["code"])[4]]).tobytes()
    loop["taken"] = array("Q", [0, 0, 0, 4, 0]).tobytes()
    assert profile_of(raw_profile(loop)).opcode_pairs == [
        OpcodePair("ADD", "JT", 5),
        OpcodePair("JT", "ADD", 4),
        OpcodePair("JT", "RETURN0", 1),
        OpcodePair("LOADI", "ADD", 1),
    ]


def test_what_aborts_is_followed_by_nothing() -> None:
    main = raw_function([("CALL", 1, 3, 0, 0, 0), ("RETURN0", 1, 1, 0, 0, 0)])
    main["aborted"] = array("Q", [2, 0]).tobytes()
    assert profile_of(raw_profile(main)).opcode_pairs == [OpcodePair("CALL", "RETURN0", 1)]


@given(st.integers(0, 10**12), st.lists(st.integers(0, 1000), max_size=30))
def test_parts_add_up_to_the_whole(whole: int, weights: list[int]) -> None:
    division = Division(whole, sum(weights))
    parts = [division.take(weight) for weight in weights]
    assert sum(parts) == (whole if any(weights) else 0)
    assert all(abs(part - division.part(weight)) <= 1 for part, weight in zip(parts, weights, strict=True))


def test_an_empty_run_has_no_shares() -> None:
    profile = profile_of(raw_profile())
    assert (profile.totals.instructions, profile.opcodes, profile.files) == (0, [], [])


rows = st.lists(
    st.tuples(
        st.sampled_from([opcode.name for opcode in OPCODES]),
        st.integers(1, 6),
        st.integers(0, 10**12),
        st.integers(0, 10**12),
        st.integers(0, 100),
        st.integers(0, 10**9),
    ),
    max_size=12,
)


@given(
    st.lists(rows, max_size=5),
    st.sampled_from(["count", "sample", "trace"]),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_lines_opcodes_and_functions_add_up_to_the_total(
    functions: list[list[tuple[str, int, int, int, int, int]]],
    mode: str,
    gc_ticks: int,
    outside_ticks: int,
    compile_ticks: int,
) -> None:
    raw_functions = [
        raw_function(
            rows,
            id=number,
            parent=0 if number else None,
            lines=(number, 9),
            traced=mode == "trace",
            sampled=mode == "sample",
        )
        for number, rows in enumerate(functions)
    ]
    elsewhere = {"gc_ticks": gc_ticks, "outside_ticks": outside_ticks, "compile_ticks": compile_ticks}
    raw = raw_profile(*raw_functions, **elsewhere)
    if mode == "sample":
        found = sum(row[3] for rows in functions for row in rows)
        samples = found + sum(elsewhere.values())
        raw["sampling"] = sampling(samples, gc_ticks, outside_ticks, compiling=compile_ticks)
    profile = profile_of(raw, mode)
    total = profile.totals
    lines = [line for file in profile.files for line in file.lines]
    rows_of_functions = [row for file in profile.files for row in file.functions]
    counts = [row[2] for rows in functions for row in rows]
    assert total.instructions == sum(counts) == sum(row.count for row in profile.opcodes)
    assert total.instructions == sum(row.instructions for row in lines)
    assert total.instructions == sum(row.instructions for row in rows_of_functions)
    assert all(line.instructions == sum(row.count for row in line.opcodes) for line in lines)
    assert sum(row[5] for rows in functions for row in rows) == sum(line.allocated_bytes for line in lines)
    around = sum(ns for _, ns in times_elsewhere(total))
    for rows_with_time in (lines, profile.opcodes, rows_of_functions):
        if mode != "count":
            assert sum(row.self_ns or 0 for row in rows_with_time) + around == total.run_ns
        if mode == "trace":
            assert sum(row.raw_ns or 0 for row in rows_with_time) + around == total.raw_ns
    if mode == "sample":
        assert total.run_ns == raw["run_ns"]
