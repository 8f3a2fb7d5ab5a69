"""The report of sample mode: exact texts, what leads, which lines are shown, and a width that no line exceeds."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.profiler.model import ChainEntry
from perilune.profiler.renderers.figures import cell_width
from perilune.profiler.renderers.report.layout import METRICS, SORT_KEYS, Layout, LineRange, complaint
from perilune.profiler.renderers.terminal import render
from sampled_profile import MS, SOURCES, sampled_profile

REPORT = """\
Profile of main.lua 20  (sample mode)

  time          1.00 s in 1,000 samples by signal, every 1.00 ms
  profiling     cost 1.03× the run without it
  collector     40.0 ms, 4.0% ± 1.4
  compiler      20.0 ms, 2.0% ± 1.1
  instructions  153,246
  memory        peak 65.5 kB, at the end 20.5 kB
  allocated     120 kB in 1,700 allocations
  stack depth   peak 68 slots, at the end 0
  reached by    main chunk (main.lua:6) → fib (main.lua:3)

Hottest lines  3 of 9
  share    ±     self   total   hits  line            source
  35.0%  3.0   350 ms  630 ms  10.9K  main.lua:3      return fib(n - 1) + fib(n…
  30.0%  2.9   300 ms  300 ms  21.9K  main.lua:2      if n < 2 then return n end
  17.0%  2.5   170 ms  170 ms    100  lib/text.lua:4  return table.concat(t, ",…
   4.0%  1.4  40.0 ms                                 (collector)
   2.0%  1.1  20.0 ms                                 (compiler)
   1.0%  0.8  10.0 ms                                 (outside the program)

Opcodes  3 of 5
  share    ±    time  count  opcode  meaning
  50.0%  3.1  500 ms  22.1K  CALL    s[A].. = s[A](s[A+1] .. s[A+B-1]), C-1 res…
  30.0%  2.9  300 ms  21.9K  JLTK    jump if s[A] < k[B]
  13.0%  2.2  130 ms   109K  SUBI    s[A] = s[B] - C

Functions
  share    ±     self   total  calls  line            function
  65.0%  3.0   650 ms  650 ms  21.9K  main.lua:1      fib
  25.0%  2.8   250 ms  250 ms    100  lib/text.lua:2  join
   3.0%  1.3  30.0 ms  930 ms      1  main.lua:1      main chunk

Library functions
  share    ±    time  calls  function
  15.0%  2.3  150 ms    100  table.concat
   0.0%  0.4              1  require

Zones
  share   total  calls    bytes  allocations  zone
  26.5%  265 ms      1  18.0 kB          300  joining

Lines that allocate
  share    bytes  allocations  live  line            source
  10.0%  12.0 kB          200   0 B  lib/text.lua:3  local t = {n, n, n}
   5.0%  6.00 kB          100   0 B  lib/text.lua:4  return table.concat(t, ",")
   0.1%     64 B            2  64 B  main.lua:1      local function fib(n)
  84.9%   102 kB        1,398                        (outside any line)

Memory at the end
  share    bytes  objects  kind
  60.9%  12.5 kB       40  table
  39.1%  8.00 kB       90  string

Counts, bytes and stack depth are exact. Times are estimates from samples: ±
covers the 95% interval of a share, in percentage points.
"""


def headings(report: str) -> list[str]:
    """The titles of the tables, which begin at the margin."""
    return [line for line in report.splitlines() if line and line[0] != " "]


def test_the_report_of_sample_mode() -> None:
    assert render(sampled_profile(), SOURCES, Layout(top=3)) == REPORT


def test_samples_that_do_not_order_the_lines_say_so_and_point_elsewhere() -> None:
    report = render(sampled_profile(12), SOURCES, Layout())
    assert (
        "12 samples are too few to tell which line took most of the time. Counts do not tell it either: they do not weigh "
        "the work inside one instruction. What may have cost more than its count: line 3 of lib/text.lua, which allocated "
        "12.0 kB (10.0%); table.concat, called 100 times; require, called once."
    ) in " ".join(report.split())
    assert "\n  35.0%  27.4   350 ms   630 ms  10.9K             main.lua:3 " in report
    assert "\n   8.0%  27.0  80.0 ms  80.0 ms    100    12.0 kB  lib/text.lua:3 " in report


def test_a_few_samples_that_order_the_lines_are_shown_with_their_errors() -> None:
    report = render(sampled_profile(37), SOURCES, Layout())
    assert "too few" not in report
    assert "\n  35.0%  16.1   350 ms   630 ms  10.9K  main.lua:3 " in report


def test_without_a_sample_counts_are_called_counts() -> None:
    profile = sampled_profile(0)
    report = render(profile, SOURCES, Layout())
    assert "No sample hit the run: nobody knows which line took most of its time. Counts do" in " ".join(report.split())
    assert "Hottest" not in report
    assert "\nLines by instructions\n  share  instr   hits  allocated  line            source\n  85.5%   131K" in report
    assert "ms" not in report.partition("Lines by instructions")[2]


def test_a_line_that_took_all_samples_leads_although_another_ran_more_instructions() -> None:
    profile = sampled_profile(65)
    for row in profile.files[0].lines:
        row.share, row.self_ns = 0.0, 0
    for row in profile.files[1].lines:
        row.share, row.self_ns, row.error = (0.99, 990 * MS, 0.06) if row.line == 4 else (0.0, 0, 0.06)
    report = render(profile, SOURCES, Layout(top=1))
    assert "too few" not in report
    assert "\n  99.0%  6.0   990 ms  170 ms   100  lib/text.lua:4 " in report


def test_an_error_is_never_nothing() -> None:
    profile = sampled_profile(10_000_000)
    assert "\n  35.0%  <0.1   350 ms   630 ms  10.9K  main.lua:3 " in render(profile, SOURCES, Layout())
    profile = sampled_profile(1_000)
    profile.files[0].lines[2].share = 1.0
    assert "\n  100.0%  3.0 " in render(profile, SOURCES, Layout())


def test_counts_lead_on_demand_with_the_share_of_time_beside_them() -> None:
    report = render(sampled_profile(), SOURCES, Layout(metric="count"))
    assert "\nLines by instructions\n  share  instr   hits   time  line " in report
    assert "\n  85.5%   131K  10.9K  35.0%  main.lua:3 " in report
    assert "\n  71.2%  130 ms   109K  SUBI " in report


def test_memory_leads_on_demand() -> None:
    report = render(sampled_profile(), SOURCES, Layout(metric="memory"))
    assert headings(report)[1:4] == ["Lines that allocate", "Memory at the end", "Functions"]
    assert "\n  15.0%  18.0 kB          300    100  lib/text.lua:2  join\n" in report


@pytest.mark.parametrize("metric", ["time", "memory"])
def test_the_text_of_lines_has_room_beside_long_paths(metric: str) -> None:
    profile = sampled_profile()
    path = profile.files[1].path = "a/very/long/way/to/text.lua"
    report = render(profile, {path: ["local t = {n, n, n}"] * 4}, Layout(metric=metric))
    assert "  …y/to/text.lua:4  local t = {n, n, n}\n" in report


def test_a_wide_page_shows_more_and_bars() -> None:
    report = render(sampled_profile(), SOURCES, Layout(width=120))
    assert (
        "  35.0%  3.0  ━━━━━━━━   350 ms   630 ms      3.0   131K  10.9K             main.lua:3      return fib(n - 1) + "
        in report
    )
    assert "  17.0%  2.5  ━━━━       170 ms   170 ms      2.5    100    100    6.00 kB  lib/text.lua:4" in report
    assert "  table 64 B  main.lua:1 " in report


def test_opcode_pairs_come_on_demand() -> None:
    assert "Opcode pairs" not in REPORT
    report = render(sampled_profile(), SOURCES, Layout(pairs=True))
    assert "Opcode pairs\n  share  count  first  then\n   7.1%  10.9K  JLTK   SUBI\n" in report
    profile = sampled_profile()
    profile.opcode_pairs = []
    assert "Opcode pairs\n  none were recorded\n" in render(profile, SOURCES, Layout(pairs=True))


def test_lines_can_be_ordered_by_total_time() -> None:
    report = render(sampled_profile(), SOURCES, Layout(sort="total"))
    assert "\nLines by total\n" in report
    assert report.index("fib(20)") < report.index("return fib") < report.index("if n < 2")


@pytest.mark.parametrize(
    ("sort", "metric", "column"),
    [
        ("instructions", "time", "instr"),
        ("total", "count", "total"),
        ("memory", "time", "allocated"),
        ("live", "count", "live"),
    ],
)
def test_the_column_that_orders_the_lines_is_shown(sort: str, metric: str, column: str) -> None:
    report = render(sampled_profile(), SOURCES, Layout(sort=sort, metric=metric))
    _, _, table = report.partition(f"\nLines by {sort}\n")
    assert column in table.partition("\n")[0].split()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("10:20", LineRange(10, 20)),
        ("10-20", LineRange(10, 20)),
        ("10:", LineRange(10, None)),
        (":20", LineRange(1, 20)),
        ("7", LineRange(7, 7)),
        ("a.lua:7", LineRange(7, 7, "a.lua")),
        ("a.lua:7-9", LineRange(7, 9, "a.lua")),
        ("C:\\x-1:a.lua:7:", LineRange(7, None, "C:\\x-1:a.lua")),
    ],
)
def test_ranges_of_lines(text: str, lines: LineRange) -> None:
    assert LineRange.parse(text) == lines


@pytest.mark.parametrize("text", ["", ":", "a.lua", "a.lua:", "9:7", "x:y", "0:2", "0"])
def test_what_is_no_range_of_lines(text: str) -> None:
    with pytest.raises(ValueError, match="is not a range of lines"):
        LineRange.parse(text)


def test_a_range_names_a_file_by_any_of_its_paths() -> None:
    for path in ("lib/text.lua", "./lib/text.lua", "text.lua", os.path.abspath("lib/text.lua")):
        assert LineRange(1, 2, path).is_in("lib/text.lua", "main.lua")
    assert not LineRange(1, 2, "/elsewhere/lib/text.lua").is_in("lib/text.lua", "main.lua")


def test_a_range_restricts_the_tables_of_lines() -> None:
    report = render(sampled_profile(), SOURCES, Layout(lines=LineRange(1, 2)))
    assert "Hottest lines in lines 1 to 2\n" in report
    assert "if n < 2" in report
    assert "Lines that allocate in lines 1 to 2\n" in report
    assert not any(text in report for text in ("(collector)", "text.join", "local t ="))
    of_module = render(sampled_profile(), SOURCES, Layout(lines=LineRange(3, 3, "text.lua")))
    assert "Hottest lines in text.lua, line 3\n" in of_module
    assert "local t =" in of_module and "text.join" not in of_module
    none = render(sampled_profile(), SOURCES, Layout(lines=LineRange(100, None)))
    assert "Hottest lines in lines 100 to the end\n  none of them ran\n" in none
    in_folder = render(sampled_profile(), SOURCES, Layout(lines=LineRange(1, 2, "./main.lua")))
    assert "if n < 2" in in_folder
    misspelt = render(sampled_profile(), SOURCES, Layout(lines=LineRange(1, 2, "mian.lua")))
    assert "Hottest lines in mian.lua, lines 1 to 2\n  no such file took part\n" in misspelt


def test_the_calls_at_the_deepest_stack_are_counted_and_cut_in_their_middle() -> None:
    profile = sampled_profile()
    chain = [ChainEntry("main chunk", "main.lua", 9)]
    chain += [ChainEntry("fib", "main.lua", 3)] * 1500
    chain += [ChainEntry(f"f{n}", "main.lua", n) for n in range(20)]
    chain += [ChainEntry("table.sort", None, 0)]
    profile.totals.stack.peak_chain = chain
    _, _, after = render(profile, SOURCES, Layout()).partition("  reached by    ")
    assert " ".join(after.partition("\n\n")[0].split()) == (
        "main chunk (main.lua:9) → fib (main.lua:3) ×1,500 → f0 (main.lua) → f1 (main.lua:1) → ... 15 more ... → "
        "f17 (main.lua:17) → f18 (main.lua:18) → f19 (main.lua:19) → table.sort"
    )


def test_calls_that_were_not_recorded_are_counted_where_they_were() -> None:
    profile = sampled_profile()
    fib = ChainEntry("fib", "main.lua", 3)
    profile.totals.stack.peak_chain = [ChainEntry("main chunk", "main.lua", 9), fib, fib, fib, fib, fib]
    profile.totals.stack.peak_chain_missing = 1000
    text = " ".join(render(profile, SOURCES, Layout()).split())
    assert "main chunk (main.lua:9) → fib (main.lua:3) ×2 → ... 1,000 more ... → fib (main.lua:3) ×3" in text


def test_what_a_mode_lacks_is_told() -> None:
    assert complaint("count", Layout(metric="time")) == "--metric time needs times, which --mode count does not take"
    assert "--mode sample" in (complaint("trace", Layout(sort="total")) or "")
    assert complaint("sample", Layout(metric="time", sort="total")) is None


@given(st.integers(60, 200), st.text(), st.sampled_from([None, *METRICS]), st.sampled_from(SORT_KEYS), st.booleans())
def test_no_line_is_wider_than_the_layout(width: int, text: str, metric: str | None, sort: str, exact: bool) -> None:
    profile = sampled_profile()
    profile.totals.stack.peak_chain[1].function = text
    profile.zones[0].name = profile.builtins[0].name = text
    layout = Layout(width=width, metric=metric, sort=sort, exact=exact, pairs=True)
    report = render(profile, {"main.lua": [text] * 9}, layout)
    assert all(cell_width(line) <= width for line in report.split("\n"))


def test_an_interval_that_the_system_could_not_keep_is_told() -> None:
    profile = sampled_profile()
    profile.totals.samples = 250
    report = render(profile, SOURCES, Layout())
    assert "  time          1.00 s in 250 samples by signal, every 4.00 ms, not 1.00 ms\n" in report


def test_a_collector_that_no_sample_hit_has_no_time() -> None:
    profile = sampled_profile()
    profile.totals.gc_ns = 0
    assert "  collector     0.0% ± 0.4\n" in render(profile, SOURCES, Layout())
