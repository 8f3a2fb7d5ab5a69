"""`perilune export`: saved profiles become other tools' files; what is no profile, or lacks what is asked, says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.renderers import json as json_renderer
from sampled_profile import sampled_profile

PROFILE = json_renderer.render(sampled_profile())


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_saved_profile_in_every_format(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, name: str
) -> None:
    write_file("p.json", PROFILE)
    expected = EXPORTERS[name].export(sampled_profile(), {})
    assert perilune("export", "p.json", "--format", name, "-o", "by-name").status == 0
    assert (tmp_path / "by-name").read_bytes() == expected
    by_suffix = f"out{EXPORTERS[name].suffix}"
    assert perilune("export", "p.json", "-o", by_suffix).status == 0
    assert (tmp_path / by_suffix).read_bytes() == expected
    if not EXPORTERS[name].is_binary:
        for place in ([], ["-o", "-"]):
            result = perilune("export", "-", "--format", name, *place, standard_input=PROFILE)
            assert (result.status, result.output.encode(), result.errors) == (0, expected, "")


def test_a_profile_of_a_run(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "for i = 1, 10 do\n  print(i)\nend")
    assert perilune("profile", "--mode", "count", "--format", "json", "-o", "p.json", "a.lua").status == 0
    assert "\nDA:2,10\n" in perilune("export", "p.json", "--format", "lcov").output
    result = perilune("export", "p.json", "--format", "cpuprofile")
    assert (result.status, result.output) == (1, "")
    assert result.errors == (
        "perilune: p.json: cpuprofile holds times, and a profile of count mode has none: "
        "profile with --mode sample or --mode trace\n"
    )


def test_a_source_that_has_changed_is_named(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(1)")
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    assert perilune("export", "p.json", "--format", "lcov").errors == ""
    write_file("a.lua", "print(2)")
    result = perilune("export", "p.json", "--format", "lcov")
    assert result.errors == "perilune: a.lua has changed since: the lines are those of the text that ran\n"
    assert "DA:1,1" in result.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PROFILE[:-100], "not JSON: "),
        ("\x00\x01", "not JSON: "),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "profile: expected an object"),
        ('{"nodes": []}', "not a Perilune profile: "),
        (PROFILE.replace('"version":1', '"version":2'), "profile version 2 is not supported"),
        (PROFILE.replace('"hits":1,', '"hits":"x",', 1), "files[0].lines[0].hits: expected an integer"),
    ],
)
def test_what_is_no_profile(perilune: RunPerilune, write_file: WriteFile, content: str, reason: str) -> None:
    write_file("p.json", content)
    result = perilune("export", "p.json", "--format", "lcov")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith(f"perilune: p.json cannot be read as a profile: {reason}")
    assert result.errors.count("\n") == 1


def test_calls_nested_too_deeply(perilune: RunPerilune, write_file: WriteFile) -> None:
    node = '{"function":"f","path":"a.lua","function_line":1,"line":1,"samples":1,"self_ns":1,"children":['
    write_file("p.json", PROFILE.replace('"children":[]', f'"children":[{node * 4000}{"]}" * 4000}]', 1))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # the command's own: compiling raises it
    try:
        result = perilune("export", "p.json", "--format", "lcov")
    finally:
        sys.setrecursionlimit(limit)
    message = "perilune: p.json cannot be read as a profile: nested too deeply\n"
    assert (result.status, result.errors) == (1, message)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["none.json", "--format", "lcov"], 1, "cannot open none.json: No such file or directory"),
        (["p.json"], 2, f"which format? --format takes {', '.join(EXPORTERS)}"),
        (["p.json", "-o", "out.txt"], 2, f"which format? --format takes {', '.join(EXPORTERS)}"),
        (
            ["p.json", "--format", "lcov", "-o", "none/out"],
            1,
            "cannot write none/out: No such file or directory",
        ),
    ],
)
def test_wrong_uses(
    perilune: RunPerilune, write_file: WriteFile, arguments: list[str], status: int, message: str
) -> None:
    write_file("p.json", PROFILE)
    result = perilune("export", *arguments)
    assert (result.status, result.output, result.errors) == (status, "", f"perilune: {message}\n")


def test_binary_formats_refuse_a_terminal(
    perilune: RunPerilune, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file("p.json", PROFILE)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    result = perilune("export", "p.json", "--format", "pprof")
    assert (result.status, result.output) == (2, "")
    assert result.errors == "perilune: pprof is not for a terminal: give a file with -o\n"


def test_help_lists_every_format(perilune: RunPerilune) -> None:
    text = perilune("export", "--help").output
    for exporter in EXPORTERS.values():
        assert f"  {exporter.name:<11} {exporter.suffix:<17} {exporter.tools}\n" in text
