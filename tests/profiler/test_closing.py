"""What finalizers do when the machine closes is part of the profile; what is live at the end is from before them."""

from __future__ import annotations

from array import array
from typing import Literal

import pytest

from oracle import differences
from perilune.profiler.session import Session
from perilune.vm import State
from perilune.vm.raw_profile import RawProfile

Mode = Literal["count", "sample", "trace"]
MODES: list[Mode] = ["count", "sample", "trace"]

PROGRAM = """
local first = setmetatable({}, {__gc = function()
  for i = 1, 1000 do
    local t = {i}
  end
  grown = ("x"):rep(3000000)
end})
local failing = setmetatable({}, {__gc = function()
  for i = 1, 10 do
    if i == 5 then error("no") end
  end
end})
held = ("y"):rep(1000)
"""
EXIT = """
local pending <close> = setmetatable({}, {__close = function()
  for i = 1, 70 do
    held = held
  end
end})
os.exit(3, true)
"""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("leave", ["", EXIT])
def test_finalizers_are_in_all_figures_but_those_of_the_end(mode: Mode, leave: str) -> None:
    session = Session(mode)
    outcome, profile = session.run((PROGRAM + leave).encode(), b"=closing")
    assert outcome.kind == ("exit" if leave else "ok")
    lines = {row.line: row for row in profile.files[0].lines}
    assert (lines[3].hits, lines[4].hits, lines[9].hits, lines[10].hits) == (1000, 1000, 5, 5)
    assert lines[4].allocations >= 1000
    assert lines[6].allocated_bytes > 3_000_000
    assert lines[6].live_bytes == lines[4].live_bytes == 0
    assert lines[6].peak_live_bytes is not None
    assert lines[6].peak_live_bytes > 3_000_000
    memory = profile.totals.memory
    assert memory.peak_bytes > 3_000_000 > memory.current_bytes
    assert {row.name: row.calls for row in profile.builtins}["string.rep"] == 2
    if leave:
        assert lines[16].hits == 70
    if mode == "trace":
        assert lines[4].self_ns
    assert session.raw is not None
    check_bytes(session.raw)


def check_bytes(raw: RawProfile) -> None:
    now = raw["started_bytes"] + raw["paused_bytes"] + raw["allocated_bytes"] - raw["released_bytes"]
    assert now - raw["closing_bytes"] == raw["current_bytes"] <= raw["peak_bytes"]
    live = sum(sum(array("Q", function["live_bytes"])) for function in raw["functions"])
    assert live + raw["outside_live_bytes"] + raw["before_live_bytes"] == raw["current_bytes"]
    at_peak = sum(sum(array("Q", function["peak_live_bytes"])) for function in raw["functions"])
    assert at_peak + raw["outside_peak_live_bytes"] + raw["before_peak_live_bytes"] == raw["peak_bytes"]


def test_what_is_live_at_the_end_was_so_before_the_finalizers() -> None:
    raws = []
    for finishes in (False, True):
        with State() as state:
            state.profile_start()
            state.run(PROGRAM.encode(), b"=closing").check()
            if finishes:
                state.finish()
            state.profile_stop()
            raws.append(state.profile_data())
    assert raws[0]["closing_bytes"] == 0
    assert raws[1]["closing_bytes"] > 3_000_000
    for figure in ("current_bytes", "live_kinds", "outside_live_bytes", "before_live_bytes"):
        assert raws[0][figure] == raws[1][figure]
    for before, after in zip(raws[0]["functions"], raws[1]["functions"], strict=True):
        assert before["live_bytes"] == after["live_bytes"]
        assert before["live_kinds"] == after["live_kinds"]


def test_os_exit_that_does_not_close_runs_no_finalizer() -> None:
    _, profile = Session("count").run((PROGRAM + "os.exit(0)").encode(), b"=closing")
    assert {row.line: row.hits for row in profile.files[0].lines}[3] == 0


def test_the_counts_of_finalizers_are_exact() -> None:
    with State() as state:
        state.profile_start("oracle")
        state.run((PROGRAM + EXIT).encode(), b"=closing")
        state.finish()
        state.profile_stop()
        raw = state.profile_data()
        with pytest.raises(RuntimeError, match="finished"):
            state.run(b"return", b"=again")
    assert [found for function in raw["functions"] for found in differences(function)] == []
    assert sum(sum(array("Q", function["counts"])) for function in raw["functions"]) > 3000


def test_finalizers_that_never_end_come_to_their_limit() -> None:
    with State() as state:
        state.set_instruction_limit(1000)
        state.profile_start("oracle")
        state.run(b"kept = setmetatable({}, {__gc = function() while true do end end})", b"=closing").check()
        state.finish()
        state.profile_stop()
        raw = state.profile_data()
    assert [found for function in raw["functions"] for found in differences(function)] == []
    finalizer = next(function for function in raw["functions"] if function["first_line"] == 1)
    assert sum(array("Q", finalizer["counts"])) == 1_000_000


def test_what_finalizers_do_while_nothing_is_measured_is_not_counted() -> None:
    text = 'require("perilune.profiler").stop()' + PROGRAM
    _, profile = Session("count").run(text.encode(), b"=closing")
    lines = {row.line: row for row in profile.files[0].lines}
    assert lines[4].hits == lines[6].allocated_bytes == 0
    assert profile.totals.memory.peak_bytes < 3_000_000


def test_a_zone_that_was_left_open_ends_with_the_program() -> None:
    text = 'local zone = require("perilune.profiler").zone("all")' + PROGRAM
    _, profile = Session("count").run(text.encode(), b"=closing")
    (zone,) = profile.zones
    assert 1000 < zone.allocated_bytes < 3_000_000


def test_standard_files_have_no_finalizer_to_be_counted() -> None:
    _, profile = Session("count").run(b"local file = io.tmpfile()", b"=closing")
    assert {row.name: row.calls for row in profile.builtins} == {"io.tmpfile": 1, "file.__gc": 1}
