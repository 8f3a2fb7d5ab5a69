"""The report: exact texts for a small profile, and a width that no line exceeds."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.profiler.attribution import attribute
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import Profile, Program
from perilune.profiler.renderers.figures import (
    bytes_text,
    cell_width,
    count_text,
    cut,
    cut_left,
    share_text,
    time_text,
)
from perilune.profiler.renderers.report.layout import SORT_KEYS, Layout
from perilune.profiler.renderers.terminal import print_colored, render
from perilune.profiler.sources import split_lines
from raw_profiles import raw_function, raw_profile

SOURCES = {"a.lua": ["local t = {}", "\tfor i = 1, 100 do t[i] = {} end", "", "return t, 'ä\x1b[31m中文'"]}


def profile(mode: str = "count") -> Profile:
    main = raw_function(
        [
            ("NEWTABLE", 1, 1, 9, 1, 64),
            ("NEWTABLE", 2, 10_000, 90_000, 10_000, 640_000),
            ("SETINDEX", 2, 10_000, 50_000, 14, 262_128),
            ("FORLOOP", 2, 10_000, 40_000, 0, 0),
            ("RETURN", 4, 1, 9, 0, 0),
        ],
        traced=mode == "trace",
    )
    raw = raw_profile(
        main,
        builtins=[("string.format", 12, 4000)],
        gc_ticks=2000,
        current_bytes=2_000,
        peak_bytes=950_000,
        allocated_bytes=1_000_000,
        allocations=12_000,
    )
    profile = attribute(raw, mode, Program("a.lua", ["100"]), LoadedFiles())
    for line in profile.files[0].lines:
        line.live_bytes = line.peak_live_bytes = None  # as in profiles from before these figures
    return profile


COUNT_REPORT = """\
Profile of a.lua 100  (count mode)

  instructions  30,002
  memory        peak 950 kB, at the end 2.00 kB
  allocated     1.00 MB in 12,000 allocations
  stack depth   peak 7 slots, at the end 0

Lines by instructions
   share  instr   hits  line  source
  100.0%  30.0K  10.0K     2  for i = 1, 100 do t[i] = {} end
    0.0%      1      1     1  local t = {}
    0.0%      1      1     4  return t, 'ä\N{REPLACEMENT CHARACTER}[31m中文'

Opcodes
  share  count  opcode    meaning
  33.3%  10.0K  NEWTABLE  s[A] = {} with room for X items and, if B > 0, 2^(B-1…
  33.3%  10.0K  FORLOOP   s[A+3] = next value and jump back, or leave the loop
  33.3%  10.0K  SETINDEX  s[A][s[B]] = s[C]
   0.0%      1  RETURN    return s[A] .. s[A+B-2]; B = 0: to the open top

Functions
   share  instr  calls  line  function
  100.0%  30.0K      1     1  main chunk

Library functions
  calls  function
     12  string.format

Lines that allocate
  share    bytes  allocations  line  source
  90.2%   902 kB        10.0K     2  for i = 1, 100 do t[i] = {} end
   0.0%     64 B            1     1  local t = {}
   9.8%  97.8 kB        1,985        (outside any line)

All figures are exact. Instructions are counted, not weighed: one that copies a
megabyte counts as one that adds two numbers. Mode sample measures times.
"""


def test_the_report_of_count_mode() -> None:
    assert render(profile(), SOURCES, Layout()) == COUNT_REPORT


def test_trace_mode_shows_corrected_and_measured_time() -> None:
    report = render(profile("trace"), SOURCES, Layout())
    assert "  time          46.0 µs, from 34.7 µs to 67.1 µs (91.0 µs with the probes)\n" in report
    assert "  collector     1.00 µs, 2.2%\n" in report
    assert "  65.2%  30.0 µs   45.0 µs  10.0K  NEWTABLE  s[A] = {}" in report
    assert "   4.3%  2.00 µs     12  string.format\n" in report
    assert "Times are estimates" in report


def test_exact_counts_are_written_in_full() -> None:
    report = render(profile(), SOURCES, Layout(exact=True))
    assert "  100.0%  30,000  10,000     2  for i" in report
    assert "  90.2%  902,128       10,014     2  for i" in report


def test_top_cuts_the_tables_and_says_so() -> None:
    report = render(profile(), SOURCES, Layout(top=1))
    assert "Lines by instructions  1 of 3\n" in report
    assert "local t = {}" not in report
    assert "local t = {}" in render(profile(), SOURCES, Layout(top=0))


def test_lines_can_be_ordered_by_line() -> None:
    report = render(profile(), SOURCES, Layout(sort="line"))
    assert "Lines in their order\n" in report
    assert report.index("local t") < report.index("for i")


@pytest.mark.parametrize("sort", SORT_KEYS)
def test_every_sort_key_works(sort: str) -> None:
    assert "main chunk" in render(profile(), SOURCES, Layout(sort=sort))


def test_locations_name_the_file_where_there_are_several() -> None:
    main = raw_function([("LOADI", 1, 1, 0, 0, 0)])
    other = raw_function([("LOADI", 7, 3, 0, 0, 0)], id=1, source="@a/very/long/way/to/the/file/other.lua")
    report = render(attribute(raw_profile(main, other), "count", Program("a.lua"), LoadedFiles()), {}, Layout())
    assert "  …to/the/file/other.lua:7" in report
    assert "  a.lua:1" in report


def test_a_line_without_a_number_shows_a_question_mark() -> None:
    stripped = raw_function([("LOADI", 1, 4, 0, 0, 0)])
    stripped["lines"] = b""
    report = render(attribute(raw_profile(stripped), "count", Program("a.lua"), LoadedFiles()), SOURCES, Layout())
    assert "  100.0%      4     4     ?\n" in report


def test_colors_change_no_letter() -> None:
    stream = io.StringIO()
    print_colored(profile(), SOURCES, Layout(), stream)
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == COUNT_REPORT.splitlines()


@given(st.integers(60, 200), st.text(), st.sampled_from(["count", "trace"]), st.booleans())
def test_no_line_is_wider_than_the_layout(width: int, text: str, mode: str, exact: bool) -> None:
    report = render(profile(mode), {"a.lua": [text] * 4}, Layout(width=width, exact=exact))
    assert all(cell_width(line) <= width for line in report.split("\n"))


def test_numbers_are_short() -> None:
    assert [count_text(n) for n in (0, 9_999, 10_000, 99_949, 99_950, 999_499, 999_500, 1_234_567, 5 * 10**9)] == [
        "0",
        "9,999",
        "10.0K",
        "99.9K",
        "100K",
        "999K",
        "1.00M",
        "1.23M",
        "5.00G",
    ]
    assert count_text(1_234_567, exact=True) == "1,234,567"
    assert [bytes_text(n) for n in (0, 999, 1_000, 12_345, 1_500_000)] == [
        "0 B",
        "999 B",
        "1.00 kB",
        "12.3 kB",
        "1.50 MB",
    ]
    assert [time_text(n) for n in (0, 999, 1_000, 12_345_678, 59 * 10**9, 4_321 * 10**9)] == [
        "0 ns",
        "999 ns",
        "1.00 µs",
        "12.3 ms",
        "59.0 s",
        "4,321 s",
    ]
    assert [share_text(share) for share in (None, 0.0, 0.1234, 1.0)] == ["", "0.0%", "12.3%", "100.0%"]


def test_cutting_counts_columns_not_characters() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("中文中文", 6) == "中文…"
    assert cut_left("abcdefg", 6) == "…cdefg"


def test_lines_end_as_in_lua() -> None:
    assert split_lines(b"a\nb\r\nc\rd\n\re\xff\x0cf") == ["a", "b", "c", "d", "e\N{REPLACEMENT CHARACTER}\x0cf"]
    assert split_lines(b"\xef\xbb\xbfa\nb") == ["a", "b"]


def test_text_that_turns_the_direction_of_writing_does_not_turn_the_page() -> None:
    sources = {"a.lua": ["", "x = '\N{RIGHT-TO-LEFT OVERRIDE}\N{LINE SEPARATOR}'"]}
    report = render(profile(), sources, Layout())
    assert "x = '\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}'\n" in report
