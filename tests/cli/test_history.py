"""`perilune history`: where figures changed from revision to revision, in every form, and what cannot be shown."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

import pytest

from command_line import RunPerilune, WriteFile
from git_history import Files, git, make_history
from perilune.profiler.session import profile_file

PROGRAM = """\
local function fill(n)
  local t = {}
  for i = 1, n do t[i] = i end
  return t
end
local function double(n)
  return n * 2
end
local sum = double(#fill(100))
"""
LARGER = PROGRAM.replace("fill(100)", "fill(300)")
RENAMED = LARGER.replace("double", "twice").replace("n * 2", "n + n + 0")
COMMITS: list[Files] = [
    {"a.lua": PROGRAM},
    {"readme": "nothing of the program"},
    {"a.lua": f"-- a comment\n{PROGRAM}"},
    {"a.lua": "local = 1\n"},
    {"a.lua": f"-- a comment\n{LARGER}"},
    {"a.lua": f"-- a comment\n{RENAMED}"},
]


def history(perilune: RunPerilune, *arguments: str) -> dict[str, Any]:
    result = perilune("history", "--format", "json", *arguments)
    assert (result.status, result.errors) == (0, "")
    value: dict[str, Any] = json.loads(result.output)
    return value


def test_figures_are_those_of_each_revision(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = make_history(tmp_path, COMMITS)
    value = history(perilune, "a.lua")
    assert [row["commit"] for row in value["revisions"]] == commits
    assert [row["subject"] for row in value["revisions"]] == ["1", "2", "3", "4", "5", "6"]
    assert value["revisions"][3]["skipped"].startswith("a.lua:1: ")
    for place, text in ((0, PROGRAM), (4, f"-- a comment\n{LARGER}"), (5, f"-- a comment\n{RENAMED}")):
        (tmp_path / "a.lua").write_text(text)
        _, profile = profile_file("a.lua", mode="count")
        row = value["revisions"][place]
        assert row["instructions"] == profile.totals.instructions
        assert row["allocated_bytes"] == profile.totals.memory.allocated_bytes
        assert row["allocations"] == profile.totals.memory.allocations
        assert row["peak_bytes"] == profile.totals.memory.peak_bytes


def test_functions_and_lines_that_changed(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = make_history(tmp_path, COMMITS)
    value = history(perilune, "a.lua")
    found = [
        (commits.index(row["commit"]), row["a"]["name"], row["b"]["name"], row["instructions"]["difference"])
        for row in value["functions"]
        if row["instructions"]["difference"]
    ]
    assert (4, "fill", "fill", 400) in found
    assert [row for row in found if row[0] == 5] == [(5, "double", "twice", 1)]
    assert not [row for row in found if row[0] in (1, 2)]  # a comment moves lines and changes none
    (line,) = [row for row in value["lines"] if row["instructions"]["difference"] == 400]
    assert (line["a"]["line"], line["b"]["line"], line["source"]) == (4, 4, "for i = 1, n do t[i] = i end")
    assert (
        line["allocations"]["difference"] > 0
        and line["allocated_bytes"]["difference"] > 0
        and line["peak_live_bytes"]["difference"] > 0
    )


def test_the_report(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = make_history(tmp_path, COMMITS)
    result = perilune("history", "--since", "HEAD~5", "a.lua")
    assert (result.status, result.errors) == (0, "")
    lines = result.output.splitlines()
    assert lines[0] == "a.lua: 6 revisions since HEAD~5"
    assert lines[2] == "Revisions  2 changes in 5 runs"
    rows = [line.split() for line in lines[3:7]]
    assert [row[-2:] for row in rows[1:]] == [[commits[place][:12], str(place + 1)] for place in (0, 4, 5)]
    functions = lines.index("Functions")
    assert lines[functions + 2].split()[0] == "+400"
    assert lines[functions + 2].split()[-3:] == [commits[4][:12], "2", "fill"]
    assert (
        lines[lines.index("Lines") + 2].endswith("4  for i = 1, n …") or "for i = 1" in lines[lines.index("Lines") + 2]
    )
    assert f"Note: {commits[3][:12]} is skipped: a.lua:1: " in result.output
    assert "by first parents" in result.output
    assert max(map(len, lines)) <= 80
    peak = perilune("history", "--metric", "peak", "--top", "1", "a.lua").output.splitlines()
    assert peak[2].startswith("Revisions  1 of 2 changes in 5 runs")
    assert peak[3].split()[:2] == ["peak", "change"]


def test_results_are_made_once_and_are_the_same_from_the_store(perilune: RunPerilune, tmp_path: Path) -> None:
    make_history(tmp_path, COMMITS)
    first = history(perilune, "--jobs", "2", "a.lua")
    again = history(perilune, "--jobs", "1", "a.lua")
    assert again.pop("notes") == ["5 of 6 results came from the store"]
    first.pop("notes")
    assert again == first
    assert history(perilune, "--no-store", "a.lua")["notes"] == []


def test_the_page_and_the_picture(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = make_history(tmp_path, [*COMMITS, {"a.lua": f"local x = '<script>&' -- <b>\n{PROGRAM}"}])
    assert perilune("history", "-o", "h.html", "a.lua", "<&>").status == 0
    page = (tmp_path / "h.html").read_text()
    assert "default-src 'none'" in page and "<script" not in page and "<b>" not in page
    assert "a.lua &lt;&amp;&gt;: 7 revisions" in page
    assert "http:" not in page.replace("http://www.w3.org", "") and "https:" not in page
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    titles = re.findall(r'<text class="title"[^>]*>(.*?)</text>', page)
    assert titles[:4] == [
        "instructions of the run",
        "allocated bytes of the run",
        "peak bytes of the run",
        "instructions of fill",
    ]
    assert "instructions of line 4  for i = 1, n do t[i] = i end" in titles  # 3 in the first revision
    assert len(charts) == len(titles)
    for chart in charts:
        assert xml.fromstring(chart).tag == "svg"
    assert f"<title>{commits[4][:12]} 5: " in page
    assert f"{commits[3][:12]} 4 (a.lua:1: " in page
    assert perilune("history", "-o", "h.svg", "a.lua", "<&>").status == 0
    picture = xml.parse(tmp_path / "h.svg").getroot()
    marks = picture.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(marks) == sum(chart.count("<circle") for chart in charts)


def test_pictures_of_pixels_need_matplotlib(
    perilune: RunPerilune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_history(tmp_path, COMMITS[:1])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = perilune("history", "-o", "h.png", "a.lua")
    assert (result.status, result.output) == (1, "")
    assert result.errors == "perilune: --format png needs matplotlib: pip install matplotlib, or use --format svg\n"


def test_a_picture_of_pixels(perilune: RunPerilune, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    make_history(tmp_path, COMMITS)
    assert perilune("history", "-o", "h.png", "a.lua").status == 0
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_what_a_program_writes_is_not_there_in_the_next_revision(perilune: RunPerilune, tmp_path: Path) -> None:
    text = """
local there = io.open("made.txt")
os.remove("data.txt")
io.open("made.txt", "w"):close()
lfs = require "lfs" lfs.mkdir("folder")
if there then for i = 1, 1000 do end end
"""
    make_history(tmp_path, [{"a.lua": f"{text}-- {number}\n", "data.txt": "data"} for number in range(1, 4)])
    value = history(perilune, "--jobs", "1", "a.lua")
    assert len({row["instructions"] for row in value["revisions"]}) == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".lua", ".txt")) == ["a.lua", "data.txt"]
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=no") == ""


def test_folders_of_the_repository_are_those_of_the_revision(
    perilune: RunPerilune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[Files] = [
        {"src/a.lua": "require 'm'\n", "lib/m.lua": "for i = 1, 10 do end\n"},
        {"lib/m.lua": "for i = 1, 500 do end\n"},
    ]
    make_history(tmp_path, commits)
    (tmp_path / "lib" / "m.lua").write_text("error 'edited'")
    monkeypatch.setenv("LUA_PATH", f"{tmp_path}/lib/?.lua")
    monkeypatch.chdir(tmp_path / "src")
    for notes in ([], ["2 of 2 results came from the store"]):
        value = json.loads(perilune("history", "--format", "json", "a.lua").output)
        assert value["revisions"][1]["instructions"] - value["revisions"][0]["instructions"] == 490
        assert value["notes"] == notes
    sandboxed = json.loads(perilune("history", "--format", "json", "--sandbox-root", str(tmp_path), "a.lua").output)
    assert [row["instructions"] for row in sandboxed["revisions"]] == [
        row["instructions"] for row in value["revisions"]
    ]


def test_a_program_that_is_not_deterministic(perilune: RunPerilune, tmp_path: Path) -> None:
    text = "local n = math.random(1, 1 << 40)\nlocal m = 1\nwhile n > 1 do n = n / 1.01 m = m + 1 end\n"
    commits = make_history(tmp_path, [{"a.lua": f"{text}-- {number}\n"} for number in range(1, 3)])
    (note,) = history(perilune, "a.lua")["notes"]
    assert note.startswith("the program is not deterministic, its counts differ at the same revision, ")
    assert f"{commits[1][:12]}, by random numbers (math.random): line 3; " in note


def test_ctrl_c_reports_what_is_done(tmp_path: Path) -> None:
    waiting = "io.open(..., 'w'):close()\nio.popen('sleep 600'):read('a')\n"
    make_history(tmp_path, [{"a.lua": "local x = 1\n"}, {"a.lua": "local x = 2\n"}, {"a.lua": waiting}])
    mark = tmp_path / "started"
    command = [sys.executable, "-m", "perilune", "history", "--no-store", "--jobs", "1", "a.lua", str(mark)]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not mark.exists():
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=120)
    assert (running.returncode, errors) == (130, "")
    assert "it was interrupted: 1 later revision was not run" in " ".join(output.split())


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--since", "nowhere", "a.lua"], 1, "git knows no revision 'nowhere' here"),
        (["--since", "HEAD", "--until", "HEAD~1", "a.lua"], 1, "HEAD is no ancestor of HEAD~1"),
        (["--since", "HEAD~2", "--until", "HEAD~2", "a.lua"], 1, "no revision of 1 could be run: a.lua:1: "),
        (["gone/a.lua"], 1, "there is no folder gone"),
        (["none.lua"], 1, "no revision up to HEAD has none.lua"),
        (["--since", "HEAD", "none.lua"], 1, "no revision of 1 could be run: it has no file none.lua"),
    ],
)
def test_wrong_uses(perilune: RunPerilune, tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    make_history(tmp_path, COMMITS)
    result = perilune("history", *arguments)
    assert (result.status, result.output) == (status, "")
    assert result.errors.startswith(f"perilune: {message}")
    assert result.errors.count("\n") == 1


def test_no_repository_and_uncommitted_changes(
    perilune: RunPerilune, tmp_path: Path, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write_file("a.lua", PROGRAM)
    result = perilune("history", "a.lua")
    assert (result.status, result.errors) == (1, "perilune: a.lua is in no git repository\n")
    make_history(tmp_path, COMMITS)
    write_file("a.lua", "error 'edited'")
    result = perilune("history", "a.lua")
    assert result.status == 0
    assert result.errors == "perilune: changes that are not committed are left out, only revisions are run: a.lua\n"
