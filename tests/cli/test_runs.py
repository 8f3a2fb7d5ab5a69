"""Runs in processes of their own: their results, their failures, and what is left when they end before their time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from perilune.cli.limits import Limits
from perilune.cli.runs.run import Run, RunResult
from perilune.cli.runs.running import run_all
from perilune.profiler.renderers import json
from perilune.profiler.session import profile_file

MakeRun = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes a program and gives its run."""

    def make(text: str, *arguments: str, name: str = "main.lua", **others: object) -> Run:
        (tmp_path / name).write_text(text)
        return Run(name, arguments, directory=str(tmp_path), **others)  # type: ignore[arg-type]

    return make


def only(run: Run) -> RunResult:
    (result,) = run_all([run])
    return result


def limits(seconds: float) -> Limits:
    limits = Limits()
    limits.seconds = seconds
    return limits


def test_a_run_has_the_profile_that_it_has_alone(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("local t = {}\nfor i = 1, tonumber(...) do t[i] = i .. '' end\nprint(#t)\n", "100")
    monkeypatch.chdir(tmp_path)
    result = only(run)
    _, profile = profile_file("main.lua", ["100"], "count")
    assert result.content == json.render(profile).encode()
    assert result.profile == json.parse(json.render(profile))
    assert (result.failure, result.exit_status, result.from_store) == (None, 0, False)


def test_results_are_in_the_order_of_the_runs(make_run: MakeRun) -> None:
    waits = [0.4, 0.0, 0.2, 0.0]
    text = "os.execute('sleep ' .. ...)"
    runs = [make_run(text, str(seconds)) for seconds in waits]
    assert [result.run for result in run_all(runs, jobs=4)] == runs


def test_progress_is_told_of_every_run(make_run: MakeRun) -> None:
    told: list[tuple[int, int]] = []
    runs = [make_run("print(1)")] * 3
    assert len(list(run_all(runs, jobs=2, on_progress=lambda done, total: told.append((done, total))))) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_program_has_its_input_its_search_path_and_its_folder(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "m.lua").write_text("return { value = 7 }")
    text = "assert(io.read('a') == 'given') assert(require('m').value == 7) os.exit(5)"
    result = only(make_run(text, input=b"given", lua_path="lib/?.lua"))
    assert (result.failure, result.exit_status) == ("with status 5 by os.exit", 5)
    assert result.profile is not None
    assert [file.path for file in result.profile.files] == ["main.lua", "lib/m.lua"]


@pytest.mark.parametrize(
    ("text", "failure", "status"),
    [
        ("error('no')", "with an error: main.lua:1: no", 1),
        ("while true do end", "before its time: main.lua:1: time limit of 0.2 s exceeded", 124),
        ("local = 1", "main.lua:1: <name> expected near '='", 1),
    ],
)
def test_what_fails_says_why(make_run: MakeRun, text: str, failure: str, status: int) -> None:
    result = only(make_run(text, limits=limits(0.2)))
    assert (result.failure, result.exit_status) == (failure, status)


def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    here = only(Run("none.lua", directory=str(tmp_path)))
    nowhere = only(Run("none.lua", directory=str(tmp_path / "none")))
    assert here.failure == "cannot open none.lua: No such file or directory"
    assert nowhere.failure == f"cannot run anything in {tmp_path / 'none'}: No such file or directory"


def test_a_process_that_crashes_is_one_failure(make_run: MakeRun) -> None:
    crash = make_run("os.execute('kill -SEGV $PPID') while true do end", name="crash.lua")
    results = list(run_all([crash, make_run("print(1)")], jobs=1))
    assert [result.failure for result in results] == ["its process crashed: Segmentation fault", None]
    assert results[0].exit_status is None


def test_a_process_that_does_not_end_in_time_is_killed(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perilune.cli.runs.running._GRACE_SECONDS", 0.1)
    result = only(make_run("os.execute('sleep 100')", limits=limits(0.5)))
    assert (result.failure, result.content) == ("it did not end within 0.5 seconds", None)


def test_no_process_of_a_program_is_left(make_run: MakeRun, tmp_path: Path) -> None:
    only(make_run("os.execute('sleep 1000 >/dev/null & echo $! > pid')"))
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_a_caller_that_asks_for_no_more_leaves_no_process(make_run: MakeRun, tmp_path: Path) -> None:
    waits = make_run("os.execute('echo $PPID > pid; sleep 1000')", name="waits.lua")
    results = run_all([make_run("print(1)"), waits], jobs=2)
    assert next(results).failure is None
    pid = wait_for_pid(tmp_path)
    results.close()  # type: ignore[attr-defined]
    assert has_ended(pid)


SCRIPT = """
import sys
from perilune.cli.runs.run import Run
from perilune.cli.runs.running import run_all
if __name__ == "__main__":
    for result in run_all([Run(name) for name in sys.argv[1:]], jobs=2):
        print(result.run.path, result.failure, flush=True)
"""


@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_what_is_done_is_kept_and_nothing_left_when_the_command_is_ended(
    make_run: MakeRun, tmp_path: Path, how: str
) -> None:
    make_run("print(1)", name="quick.lua")
    make_run("os.execute('echo $PPID > pid; sleep 1000')", name="waits.lua")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py", "quick.lua", "waits.lua", "quick.lua"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        pid = wait_for_pid(tmp_path)
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        process.send_signal(getattr(signal, how))
        lines += process.stdout.readlines()
    kept = ["quick.lua None\n"]
    if how == "SIGINT":
        kept.append("waits.lua it was not run to its end: interrupted\n")
        assert lines[2].startswith("quick.lua ")
    assert lines[: len(kept)] == kept
    assert has_ended(pid)


def wait_for_pid(folder: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (folder / "pid").exists() and (folder / "pid").read_text().endswith("\n"):
            return int((folder / "pid").read_text())
        time.sleep(0.02)
    raise AssertionError("the program has not begun")


def has_ended(pid: int) -> bool:
    """Whether a process ends soon; what has ended and was not waited for has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False
