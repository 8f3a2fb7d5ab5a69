"""Which lines show a figure, and how it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_fixtures import expected, line_row, measured, shown
from perilune.lsp.document import Document
from perilune.lsp.features.inlay_hints import MAX_LENGTH, hints, label
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import Profile
from sampled_profile import SOURCES, sampled_profile

COUNTED = measured("x()").profile
TRACED = measured("x()", traced=True).profile


def test_a_traced_line_shows_its_time_last() -> None:
    assert label(line_row(1, 0.412, 1_234_567, traced=True), TRACED) == "41.2% · 1.2M× · 412 ms"


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
    assert label(line_row(1, 0.5, hits), COUNTED) == f"50.0% · {written}"


@given(st.floats(0, 1), st.integers(0, 10**15), st.integers(0, 10**16), st.none() | st.floats(0, 0.5))
def test_a_label_is_never_too_long(share: float, hits: int, self_ns: int, error: float | None) -> None:
    row = line_row(1, share, hits)
    row.self_ns, row.error = self_ns, error
    assert 0 < len(label(row, TRACED)) <= MAX_LENGTH


def sampled_labels(profile: Profile) -> dict[int, str]:
    document = Document.from_text("main.lua", "\n".join(SOURCES["main.lua"]))
    view = View(Measurement(profile, profile.files[0], document), document)
    return {hint.measured_line: hint.label for hint in hints(view, 1, 9, 0.02)}


def test_a_sampled_share_has_no_more_digits_than_its_error_leaves() -> None:
    profile = sampled_profile()
    assert sampled_labels(profile) == {
        2: "30% · 22k× · 300 ms",
        3: "35% · 11k× · 350 ms",
        6: "<1% · 1× · 5.0 ms",
        7: "1% · 101× · 10 ms",
        8: "2% · 100× · 15 ms",
    }
    profile.files[0].lines[2].error = 0.004
    assert sampled_labels(profile)[3] == "35.0% · 11k× · 350 ms"


def test_a_line_that_no_sample_hit_shows_no_time() -> None:
    profile = sampled_profile()
    row = profile.files[0].lines[1]
    row.share, row.self_ns, row.error = 0.0, 0, 0.0
    assert label(row, profile) == "0.0% · 22k×"


def test_counts_lead_where_a_run_was_too_short_for_times() -> None:
    profile = sampled_profile()
    profile.totals.samples = 99
    assert sampled_labels(profile) == {2: "14.3% · 22k×", 3: "85.5% · 11k×", 7: "0.1% · 101×", 8: "0.1% · 100×"}


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
