"""Runs every program of tests/lua under Perilune and, as the reference, under lua5.4.

Files in a folder named `modules` are loaded by programs and are not programs themselves.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from lua_expectations import BadExpectation, parse_expectation

PROGRAMS_ROOT = Path(__file__).parent / "lua"
TIME_LIMIT_SECONDS = 60
# What Perilune does not do yet. A program that begins to work must leave this list: the marks are strict.
KNOWN_GAPS: dict[str, str] = {}
INTERPRETERS = {
    "lua5.4": ["lua5.4"],
    "perilune": [sys.executable, "-m", "perilune", "run"],
}


@dataclass(frozen=True, slots=True)
class Outcome:
    output: str
    errors: str
    exit_status: int

    def error_report(self) -> str:
        """The first line of the error output without the interpreter's name before it."""
        first_line = self.errors.partition("\n")[0]
        return re.sub(r"^(lua[\w.]*|perilune): ", "", first_line)


def run_program(path: Path, interpreter: str, arguments: list[str], standard_input: str) -> Outcome:
    """Runs a program in its own folder, by its bare name, so that messages do not vary."""
    finished = subprocess.run(
        [*INTERPRETERS[interpreter], path.name, *arguments],
        cwd=path.parent,
        input=standard_input.encode(),
        capture_output=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    return Outcome(
        finished.stdout.decode(errors="surrogateescape"),
        finished.stderr.decode(errors="surrogateescape"),
        finished.returncode,
    )


def program_paths() -> list[Path]:
    return sorted(
        path for path in PROGRAMS_ROOT.rglob("*.lua") if "modules" not in path.relative_to(PROGRAMS_ROOT).parts
    )


def output_lines(output: str) -> list[str]:
    """The lines without the spaces at their ends, which a comment cannot show."""
    lines = [line.rstrip(" ") for line in output.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


@cache
def reference_has(module: str) -> bool:
    command = [*INTERPRETERS["lua5.4"], "-e", f"require '{module}'"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "interpreter",
    [
        "perilune",
        pytest.param(
            "lua5.4",
            marks=[
                pytest.mark.reference,
                pytest.mark.skipif(shutil.which("lua5.4") is None, reason="no lua5.4 on PATH"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("path", program_paths(), ids=lambda path: str(path.relative_to(PROGRAMS_ROOT)))
def test_program_does_what_its_comments_say(path: Path, interpreter: str, request: pytest.FixtureRequest) -> None:
    gap = KNOWN_GAPS.get(path.relative_to(PROGRAMS_ROOT).as_posix())
    if gap is not None and interpreter == "perilune":
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    expectation = parse_expectation(path.read_bytes().decode(errors="surrogateescape"))
    module = expectation.reference_module
    if interpreter == "lua5.4" and module is not None and not reference_has(module):
        pytest.skip(f"lua5.4 has no module {module}")
    outcome = run_program(path, interpreter, expectation.arguments, expectation.standard_input)
    assert output_lines(outcome.output) == expectation.output, outcome.errors
    if expectation.error is None:
        assert outcome.errors == ""
    else:
        report = outcome.error_report()
        assert expectation.error.matches(report, path.name), f"{report}\n{expectation.error}"
    assert outcome.exit_status == expectation.exit_status


def test_a_program_without_an_expectation_is_refused() -> None:
    with pytest.raises(BadExpectation, match="no expectation"):
        parse_expectation("print(1)\n")


def test_a_mistyped_expectation_is_refused() -> None:
    with pytest.raises(BadExpectation, match="line 2"):
        parse_expectation("-- expect: 1\nprint(1) -- expect 1\n")


def test_a_syntax_error_may_leave_out_what_it_is_near() -> None:
    error = parse_expectation("x = = -- expect syntax error: unexpected symbol\n").error
    assert error is not None
    assert error.matches("a.lua:1: unexpected symbol near '='", "a.lua")
    assert not error.matches("a.lua:2: unexpected symbol near '='", "a.lua")
