"""Which figure a metric means, what exceeds a bound, and how few places a search has to judge."""

from __future__ import annotations

import math

import pytest

from perilune.profiler.bisection import Bound, Found, Metric, MetricError, Verdict, search
from sampled_profile import SOURCES, sampled_profile


def judged(count: int, first: int, skipped: set[int]) -> tuple[Found, list[int]]:
    asked: list[int] = []

    def judge(place: int) -> Verdict:
        asked.append(place)
        return "skipped" if place in skipped else "above" if place >= first else "within"

    return search(count, judge), asked


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 200])
def test_every_place_is_found_by_few_questions(count: int) -> None:
    for first in range(1, count + 1):
        found, asked = judged(count, first, set())
        assert found == Found(first - 1, first if first < count else None)
        assert len(asked) == len(set(asked)) <= math.ceil(math.log2(count))


def test_what_is_skipped_may_be_it_too() -> None:
    found, asked = judged(50, 20, {17, 18, 19, 30})
    assert found == Found(16, 20)
    assert len(asked) <= math.ceil(math.log2(50)) + 4
    assert judged(5, 5, {4})[0] == Found(3, None)
    assert judged(4, 1, {1, 2, 3})[0] == Found(0, None)


def test_metrics() -> None:
    profile = sampled_profile()
    assert Metric.parse("instructions").of(profile, SOURCES) == profile.totals.instructions
    assert Metric.parse("peak").of(profile, SOURCES) == profile.totals.memory.peak_bytes
    rows = {row.name: row for file in profile.files for row in file.functions}
    assert Metric.parse("instructions:function:fib").of(profile, SOURCES) == rows["fib"].instructions
    assert Metric.parse("allocated:function:join").of(profile, SOURCES) == rows["join"].allocated_bytes
    assert Metric.parse("allocated:function:joi").of(profile, SOURCES) is None
    assert Metric.parse("allocated:function:joi").alternatives(profile) == ["join"]
    lines = {(file.path, row.line): row for file in profile.files for row in file.lines}
    line = lines["lib/text.lua", 4]
    assert Metric.parse("allocated:line:table.concat(t,").of(profile, SOURCES) == line.allocated_bytes
    assert Metric.parse("instructions:line:nowhere").of(profile, SOURCES) is None


def test_a_line_is_followed_by_its_number() -> None:
    profile = sampled_profile()
    instructions = {row.line: row.instructions for row in profile.files[0].lines}
    text = SOURCES["main.lua"]
    metric = Metric.parse("instructions:line:6")
    assert metric.of(profile, SOURCES, text) == instructions[6]
    assert metric.of(profile, SOURCES, [*text[:4], *text[5:]]) == instructions[7]  # line 5 has gone meanwhile
    assert metric.of(profile, SOURCES, [*text[:5], "new()", *text[5:]]) is None


def test_a_method_is_meant_by_its_name() -> None:
    profile = sampled_profile()
    profile.files[1].functions[-1].name = "M.join"
    assert Metric.parse("instructions:function:join").of(profile, SOURCES)
    assert Metric.parse("instructions:function:oin").of(profile, SOURCES) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time", "'time' is no metric: it is one of instructions, allocated, peak"),
        ("", "'' is no metric"),
        ("peak:function:f", "a function has no peak of its own"),
        ("instructions:loop:f", "'instructions:loop:f' is none of instructions, instructions:function:NAME and "),
        ("instructions:line: ", "is none of"),
    ],
)
def test_what_is_no_metric(text: str, message: str) -> None:
    with pytest.raises(MetricError) as error:
        Metric.parse(text)
    assert message in str(error.value)


def test_bounds() -> None:
    assert Bound.parse("5%", "instructions").is_exceeded(106, 100)
    assert not Bound.parse("5%", "instructions").is_exceeded(105, 100)
    assert Bound.parse("x1.5", "peak").is_exceeded(151, 100)
    assert Bound.parse("0%", "peak").is_exceeded(101, 100)
    assert Bound.parse("12K", "instructions").is_exceeded(12_001, None)
    assert not Bound.parse("64KiB", "allocated").is_exceeded(65_536, None)
    assert not Bound.parse("0", "allocated").is_exceeded(None, None)
    for text in ("much", "-5%", "x0.5", "5 kg"):
        with pytest.raises(MetricError, match="is neither a growth, such as 5%, nor an amount"):
            Bound.parse(text, "instructions")
