"""Which lines show a figure, and how it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_fixtures import expected, line_row, measured, shown
from perilune.lsp.changes import LineChange
from perilune.lsp.display import METRICS
from perilune.lsp.document import Document
from perilune.lsp.features.inlay_hints import MAX_LENGTH, hints, label, stale_label
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import Profile
from perilune.profiler.shares import interval_of_share
from sampled_profile import MS, SOURCES, sampled_profile, waiting_profile

COUNTED = measured("x()").profile
TRACED = measured("x()", traced=True).profile
DOCUMENT = Document.from_text("test.lua", "x()")
CHANGE = LineChange("▼ 33% instr", True, "", {"count": "▼ 33% instr", "time": "▼ 12% time"})
HUGE_CHANGE = LineChange("▲ ×9999 instr", True, "", {"count": "▲ ×9999 instr", "memory": "▲ from 0 mem"})


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


@given(
    st.floats(0, 1),
    st.integers(0, 10**15),
    st.integers(0, 10**16),
    st.none() | st.integers(0, 10**16),
    st.integers(0, 10**16),
    st.none() | st.floats(0, 0.5),
    st.sampled_from(METRICS),
    st.none() | st.sampled_from([CHANGE, HUGE_CHANGE]),
)
def test_a_label_is_never_too_long(
    share: float,
    hits: int,
    self_ns: int,
    total_ns: int | None,
    size: int,
    error: float | None,
    metric: str,
    change: LineChange | None,
) -> None:
    row = line_row(1, share, hits)
    row.self_ns, row.total_ns, row.error, row.total_error = self_ns, total_ns, error, error
    row.allocated_bytes = row.live_bytes = size
    row.gc_ns = self_ns
    written = label(row, TRACED, metric, change)
    assert 0 < len(written) <= MAX_LENGTH
    assert len(stale_label(row, Measurement(TRACED, TRACED.files[0], DOCUMENT), metric)) > 1


def sampled_labels(profile: Profile, metric: str = "time", path: str = "main.lua") -> dict[int, str]:
    document = Document.from_text(path, "\n".join(SOURCES[path]))
    file = profile.file(path)
    assert file is not None
    view = View(Measurement(profile, file, document), document)
    return {hint.measured_line: hint.label for hint in hints(view, 1, 9, 0.02, metric)}


def test_a_sampled_share_has_no_more_digits_than_its_error_leaves() -> None:
    profile = sampled_profile()
    assert sampled_labels(profile) == {
        2: "30% · 22k× · 300 ms",
        3: "35% · 11k× · 350 ms",
        6: "66% total · 1× · 655 ms",
        7: "1% · 101× · 10 ms",
        8: "26% total · 100× · 2% self",
    }
    profile.files[0].lines[2].error = 0.004
    assert sampled_labels(profile)[3] == "35.0% · 11k× · 350 ms"


def test_a_share_smaller_than_its_error_is_no_figure() -> None:
    profile = sampled_profile(99)
    assert sampled_labels(profile) == {
        2: "30% · 22k× · 300 ms",
        3: "35% · 11k× · 350 ms",
        6: "66% total · 1× · 655 ms",
        7: "101×",
        8: "26% total · 100× · 265 ms",
    }
    row = profile.files[0].lines[1]
    row.share, row.self_ns, row.total_ns = 0.0, 0, 0
    assert label(row, profile) == "22k×"


@pytest.mark.parametrize("samples", [0, 12])
def test_samples_that_do_not_order_the_lines_show_counts_and_bytes_and_no_share(samples: int) -> None:
    profile = sampled_profile(samples)
    row = profile.files[0].lines[4]
    row.allocated_bytes = 90_000
    assert sampled_labels(profile)[6] == "1× · 90.0 kB"
    assert "%" not in "".join(sampled_labels(profile).values())


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


def test_every_metric_has_its_own_figure_first() -> None:
    profile = sampled_profile()
    row = profile.files[1].lines[0]
    row.live_bytes = 500
    assert label(row, profile) == "8% · 100× · 80 ms"
    assert label(row, profile, "total") == "8% total · 100× · 80 ms"
    assert label(profile.files[0].lines[2], profile, "total") == "63% total · 11k× · 35% self"
    assert label(profile.files[0].lines[2], profile, "count") == "11k× · 85.5% instr"
    assert label(row, profile, "memory") == "12.0 kB · 10.0% mem"
    row.allocated_bytes = 900
    assert label(row, profile, "memory") == "900 B · 0.8% mem · keeps 500 B"
    assert label(row, profile, "change") == label(row, profile, "time")


def test_every_metric_ranks_the_lines_by_itself() -> None:
    profile = sampled_profile()
    assert list(sampled_labels(profile, "memory", "lib/text.lua")) == [3, 4]
    assert list(sampled_labels(profile, "memory")) == [1]
    assert list(sampled_labels(profile, "total")) == [2, 3, 6, 7, 8]
    assert list(sampled_labels(profile, "count")) == [2, 3, 7, 8]


def test_what_changed_stands_beside_the_figure_and_first_by_that_metric() -> None:
    row = line_row(1, 0.18, 1_200_000, traced=True)
    assert label(row, TRACED, change=CHANGE) == "18.0% · 1.2M× · ▼ 33% instr"
    assert label(row, TRACED, "change", CHANGE) == "▼ 33% instr · 18.0% · 1.2M×"
    assert label(row, COUNTED, "count", CHANGE) == "1.2M× · ▼ 33% instr"
    assert label(row, COUNTED, "memory", CHANGE) == "0 B · 0.0% mem"


def test_by_change_only_lines_that_did_are_shown_and_all_if_nothing_can_be_compared() -> None:
    text = "a()  --= 60%\nb()  --= 40%\n"
    unchanged = LineChange("", False, "", {})
    for changes, lines in (({1: unchanged, 2: CHANGE}, [2]), ({1: unchanged}, []), (None, [1, 2])):
        measurement = replace(measured(text), changes=changes)
        view = View(measurement, measurement.document)
        assert [hint.measured_line for hint in hints(view, 1, 2, 0.005, "change")] == lines


def test_a_line_that_waits_and_one_that_drives_the_collector_say_so() -> None:
    waiting = waiting_profile()
    assert sampled_labels(waiting, path="lib/text.lua")[4] == "17% · 100× · 170 ms · waits"
    profile = sampled_profile()
    row = profile.files[1].lines[0]
    row.gc_share, row.gc_ns = 1.0, 40 * MS
    assert sampled_labels(profile, path="lib/text.lua")[3] == "8% · 100× · 80 ms · gc 4%"
    row.self_ns, row.share, row.total_ns = 0, 0.0, 0
    profile.files[1].lines += [line_row(line, 0.3, 1) for line in range(10, 16)]
    assert sampled_labels(profile, path="lib/text.lua")[3] == "100× · gc 4%"


def test_a_collector_that_few_samples_found_is_no_figure() -> None:
    profile = sampled_profile(99)
    row = profile.files[1].lines[0]
    row.gc_share, row.gc_ns = 1.0, 40 * MS
    assert "gc" not in label(row, profile)


def test_a_line_that_was_edited_keeps_its_first_figure_faded() -> None:
    text = "x = f(1)  --= 60% 1200\ny = 1  --= 40%\n"
    assert shown(measured(text), "x = f(2)\ny = 1\n") == "x = f(2) <~60.0%>\ny = 1 <40.0% · 1×>\n"
    few = sampled_profile(12)
    assert stale_label(few.files[0].lines[1], Measurement(few, few.files[0], DOCUMENT)) == "~22k×"


def test_spaces_comments_and_line_breaks_leave_the_figure() -> None:
    text = "local s = 0\nfor i=1,9 do\ns=s+i  --= 60% 9\nend\n"
    for edited in (
        "local s = 0\nfor i = 1, 9 do\n  s = s + i -- the sum\nend\n",
        "local s = 0\n\nfor i=1,9 do\n--[[ now ]] s=s+i\nend\n",
        "local s = 0 for i=1,9 do\ns =\n  s + i\nend\n",
    ):
        assert "60.0% · 9×" in shown(measured(text), edited)
        assert "~" not in shown(measured(text), edited)


def test_a_share_that_eight_samples_found_is_the_least_that_is_shown() -> None:
    profile = sampled_profile()
    row = profile.files[0].lines[1]
    for samples, written in ((1, "22k×"), (7, "22k×"), (8, "1% · 22k× · 8.0 ms")):
        row.share, row.self_ns, row.total_ns = samples / 1000, samples * MS, samples * MS
        row.error = row.total_error = interval_of_share(row.share, 1000).error(row.share)
        assert label(row, profile) == written
