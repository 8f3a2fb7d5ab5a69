"""Programs that use C modules, of packages and the project's own: the same output as under lua5.4, which loads the same
files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from c_modules import COMPILER, compile_module

FOLDER = Path(__file__).parent / "modules"
PROGRAMS = sorted(path.name for path in FOLDER.glob("*.lua"))
OWN = {"corners"}
TIME_LIMIT_SECONDS = 120

needs_reference = pytest.mark.skipif(shutil.which("lua5.4") is None, reason="no lua5.4 on PATH")


def needed_modules(program: str) -> list[str]:
    """What a program's first line says: `-- needs: lpeg, socket.core`."""
    first = (FOLDER / program).read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("-- needs: "), program
    return first.removeprefix("-- needs: ").split(", ")


@cache
def is_installed(module: str) -> bool:
    code = f"require '{module}'"
    return subprocess.run(["lua5.4", "-e", code], capture_output=True, timeout=60, check=False).returncode == 0


def outcome(command: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str, str]:
    finished = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    errors = finished.stderr.decode(errors="surrogateescape")
    assert "Traceback (most recent call last)" not in errors
    return finished.returncode, finished.stdout.decode(errors="surrogateescape"), errors


@needs_reference
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_with_c_modules_does_the_same_as_under_the_reference(program: str, tmp_path: Path) -> None:
    environment = os.environ | {"LUA_CPATH_5_4": f"{tmp_path}/?.so;;"}
    for module in needed_modules(program):
        if module in OWN:
            if not COMPILER:
                pytest.skip("no C compiler")
            compile_module(tmp_path, module)
        elif not is_installed(module):
            pytest.skip(f"lua5.4 has no module {module}")
    path = str(FOLDER / program)
    expected = outcome(["lua5.4", path], environment, tmp_path)
    assert expected[0] == 0, expected[2]
    assert len(expected[1]) > 100
    assert outcome([sys.executable, "-m", "perilune", "run", path], environment, tmp_path)[:2] == expected[:2]
