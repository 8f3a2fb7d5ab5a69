"""Runs in processes of their own: their results, their failures, and what is left when they end before their time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ended_runs import ended_runs, has_ended, wait_for_pid
from perilune.cli.limits import Limits
from perilune.cli.runs.run import INTERRUPTED, Run, RunResult
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
        ("local = 1", "main.lua:1: <name> expected near '='", 1),
    ],
)
def test_what_fails_says_why(make_run: MakeRun, text: str, failure: str, status: int) -> None:
    result = only(make_run(text))
    assert (result.failure, result.exit_status) == (failure, status)


def test_a_program_that_a_limit_ends_is_a_failure(make_run: MakeRun) -> None:
    result = only(make_run("while true do end", limits=limits(1.0)))
    assert result.failure is not None and result.failure.endswith("time limit of 1 s exceeded")
    assert result.exit_status == 124


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
    monkeypatch.setattr("perilune.cli.runs.running.GRACE_SECONDS", 0.1)
    result = only(make_run("os.execute('sleep 100')", limits=limits(0.5)))
    assert (result.failure, result.content) == ("it did not end within 0.5 seconds", None)


def test_no_process_of_a_program_is_left(make_run: MakeRun, tmp_path: Path) -> None:
    only(make_run("os.execute('sleep 1000 >/dev/null & echo $! > pid')"))
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_a_caller_that_asks_for_no_more_leaves_no_process(make_run: MakeRun, tmp_path: Path) -> None:
    waits = make_run("os.execute('echo $PPID > pid; sleep 1000')", name="waits.lua")
    results = run_all([make_run("print(1)"), waits], jobs=2)
    assert next(results).failure is None
    pid = wait_for_pid(tmp_path / "pid")
    results.close()
    assert has_ended(pid)


@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_what_is_done_is_kept_and_nothing_left_when_the_command_is_ended(
    make_run: MakeRun, tmp_path: Path, how: str
) -> None:
    make_run("print(1)", name="quick.lua")
    make_run("os.execute('echo $PPID > pid; sleep 1000')", name="waits.lua")
    lines = ended_runs(tmp_path, how)
    assert lines[0] == "quick.lua None"
    if how == "SIGINT":
        assert lines[1:] == [f"waits.lua {INTERRUPTED}"]
    assert has_ended(wait_for_pid(tmp_path / "pid"))
