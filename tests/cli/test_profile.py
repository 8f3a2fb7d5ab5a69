"""`perilune profile`: the report appears however the program ends, where it was asked for, and is always the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from command_line import RunPerilune, WriteFile
from perilune.cli.profile import _WORDS, progress_text
from perilune.profiler.model import Profile, times_elsewhere
from perilune.profiler.renderers.figures import cost_text
from perilune.profiler.session import SamplerKind

PROGRAM = """\
local function double(x)
  return x * 2
end
local sum = 0
for i = 1, tonumber((...) or 10) do
  sum = sum + double(i)
end
print(sum)
"""


def read_profile(path: Path) -> Profile:
    return Profile.from_json(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("arguments", "ours", "path", "programs"),
    [
        (["a.lua"], [], "a.lua", []),
        (["a.lua", "1", "--mode", "x"], [], "a.lua", ["1", "--mode", "x"]),
        (["--mode", "trace", "a.lua", "1"], ["--mode", "trace"], "a.lua", ["1"]),
        (["a.lua", "--format", "json", "1"], ["--format", "json"], "a.lua", ["1"]),
        (
            ["a.lua", "--top=3", "-ox", "--exact", "--own", "--top=4"],
            ["--top=3", "-ox", "--exact"],
            "a.lua",
            ["--own", "--top=4"],
        ),
        (["a.lua", "--", "--mode", "x"], [], "a.lua", ["--mode", "x"]),
        (["--", "-a.lua", "--mode"], [], "-a.lua", ["--mode"]),
        (["-o", "x"], ["-o", "x"], None, []),
        (["-", "1"], [], "-", ["1"]),
    ],
)
def test_whose_option_is_it(arguments: list[str], ours: list[str], path: str | None, programs: list[str]) -> None:
    assert _WORDS.split(arguments) == (ours, path, programs)


def test_options_among_the_programs_arguments_are_noticed() -> None:
    assert _WORDS.misplaced(["a.lua", "1", "--mode", "x"], ["1", "--mode", "x"]) == "--mode"
    assert _WORDS.misplaced(["a.lua", "--", "--mode", "x"], ["--mode", "x"]) is None
    assert _WORDS.misplaced(["a.lua", "-o", "--own"], ["-o", "--own"]) is None


def test_the_report(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("profile", "--mode", "count", "a.lua", "100")
    assert (result.status, result.output) == (0, "10100\n")
    lines = result.errors.splitlines()
    assert lines[:2] == ["", "Profile of a.lua 100  (count mode)"]
    assert any(line.endswith("100     6  sum = sum + double(i)") for line in lines)
    assert any(line.endswith("100     1  double") for line in lines)
    assert max(map(len, lines)) <= 80


def test_two_runs_in_count_mode_give_identical_reports(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    for options in (["--exact", "--top", "0", "--pairs"], ["--format", "json", "-o", "-"]):
        command = ("profile", "--mode", "count", *options, "a.lua")
        assert perilune(*command) == perilune(*command)


def test_counts_are_exact(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua", "1234")
    profile = read_profile(tmp_path / "p.json")
    (file,) = profile.files
    hits = {line.line: line.hits for line in file.lines}
    assert (hits[2], hits[6], hits[8]) == (1234, 1234, 1)
    assert [(function.name, function.line, function.end_line, function.calls) for function in file.functions] == [
        ("main chunk", 1, 8, 1),
        ("double", 1, 3, 1234),
    ]
    assert profile.totals.instructions == sum(line.instructions for line in file.lines)
    assert profile.totals.instructions == sum(opcode.count for opcode in profile.opcodes)
    assert profile.totals.run_ns is None
    assert (profile.program.path, profile.program.args) == ("a.lua", ["1234"])
    assert profile.program.sha256 == file.sha256 is not None
    assert [(row.name, row.calls, row.self_ns) for row in profile.builtins] == [
        ("print", 1, None),
        ("tonumber", 1, None),
    ]


def test_trace_mode_has_times_that_add_up(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    perilune("profile", "--mode", "trace", "--format", "json", "-o", "p.json", "a.lua", "1000")
    profile = read_profile(tmp_path / "p.json")
    totals = profile.totals
    around = sum(ns for _, ns in times_elsewhere(totals))
    assert totals.run_ns == around + sum(line.self_ns or 0 for line in profile.files[0].lines)
    assert totals.run_ns == around + sum(opcode.self_ns or 0 for opcode in profile.opcodes)
    assert totals.raw_ns is not None
    assert totals.raw_ns >= totals.run_ns > 0
    assert "Times are estimates" in perilune("profile", "--mode", "trace", "a.lua").errors


@pytest.mark.parametrize("sampler", [None, *get_args(SamplerKind)])
def test_sample_mode_has_times_with_errors_that_add_up(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, sampler: str | None
) -> None:
    write_file("a.lua", PROGRAM)
    options = ["--sampler", sampler] if sampler else []
    result = perilune("profile", *options, "--interval", "0.1", "-o", "p.json", "a.lua", "3000000")
    if sampler == "signal" and "no signal sampler" in result.errors:
        pytest.skip("this system has no signal sampler")
    profile = read_profile(tmp_path / "p.json")
    totals = profile.totals
    assert totals.samples is not None and totals.samples >= 100
    assert totals.sampler == sampler or (sampler is None and totals.sampler in get_args(SamplerKind))
    around = sum(ns for _, ns in times_elsewhere(totals))
    assert totals.run_ns == around + sum(line.self_ns or 0 for line in profile.files[0].lines)
    hot = next(line for line in profile.files[0].lines if line.line == 6)
    assert hot.hits == 3_000_000 and hot.error is not None and 0 < hot.error < hot.share
    report = perilune("report", "p.json").output
    assert f" samples by {totals.sampler}, every " in report
    assert "Hottest lines\n  share    ±     self" in report


def test_traced_times_are_scaled_to_a_run_without_a_profile_on_demand(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM)
    report = perilune("profile", "--mode", "trace", "a.lua", "300000").errors
    assert re.search(r"\n  time          [^\n]*, from [^\n]* to [^\n]* with the probes\)\n", report)
    perilune("profile", "--mode", "trace", "--measure-cost", "-o", "p.json", "a.lua", "300000")
    totals = read_profile(tmp_path / "p.json").totals
    assert totals.run_ns is not None and totals.plain_ns is not None and totals.raw_ns is not None
    assert totals.run_ns == pytest.approx(min(totals.plain_ns, totals.raw_ns), rel=0.01)
    assert "as without a profile" in perilune("report", "p.json").output


@pytest.mark.parametrize("mode", ["count", "sample"])
def test_the_cost_of_profiling_is_measured_on_demand(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, mode: str
) -> None:
    write_file("a.lua", "print(io.read('a')) io.open('runs', 'a'):write('x'):close() for i = 1, 3e6 do end error('e')")
    options = ["--mode", mode, "--measure-cost", "-o", "p.json"]
    result = perilune("profile", *options, "a.lua")
    assert result.output.count("\n") == 1
    assert result.errors.count("stack traceback") == 1
    assert (tmp_path / "runs").read_text() == "x" * 6
    ratio = read_profile(tmp_path / "p.json").totals.cost_ratio
    assert ratio is not None and 0.1 < ratio < 10
    assert f"\n  profiling     {cost_text(ratio)}\n" in perilune("report", "p.json").output


def test_a_program_that_ends_differently_again_has_no_cost(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "assert(not io.open('ran')) io.open('ran', 'w'):close()")
    result = perilune("profile", "--measure-cost", "a.lua")
    assert result.errors.startswith("perilune: the cost was not measured: the program ended differently when run again")
    assert "  profiling  " not in result.errors


def test_a_disassembly_has_shares_with_their_errors_and_times(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    options = ["--interval", "0.1", "--format", "disasm", "-o", "-"]
    lines = perilune("profile", *options, "a.lua", "3000000").output.splitlines()
    (call,) = [line.partition("|")[0].split() for line in lines if " CALL " in line and "3,000,000" in line]
    assert call[1].endswith("%") and call[2].startswith("±") and call[4] in ("ms", "µs")


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [("error('no')", 1, "perilune: a.lua:1: no\nstack traceback:\n"), ("os.exit(7)", 7, "\nProfile of a.lua")],
)
def test_a_program_that_ends_early_has_its_profile_and_status(
    perilune: RunPerilune, write_file: WriteFile, code: str, status: int, message: str
) -> None:
    write_file("a.lua", f"for i = 1, 10 do if i == 10 then {code} end end")
    result = perilune("profile", "a.lua")
    assert result.status == status
    assert result.errors.startswith(message)
    assert "Profile of a.lua  (sample mode)" in result.errors
    assert "for i = 1, 10 do" in result.errors  # how much of the line has room depends on the times beside it


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("error('bad\\nend')", "with an error: a.lua:1: bad end"),
        ("os.exit(7)", "with status 7 by os.exit"),
        ("while true do end", "before its time: a.lua:1: limit of 999 instructions exceeded"),
        ("os.exit(true)", None),
        ("", None),
    ],
)
def test_a_saved_profile_says_that_the_program_did_not_end_well(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, code: str, failure: str | None
) -> None:
    write_file("a.lua", code)
    perilune("profile", "--mode", "count", "--max-instructions", "999", "-o", "a.json", "a.lua")
    assert read_profile(tmp_path / "a.json").failure == failure
    report = " ".join(perilune("report", "a.json").output.split())
    compared = " ".join(perilune("compare", "a.json", "a.json").output.split())
    budgets = perilune("check-budget", "a.json").errors
    if failure is None:
        assert "ended" not in report + compared + budgets
    else:
        assert f"ended {failure} instructions" in report
        assert f"Note: A ended {failure}. Note: B ended {failure}." in compared
        assert budgets == f"perilune: the budgets of a.lua were not checked: it ended {failure}\n"


def test_a_program_that_does_not_compile_has_no_profile(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "x =")
    result = perilune("profile", "a.lua")
    assert (result.status, result.errors) == (1, "perilune: a.lua:1: unexpected symbol near <eof>\n")


def test_standard_input_can_be_profiled(perilune: RunPerilune) -> None:
    result = perilune("profile", "-", "5", standard_input=PROGRAM)
    assert result.output == "30\n"
    assert "Profile of stdin 5" in result.errors


def test_code_given_to_load_appears_under_its_chunk_name(perilune: RunPerilune, tmp_path: Path) -> None:
    code = "for i = 1, 3 do load('return 1 + 1')() end load('local x = 1', '=named')()"
    perilune("profile", "--format", "json", "-o", "p.json", "-", standard_input=code)
    files = {file.path: file for file in read_profile(tmp_path / "p.json").files}
    assert list(files) == ["stdin", '[string "return 1 + 1"]', "named"]
    (line,) = files['[string "return 1 + 1"]'].lines
    assert (line.line, line.hits, files["named"].sha256) == (1, 3, None)


def test_the_source_of_a_program_that_changed_during_the_run_is_shown(
    perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", "io.open('a.lua', 'w'):close()")
    assert "  io.open('a.lua', 'w'):close()\n" in perilune("profile", "--mode", "count", "a.lua").errors


def test_the_source_of_standard_input_is_shown_too(perilune: RunPerilune) -> None:
    errors = perilune("profile", "-", standard_input="local x = 1\nprint(x)").errors
    assert "     2  print(x)\n" in errors


def test_the_digest_is_of_the_text_that_ran(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    code = "io.open('a.lua', 'w'):write('edited'):close()"
    write_file("a.lua", code)
    perilune("profile", "--format", "json", "-o", "p.json", "a.lua")
    assert (tmp_path / "a.lua").read_text() == "edited"
    profile = read_profile(tmp_path / "p.json")
    assert profile.program.sha256 == profile.files[0].sha256 == hashlib.sha256(code.encode()).hexdigest()


def test_a_report_that_cannot_be_written_is_kept_elsewhere(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM + "require 'lfs'.rmdir('none')")
    (tmp_path / "none").mkdir()
    result = perilune("profile", "--format", "json", "-o", "none/p.json", "a.lua")
    assert (result.status, result.output) == (1, "110\n")
    message, _, kept = result.errors.rstrip("\n").rpartition(" ")
    assert message == "perilune: cannot write none/p.json: No such file or directory; the profile is in"
    try:
        assert read_profile(Path(kept)).program.path == "a.lua"
    finally:
        Path(kept).unlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(("options", "stream"), [([], "stderr"), (["-o", "-"], "stdout"), (["-o", "/dev/full"], "")])
def test_a_full_device_does_not_lose_the_report(tmp_path: Path, options: list[str], stream: str) -> None:
    (tmp_path / "a.lua").write_text("local x = 1")
    with open("/dev/full", "wb") as full:
        output, errors = (full.fileno() if stream == name else subprocess.PIPE for name in ("stdout", "stderr"))
        command = [sys.executable, "-m", "perilune", "profile", *options, "a.lua"]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.run(command, cwd=tmp_path, env=environment, check=False, stdout=output, stderr=errors)
    (kept,) = tmp_path.glob("perilune-profile-*.txt")
    assert kept.read_text().startswith("Profile of a.lua")
    assert stream == "stderr" or process.stderr.decode().endswith(f"the profile is in {kept}\n")
    assert process.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="needs limits of the size of files")
def test_a_report_that_nothing_can_keep_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("local x = 1")
    command = f"ulimit -f 0; '{sys.executable}' -B -m perilune profile -o p.json a.lua"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.run(command, cwd=tmp_path, env=environment, shell=True, check=False, capture_output=True)
    (message,) = process.stderr.decode().splitlines()
    assert message.startswith("perilune: cannot write p.json: File too large; the temporary folder cannot keep it")
    assert process.returncode == 1
    assert not [*tmp_path.glob("perilune-profile-*")]


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("local x = 1")
    command = f"'{sys.executable}' -m perilune profile -o - --format html a.lua"
    process = subprocess.run(f"{command} | head -c 9", cwd=tmp_path, shell=True, check=False, capture_output=True)
    assert (process.stdout, process.stderr) == (b"<!DOCTYPE", b"")


def test_the_report_can_go_to_standard_output(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("profile", "-o", "-", "a.lua")
    assert result.output.startswith("110\nProfile of a.lua  (sample mode)\n")
    assert result.errors == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which program?"),
        (["--mode", "sideways", "a.lua"], "argument --mode: invalid choice: 'sideways'"),
        (["--top", "many", "a.lua"], "argument --top: 'many' is not a number of rows"),
        (["--nonsense", "a.lua"], "unrecognized arguments: --nonsense"),
        (["--interval", "0", "a.lua"], "argument --interval: '0' is not a number from 0.01 to 100,000"),
        (["--interval", "often", "a.lua"], "argument --interval: 'often' is not a number from 0.01 to 100,000"),
        (["--mode", "count", "--sampler", "thread", "a.lua"], "--sampler and --interval are for --mode sample"),
    ],
)
def test_wrong_options(perilune: RunPerilune, arguments: list[str], message: str) -> None:
    result = perilune("profile", *arguments)
    assert result.status == 2
    assert message in result.errors


def test_a_misplaced_option_is_pointed_out(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(...)")
    result = perilune("profile", "a.lua", "1", "--mode", "trace")
    assert result.output == "1\t--mode\ttrace\n"
    assert result.errors.startswith("perilune: --mode went to the program: put it before a.lua, or -- behind a.lua\n")


def test_the_live_line() -> None:
    text = progress_text(12.4, 1_500_000, 20_000_000)
    assert text == "  profiling: 12 s, 1.50 MB in use, 20.0 MB allocated; Ctrl-C stops the program and reports"


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_the_program_and_its_profile_is_kept(tmp_path: Path, name: str) -> None:
    number: signal.Signals = getattr(signal, name)
    (tmp_path / "a.lua").write_text("print('started') io.flush() while true do print('x') end")
    command = [sys.executable, "-m", "perilune", "profile", "-o", "a.json", "a.lua"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    if name != "SIGINT":
        process.send_signal(number)  # as timeout(1), which means the process and its group
    process.communicate()
    assert process.returncode == 128 + number
    assert read_profile(tmp_path / "a.json").failure == "before its time: interrupted!"


def test_ctrl_c_and_a_closed_pipe_stop_the_program_and_report(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("print('started') io.flush() while true do print('x') end")
    command = [sys.executable, "-m", "perilune", "profile", "a.lua"]
    for end in ("interrupt", "close"):
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        if end == "interrupt":
            process.send_signal(signal.SIGINT)
        process.stdout.close()
        errors = process.stderr.read().decode()
        assert process.wait() == 130
        assert errors.startswith("perilune: interrupted!\nstack traceback:\n")
        assert "Profile of a.lua  (sample mode)" in errors


def test_a_paused_profile_measures_what_the_program_asks_for(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file(
        "regions.lua",
        'local profiler = require "perilune.profiler"\n'
        "local function work(n) for i = 1, n do end end\n"
        "work(1000)\n"
        "profiler.start()\n"
        "work(10)\n"
        "profiler.stop()\n"
        "work(5000)\n",
    )
    perilune("profile", "--mode", "count", "--start-paused", "-o", "p.json", "regions.lua")
    profile = read_profile(tmp_path / "p.json")
    lines = {line.line: line.hits for line in profile.files[0].lines}
    assert (lines[2], lines[3], lines[5], lines[7]) == (10, 0, 1, 0)


def test_a_program_that_never_starts_the_paused_profiler_is_told(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(1)")
    ended = perilune("profile", "--start-paused", "a.lua")
    assert ended.errors.startswith("perilune: nothing was measured: the program did not start")


def test_what_lua_init_asks_for_runs_before_the_profile(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file("a.lua", "print(set)")
    monkeypatch.setenv("LUA_INIT", "set = 0 for i = 1, 1000 do set = set + 1 end")
    assert perilune("profile", "--mode", "count", "-o", "p.json", "a.lua").output == "1000\n"
    assert read_profile(tmp_path / "p.json").totals.instructions < 10
    monkeypatch.setenv("LUA_INIT", "error('no')")
    failed = perilune("profile", "--mode", "count", "a.lua")
    assert (failed.status, failed.output) == (1, "")
    assert failed.errors.startswith("perilune: LUA_INIT:1: no\n")
