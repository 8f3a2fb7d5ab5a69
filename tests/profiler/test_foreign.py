"""A foreign profile keeps its sums, is null where its format has no figure, and survives as JSON."""

import json

from perilune.profiler.exporters.stacks import Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.model import COLLECTOR, Profile, Program
from perilune.profiler.origin import Origin
from perilune.profiler.renderers.json import parse, render

MAIN = Frame("main chunk", "game.lua", 1, 10)
STEP = Frame("step", "game.lua", 3, 5)
AGAIN = Frame("step", "game.lua", 3, 4)
CONCAT = Frame("table.concat", None, 0, 0)


def sampled() -> Profile:
    """20 samples of 10 ns: 8 in `step`, 6 of them in table.concat, 4 under recursion, 4 outside, 4 of the collector."""
    builder = ForeignProfile(Origin("record", "sampled", host="love"), Program("game.lua"))
    builder.add_stack((MAIN, STEP), 20, 2, ["(compiled)"])
    builder.add_stack((MAIN, STEP, CONCAT), 60, 6)
    builder.add_stack((MAIN, STEP, AGAIN, STEP), 40, 4, ["(interpreted)"])
    builder.add_stack((Frame("sleep", None, 0, 0),), 40, 4)
    builder.add_stack((Frame(COLLECTOR, None, 0, 0),), 40, 4)
    return builder.profile()


def test_times_of_lines_and_elsewhere_add_up() -> None:
    profile = sampled()
    totals, (file,) = profile.totals, profile.files
    assert (totals.run_ns, totals.gc_ns, totals.outside_ns, totals.samples) == (200, 40, 40, 20)
    assert {row.line: (row.self_ns, row.total_ns) for row in file.lines} == {5: (120, 120), 4: (0, 40), 10: (0, 120)}
    assert [(row.name, row.line, row.end_line, row.self_ns, row.total_ns) for row in file.functions] == [
        ("step", 3, 5, 120, 120),
        ("main chunk", 1, 10, 0, 120),
    ]
    assert {row.name: row.self_ns for row in profile.builtins} == {
        "table.concat": 60,
        "sleep": 40,
        "(interpreted)": 40,
        "(compiled)": 20,
    }
    assert all(row.error for row in file.lines)


def test_a_recursive_line_is_one_place_of_the_tree_and_stands_at_its_end() -> None:
    tree = sampled().call_tree
    assert tree is not None
    (step,) = tree.children[0].children
    assert [(node.function, node.self_ns) for node in step.children] == [("table.concat", 60), ("step", 0)]
    assert [(node.line, node.self_ns) for node in step.children[1].children] == [(5, 40)]


def test_figures_that_are_not_held_are_null_in_json() -> None:
    profile = sampled()
    written = json.loads(render(profile))
    line = written["files"][0]["lines"][0]
    assert line["self_ns"] is not None and line["hits"] is line["instructions"] is line["allocated_bytes"] is None
    assert written["totals"]["instructions"] is None and written["totals"]["memory"]["peak_bytes"] is None
    assert written["builtins"][0]["calls"] is None
    assert written["origin"]["host"] == "love" and written["origin"]["figures"] == []
    assert render(parse(render(profile))) == render(profile)
    assert Profile.from_json(profile.to_json()).to_json() == profile.to_json()


def test_exact_hits_have_shares_where_there_is_no_time() -> None:
    builder = ForeignProfile(Origin("lcov", "exact"), Program("a.lua"))
    builder.add_line("a.lua", 1, hits=1)
    builder.add_line("a.lua", 2, hits=3)
    builder.add_line("a.lua", 3, hits=0)
    builder.add_function("a.lua", "f", 2, calls=3, end_line=3)
    profile = builder.profile()
    assert [(row.line, row.hits, row.share) for row in profile.files[0].lines] == [
        (1, 1, 0.25),
        (2, 3, 0.75),
        (3, 0, 0),
    ]
    assert profile.mode == "count" and profile.holds("hits") and profile.holds("calls")
    assert not profile.holds("instructions") and profile.totals.run_ns is None and profile.call_tree is None
