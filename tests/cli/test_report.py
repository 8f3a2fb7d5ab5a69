"""`perilune report` and the forms of a profile: every format, the place it goes to, and profiles that fit no more."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.cli import output
from perilune.cli.forms import FORMS, form_of_path
from perilune.cli.profile import _WORDS
from perilune.profiler.model import Profile
from perilune.profiler.renderers.json import parse, render
from sampled_profile import sampled_profile, waiting_profile

PROGRAM = "local function f(x)\n  return {x}\nend\nfor i = 1, 50 do f(i) end\n"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A profile of sample mode, beside none of the files that it is about."""
    path = tmp_path / "p.json"
    path.write_text(render(sampled_profile()))
    return path


def test_the_options_that_are_ours_are_known_as_such() -> None:
    valued = [f"{option}=1" for option in output.VALUE_OPTIONS]
    ours = ["a.lua", *valued, *output.SWITCHES, "--line-range=3:4"]
    assert _WORDS.split([*ours, "x"]) == (ours[1:], "a.lua", ["x"])


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a.json", "json"),
        ("A.HTML", "html"),
        ("a.htm", "html"),
        ("a.speedscope.json", "speedscope"),
        ("a.cpuprofile", "cpuprofile"),
        ("a.pb.gz", "pprof"),
        ("a.callgrind", "callgrind"),
        ("a.txt", "text"),
        ("a.collapsed.txt", "collapsed"),
        ("a", "text"),
        ("-", "text"),
    ],
)
def test_the_end_of_the_file_name_stands_for_a_form(path: str, form: str) -> None:
    assert form_of_path(path).name == form


@pytest.mark.parametrize("name", FORMS)
def test_a_saved_profile_is_written_in_every_form(perilune: RunPerilune, saved: Path, name: str) -> None:
    suffix = FORMS[name].suffixes[0]
    for options in (["--format", name, "-o", "x"], ["-o", f"x{suffix}"]):
        assert perilune("report", str(saved), *options).status == 0
    content = (saved.parent / "x").read_bytes()
    assert len(content) > 100
    assert content == (saved.parent / f"x{suffix}").read_bytes()


def test_a_report_goes_to_standard_output(perilune: RunPerilune, saved: Path) -> None:
    result = perilune("report", str(saved), "--top", "1", "--metric", "count")
    assert result.output.startswith("Profile of main.lua 20  (sample mode)\n")
    assert "Lines by instructions  1 of 9\n" in result.output
    collapsed = perilune("report", "--format", "collapsed", str(saved))
    assert "fib" in collapsed.output
    assert perilune("report", "-", "--format", "json", standard_input=saved.read_text()).output == saved.read_text()


def test_a_profile_of_the_same_source_shows_it_from_anywhere(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file("a.lua", PROGRAM)
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    (tmp_path / "other").mkdir()
    for folder, name in ((".", "p.json"), ("other", "../p.json")):
        monkeypatch.chdir(tmp_path / folder)
        result = perilune("report", name)
        assert (result.status, result.errors) == (0, "")
        assert "  return {x}\n" in result.output


def test_a_source_that_has_changed_is_named_and_the_others_show(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", 'require "b"\nrequire "c"\nlocal changed = 1\n')
    write_file("b.lua", "local same = 1\n")
    write_file("c.lua", "local removed = 1\n")
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    write_file("a.lua", "local changed = 2\n")
    (tmp_path / "c.lua").unlink()
    result = perilune("report", "p.json")
    assert result.status == 0
    assert sorted(result.errors.splitlines()) == [
        "perilune: ./c.lua is not there any more: its figures stand without its text",
        "perilune: a.lua has changed since: its figures stand without its text",
    ]
    assert "local same = 1" in result.output
    assert "local changed" not in result.output
    assert "a.lua:3" in result.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "p.json cannot be read as a profile: not JSON: Expecting value"),
        (b"\xff\xfe\x00", "p.json cannot be read as a profile: not JSON: "),
        (b"[" * 100_000, "p.json cannot be read as a profile: nested too deeply"),
        (b'{"nodes": []}', 'p.json cannot be read as a profile: not a Perilune profile: "format" is None'),
        (b'{"format": "perilune-profile", "version": 2}', "p.json cannot be read as a profile: profile version 2 is"),
    ],
)
def test_what_is_no_profile_is_refused(perilune: RunPerilune, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "p.json").write_bytes(content)
    result = perilune("report", "p.json")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith(f"perilune: {message}")
    assert len(result.errors.splitlines()) == 1


def test_a_profile_cut_short_is_refused(perilune: RunPerilune, saved: Path) -> None:
    saved.write_text(saved.read_text()[:-100])
    assert perilune("report", "p.json").errors.startswith("perilune: p.json cannot be read as a profile: not JSON: ")
    result = perilune("report", "none.json")
    assert (result.status, result.errors) == (1, "perilune: cannot open none.json: No such file or directory\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metric", "time"], "--metric time needs times, which --mode count does not take"),
        (["--sort", "total"], "--sort total needs the stacks that only --mode sample records, not --mode count"),
        (["-o", "x.cpuprofile"], "--format cpuprofile needs times, which --mode count does not take"),
        (["--line-range", "x"], "'x' is not a range of lines, such as 10:20 or FILE:10-20"),
        (["--format", "nonsense"], "invalid choice: 'nonsense'"),
    ],
)
def test_what_a_profile_of_counts_does_not_have(
    perilune: RunPerilune, write_file: WriteFile, options: list[str], message: str
) -> None:
    write_file("a.lua", PROGRAM)
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    for command in (["report", "p.json"], ["profile", "--mode", "count", "a.lua"]):
        result = perilune(*command, *options)
        assert (result.status, result.output) == (2, "")
        assert message in result.errors


def test_a_form_to_keep_needs_a_place_when_a_program_runs(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print('never')")
    result = perilune("profile", "--format", "html", "a.lua")
    assert (result.status, result.output) == (2, "")
    assert "--format html needs -o FILE, or -o - for standard output\n" in result.errors
    assert perilune("profile", "--format", "lcov", "-o", "-", "a.lua").output.startswith("never\nTN:")


def test_a_binary_form_that_cannot_be_written_is_kept_elsewhere(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM + "require 'lfs'.rmdir('none')")
    (tmp_path / "none").mkdir()
    result = perilune("profile", "-o", "none/p.pb.gz", "a.lua")
    assert result.status == 1
    message, _, kept = result.errors.rstrip("\n").rpartition(" ")
    assert message == "perilune: cannot write none/p.pb.gz: No such file or directory; the profile is in"
    try:
        assert kept.endswith(".pb.gz") and gzip.decompress(Path(kept).read_bytes())
    finally:
        Path(kept).unlink()


def test_a_disassembly_with_what_every_instruction_cost(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM)
    listing = perilune("profile", "--mode", "count", "--format", "disasm", "-o", "-", "a.lua").output
    assert listing == perilune("disasm", "--profile", "a.lua").output
    assert "2 | return {x}" in listing
    assert perilune("profile", "--mode", "count", "-o", "a.pasm", "a.lua").status == 0
    assert (tmp_path / "a.pasm").read_text() == listing
    assert perilune("asm", "a.pasm").status == 0
    (line,) = [line for line in listing.splitlines() if " NEWTABLE " in line]
    assert line.split()[0] == "50"
    assert perilune("profile", "--mode", "count", "--format", "disasm", "a.lua").errors == "\n" + listing


def test_a_line_range_and_pairs_reach_the_report(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    report = perilune("profile", "--mode", "count", "--line-range", "2:2", "--pairs", "a.lua").errors
    assert "\nLines by instructions in line 2\n" in report
    assert "return {x}" in report and "f(i)" not in report
    assert "\nOpcode pairs  10 of " in report


def test_the_profile_of_a_large_program_is_small() -> None:
    profile = waiting_profile()
    (row,) = [row for row in profile.files[0].lines if row.line == 3]
    row.share, row.error = 1 / 3, 1 / 7
    row.opcodes = [row.opcodes[0]] * 5
    profile.files[0].lines = [row] * 10_000
    text = render(profile)
    assert len(text) < 6_000_000
    assert json.loads(text)["files"][0]["lines"][0]["share"] == 0.333333


def test_the_clock_chooses_whose_times_are_shown(perilune: RunPerilune, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(render(waiting_profile()))
    assert "  of it         computing 850 ms, waiting 150 ms\n" in perilune("report", "w.json").output
    shown = perilune("report", "w.json", "--clock", "cpu").output
    assert "  computing     850 ms of 1.01 s, in 850 samples by signal\n" in shown
    collapsed = perilune("report", "w.json", "--clock=cpu", "--format", "collapsed").output
    assert collapsed == perilune("export", "w.json", "--clock", "cpu", "--format", "collapsed").output
    assert sum(int(line.rpartition(" ")[2]) for line in collapsed.splitlines()) == 850_000_000
    page = perilune("report", "w.json", "--clock", "cpu", "--format", "html").output
    assert '"clock":"cpu"' in page


def test_a_saved_profile_has_both_clocks(perilune: RunPerilune, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(render(waiting_profile()))
    saved = perilune("report", "w.json", "--clock", "cpu", "--format", "json").output
    assert saved == render(waiting_profile())
    assert parse(saved).clock == "wall"


def test_processor_times_that_are_not_known_are_told(perilune: RunPerilune, saved: Path) -> None:
    result = perilune("report", saved.name, "--clock", "cpu")
    assert "the processor times of lines are not known here: times are those of the clock" in result.errors
    assert "  time          1.00 s" in result.output


def test_processor_times_need_sample_mode(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("profile", "--mode", "trace", "--clock", "cpu", "a.lua")
    assert result.status == 2
    assert "--clock cpu needs the processor times of lines, which only --mode sample takes" in result.errors


def test_programs_are_compared_by_processor_time(perilune: RunPerilune, tmp_path: Path) -> None:
    faster: Profile = waiting_profile()
    slower = waiting_profile()
    slower.files[1].lines[1].self_ns = 900_000_000  # it waits longer, and computes as long
    for name, profile in (("a", faster), ("b", slower)):
        (tmp_path / f"{name}.json").write_text(render(profile))
    by_wall = perilune("compare", "a.json", "b.json").output
    assert "by time" in by_wall
    assert "x5.3" in by_wall
    by_processor = perilune("compare", "--clock", "cpu", "a.json", "b.json").output
    assert "by processor time" in by_processor
    assert "No line, function or opcode differs in its time" in by_processor
    (tmp_path / "c.json").write_text(render(sampled_profile()))
    result = perilune("compare", "--clock", "cpu", "a.json", "c.json")
    assert "B has no processor times by line" in result.errors
