"""What changed between two runs, by line, and how it is written beside code."""

from __future__ import annotations

from textwrap import dedent

import pytest

from perilune.lsp.changes import MINUS, LineChange, change_of, line_changes, summary
from perilune.profiler.comparison import Comparison, Figure, Place, Row, compare
from perilune.profiler.model import Profile
from perilune.profiler.session import Session
from perilune.profiler.sources import split_lines

SUMMING = """\
    local sum = 0
    for i = 1, 100 do
      sum = sum + i * i
    end
    print(sum)
"""


def counted(text: str) -> Profile:
    return Session("count").run(text.encode(), b"@a.lua", [])[1]


def compared(before: str, after: str) -> Comparison:
    texts = [dedent(text) for text in (before, after)]
    a, b = (counted(text) for text in texts)
    sources_a, sources_b = ({a.files[0].path: split_lines(text.encode())} for text in texts)
    return compare(a, b, sources_a, sources_b)


def changes(before: str, after: str) -> dict[int, LineChange]:
    comparison = compared(before, after)
    return line_changes(comparison, comparison.b.files[0].path)


def row(a: int | None, b: int | None, error: int = 0, name: str = "self_ns") -> Row:
    return Row(None if a is None else Place("", "a", 1), Place("", "a", 1), {name: Figure(a, b, error)})


def test_what_runs_the_same_has_no_changes() -> None:
    assert changes(SUMMING, SUMMING) == {}


def test_a_line_that_runs_less_often_says_by_how_much() -> None:
    found = changes(SUMMING, SUMMING.replace("100", "50"))
    assert set(found) == {2, 3}
    assert found[3].ratio_text == "▼ 50% instr"
    assert found[3].instructions < 0
    assert f"hits 100 → 50 ({MINUS}50.0%)" in found[3].markdown


def test_lines_are_matched_through_the_edit() -> None:
    after = "-- a comment\n\n" + dedent(SUMMING).replace("i * i", "i * i * i")
    found = changes(SUMMING, after)
    assert set(found) == {5}
    assert found[5].ratio_text.startswith("▲")
    assert not found[5].is_new


def test_a_new_line_is_new() -> None:
    found = changes(SUMMING, SUMMING.replace("    print", "    local twice = { sum * 2 }\n    print"))
    assert found[5].is_new
    assert found[5].ratio_text == "new"
    assert 6 not in found


def test_memory_is_told_where_instructions_stay() -> None:
    before = "local t = {}\nfor i = 1, 10 do t[i] = ('x'):rep(1000) end\n"
    found = changes(before, before.replace("1000", "3000"))
    assert found[2].ratio_text.startswith("▲ ×")
    assert found[2].ratio_text.endswith(" mem")
    assert found[2].allocated_bytes > 10 * 1900


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        (300, 200, "▼ 33% time"),
        (100, 100_000, "▲ ×1000 time"),
        (100_000, 1, "▼ >99% time"),
        (100_000, 100_001, "▲ <1% time"),
        (100, 0, "▼ 100% time"),
        (0, 5, "▲ from 0 time"),
        (100, 250, "▲ ×2.5 time"),
    ],
)
def test_a_ratio_is_short_and_never_rounded_to_nothing(a: int, b: int, text: str) -> None:
    assert change_of(row(a, b)).ratio_text == text


def test_a_time_within_its_error_is_no_change() -> None:
    change = change_of(row(1_000_000, 900_000, error=200_000))
    assert (change.is_change, change.ratio_text, change.self_ns) == (False, "", 0)
    assert "within the error" in change.markdown
    assert change_of(row(1_000_000, 900_000, error=20_000)).is_change


def test_a_run_is_summed_up() -> None:
    comparison = compared(SUMMING, SUMMING.replace("100", "50"))
    assert summary(comparison, same_output=False).startswith(f"{MINUS}4")
    assert summary(comparison).endswith("instructions, the same allocated bytes")
    assert summary(compared(SUMMING, SUMMING), True) == "the same instructions and allocated bytes, same output"
