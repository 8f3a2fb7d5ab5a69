"""Real Lua programs from packages: the same output and exit status under Perilune as under lua5.4."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "packages"
SHARE = Path("/usr/share/lua")
TIME_LIMIT_SECONDS = 120

# The program in tests/packages, and a file that is there when its package is installed.
LIBRARIES = {
    "uses_argparse.lua": "5.4/argparse.lua",
    "uses_basexx.lua": "5.1/basexx.lua",
    "uses_inspect.lua": "5.1/inspect.lua",
    "uses_luassert.lua": "5.4/luassert/init.lua",
    "uses_penlight.lua": "5.4/pl/List.lua",
    "uses_penlight_files.lua": "5.4/pl/dir.lua",
}

needs_reference = pytest.mark.skipif(shutil.which("lua5.4") is None, reason="no lua5.4 on PATH")


def outcome(command: list[str], arguments: list[str]) -> tuple[int, str]:
    """Exit status and output of a program run in its own folder."""
    finished = subprocess.run(
        [*command, *arguments],
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    assert b"Traceback (most recent call last)" not in finished.stderr
    return finished.returncode, finished.stdout.decode(errors="surrogateescape")


def assert_same(arguments: list[str], *, exit_status: int) -> None:
    expected = outcome(["lua5.4"], arguments)
    assert expected[0] == exit_status
    assert len(expected[1]) > 100
    assert outcome([sys.executable, "-m", "perilune", "run"], arguments) == expected


@needs_reference
@pytest.mark.parametrize("program", LIBRARIES)
def test_a_library_behaves_as_under_the_reference(program: str) -> None:
    if not (SHARE / LIBRARIES[program]).exists():
        pytest.skip(f"{SHARE / LIBRARIES[program]} is not installed")
    assert_same([program], exit_status=0)


@needs_reference
def test_luacheck_finds_the_same_in_penlight_and_itself() -> None:
    folders = [SHARE / "5.4/pl", SHARE / "5.1/luacheck"]
    if not (SHARE / "5.1/luacheck/main.lua").exists() or not folders[0].exists():
        pytest.skip("luacheck or Penlight is not installed")
    assert_same(["uses_luacheck.lua", "--no-color", "--no-cache", *map(str, folders)], exit_status=1)
