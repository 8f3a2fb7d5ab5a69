"""`perilune grow`: how sizes reach a program, what is told of its growth, and what is said of wrong uses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from command_line import RunPerilune, WriteFile

pytest.importorskip("numpy")

PROGRAM = """\
local n, sum = tonumber(arg[1]), 0
for i = 1, n do
  for j = 1, n do sum = sum + j end
end
local names = {}
for i = 1, n do names[i] = "name" .. i end
"""
SIZES = ("--over", "n=20,40,80")
AS_ARGUMENT = ("--over-args", "{n}")


def families(output: str) -> dict[int, str]:
    return {line["line"]: line["series"][0]["fit"]["family"] for line in json.loads(output)["lines"]}


def test_lines_functions_and_the_run_have_their_growth(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "a.lua")
    assert (result.status, result.errors) == (0, "")
    lines = result.output.splitlines()
    assert lines[0] == "How a.lua grows with n = 20 to 80, 3 sizes"
    assert lines[2].split()[:2] == ["instructions", "~n²"]
    hottest = next(line for line in lines if "for j = 1, n do" in line)
    assert hottest.split()[0] == "~n²"
    assert "At n = 10⁶ line 3 of a.lua is nearly 100 % of the run." in lines


def test_the_figures_are_in_json(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "--json", "a.lua")
    value: dict[str, Any] = json.loads(result.output)
    assert (value["format"], value["variable"], value["sizes"]) == ("perilune-growth", "n", [20, 40, 80])
    assert families(result.output)[3] == "n^2"
    names = next(line for line in value["lines"] if line["line"] == 6)
    allocated = next(series for series in names["series"] if series["figure"] == "allocated_bytes")
    assert allocated["values"][0] < allocated["values"][1] < allocated["values"][2]
    assert sum(line["predicted_share"] for line in value["lines"]) == pytest.approx(1)


def test_an_output_without_the_characters_is_in_ascii(
    perilune: RunPerilune, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perilune.cli.grow._has", lambda encoding: False)
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "a.lua")
    assert result.output.isascii()
    assert "~n^2" in result.output
    assert "At n = 10^6 line 3" in result.output


@pytest.mark.parametrize(
    "reach",
    [
        ("--over-stdin", r"{n}\n"),
        ("--over-stdin", "@inputs/{n}.txt"),
        ("--over-generator", "sized.lua"),
    ],
)
def test_a_size_may_be_the_standard_input(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, reach: tuple[str, str]
) -> None:
    (tmp_path / "inputs").mkdir()
    for size in (20, 40, 80):
        write_file(f"inputs/{size}.txt", f"{size}\n")
    write_file("sized.lua", "print((...))")
    write_file("a.lua", 'local n = io.read("n")\nfor i = 1, n do\n  for j = 1, i do end\nend\n')
    result = perilune("grow", *SIZES, *reach, "--json", "a.lua")
    assert (result.status, result.errors) == (0, "")
    assert families(result.output)[3] == "n^2"


def test_a_comment_says_sizes_and_how_they_reach_the_program(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", '---@profile over="n=20,40,80" overArgs="{n}"\n' + PROGRAM)
    result = perilune("grow", "--json", "a.lua")
    assert json.loads(result.output)["sizes"] == [20, 40, 80]
    assert families(result.output)[4] == "n^2"


def test_sizes_are_chosen_where_none_are_given(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *AS_ARGUMENT, "--seconds", "1", "--json", "a.lua")
    value = json.loads(result.output)
    assert len(value["sizes"]) >= 3
    assert value["sizes"] == sorted(set(value["sizes"]))
    assert families(result.output)[3] == "n^2"


def test_a_program_that_explodes_has_sizes_close_together(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file(
        "a.lua",
        "local function f(n)\n  if n > 0 then f(n - 1) f(n - 1) f(n - 1) f(n - 1) end\nend\nf(tonumber(arg[1]))\n",
    )
    result = perilune("grow", *AS_ARGUMENT, "--seconds", "2", "--json", "a.lua")
    assert (result.status, result.errors) == (0, "")
    assert families(result.output)[2] == "{}^n"


@pytest.mark.parametrize("name", ["a.html", "a.png", "a.svg"])
def test_plots(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib")
    write_file("a.lua", PROGRAM)
    assert perilune("grow", *SIZES, *AS_ARGUMENT, "-o", name, "a.lua").status == 0
    content = (tmp_path / name).read_bytes()
    begins = {"a.html": b"<!DOCTYPE html>", "a.png": b"\x89PNG", "a.svg": b"<?xml"}
    assert content.startswith(begins[name])
    if name == "a.html":
        assert b"~n\xc2\xb2" in content and b"data:image/svg+xml;base64," in content and b"<script" not in content


def test_times_are_taken_if_asked_for(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    value = json.loads(perilune("grow", *SIZES, *AS_ARGUMENT, "--time", "--json", "a.lua").output)
    assert value["mode"] == "sample"
    assert [series["figure"] for series in value["whole"]["series"]][-1] == "run_ns"


def test_a_program_that_is_not_deterministic_is_told_with_its_lines(
    perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", "local c = 0\nfor i = 1, arg[1] do\n  if math.random() < 0.5 then c = c + 1 end\nend\n")
    result = perilune("grow", "--over", "n=4000,8000,16000", *AS_ARGUMENT, "a.lua")
    assert result.status == 1
    assert "a.lua is not deterministic, by random numbers" in result.errors
    assert "two runs at n=4000 have other counts, on these lines:\n  a.lua:3: " in result.errors


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--over", "n=10,10,20", *AS_ARGUMENT), 2, "the sizes do not grow: 10 stands behind 10"),
        (("--over", "n=10,20", *AS_ARGUMENT), 2, "2 sizes say nothing about growth: give 3 or more"),
        (("--over", "n=1,2,3"), 2, "how does n reach the program?"),
        (("--over", "k=1,2,3", *AS_ARGUMENT), 2, "how does k reach the program?"),
        (("--over", "n=10,20,30", *AS_ARGUMENT), 1, "a.lua at n=30 ended with an error: a.lua:1: too many"),
        ((*AS_ARGUMENT, "--over-stdin", "{n}", "--over-generator", "a.lua"), 2, "choose one"),
        (("--over", "n=1,2,3", "--over-generator", "gone.lua"), 1, "cannot open gone.lua"),
        (("--over", "n=1,2,3", "--over-generator", "fails.lua"), 1, "the generator fails.lua at n=1 failed"),
        (("--over", "n=1,2,3", "--over-args", "'{n}"), 2, "--over-args: No closing quotation"),
    ],
)
def test_wrong_uses_have_clear_answers(
    perilune: RunPerilune, write_file: WriteFile, words: tuple[str, ...], status: int, message: str
) -> None:
    write_file("a.lua", 'if tonumber(arg[1]) > 20 then error("too many") end\n')
    write_file("fails.lua", 'error("no input")\n')
    result = perilune("grow", *words, "a.lua")
    assert result.status == status
    assert message in result.errors


def test_a_size_that_changes_nothing_is_told(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print((...))\n")
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "a.lua")
    assert "Note: every run cost the same: n changes nothing, and may not reach the program." in result.output


def test_a_missing_library_is_told(
    perilune: RunPerilune, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "a.lua")
    assert result.status == 1
    assert "numpy is needed" in result.errors and "pip install 'perilune[grow]'" in result.errors


def test_nothing_is_written_where_it_cannot_be(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *SIZES, *AS_ARGUMENT, "-o", os.path.join("no", "such", "a.html"), "a.lua")
    assert result.status == 1
    assert result.errors


@pytest.mark.parametrize("sizes", [SIZES, ()])
def test_a_scheduler_makes_the_runs_if_one_is_named(
    perilune: RunPerilune, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch, sizes: tuple[str, ...]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("perilune.cli.runs.cluster._CONNECT_SECONDS", 0.5)
    write_file("a.lua", PROGRAM)
    result = perilune("grow", *sizes, *AS_ARGUMENT, "--no-store", "--cluster", "tcp://127.0.0.1:1", "a.lua")
    assert result.status == 1
    assert result.errors.startswith("perilune: the scheduler tcp://127.0.0.1:1 cannot be reached: ")
