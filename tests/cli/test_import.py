"""`perilune import`, and foreign profiles where a saved one is taken; each sample is written as its tool writes it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from command_line import RunPerilune, WriteFile

PROGRAM = "local function f(n)\n  return n < 2 and n or f(n - 1) + f(n - 2)\nend\nprint(f(20))\n"

STACKS = "[C];a.lua:4;a.lua:2 30\na.lua:4 10\n"
STATES = "a.lua:4;a.lua:2 3\nCompiled 2\nInterpreted 1\n"
PERCENTS = "75%  a.lua:2\n  <- 100%  Interpreted\n25%  a.lua:4\n  <-  50%  Compiled\n  <-  50%  C code\n"
COUNTS = "   30  a.lua:2 < a.lua:4\n   10  a.lua:4 < @0x5560\n"
ANNOTATED = "\n====== a.lua ======\n@@ 1 @@\n      | local function f(n)\n  80% |   return n\n      | end\n  20% | print(f(20))\n"
LUAU = "1500 a.lua,f,1;a.lua,,0\n500 GC,GC,;a.lua,f,1\n250 [C],print,-1;a.lua,,0\n"
LCOV = "TN:\nSF:a.lua\nFN:1,f\nFNDA:21,f\nDA:1,1\nDA:2,21\nDA:4,1\nend_of_record\n"
LUACOV = "4:a.lua\n1 21 0 1 \n"
CALLGRIND = (
    "# callgrind format\nevents: Ir\nfl=(1) a.lua\nfn=(1) main\n4 10\ncfn=(2) f\ncalls=21 1\n* 900\n"
    "fn=(2)\n2 600\n+1 290\n"
)
RELATIVE = "events: Instructions\nfl=a.lua\nfn=main\n2 600\n+2 -590\nfn=f\n-1 +280\n"
SPEEDSCOPE = json.dumps(
    {
        "shared": {"frames": [{"name": "main", "file": "a.lua", "line": 4}, {"name": "f", "file": "a.lua", "line": 2}]},
        "profiles": [
            {
                "type": "evented",
                "unit": "milliseconds",
                "startValue": 0,
                "endValue": 4,
                "events": [
                    {"type": "O", "frame": 0, "at": 0},
                    {"type": "O", "frame": 1, "at": 1},
                    {"type": "C", "frame": 1, "at": 4},
                    {"type": "C", "frame": 0, "at": 4},
                ],
            }
        ],
    }
)
TRACE = json.dumps(
    [
        {"name": "setup", "ph": "X", "ts": 0, "dur": 10, "pid": 1, "tid": 1},
        {"name": "a.lua:2", "ph": "X", "ts": 2, "dur": 3, "pid": 1, "tid": 1},
    ]
)


def _number(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _number(rest) if rest else bytes([low])


MEMPROF = (
    b"ljs\x03\0\0\0"
    + (b"\0" + _number(0x7F00) + _number(6) + b"@a.lua" + _number(1))  # a Lua function
    + (b"\x01" + _number(0x9900) + _number(6) + b"concat")  # a C function
    + b"\x80ljm\x03\0\0\0"
    + (b"\x09" + _number(0x7F00) + _number(2) + _number(0x1000) + _number(300))  # line 2 allocates 300 bytes
    + (b"\x0d" + _number(0x9900) + _number(0x2000) + _number(40))  # the C function 40
    + (b"\x0b" + _number(0x7F00) + _number(2) + b"".join(map(_number, (0x1000, 300, 0x3000, 500))))
    + (b"\x06" + _number(0x3000) + _number(500))  # the collector frees it
    + b"\x80"
)

FILES: dict[str, tuple[str | bytes, str, dict[int, int]]] = {
    "collapsed": (STACKS, "self_ns", {2: 300_000_000, 4: 100_000_000}),
    "states": (STATES, "self_ns", {2: 30_000_000}),
    "percents": (PERCENTS, "self_ns", {2: 750_000_000, 4: 250_000_000}),
    "counts": (COUNTS, "self_ns", {2: 300_000_000, 4: 100_000_000}),
    "annotated": (ANNOTATED, "self_ns", {2: 800_000_000, 4: 200_000_000}),
    "luau": (LUAU, "self_ns", {0: 250_000, 1: 2_000_000}),
    "lcov": (LCOV, "hits", {1: 1, 2: 21, 4: 1}),
    "luacov": (LUACOV, "hits", {1: 1, 2: 21, 4: 1}),
    "callgrind": (CALLGRIND, "instructions", {2: 600, 3: 290, 4: 10}),
    "relative": (RELATIVE, "instructions", {2: 600, 3: 290, 4: 10}),
    "utf-16": (STACKS.encode("utf-16"), "self_ns", {2: 300_000_000, 4: 100_000_000}),
    "speedscope": (SPEEDSCOPE, "self_ns", {2: 3_000_000, 4: 1_000_000}),
    "trace": (TRACE, "self_ns", {2: 3000}),
    "memprof": (MEMPROF, "allocated_bytes", {2: 800}),
}


def figures(profile: dict[str, Any], figure: str) -> dict[int, int]:
    """A figure of the lines of `a.lua` that have it."""
    (file,) = (file for file in profile["files"] if file["path"] == "a.lua")
    return {row["line"]: row[figure] for row in file["lines"] if row[figure]}


@pytest.mark.parametrize("name", FILES)
def test_what_other_profilers_wrote_is_read(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, name: str
) -> None:
    content, figure, expected = FILES[name]
    write_file("a.lua", PROGRAM)
    (tmp_path / "p.prof").write_bytes(content if isinstance(content, bytes) else content.encode())
    result = perilune("import", "p.prof", "-o", "p.json")
    assert (result.status, result.output, result.errors) == (0, "", "")
    profile = json.loads((tmp_path / "p.json").read_text())
    assert figures(profile, figure) == expected
    assert profile["files"][0]["sha256"] and profile["origin"]["format"]
    report = perilune("report", "p.prof")
    assert (report.status, report.errors) == (0, "") and "read from" in report.output
    assert perilune("report", "p.json").output == report.output
    assert perilune("report", "p.prof", "--format", "html").status == 0
    assert perilune("compare", "p.prof", "p.json").status == 0


def test_states_of_the_virtual_machine_stand_where_library_functions_do(
    perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("p.txt", PERCENTS)
    found = json.loads(perilune("import", "p.txt").output)["builtins"]
    assert {row["name"]: row["self_ns"] for row in found} == {
        "(interpreted)": 750_000_000,
        "(compiled)": 120_000_000,
        "(C code)": 120_000_000,
    }
    assert "C functions and states" in perilune("report", "p.txt").output


def test_what_a_format_does_not_know_is_null_and_not_shown(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("p.txt", STACKS)
    line = json.loads(perilune("import", "p.txt").output)["files"][0]["lines"][0]
    assert line["hits"] is line["instructions"] is line["allocated_bytes"] is None
    report = perilune("report", "p.txt", "--line-range", "a.lua:2").output
    assert "hits" not in report.split("It does not know")[0] and "instr" not in report.split("It does not know")[0]
    result = perilune("report", "p.txt", "--metric", "memory")
    assert result.status == 2 and "this profile does not hold" in result.errors


def test_an_interval_and_moved_files_can_be_told(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    for folder in ("here", "other"):
        (tmp_path / folder / "lib").mkdir(parents=True)
        (tmp_path / folder / "lib" / "a.lua").write_text(PROGRAM)
    write_file("p.txt", "/srv/app/lib/a.lua:2 3\n")
    result = perilune("import", "p.txt", "--interval", "2")
    assert result.errors == "perilune: /srv/app/lib/a.lua was not found: its figures stand without its text\n"
    assert json.loads(result.output)["totals"]["run_ns"] == 6_000_000
    for options in (["--path-map", "/srv/app=here"], ["--sources", "here"]):
        result = perilune("import", "p.txt", *options)
        (file,) = json.loads(result.output)["files"]
        assert result.errors == "" and file["location"] == str(tmp_path / "here/lib/a.lua")
    assert perilune("import", "p.txt", "--sources", ".").errors  # two fit as well
    assert perilune("import", "p.txt", "--interval", "0").status == 2
    assert perilune("import", "p.txt", "--path-map", "x").status == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "in no known format"),
        (b"\0\1\2", "in no known format"),
        (b"[No samples collected]\n", "LuaJIT's profiler collected no samples"),
        (b"a.lua:2 30\na.lua:4 x\n", "line 2: expected frames joined by semicolons, a blank and a number"),
        (b"1500 a.lua,f,1\nx\n", "line 2: expected microseconds"),
        (b"TN:\nSF:a.lua\nDA:1,x\n", "line 3: expected a count"),
        (b"TN:\nSF:a.lua\nDA:1,1\n", "line 3, the end of the file: expected end_of_record"),
        (b"4:a.lua\n1 x\n", "in no known format"),
        (b"4:a.lua\n1 2\n9:b.lua", "line 4, the end of the file: expected the hits of every line"),
        (b"events: Ir\nfn=f\n1 " + b"9" * 30, "line 3: expected a cost"),
        (b"a.lua:1 1\na.lua:2 " + b"9" * 5000, "line 2: expected a cost"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"nodes":' + b"[" * 100_000, "nested too deeply"),
        (b'{"nodes": [], "samples": [1], "timeDeltas": []}', "timeDeltas: expected 1 of them"),
        (b'{"shared": {"frames": [{}]}, "profiles": []}', "shared.frames[0].name: expected a string"),
        (b'{"traceEvents": [{"ph": "E", "ts": 1}]}', "traceEvents[0]: expected a beginning"),
        (
            b'{"traceEvents": [{"ph": "X", "ts": 1e400, "name": ""}]}',
            "traceEvents[0].ts: expected a number within bounds",
        ),
        (b'{"a": 1}', "nor has it"),
        (gzip.compress(b"x" * 100, mtime=0)[:-5], "the gzip stream ends too early"),
        (b"\x1f\x8bno", "not gzip"),
        (gzip.compress(b"\x0a\xff\0", mtime=0), "byte 3: expected 127 bytes, not the end of the message"),
        (MEMPROF[:40], "the end of the file"),
        (b"ljs\x09\0\0\0", "byte 0: expected ljs of version 1, 2 or 3, not 9"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_said_with_its_place(
    perilune: RunPerilune, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "p.prof").write_bytes(content)
    for command in ("import", "report"):
        result = perilune(command, "p.prof")
        assert result.status == 1 and result.errors.startswith("perilune: p.prof cannot be read as a profile: ")
        assert reason in result.errors and "Traceback" not in result.errors


def test_static_errors_of_other_versions(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "goto done\n::done::\n")
    assert perilune("check", "a.lua").status == perilune("check", "--std", "5.2", "a.lua").status == 0
    result = perilune("check", "--std", "5.1", "a.lua")
    assert (result.status, result.output) == (1, "a.lua:1:6: '=' expected near 'done'\n")
