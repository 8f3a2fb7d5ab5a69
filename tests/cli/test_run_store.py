"""The store of results: what is found again, what makes a result invalid, and what processes do to each other's."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perilune.cli.errors import CommandError
from perilune.cli.limits import Limits
from perilune.cli.runs.run import Run, RunResult
from perilune.cli.runs.running import run_all
from perilune.cli.runs.store import Store, default_path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(str(tmp_path / "data" / "results.sqlite")) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program that requires a module."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.lua").write_text("local m = require 'm'\nprint(m.value, ...)\n")
    (folder / "m.lua").write_text("return { value = 1 }\n")
    return folder


def make(store: Store | None, run: Run) -> RunResult:
    (result,) = run_all([run], store=store)
    return result


def test_a_result_is_found_again_byte_for_byte(store: Store, folder: Path) -> None:
    run = Run("main.lua", ("x",), directory=str(folder))
    first, second = make(store, run), make(store, run)
    assert (first.from_store, second.from_store) == (False, True)
    assert first.content == second.content
    assert (first.seconds, first.exit_status) == (second.seconds, second.exit_status)


def test_a_failure_of_the_program_is_kept_as_one(store: Store, folder: Path) -> None:
    (folder / "main.lua").write_text("error('no')")
    run = Run("main.lua", directory=str(folder))
    first, second = make(store, run), make(store, run)
    assert second.from_store
    assert (
        (first.failure, first.exit_status)
        == (second.failure, second.exit_status)
        == (
            "with an error: main.lua:1: no",
            1,
        )
    )


def test_a_result_holds_in_another_folder_with_the_same_files(store: Store, folder: Path) -> None:
    make(store, Run("main.lua", directory=str(folder)))
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    assert make(store, Run("main.lua", directory=str(elsewhere))).from_store


@pytest.mark.parametrize("change", ["program", "module", "argument", "input", "limit", "path", "shadow"])
def test_a_change_makes_a_result_invalid(store: Store, folder: Path, change: str) -> None:
    run = Run("main.lua", directory=str(folder), lua_path="./first/?.lua;./?.lua")
    make(store, run)
    limits = Limits()
    limits.instructions = 1000
    if change == "program":
        (folder / "main.lua").write_text("print(2)\n")
    elif change == "module":
        (folder / "m.lua").write_text("return { value = 2 }\n")
    elif change == "shadow":
        (folder / "first").mkdir()
        (folder / "first" / "m.lua").write_text("return { value = 2 }\n")
    changed = {
        "argument": Run("main.lua", ("x",), directory=str(folder), lua_path=run.lua_path),
        "input": Run("main.lua", (), b"x", directory=str(folder), lua_path=run.lua_path),
        "limit": Run("main.lua", directory=str(folder), lua_path=run.lua_path, limits=limits),
        "path": Run("main.lua", directory=str(folder), lua_path="./?.lua"),
    }
    assert store.get(changed.get(change, run)) is None


def test_results_of_several_versions_of_a_module_are_kept_side_by_side(store: Store, folder: Path) -> None:
    run = Run("main.lua", directory=str(folder))
    contents = []
    for text in ("return { value = 1 }", "return { value = '2' .. '' }"):
        (folder / "m.lua").write_text(text)
        contents.append(make(store, run).content)
    assert make(store, run).content == contents[1]
    (folder / "m.lua").write_text("return { value = 1 }")
    again = make(store, run)
    assert (again.from_store, again.content) == (True, contents[0])


def test_a_module_that_was_missing_makes_a_result_invalid_when_it_comes(store: Store, folder: Path) -> None:
    (folder / "main.lua").write_text(
        "print(pcall(require, 'late'))  -- require 'late'\nprint(pcall(function () return require 'late' end))"
    )
    run = Run("main.lua", directory=str(folder))
    make(store, run)
    assert store.get(run) is not None
    (folder / "late.lua").write_text("return 1")
    assert store.get(run) is None


@pytest.mark.parametrize(
    "text", ["io.open('data')", "os.execute('true')", "os.getenv('HOME')", "while true do end", "local = 1"]
)
def test_what_is_not_the_same_each_time_is_not_kept(store: Store, folder: Path, text: str) -> None:
    (folder / "main.lua").write_text(text)
    limits = Limits()
    limits.seconds = 0.2
    run = Run("main.lua", directory=str(folder), limits=limits)
    make(store, run)
    assert store.totals() == (0, 0)


def test_only_counts_are_kept(store: Store, folder: Path) -> None:
    run = Run("main.lua", directory=str(folder), mode="sample")
    assert [make(store, run).from_store, make(store, run).from_store] == [False, False]


def test_entries_are_listed_by_pattern_and_collected_by_size_and_age(store: Store, folder: Path) -> None:
    for argument in "abc":
        make(store, Run("main.lua", (argument,), directory=str(folder)))
    make(store, Run("m.lua", directory=str(folder)))
    assert [entry.arguments for entry in store.entries("main*")] == [("c",), ("b",), ("a",)]
    newest, *_ = store.entries()
    assert newest.is_current and store.content(newest.id) is not None
    assert store.collect(most_bytes=newest.bytes, most_seconds=1e9) == 3
    assert [entry.program for entry in store.entries()] == ["m.lua"]
    assert store.collect(most_bytes=1 << 30, most_seconds=-1.0) == 1
    assert store.totals() == (0, 0)


def test_results_of_another_build_are_neither_used_nor_kept(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run("main.lua", directory=str(folder))
    make(store, run)
    monkeypatch.setattr("perilune.cli.runs.store.identity", lambda: "0.0.1 other")
    assert store.get(run) is None
    assert not store.entries()[0].is_current
    assert store.collect(most_bytes=1 << 30, most_seconds=1e9) == 1


WRITER = """
import sys
from perilune.cli.runs.run import Run
from perilune.cli.runs.running import run_all
from perilune.cli.runs.store import Store
if __name__ == "__main__":
    store = Store(sys.argv[1])
    (result,) = run_all([Run("main.lua")])
    from dataclasses import replace
    for number in range(int(sys.argv[3])):
        run = Run("main.lua", (sys.argv[2], str(number)))
        store.put(replace(result, run=run))
        print(number, flush=True)
"""


def start_writer(folder: Path, path: Path, name: str, count: int) -> subprocess.Popen[str]:
    if not (folder / "writer.py").exists():  # one that has started already may not have read it yet
        (folder / "writer.py").write_text(WRITER)
    return subprocess.Popen(
        [sys.executable, "writer.py", str(path), name, str(count)], cwd=folder, stdout=subprocess.PIPE, text=True
    )


def test_several_processes_write_at_once(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    writers = [start_writer(folder, path, name, 50) for name in "abc"]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with Store(str(path)) as store:
        assert store.totals()[0] == 150


def test_a_writer_that_is_killed_leaves_a_whole_store(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    with start_writer(folder, path, "a", 1_000_000) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            written = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
    with Store(str(path)) as store:
        entries = store.entries()
        assert len(entries) > written
        assert all(store.content(entry.id) for entry in entries)
        assert make(store, Run("main.lua", ("a", "0"), directory=str(folder))).from_store
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"not a database" * 100, "file is not a database"), (None, "version 7")]
)
def test_what_is_no_store_is_refused(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "results.sqlite"
    if content is not None:
        path.write_bytes(content)
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 7")
        connection.close()
    with pytest.raises(CommandError, match=complaint):
        Store(str(path))


def test_a_store_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be opened"):
        Store(str(tmp_path / "file" / "results.sqlite"))


def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERILUNE_STORE", "there.sqlite")
    assert default_path() == "there.sqlite"
    monkeypatch.setenv("PERILUNE_STORE", "off")
    assert default_path() is None
    monkeypatch.delenv("PERILUNE_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == os.path.join(tmp_path, "perilune", "results.sqlite")
