"""Which lines drive the collector, what it walks, and that the sums are whole."""

from __future__ import annotations

import re
from array import array
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.profiler.model import Collector, Profile
from perilune.profiler.renderers import json, terminal
from perilune.profiler.renderers.report.layout import Layout
from perilune.profiler.session import Session

MODES: list[Literal["count", "sample", "trace"]] = ["count", "sample", "trace"]


def profiled(text: str, mode: Literal["count", "sample", "trace"] = "count") -> Profile:
    return Session(mode).run(text.encode(), b"=a")[1]


def shares(profile: Profile) -> dict[int, float]:
    return {row.line: row.gc_share for row in profile.files[0].lines if row.gc_share}


def collector(profile: Profile) -> Collector:
    assert profile.totals.collector is not None
    return profile.totals.collector


@pytest.mark.parametrize("mode", MODES)
def test_lines_drive_the_collector_by_what_they_allocate(mode: Literal["count", "sample", "trace"]) -> None:
    profile = profiled("for i = 1, 100000 do\nlocal t = {i, i, i, i, i, i}\nlocal u = {i, i}\nend", mode)
    allocated = {row.line: row.allocated_bytes for row in profile.files[0].lines}
    found = shares(profile)
    # Where cycles weigh what they took, the first, to which the start belongs too, may be the slowest.
    driven = 1 if mode == "count" else found[2] + found[3]
    assert driven > 0.5
    assert found[2] / driven == pytest.approx(allocated[2] / (allocated[2] + allocated[3]), abs=0.01)
    assert found[3] / driven == pytest.approx(allocated[3] / (allocated[2] + allocated[3]), abs=0.01)
    if mode != "count":
        row = next(row for row in profile.files[0].lines if row.line == 2)
        assert profile.totals.gc_ns is not None
        assert row.gc_ns == pytest.approx(profile.totals.gc_ns * found[2], abs=1)
    else:
        assert profile.files[0].lines[0].gc_ns is None


def test_each_cycle_is_driven_by_what_was_allocated_since_the_one_before() -> None:
    text = """for i = 1, 20000 do
local a = {}
end
collectgarbage()
local kept = {}
for i = 1, 20000 do
kept[i] = {}
end"""
    first = profiled(text.replace("collectgarbage()", "collectgarbage() collectgarbage('stop')"))
    assert shares(first).keys() <= {1, 2, 4}  # what is allocated while the collector stands still drives nothing
    both = shares(profiled(text))
    assert both[7] > both[2] > 0


def test_who_asks_for_a_collection_drives_it() -> None:
    profile = profiled("local t = {}\nfor i = 1, 1000 do t[i] = {} end\nfor i = 1, 10 do\ncollectgarbage()\nend")
    assert shares(profile)[4] > 0.9
    stepped = profiled("collectgarbage('stop')\nfor i = 1, 1000 do local t = {} end\ncollectgarbage('step')")
    assert shares(stepped) == {3: 1.0}


def test_nothing_is_driven_without_a_collection() -> None:
    profile = profiled("collectgarbage('stop')\nfor i = 1, 100000 do local t = {} end")
    assert shares(profile) == {}
    assert collector(profile) == Collector()


def test_what_is_walked_and_freed_is_counted_object_by_object() -> None:
    def run(kept: int, gone: int, strings: int) -> Collector:
        return collector(
            profiled(f"""collectgarbage("stop")
local kept = {{}}
for i = 1, {kept} do kept[i] = {{}} end
for i = 1, {strings} do kept["a string of this program " .. i] = true end
for i = 1, {gone} do local gone = {{}} end
collectgarbage()""")
        )

    def walked(of: Collector, kind: str) -> int:
        return next(row.objects for row in of.walked_kinds if row.kind == kind)

    least, more = run(0, 0, 0), run(300, 500, 70)
    assert least.cycles == more.cycles == 1
    assert walked(more, "table") - walked(least, "table") == 300
    assert walked(more, "string") - walked(least, "string") == 70
    assert more.freed_objects - least.freed_objects == 500 + 70  # each string is made from a number's text
    assert more.freed_bytes > 500 * 56
    assert more.walked_objects == sum(row.objects for row in more.walked_kinds)
    assert more.walked_bytes == sum(row.bytes for row in more.walked_kinds)


GARBAGE = "for i = 1, 100000 do\nlocal t = {i, i, i, i}\nlocal u = {i}\nend"


def test_the_report_names_the_lines_that_drive_the_collector() -> None:
    text = terminal.render(profiled(GARBAGE), {"a": GARBAGE.splitlines()}, Layout())
    assert re.search(
        r"\n  collector     [0-9]+ cycles\n  driven by     line 2 \(\d\d\.\d%\), line 3 \(\d\d\.\d%\)\n", text
    )
    assert re.search(r"\n  walked        .+ objects \(.+%\), freed .+ MB in \S+\n", text)
    assert "collector" not in terminal.render(profiled("local t = {}"), {}, Layout())


@pytest.mark.parametrize("mode", ["count", "trace"])
def test_a_saved_profile_keeps_what_lines_drive(mode: Literal["count", "trace"]) -> None:
    profile = profiled(GARBAGE, mode)
    assert json.parse(json.render(profile)).totals.collector == profile.totals.collector
    read = [(row.line, row.gc_ns) for row in json.parse(json.render(profile)).files[0].lines]
    assert read == [(row.line, row.gc_ns) for row in profile.files[0].lines]


STATEMENTS = [
    "keep[#keep + 1] = {1, 2, 3}",
    "for i = 1, 1000 do keep[i] = {i} end",
    "for i = 1, 1000 do local t = {i .. ' '} end",
    "keep = {}",
    "collectgarbage()",
    "collectgarbage('step')",
    "collectgarbage('step', 10)",
    "keep.gone = setmetatable({}, {__gc = function() for i = 1, 100 do keep[-i] = {} end end}) keep.gone = nil",
    "load(('local t = {} '):rep(100))()",
    "profiler.stop()",
    "profiler.start()",
]


@pytest.mark.parametrize("mode", ["count", "trace"])
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), max_size=30))
def test_what_lines_and_nobody_drove_is_all_that_the_collector_did(
    mode: Literal["count", "trace"], statements: list[str]
) -> None:
    session = Session(mode)
    begin = "local keep, profiler = {}, require 'perilune.profiler'"
    _, profile = session.run("\n".join([begin, *statements]).encode(), b"=a")
    assert session.raw is not None
    driven = sum(sum(array("Q", function["gc_driven"])) for function in session.raw["functions"])
    assert 0 <= driven <= session.raw["collector"]["work"]
    lines = [row for file in profile.files for row in file.lines]
    functions = [row for file in profile.files for row in file.functions]
    if mode == "trace":
        of_lines = sum(row.gc_ns or 0 for row in lines)
        assert of_lines == sum(row.gc_ns or 0 for row in functions) <= (profile.totals.gc_ns or 0)
    assert sum(row.gc_share for row in lines) == pytest.approx(sum(row.gc_share for row in functions))
    assert sum(row.gc_share for row in lines) < 1.000001
