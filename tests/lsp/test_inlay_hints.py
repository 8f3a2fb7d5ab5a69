"""Which lines show a figure, and how it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_fixtures import expected, line_row, measured, shown
from perilune.lsp.features.inlay_hints import MAX_LENGTH, label


def test_a_traced_line_shows_its_time_last() -> None:
    assert label(line_row(1, 0.412, 1_234_567, traced=True)) == "41.2% · 1.2M× · 412 ms"


@pytest.mark.parametrize(
    ("hits", "written"),
    [
        (0, "0×"),
        (999, "999×"),
        (1000, "1.0k×"),
        (9949, "9.9k×"),
        (9951, "10k×"),
        (999_600, "1.0M×"),
        (10**12, "1000G×"),
    ],
)
def test_hits_are_short(hits: int, written: str) -> None:
    assert label(line_row(1, 0.5, hits)) == f"50.0% · {written}"


@given(st.floats(0, 1), st.integers(0, 10**15), st.integers(0, 10**16))
def test_a_label_is_never_too_long(share: float, hits: int, self_ns: int) -> None:
    row = line_row(1, share, hits)
    row.self_ns = self_ns
    assert 0 < len(label(row)) <= MAX_LENGTH


def test_lines_below_the_threshold_are_quiet_unless_they_are_among_the_hottest() -> None:
    hot = "".join(f"hot({n})  --= 10%\n" for n in range(6))
    assert "cool" not in "".join(
        line for line in shown(measured(hot + "cool()  --= 0.4%\n"), "cool()\n") if "%" in line
    )
    lukewarm = "".join(f"cool({n})  --= 0.3%\n" for n in range(8))
    assert shown(measured(lukewarm), "cool(0)\ncool(1)\ncool(7)\n").count("0.3%") == 2


def test_a_share_that_would_read_as_nothing_is_never_shown() -> None:
    assert "%" not in shown(measured("once()  --= 0.01%\n"), "once()\n")


def test_a_threshold_of_zero_shows_every_line_with_a_visible_share() -> None:
    assert shown(measured("a()  --= 0.2%\nb()  --= 0.1%\n"), "a()\nb()\n", threshold=0) == expected("""
        a() <0.2% · 1×>
        b() <0.1% · 1×>
    """)


def test_hints_stand_behind_characters_of_any_width() -> None:
    assert shown(measured('print("🌙é")  --= 99%\n'), 'print("🌙é")\n') == 'print("🌙é") <99.0% · 1×>\n'
