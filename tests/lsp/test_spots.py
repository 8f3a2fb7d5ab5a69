"""Where a run was hot, what stands above functions, and what a selection cost, on a sampled profile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_fixtures import measured
from perilune.lsp.changes import LineChange
from perilune.lsp.document import Document
from perilune.lsp.features.hot_problems import hot_problems
from perilune.lsp.features.lenses import CLEAR, COMPARE, HOTTEST, RUN, RUN_AGAIN, Lens, lenses
from perilune.lsp.features.selection import summarize
from perilune.lsp.features.spots import (
    bars,
    builtin_spots,
    collector_spot,
    file_spots,
    function_spots,
    line_spots,
    next_hot,
    run_label,
)
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import Collector, Profile
from sampled_profile import MS, SOURCES, sampled_profile

HOW = (0.02, "time")
ALL = frozenset({RUN, RUN_AGAIN, COMPARE, CLEAR})


def views_of(profile: Profile) -> dict[str, View]:
    """Both files of the sampled program, as they ran."""
    views = {}
    for file in profile.files:
        document = Document.from_text(file.path, "\n".join(SOURCES[file.path]))
        views[file.path] = View(Measurement(profile, file, document), document)
    return views


def edited(view: View, before: str, after: str) -> View:
    text = view.document.data.decode()
    assert before in text
    return View(view.measurement, Document.from_text(view.document.path, text.replace(before, after)))


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("self", ("main.lua", 2)),
        ("total", ("main.lua", 5)),
        ("count", ("main.lua", 2)),
        ("memory", ("lib/text.lua", 2)),
        ("change", ("main.lua", 2)),
    ],
)
def test_lines_are_ranked_by_what_is_asked_for(sort: str, first: tuple[str, int]) -> None:
    spot = line_spots(views_of(sampled_profile()), sort, 1)[0]
    assert (spot["uri"], spot["line"]) == first


def test_a_share_that_is_not_known_is_null_and_behind_the_rest() -> None:
    lines = line_spots(views_of(sampled_profile()), "self", 50)
    assert [spot["share"] for spot in lines[:4]] == [0.35, 0.3, 0.17, 0.08]
    assert (lines[-1]["share"], lines[-1]["label"]) == (None, "66% total · 1× · 655 ms")
    few = line_spots(views_of(sampled_profile(12)), "self", 50)
    assert {spot["share"] for spot in few} == {None}
    assert few[0]["hits"] == 10_945  # ranked by instructions, for want of better


def test_an_edited_line_is_marked_and_a_deleted_one_is_left_out() -> None:
    views = views_of(sampled_profile())
    views["main.lua"] = edited(edited(views["main.lua"], "n < 2", "n < 3"), "  return fib(n - 1) + fib(n - 2)\n", "")
    lines = {spot["text"]: spot for spot in line_spots(views, "self", 50)}
    assert lines["if n < 3 then return n end"]["label"] == "~30% · 22k× · 300 ms"
    assert lines["if n < 3 then return n end"]["stale"]
    assert not any("fib(n - 1)" in text for text in lines)


def test_lines_by_change_are_those_that_changed_most() -> None:
    views = views_of(sampled_profile())
    changes = {
        2: LineChange("▲ 5% instr", True, "", {"count": "▲ 5% instr"}, instructions=1_000),
        3: LineChange("▼ 50% instr", True, "", {"count": "▼ 50% instr"}, instructions=-90_000),
        7: LineChange("", False, "", {}),
    }
    view = views["main.lua"]
    views = {"main.lua": View(replace(view.measurement, changes=changes), view.document)}
    assert [(spot["line"], spot["change"]) for spot in line_spots(views, "change", 50)] == [
        (2, "▼ 50% instr"),
        (1, "▲ 5% instr"),
    ]


def test_files_functions_and_library_functions() -> None:
    profile = sampled_profile()
    views = views_of(profile)
    assert [(spot["uri"], round(spot["share"], 3)) for spot in file_spots(views, "self")] == [
        ("main.lua", 0.68),
        ("lib/text.lua", 0.25),
    ]
    assert [(spot["name"], spot["label"]) for spot in function_spots(views, "total", 50)] == [
        ("main chunk", "1 call · 3% self · 93% total"),
        ("fib", "22k calls · 65% self · 65% total"),
        ("join", "100 calls · 25% self · 25% total"),
    ]
    assert [spot["name"] for spot in function_spots(views, "count", 2)] == ["fib", "join"]
    assert [(spot["name"], spot["share"]) for spot in builtin_spots(profile, "self", 50)] == [
        ("table.concat", 0.15),
        ("require", None),
    ]


def test_the_collector_has_a_row_and_the_lines_that_drive_it() -> None:
    profile = sampled_profile()
    profile.totals.collector = Collector(cycles=7, freed_bytes=9_000)
    profile.files[1].lines[0].gc_share = 0.9
    profile.files[0].lines[0].gc_share = 0.0004  # which reads as nothing
    spot = collector_spot(views_of(profile), profile, 50)
    assert (spot["share"], spot["ns"], spot["cycles"], spot["freed_bytes"]) == (0.04, 40 * MS, 7, 9_000)
    assert spot["lines"] == [{"uri": "lib/text.lua", "line": 2, "share": 0.9}]
    assert run_label(profile) == "1.0 s · collector 4%"
    assert run_label(sampled_profile(12)) == "1.0 s"  # a collector that one sample found is no figure
    assert run_label(measured("x() --= 50%\n").profile) == "2 instructions"


def test_one_goes_through_the_lines_of_all_files_in_turn() -> None:
    views = views_of(sampled_profile())
    places = [("main.lua", 1)]
    for _ in range(6):
        found = next_hot(views, *places[-1], 1, HOW)
        assert found is not None
        places.append(found)
    assert places[1:] == [
        ("main.lua", 2),
        ("main.lua", 3),
        ("main.lua", 6),
        ("main.lua", 7),
        ("main.lua", 8),
        ("lib/text.lua", 3),
    ]
    assert next_hot(views, "lib/text.lua", 4, 1, HOW) == ("main.lua", 2)
    assert next_hot(views, "main.lua", 2, -1, HOW) == ("lib/text.lua", 4)
    assert next_hot(views, "lib/text.lua", 4, -1, HOW) == ("lib/text.lua", 3)
    assert next_hot({}, "main.lua", 2, 1, HOW) is None


def test_lenses_stand_above_functions_and_move_with_them() -> None:
    view = views_of(sampled_profile())["main.lua"]
    assert list(lenses(view, 0.005, ALL)) == [
        Lens(1, "main.lua: 1.0 s · collector 4%", HOTTEST, 3),
        Lens(1, "Profile again", RUN_AGAIN),
        Lens(1, "Compare", COMPARE),
        Lens(1, "Clear", CLEAR),
        Lens(1, "22k calls · 65% self · 65% total", HOTTEST, 3),
    ]
    moved = edited(view, "local function fib", "-- moved\n\nlocal function fib")
    assert list(lenses(moved, 0.005, ALL))[-1] == Lens(3, "22k calls · 65% self · 65% total", HOTTEST, 5)
    changed = edited(view, "n < 2", "n < 3")
    assert list(lenses(changed, 0.005, ALL))[-1].title == "~22k calls · 65% self · 65% total"
    assert [lens.action for lens in lenses(view, 0.7, frozenset({CLEAR}))] == [HOTTEST, CLEAR]
    assert list(lenses(None, 0.005, ALL)) == [Lens(1, "Profile", RUN)]


def test_bars_have_no_length_where_nothing_is_known() -> None:
    views = views_of(sampled_profile(99))
    assert [(bar.line, bar.cost.share) for bar in bars(views["main.lua"], *HOW)] == [
        (2, 0.3),
        (3, 0.35),
        (6, 0.0),
        (7, 0.0),
        (8, 0.0),
    ]
    assert {bar.cost.share for bar in bars(views_of(sampled_profile(12))["main.lua"], *HOW)} == {0.0}


def test_the_hottest_lines_as_problems_cover_their_text() -> None:
    view = views_of(sampled_profile())["main.lua"]
    found = hot_problems(view, *HOW)
    texts = [view.document.data[problem.start : problem.end].decode() for problem in found]
    assert texts[0] == "if n < 2 then return n end"
    assert found[0].message == "30% · 22k× · 300 ms"
    assert all(problem.is_hint and not problem.is_error for problem in found)


def test_a_selection_is_summed_with_its_error() -> None:
    view = views_of(sampled_profile())["main.lua"]
    found = summarize(view, 1, 4)
    assert found is not None and found.error is not None
    assert (found.share, found.self_ns, found.hits) == (0.65, 650 * MS, 21_891)
    assert (
        found.text == "lines 1 to 4: 65% of the run's time · 650 ms · 153k instructions · at most 22k× · 64 B allocated"
    )
    one = summarize(view, 5, 5)
    assert one is not None
    assert (one.share, one.self_ns) == (None, None)
    assert one.text == "line 5: under 0.4% of the run's time · 1 instruction · at most 1×"
    assert summarize(view, 9, 9) is None
    few = summarize(views_of(sampled_profile(12))["main.lua"], 1, 4)
    assert few is not None and "time" not in few.text


def test_a_file_has_no_more_than_all_of_the_run() -> None:
    measurement = measured("x = 1 --= 33.33335% 1\ny = 2 --= 33.33335% 1\nz = 3 --= 33.33335% 1")
    (spot,) = file_spots({"test.lua": View(measurement, measurement.document)}, "self")
    assert spot["share"] == 1
