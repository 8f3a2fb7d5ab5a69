"""The profiler as Python programs use it."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perilune.profiler.api import Profiler, to_records
from perilune.vm import State, compile_text
from sampled_profile import sampled_profile

ROOT = Path(__file__).parents[2]


def test_a_profile_of_what_a_machine_runs_meanwhile() -> None:
    with State() as state:
        state.execute(b"function f() end f()")
        with Profiler("count").start(state) as profiler:
            state.execute(b"f()\nf()")
            state.execute(b"for i = 1, 3 do f() end")
        state.execute(b"f()")
    calls = {row.name: row.calls for file in profiler.profile.files for row in file.functions}
    assert calls["f"] == 5
    assert profiler.profile.mode == "count"


def test_start_and_stop_in_turns() -> None:
    profiler = Profiler("count")
    with State() as state:
        for count in (10, 20):
            profiler.start(state)
            state.execute(b"for i = 1, ... do end", str(count).encode())
            profile = profiler.stop()
            assert {row.name: row.count for row in profile.opcodes}["FORLOOP"] == count
            assert profile is profiler.profile


def test_profilers_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="unknown mode 'fast', not one of count, sample, trace"):
        Profiler("fast")  # type: ignore[arg-type]
    profiler = Profiler()
    with pytest.raises(RuntimeError, match="no profile has been made"):
        _ = profiler.profile
    with pytest.raises(RuntimeError, match="has not been started"):
        profiler.stop()
    with State() as state:
        profiler.start(state)
        with pytest.raises(RuntimeError, match="started already"):
            profiler.start(state)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("count", "thread"), ValueError, "sampler and interval are for sample mode, not count mode"),
        (("trace", None, 0.1), ValueError, "sampler and interval are for sample mode, not trace mode"),
        (("sample", "clock"), ValueError, "unknown sampler 'clock', not one of signal, thread"),
        (("sample", None, "1"), TypeError, "interval: expected a number of seconds, not '1'"),
        (("sample", None, 0), ValueError, "must be from 10 microseconds to 100 seconds"),
        (("sample", None, float("nan")), ValueError, "must be from 10 microseconds to 100 seconds"),
    ],
)
def test_what_a_profiler_cannot_be_made_of(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Profiler(*arguments)


def test_what_cannot_be_profiled() -> None:
    with pytest.raises(TypeError, match=r"state: expected a perilune\.vm\.State, not None"):
        Profiler().start(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="source: expected a string or bytes, not 5"):
        Profiler().profile_source(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind", [str.encode, lambda text: bytearray(text, "utf-8"), lambda text: memoryview(text.encode())]
)
def test_bytes_of_any_kind_are_a_source(kind: Callable[[str], bytes]) -> None:
    outcome, _ = Profiler("count").profile_source(kind("error('x')"))
    assert outcome.kind == "error"


def test_a_machine_has_one_profiler_at_a_time() -> None:
    first, second = Profiler("count"), Profiler("sample")
    with State() as state:
        first.start(state)
        with pytest.raises(RuntimeError, match="being profiled already"):
            second.start(state)
        assert first.stop().totals.samples is None
        assert second.start(state).stop().totals.samples is not None


def test_a_profiler_can_be_stopped_after_a_try_while_the_machine_ran() -> None:
    def compile(text: bytes, chunkname: bytes) -> bytes:
        if chunkname == b"inner":
            with pytest.raises(RuntimeError, match="the state is running"):
                profiler.stop()
        return compile_text(text, chunkname)

    with State(compile) as state:
        profiler = Profiler("count").start(state)
        state.execute(b"load('return', 'inner')()")
        assert profiler.stop().totals.instructions > 0


def test_files_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.lua"
    path.write_text("local x = ...\nreturn x")
    profiler = Profiler("count")
    outcome, profile = profiler.profile_file(str(path), ["1"])
    assert (outcome.kind, profile.program.path, profile.program.args) == ("ok", str(path), ["1"])
    outcome, profile = profiler.profile_source("error('x')")
    assert (outcome.kind, profile.mode) == ("error", "count")
    with pytest.raises(TypeError, match="args: expected a list of strings"):
        profiler.profile_source("return ...", "20")


def test_the_documented_program_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    (program,) = re.findall(r"```python\n(.*?)```", Path("docs/profiling.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "documented.py").write_text(program)
    names = runpy.run_path(str(tmp_path / "documented.py"))
    assert capsys.readouterr().out.startswith("ok ")
    assert names["page"].startswith("<!DOCTYPE html>")
    assert sum(row["instructions"] for row in names["rows"]) == names["profile"].totals.instructions


def test_records_are_flat() -> None:
    profile = sampled_profile()
    file = profile.files[0]
    records = to_records(file.lines, path=file.path)
    assert [record["path"] for record in records] == ["main.lua"] * len(file.lines)
    assert records[1]["self_ns"] == file.lines[1].self_ns
    assert not any(isinstance(value, list) for record in records for value in record.values())
    assert to_records(profile.zones)[0]["name"] == "joining"
