"""`perilune host` with a program of the tests' own: whatever it does with its Lua states, their profiles arrive."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from c_modules import COMPILER, HEADERS, ROOT, needs_compiler
from command_line import RunPerilune, WriteFile
from perilune.compiler.cache import compile_cached
from perilune.profiler.model import Profile
from perilune.vm.host_server import CACHE_VARIABLE, cache_place, library_path

LIBRARY = library_path()

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="no library can take the place of another one here")

PROGRAM = """\
local what = ...
local function add(n)
  local sum = 0
  for i = 1, n do
    sum = sum + i % 7
  end
  return sum
end
print(what, add(1000))
if os.getenv("END") then end_now(os.getenv("END")) end
"""
LOOP_LINE, LOOPS = 5, 1000


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program of tests/c/host.c, linked with the library by the name that all such programs know it by."""
    assert LIBRARY is not None
    program = tmp_path_factory.mktemp("host") / "host"
    command = [COMPILER, "-O1", "-Wall", "-Wextra", "-Werror", "-I", str(HEADERS), str(ROOT / "tests/c/host.c")]
    subprocess.run([*command, LIBRARY, "-lpthread", "-o", str(program)], check=True, timeout=120)
    return str(program)


def profiles(folder: Path) -> list[Profile]:
    """What was written to p.json, p.2.json and so on."""
    paths = sorted(folder.glob("p*.json"), key=lambda path: (len(path.name), path.name))
    return [Profile.from_json(json.loads(path.read_text())) for path in paths]


def loops(profile: Profile) -> int:
    """How often the line of the loop ran."""
    file = profile.file("a.lua")
    assert file is not None
    return next(line.hits for line in file.lines if line.line == LOOP_LINE)


@needs_compiler
@pytest.mark.parametrize("mode", ["count", "sample"])
def test_a_host_counts_what_profile_counts(
    mode: str, host: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM)
    assert perilune("profile", "--mode", mode, "-o", "alone.json", "a.lua", "x").status == 0
    result = perilune("host", "--mode", mode, "-o", "p.json", "--", host, "x", "a.lua")
    assert (result.status, result.output, result.errors) == (0, "x\t3003\n", "")
    (profile,) = profiles(tmp_path)
    alone = Profile.from_json(json.loads((tmp_path / "alone.json").read_text()))
    assert loops(profile) == LOOPS
    assert profile.totals.instructions == alone.totals.instructions
    assert profile.program.path == "a.lua"
    assert profile.file("a.lua") is not None
    assert [(line.line, line.hits, line.allocated_bytes) for line in profile.files[0].lines] == [
        (line.line, line.hits, line.allocated_bytes) for line in alone.files[0].lines
    ]


@needs_compiler
@pytest.mark.parametrize(
    ("what", "runs"), [("open", [1]), ("threads", [1, 1, 1]), ("fork", [2, 1]), ("pieces", [3])], ids=str
)
def test_every_state_has_its_profile(
    what: str, runs: list[int], host: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("host", "-o", "p.json", "--", host, what, "a.lua")
    assert result.status == 0
    lines = result.output.splitlines()
    assert len(lines) == sum(runs)
    assert all(line.endswith("\t3003") for line in lines)
    assert [loops(profile) for profile in profiles(tmp_path)] == [LOOPS * count for count in runs]
    assert len(result.errors.splitlines()) == (len(runs) if len(runs) > 1 else 0)


@needs_compiler
def test_what_was_compiled_before_needs_no_server(
    host: str, write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LIBRARY is not None
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PERILUNE_NO_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    write_file("a.lua", PROGRAM)
    environment = os.environ | {"LD_LIBRARY_PATH": str(Path(LIBRARY).parent), CACHE_VARIABLE: cache_place()}

    def run() -> subprocess.CompletedProcess[str]:
        command = [host, "x", "a.lua"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert "the compiler cannot be reached" in run().stderr
    compile_cached(PROGRAM.encode(), b"@a.lua")
    assert run().stdout == "x\t3003\n"
    (entry,) = (tmp_path / "cache").iterdir()
    content = bytearray(entry.read_bytes())
    content[-20] ^= 1
    entry.write_bytes(content)
    assert "the compiler cannot be reached" in run().stderr


@needs_compiler
def test_what_was_compiled_before_has_its_text_in_the_profile(
    host: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PERILUNE_NO_CACHE", raising=False)
    write_file("a.lua", PROGRAM)
    for name in ("p.json", "p.2.json"):
        assert perilune("host", "--mode", "count", "-o", name, "--", host, "x", "a.lua").status == 0
    first, second = profiles(tmp_path)
    assert loops(first) == loops(second) == LOOPS
    assert first.file("a.lua") == second.file("a.lua")


@needs_compiler
@pytest.mark.parametrize("what", ["threads", "fork"])
def test_merged_they_add_up(what: str, host: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("host", "--merge", "-o", "p.json", "--", host, what, "a.lua")
    assert (result.status, result.errors) == (0, "")
    (profile,) = profiles(tmp_path)
    assert loops(profile) == 3 * LOOPS
    assert [row.calls for row in profile.files[0].functions if row.name == "add"] == [3]


@needs_compiler
@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("exit", 3),
        ("crash", 128 + signal.SIGSEGV),
        ("abort", 128 + signal.SIGABRT),
        ("terminate", 128 + signal.SIGTERM),
    ],
)
def test_what_ran_before_the_end_is_known(
    end: str,
    status: int,
    host: str,
    perilune: RunPerilune,
    write_file: WriteFile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_file("a.lua", PROGRAM)
    monkeypatch.setenv("END", end)
    result = perilune("host", "-o", "p.json", "--", host, "x", "a.lua")
    assert result.status == status
    (profile,) = profiles(tmp_path)
    assert loops(profile) == LOOPS
    assert profile.outcome is not None
    assert (profile.outcome.failure is not None) == (end != "exit")


@needs_compiler
def test_a_kill_leaves_what_there_was_a_moment_before(
    host: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    # Longer than it takes until the first snapshot, however slow the machine: what the server has heard ends the wait.
    write_file("a.lua", PROGRAM + "\nlocal file repeat file = io.open('end') until file\nend_now('kill')")
    monitor = subprocess.Popen(["sh", "-c", "sleep 3; : > end"], cwd=tmp_path)
    result = perilune("host", "-o", "p.json", "--", host, "x", "a.lua")
    monitor.wait()
    assert result.status == 128 + signal.SIGKILL
    (profile,) = profiles(tmp_path)
    assert loops(profile) == LOOPS


@needs_compiler
def test_an_error_in_a_text_is_the_compilers(host: str, perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print('x'")
    result = perilune("host", "--", host, "x", "a.lua")
    assert result.status == 1
    assert result.errors.splitlines() == [
        "host: a.lua:1: ')' expected near <eof>",
        "perilune: no profile: no Lua code ran",
    ]


@needs_compiler
def test_without_the_command_the_library_says_what_is_missing(host: str, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    assert LIBRARY is not None
    environment = os.environ | {"LD_LIBRARY_PATH": os.path.dirname(LIBRARY)}
    environment.pop("PERILUNE_HOST", None)
    finished = subprocess.run(
        [host, "x", "a.lua"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 1
    assert "the compiler cannot be reached" in finished.stderr


def test_a_program_without_lua_is_told(perilune: RunPerilune) -> None:
    result = perilune("host", "--", "sh", "-c", "exit 5")
    assert result.status == 5
    assert result.errors == (
        "perilune: no profile: sh is not linked with Lua 5.4 (liblua5.4.so.0), and loaded nothing that is\n"
    )
    assert perilune("host", "--", "true").status == 1


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("lua5.4", "lua5.4 has Lua 5.4.4 linked into itself, so that no library can take its place"),
        ("nmap", "nmap is linked with another Lua (liblua5.3.so.0), and this is Lua 5.4 (liblua5.4.so.0)"),
    ],
)
def test_a_program_with_another_lua_is_told(program: str, told: str, perilune: RunPerilune) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    errors = perilune("host", "--", program, "-v" if program == "lua5.4" else "--version").errors
    assert re.sub(r"5\.4\.\d", "5.4.4", errors) == f"perilune: no profile: {told}: perilune record can sample it\n"


def test_a_command_that_cannot_run_is_told(perilune: RunPerilune) -> None:
    result = perilune("host", "--", "./nothing")
    assert (result.status, result.errors) == (127, "perilune: cannot run ./nothing: No such file or directory\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["x"], ["--"], ["--interval", "1", "--mode", "count", "--", "true"], ["--format", "json", "--", "x"]],
)
def test_wrong_use_is_told(arguments: list[str], perilune: RunPerilune) -> None:
    assert perilune("host", *arguments).status == 2
