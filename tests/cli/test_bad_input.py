"""Whatever is wrong with what a command is given, it says so in a line: deep, huge, endless, or no text at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import Result, RunPerilune, WriteFile

DEEP = 100_000
DIGITS = "9" * 5000


def assert_is_told(result: Result, message: str) -> None:
    """One line, and no error of our own, which has the status 70."""
    assert (result.status, result.errors.count("\n")) in ((1, 1), (2, 1)), result.errors[:500]
    assert message in result.errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = " + "[\n" * DEEP, "nested too deeply"),
        ("x = " + "[" * DEEP, "line 1 is longer than 4000 characters"),
        ("a" + ".a" * DEEP + " = 1", "line 1 is longer than 4000 characters"),
        (f'[files."a.lua"]\ncalls = {DIGITS[:1000]}', ""),
        ('[files."a.lua"]\ncalls = nan', "expected a number, found 'nan'"),
        ('[files."a.lua"]\ncalls = "1e999"', "expected a number, found '1e999'"),
        ('[files."a\\u0000.lua"]\ncalls = 1', "there is no such file"),
        ('[files."a.lua"]\ncalls = 1\n[files."a.lua"]', "twice"),
    ],
)
def test_budget_files(perilune: RunPerilune, write_file: WriteFile, text: str, message: str) -> None:
    write_file("a.lua", "")
    write_file("b.toml", text)
    result = perilune("check-budget", "--budget-file", "b.toml", "a.lua")
    if message:
        assert_is_told(result, message)
    else:
        assert result.status == 0


@pytest.mark.parametrize("limit", [DIGITS, "1e999", "nan", "-1", "(" * DEEP])
def test_budget_comments(perilune: RunPerilune, write_file: WriteFile, limit: str) -> None:
    write_file("a.lua", f"---@budget calls <= {limit}")
    assert_is_told(perilune("check-budget", "a.lua"), "a.lua:1:")


@pytest.mark.parametrize("value", [10**400, -(10**400), 1 << 64, float("nan"), float("inf"), float("-inf")])
def test_numbers_in_a_profile_that_no_run_has(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, value: float
) -> None:
    write_file("a.lua", "local x = {}")
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    profile = json.loads((tmp_path / "p.json").read_text())
    profile["files"][0]["lines"][0]["share" if isinstance(value, float) else "instructions"] = value
    write_file("q.json", json.dumps(profile))
    for command in (["report"], ["export", "--format", "lcov"], ["compare", "p.json"], ["check-budget"]):
        assert_is_told(perilune(*command, "q.json"), "files[0].lines[0].")


@pytest.mark.parametrize("text", ["", "\0" * 9, "[" * DEEP, '{"a":' * DEEP, DIGITS, "\ufeff{}", "[]", '{"format": 1}'])
def test_profiles_that_are_none(perilune: RunPerilune, write_file: WriteFile, text: str) -> None:
    write_file("p.json", text)
    for command in (["report"], ["export", "--format", "lcov"], ["compare", "p.json"], ["check-budget"]):
        assert_is_told(perilune(*command, "p.json"), "p.json cannot be read as a profile: ")


def test_a_name_in_a_profile_that_no_file_can_have(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", "local x = {}")
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    text = (tmp_path / "p.json").read_text()
    for name in ("\\ud800", "\\u0000", "x" * 5000):
        write_file("q.json", text.replace('"a.lua"', f'"{name}"'))
        assert perilune("report", "q.json").status == 0


@pytest.mark.parametrize("path", ["a folder", "none", "/dev/zero", "a\0b", "", "x" * 5000, "\udcff"])
@pytest.mark.parametrize("command", ["run", "profile", "report", "export --format lcov", "check", "disasm", "asm"])
def test_files_that_cannot_be_read(perilune: RunPerilune, tmp_path: Path, command: str, path: str) -> None:
    if path == "/dev/zero" and not Path(path).exists():
        pytest.skip("needs a device that never ends")
    (tmp_path / "a folder").mkdir()
    assert_is_told(
        perilune(*command.split(), path), f"perilune: cannot {'read' if ' ' in path or '/' in path else 'open'}"
    )


def test_names_and_texts_that_are_no_utf_8(perilune: RunPerilune, tmp_path: Path) -> None:
    path = tmp_path / "\udcff.lua"
    path.write_bytes(b"x = = '\xff'")
    assert perilune("check", path.name).status == 1
    path.write_bytes(b"return '\xff'")
    listing = perilune("disasm", path.name)
    assert listing.status == 0
    (tmp_path / "a.pasm").write_bytes(b'LOADK s0 "\xff"\nRETURN0\n')
    assert perilune("asm", "a.pasm").status in (0, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--top", DIGITS, "p.json"],
        ["compare", "--fail-above", DIGITS + "%", "p.json", "p.json"],
        ["profile", "--interval", DIGITS, "a.lua"],
        ["run", "--max-memory", DIGITS, "a.lua"],
        ["run", "--max-instructions", DIGITS, "a.lua"],
        ["run", "--timeout", DIGITS, "a.lua"],
    ],
)
def test_numbers_that_are_too_long(perilune: RunPerilune, write_file: WriteFile, arguments: list[str]) -> None:
    write_file("a.lua", "")
    perilune("profile", "--mode", "count", "-o", "p.json", "a.lua")
    assert perilune(*arguments).status in (0, 2)


def test_an_integer_of_assembly_text_that_is_too_long(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.pasm", f"LOADI s0 {DIGITS}\n")
    assert_is_told(perilune("asm", "a.pasm"), "a.pasm:1:10: integer does not fit 64 bits")
