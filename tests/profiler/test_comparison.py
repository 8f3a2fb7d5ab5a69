"""Two profiles compared: files, lines and functions find their counterparts, and differences are what they are."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.profiler.comparison import Comparison, Figure, Limit, Row, compare, exceeded
from perilune.profiler.matching import Pairs, match_lines, pair_files, pair_functions
from perilune.profiler.model import FileProfile, FunctionRow, LineRow, Profile, Program, Totals
from perilune.profiler.renderers.comparison import Layout, change_text, growth_text, report
from perilune.profiler.renderers.report.table import plain_text
from perilune.profiler.session import profile_source
from perilune.profiler.shares import interval_of_share
from perilune.profiler.sources import split_lines
from sampled_profile import MS, SOURCES, sampled_profile


def profile_of(source: str) -> tuple[Profile, dict[str, list[str]]]:
    """A count-mode profile of a text, as if it were in the file `a.lua`."""
    outcome, profile = profile_source(source, mode="count")
    outcome.check()
    (file,) = profile.files
    file.path = profile.program.path = "a.lua"
    file.sha256 = str(hash(source))
    return profile, {"a.lua": split_lines(source.encode())}


def compared(source_a: str, source_b: str, with_a: bool = True) -> Comparison:
    (a, sources_a), (b, sources_b) = profile_of(source_a), profile_of(source_b)
    return compare(a, b, sources_a if with_a else {}, sources_b)


def line_changes(comparison: Comparison) -> dict[tuple[int | None, int | None], int]:
    """The difference in instructions of every line, by its number in A and in B."""
    return {
        (row.a.line if row.a else None, row.b.line if row.b else None): row.figures["instructions"].difference
        for row in comparison.lines
    }


def function_changes(comparison: Comparison) -> dict[tuple[str | None, str | None], int]:
    return {
        (row.a.name if row.a else None, row.b.name if row.b else None): row.figures["instructions"].difference
        for row in comparison.functions
    }


def named(rows: list[Row], metric: str = "count") -> dict[str, str]:
    """The relative changes, by name."""
    return {row.place.name: change_text(row.figures[row.leading(metric) or ""]) for row in rows}


PROGRAM = """\
local function double(x)
  return x * 2
end
local function half(x)
  return x / 2
end
local sum = 0
for i = 1, 1000 do
  sum = sum + double(i) + half(i)
end
"""


def test_a_profile_does_not_differ_from_itself() -> None:
    comparison = compared(PROGRAM, PROGRAM)
    assert (comparison.lines, comparison.functions, comparison.opcodes, comparison.builtins) == ([], [], [], [])
    assert {figure.verdict for figure in comparison.totals.figures.values()} == {"same"}
    text = plain_text(report(comparison, {}, {}, Layout("count")))
    assert "No line, function or opcode differs in its instructions.\n" in text


def test_one_instruction_more_shows() -> None:
    comparison = compared(PROGRAM, PROGRAM.replace("1, 1000", "1, 1001"))
    total = comparison.totals.figures["instructions"]
    assert (total.difference, total.verdict) == (sum(line_changes(comparison).values()), "more")
    # FORLOOP ran once more, the sum's line its 6 instructions, the functions 2 each.
    assert line_changes(comparison) == {(2, 2): 2, (5, 5): 2, (8, 8): 1, (9, 9): 8}
    comparison = compared("local x = 1", "local x = 1\nlocal y = x")
    assert comparison.totals.figures["instructions"].difference == 1
    assert change_text(comparison.totals.figures["instructions"]) == "x1.5"


def test_lines_are_followed_through_an_edit() -> None:
    edited = "-- a comment\n\n" + PROGRAM.replace("x * 2", "x * 2 + 1").replace("local sum", "local y\nlocal sum")
    comparison = compared(PROGRAM, edited)
    assert line_changes(comparison) == {(2, 4): 1000, (None, 9): 1}
    assert function_changes(comparison) == {("double", "double"): 1000, ("main chunk", "main chunk"): 1}
    assert comparison.notes == []
    assert named(comparison.opcodes)["ADDI"] == "new"


def test_functions_are_one_by_name_and_place_or_name_or_place() -> None:
    renamed = PROGRAM.replace("double", "twice").replace("x / 2", "x / 2 / 1")
    assert function_changes(compared(PROGRAM, renamed)) == {("half", "half"): 1000}
    swapped = "\n".join([*PROGRAM.splitlines()[3:6], *PROGRAM.splitlines()[:3], *PROGRAM.splitlines()[6:]])
    assert function_changes(compared(PROGRAM, swapped)) == {}
    without = PROGRAM.replace(" + half(i)", "")
    assert function_changes(compared(PROGRAM, without)) == {
        ("half", "half"): -2000,
        ("main chunk", "main chunk"): -4000,
    }


def test_shadowed_and_anonymous_functions_keep_their_places() -> None:
    source = "local f = {function() return 1 end,\nfunction() return 2 + #arg end}\nf[1]() f[2]() f[2]()"
    source = source.replace("#arg", "#'a'")
    edited = source.replace("{", "{\n\n").replace("f[1]()", "f[1]() f[1]()")
    comparison = compared(source, edited)
    calls = {row.place.line: row.figures["calls"].difference for row in comparison.functions}
    assert calls == {1: 0, 3: 1}


def test_without_the_text_of_a_run_functions_that_kept_their_length_are_matched() -> None:
    edited = "-- moved\n" + PROGRAM.replace("x * 2", "2 * x + 0").replace("x / 2", "x / 2 -- half\n")
    comparison = compared(PROGRAM, edited, with_a=False)
    assert line_changes(comparison) == {(2, 3): 1000}
    assert len(comparison.notes) == 1
    assert comparison.notes[0].startswith("a.lua is not the same in A and B, and its text of A was not found")
    assert comparison.notes[0].endswith(", and the others are left out")


def test_lines_stay_by_their_numbers_where_the_text_is_the_same_but_lost() -> None:
    profile, _ = profile_of(PROGRAM)
    changed, _ = profile_of(PROGRAM)
    changed.files[0].lines[1].instructions += 1
    comparison = compare(profile, changed, {}, {})
    assert list(line_changes(comparison).values()) == [1]
    assert comparison.notes == ["the text of a.lua that ran was not found: its lines are shown without it"]


def file(path: str, sha256: str | None = "0") -> FileProfile:
    return FileProfile(path, sha256)


def profile_with(program: str, *files: FileProfile) -> Profile:
    return Profile("count", Program(program), Totals(), files=list(files))


def test_files_correspond_by_role_path_place_content_and_name() -> None:
    a = profile_with(
        "old/main.lua",
        file("old/main.lua", "1"),
        file("old/lib/text.lua", "2"),
        file("/usr/share/inspect.lua", "3"),
        file("old/moved.lua", "4"),
        file("old/gone.lua", "5"),
        file("[string]", None),
    )
    b = profile_with(
        "new/program.lua",
        file("new/program.lua", "a"),
        file("new/lib/text.lua", "b"),
        file("/usr/share/inspect.lua", "c"),
        file("new/deep/elsewhere.lua", "4"),
        file("[string]", None),
        file("new/fresh.lua", "e"),
    )
    pairs = [(x.path if x else None, y.path if y else None) for x, y in pair_files(a, b)]
    assert pairs == [
        ("old/main.lua", "new/program.lua"),
        ("old/lib/text.lua", "new/lib/text.lua"),
        ("/usr/share/inspect.lua", "/usr/share/inspect.lua"),
        ("old/moved.lua", "new/deep/elsewhere.lua"),
        ("[string]", "[string]"),
        (None, "new/fresh.lua"),
        ("old/gone.lua", None),
    ]


def test_what_is_in_one_profile_only_is_new_or_gone() -> None:
    a, b = sampled_profile(), sampled_profile()
    del b.files[1]
    del a.zones[0]
    comparison = compare(a, b, SOURCES, SOURCES)
    assert {row.figures["instructions"].verdict for row in comparison.lines if row.place.path == "lib/text.lua"} == {
        "same",  # a row without instructions, whose bytes are gone
        "gone",
    }
    assert function_changes(comparison) == {("join", None): -100}
    assert named(comparison.zones) == {"joining": "new"}


_NAMES = st.sampled_from(["f", "g", "anonymous", "main chunk"])
_FUNCTIONS = st.lists(
    st.builds(
        lambda name, line, length: FunctionRow(name, line, line + length, 1, 1, 0.0),
        _NAMES,
        st.integers(1, 9),
        st.integers(0, 3),
    ),
    max_size=6,
)
_ORIGINS = st.none() | st.dictionaries(st.integers(1, 9), st.integers(1, 9))


@settings(deadline=None)
@given(_FUNCTIONS, _FUNCTIONS, _ORIGINS)
def test_every_function_is_in_one_pair(
    a: list[FunctionRow], b: list[FunctionRow], origins: dict[int, int] | None
) -> None:
    pairs = pair_functions(a, b, origins)
    assert sorted(id(x) for x, _ in pairs if x is not None) == sorted(map(id, a))
    assert [id(y) for _, y in pairs if y is not None] == list(map(id, b))
    assert (None, None) not in pairs


@settings(deadline=None)
@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_pairs_have_the_same_key(a: list[int], b: list[int]) -> None:
    pairs = Pairs(a, b)
    pairs.match(lambda item: item or None)
    found = pairs.all()
    assert all(x == y != 0 for x, y in found if x is not None and y is not None)
    assert sorted(x for x, _ in found if x is not None) == sorted(a)
    assert [y for _, y in found if y is not None] == b


_TEXTS = st.lists(st.sampled_from(["x = 1", "y = 2", "  x = 1", "end", "", "for i = 1, 2 do", "for i = 1, 3 do"]))


@settings(deadline=None)
@given(_TEXTS, _TEXTS)
def test_lines_are_matched_one_to_one(text_a: list[str], text_b: list[str]) -> None:
    rows = [[LineRow(line, 1, 1, 0.0) for line in range(1, len(text) + 1)] for text in (text_a, text_b)]
    match = match_lines(FileProfile("a", "1", rows[0]), FileProfile("a", "2", rows[1]), text_a, text_b)
    assert match.is_complete
    assert len(set(match.origins.values())) == len(match.origins)
    assert set(match.origins) <= set(range(1, len(text_b) + 1))
    assert set(match.origins.values()) <= set(range(1, len(text_a) + 1))
    assert match_lines(
        FileProfile("a", "1", rows[0]), FileProfile("a", "2", rows[0]), text_a, text_a
    ).origins.keys() >= {line for line in range(1, len(text_a) + 1) if text_a[line - 1]}


_STATEMENTS = st.lists(
    st.sampled_from(
        ["a = a + b", "b = 2 * b", "f(a)", "f = function(x) return x end", "for i = 1, 3 do f(i) end", "a = #{1}", ""]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(_STATEMENTS, _STATEMENTS)
def test_differences_of_lines_and_functions_sum_up_to_that_of_the_total(a: list[str], b: list[str]) -> None:
    setup = "local a, b = 1, 2\nlocal function f(x) return x end\n"
    comparison = compared(setup + "\n".join(a), setup + "\n".join(b))
    total = comparison.totals.figures["instructions"].difference
    for rows in (comparison.lines, comparison.functions):
        assert sum(row.figures["instructions"].difference for row in rows) == total
    assert sum(row.figures["count"].difference for row in comparison.opcodes) == total


def slower(factor: float) -> Profile:
    """The sampled profile with all times of `fib` multiplied, and the run's by as much."""
    profile = sampled_profile()
    fib = profile.files[0].functions[0]
    added = round((factor - 1) * (fib.self_ns or 0))
    fib.self_ns = (fib.self_ns or 0) + added
    profile.totals.run_ns = (profile.totals.run_ns or 0) + added
    profile.totals.samples = profile.totals.run_ns // MS
    return profile


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "same"), (1.03, "within noise"), (1.5, "more"), (0.5, "less")])
def test_times_differ_only_beyond_their_error(factor: float, verdict: str) -> None:
    comparison = compare(sampled_profile(), slower(factor), SOURCES, SOURCES)
    assert comparison.totals.figures["run_ns"].verdict == verdict
    assert comparison.leading_metric == "time"
    limits = exceeded(comparison, "time", Limit.parse("0%"), Limit.parse("0%"))
    assert [excess.place.name if excess.place else None for excess in limits] == (
        [None, "fib"] if verdict == "more" else []
    )


def test_a_run_that_was_interrupted_took_longer_without_costing_more() -> None:
    interrupted = slower(2)
    interrupted.totals.samples = 1000
    verdict = compare(sampled_profile(), interrupted, SOURCES, SOURCES).totals.figures["run_ns"].verdict
    assert verdict == "within noise"  # as many samples of the processor's time, so nothing more was done
    interrupted.totals.samples = 1650
    assert compare(sampled_profile(), interrupted, SOURCES, SOURCES).totals.figures["run_ns"].verdict == "more"


def test_a_row_that_one_sample_hit_is_no_news() -> None:
    a, b = sampled_profile(), sampled_profile()
    a.opcodes[3].self_ns, b.opcodes[3].self_ns = 0, 1 * MS
    (row,) = compare(a, b, SOURCES, SOURCES).opcodes
    assert row.figures["self_ns"].verdict == "within noise"


def test_the_interval_of_a_difference_is_composed_of_those_of_both() -> None:
    a, b = sampled_profile(48), sampled_profile(48)
    a.opcodes[0].self_ns, b.opcodes[0].self_ns = 1000 * MS * 5 // 48, 1000 * MS * 30 // 48
    (row,) = compare(a, b, SOURCES, SOURCES).opcodes
    low_a, high_a = interval_of_share(5 / 48, 48)
    low_b, high_b = interval_of_share(30 / 48, 48)
    below = math.hypot(30 / 48 - low_b, high_a - 5 / 48, 3 / 48, 0.5 / 48)  # with a tenth for the machine
    above = math.hypot(high_b - 30 / 48, 5 / 48 - low_a, 3 / 48, 0.5 / 48)
    assert row.figures["self_ns"].error == pytest.approx(max(below, above) * 1000 * MS, rel=1e-6)
    assert row.figures["self_ns"].verdict == "more"


def test_the_collector_s_time_is_as_uncertain_as_its_samples_are() -> None:
    a, b = sampled_profile(100), sampled_profile(100)
    a.totals.gc_ns, b.totals.gc_ns = 20 * MS, 60 * MS
    assert compare(a, b, SOURCES, SOURCES).totals.figures["gc_ns"].verdict == "within noise"
    a, b = sampled_profile(10_000), sampled_profile(10_000)
    a.totals.gc_ns, b.totals.gc_ns = 20 * MS, 60 * MS
    assert compare(a, b, SOURCES, SOURCES).totals.figures["gc_ns"].verdict == "more"


def test_samples_that_do_not_order_the_lines_do_not_lead() -> None:
    comparison = compare(sampled_profile(), sampled_profile(12), SOURCES, SOURCES)
    assert comparison.leading_metric == "count"
    (note,) = comparison.notes
    assert note.startswith("the samples of B are too few to tell which line took most of the time, and instructions do")


def test_modes_and_arguments_that_differ_are_named() -> None:
    a, b = sampled_profile(), sampled_profile()
    b.mode, b.totals.run_ns, b.program.args = "count", None, []
    comparison = compare(a, b, SOURCES, SOURCES)
    assert comparison.notes == [
        "A was profiled in sample mode and B in count mode: B has no times; counts and bytes are exact in both",
        "the programs had different arguments: 20 in A, none in B",
    ]
    assert not comparison.is_timed
    assert comparison.leading_metric == "count"
    assert "run_ns" not in comparison.totals.figures
    b.mode, b.totals.run_ns = "trace", 5
    assert "their times were measured differently" in compare(a, b, SOURCES, SOURCES).notes[0]


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        (8, 7, "-12.5%"),
        (10, 18, "x1.8"),
        (100, 149, "+49.0%"),
        (10, 12_345, "x1,234"),
        (None, 3, "new"),
        (3, None, "gone"),
        (0, 3, "from 0"),
        (3, 0, "-100.0%"),
        (10**9, 10**9 + 1, "+0.0000001%"),
        (10**6, 1, "-99.9999%"),
        (3, 3, "same"),
        (None, 0, "same"),
    ],
)
def test_relative_changes(a: int | None, b: int | None, text: str) -> None:
    assert change_text(Figure(a, b)) == text


@settings(deadline=None)
@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_a_change_is_never_shown_as_none(a: int, b: int) -> None:
    text = growth_text(Fraction(b, a))
    assert (float(text[:-1]) == 0) == (a == b)
    assert (float(text[:-1]) == -100) == (b == 0)


@pytest.mark.parametrize(
    ("text", "a", "most"),
    [("2%", 1000, 1020), ("0%", 7, 7), ("0.1%", 1000, 1001), ("1.02", 1000, 1020), ("x1.5", 10, 15), ("2x", 10, 20)],
)
def test_limits_are_exact(text: str, a: int, most: int) -> None:
    profiles = [profile_with("a.lua") for _ in range(3)]
    for profile, instructions in zip(profiles, (a, most, most + 1), strict=True):
        profile.totals.instructions = instructions
    limit = Limit.parse(text)
    assert exceeded(compare(profiles[0], profiles[1], {}, {}), "count", limit, None) == []
    (excess,) = exceeded(compare(profiles[0], profiles[2], {}, {}), "count", limit, None)
    assert (excess.figure.b, excess.limit.text, excess.place) == (most + 1, text, None)


@pytest.mark.parametrize("text", ["", "%", "two", "-2%", "0.5", "1.", "x", "2%%"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither a growth|below 1: for a growth write 50%"):
        Limit.parse(text)


def test_functions_that_did_nothing_before_have_nothing_to_grow_from() -> None:
    comparison = compared(PROGRAM, PROGRAM.replace("half(i)", "0"))
    backwards = compare(comparison.b, comparison.a, {}, {})
    assert [e.place.name for e in exceeded(backwards, "count", None, Limit.parse("0%")) if e.place] == ["main chunk"]


def test_json_has_plain_values_only() -> None:
    value = compare(sampled_profile(), slower(1.5), SOURCES, SOURCES).to_json()
    assert json.loads(json.dumps(value)) == value
    assert value["totals"]["run_ns"]["verdict"] == "more"
    assert value["functions"][0]["b"] == {"path": "main.lua", "name": "fib", "line": 1}


def test_the_report_shows_significant_changes_first_and_fits_its_width() -> None:
    comparison = compare(sampled_profile(), slower(2), SOURCES, SOURCES)
    comparison.b.files[1].functions[0].self_ns = 255 * MS
    comparison = compare(comparison.a, comparison.b, SOURCES, SOURCES)
    lines = plain_text(report(comparison, SOURCES, SOURCES, Layout("time"))).splitlines()
    functions = lines[lines.index("Functions") + 2 :][:2]
    assert functions[0].split()[0] == "x2.0"
    assert functions[0].split()[-2:] == ["main.lua:1", "fib"]
    assert functions[1].split()[:2] == ["within", "noise"]
    assert max(map(len, lines)) <= 80
