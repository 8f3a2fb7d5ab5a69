"""What starts often imports little: times depend on the machine, the modules that a command imports do not."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from perilune.cli.check import STANDARD_NAMES
from perilune.cli.version import version_line
from perilune.compiler.standard_lexer import STANDARDS

_IMPORTED = """
import sys
import perilune  # which has an editable install import what an installed wheel does not
before = set(sys.modules)
from perilune.cli.main import main
status = main()
sys.stderr.write("\\n" + " ".join(sorted(set(sys.modules) - before)))
sys.exit(status)
"""
_NEVER_FOR_A_RUN = {"re", "enum", "collections", "functools", "contextlib", "typing", "argparse", "threading"}
_NEVER_FOR_A_PROFILE = {
    "dataclasses",
    "inspect",
    "tempfile",
    "perilune.profiler.merging",
    "perilune.profiler.plain",
}


def imported(folder: Path, *arguments: str) -> set[str]:
    """What a command imports that Python does not at its start."""
    (folder / "empty.lua").write_text("")
    result = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(result.stderr.rpartition("\n")[2].split())


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (("--version",), _NEVER_FOR_A_RUN | {"importlib.metadata"}),
        (("--help",), _NEVER_FOR_A_RUN),
        (("profile", "empty.lua"), _NEVER_FOR_A_PROFILE),
        (("check", "empty.lua"), {"dataclasses", "inspect", "perilune.compiler.standard_parser"}),
    ],
)
def test_a_command_imports_only_what_it_needs(tmp_path: Path, arguments: tuple[str, ...], never: set[str]) -> None:
    found = imported(tmp_path, *arguments)
    assert "perilune.cli.main" in found
    assert found & never == set()


def test_a_program_that_was_compiled_before_runs_without_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("PERILUNE_NO_CACHE", raising=False)
    imported(tmp_path, "run", "empty.lua")
    found = imported(tmp_path, "run", "empty.lua")
    assert "perilune.vm" in found
    assert found & (_NEVER_FOR_A_RUN | {"perilune.compiler.chunks"}) == set()


def test_the_version_is_that_of_the_installed_package() -> None:
    assert version("perilune") in version_line()


def test_check_knows_the_standards_of_the_lexer() -> None:
    assert set(STANDARD_NAMES) == {*STANDARDS, "5.4"}
