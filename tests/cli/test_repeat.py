"""`perilune profile --repeat`: the runs of a program are one profile, whose sums hold, and what differs is said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.profiler.model import Profile, times_elsewhere

PROGRAM = "local s = 0\nfor i = 1, 20000 do\n  s = s + i % 7\nend\nprint(s)\n"
CLOCK = "local s = 0\nfor i = 1, 100 + math.floor(os.clock() * 1e6) % 50 do\n  s = s + 1\nend\n"


def read(path: Path) -> Profile:
    return Profile.from_json(json.loads(path.read_text()))


def test_runs_that_agree_add_up(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("profile", "--repeat", "4", "-o", "p.json", "a.lua")
    assert result.output.count("\n") == 1
    profile = read(tmp_path / "p.json")
    totals, repeats = profile.totals, profile.totals.repeats
    assert repeats is not None and (repeats.runs, repeats.left_out, repeats.ranges) == (4, 0, [])
    assert repeats.shortest_ns is not None and totals.run_ns is not None and repeats.longest_ns is not None
    assert repeats.shortest_ns <= totals.run_ns <= repeats.longest_ns
    around = sum(ns for _, ns in times_elsewhere(totals))
    assert totals.run_ns == around + sum(line.self_ns or 0 for line in profile.files[0].lines)
    assert {line.line: line.hits for line in profile.files[0].lines}[3] == 20000
    assert "mean of 4 runs" in perilune("report", "p.json").output


def test_counts_that_differ_are_marked(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", CLOCK)
    perilune("profile", "--mode", "count", "--repeat", "12", "-o", "p.json", "a.lua")
    profile = read(tmp_path / "p.json")
    rows = {line.line: line for line in profile.files[0].lines}
    assert not rows[1].ranges and rows[3].ranges[0].figure == "hits"
    assert rows[3].ranges[0].low <= rows[3].hits <= rows[3].ranges[0].high
    assert profile.totals.repeats is not None and profile.totals.repeats.inputs == ["os.clock"]
    report = perilune("report", "p.json").output
    assert "Not deterministic" in report and "the clock (os.clock)" in report


def test_a_program_that_changes_files_runs_once(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", "os.remove('there is no such file')\n")
    result = perilune("profile", "--repeat", "auto", "-o", "p.json", "a.lua")
    assert "not run again: it called os.remove" in result.errors
    repeats = read(tmp_path / "p.json").totals.repeats
    assert repeats is not None and repeats.runs == 1 and repeats.stopped is not None


def test_a_run_that_does_something_else_is_left_out(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file(
        "a.lua",
        "local f = io.open('made')\nif f then os.exit(3) end\nio.open('made', 'w'):close()\nfor i = 1, 99 do end\n",
    )
    perilune("profile", "--mode", "count", "--repeat", "3", "-o", "p.json", "a.lua")
    repeats = read(tmp_path / "p.json").totals.repeats
    assert repeats is not None and (repeats.runs, repeats.left_out) == (1, 2)
    assert repeats.left_out_reason == "it ended with status 3 by os.exit"


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no SIGUSR1")
def test_a_program_that_catches_interrupts_can_be_ended_in_any_of_its_runs(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("pcall(function() for i = 1, 1e6 do end end)\n")
    options = ["--mode", "count", "--flush", "--repeat", "100000", "--progress", "runs", "-o", "p.json"]
    command = [sys.executable, "-m", "perilune", "profile", *options, "a.lua"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while not (tmp_path / "runs").exists() or int((tmp_path / "runs").read_text().partition(" ")[0] or 0) < 2:
            assert process.poll() is None
        process.send_signal(signal.SIGUSR1)
        assert process.wait() == 0
    repeats = read(tmp_path / "p.json").totals.repeats
    assert repeats is not None and repeats.runs >= 2 and repeats.stopped == "a run was ended before its time"


def test_whoever_watches_is_told_in_the_profile(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", "os.remove('there is no such file')\n")
    result = perilune("profile", "--repeat", "auto", "--progress", "runs", "-o", "p.json", "a.lua")
    assert result.errors == ""
    repeats = read(tmp_path / "p.json").totals.repeats
    assert repeats is not None and (repeats.stopped or "").startswith("it called os.remove")
