"""What outlives the server, and what a run says on its way: stores, live output, failures."""

from __future__ import annotations

import gzip
import json
import logging
import os
from pathlib import Path

import pytest

from lsp_fixtures import measured
from perilune.lsp.document import Document
from perilune.lsp.failures import Failures, read_failure
from perilune.lsp.history import History, KeptRun
from perilune.lsp.job import Job
from perilune.lsp.live_output import LiveOutput
from perilune.lsp.store import Store


def test_a_value_comes_back_under_its_key(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert store.read("kind", "key") is None
    assert store.write("kind", "key", {"a": [1, None, "é\ud800"]})
    assert store.write("kind", "key", {"a": 2})
    assert Store(str(tmp_path)).read("kind", "key") == {"a": 2}
    assert store.read("other", "key") is None
    assert (tmp_path / ".perilune" / ".gitignore").read_text() == "*\n"
    store.remove("kind", "key")
    store.remove("kind", "key")
    assert store.read("kind", "key") is None
    assert sorted(os.listdir(tmp_path / ".perilune")) == [".gitignore"]  # nothing is left behind


@pytest.mark.parametrize(
    "content",
    [
        b"junk",
        gzip.compress(b"junk", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b'{"format": "perilune-store", "version": 1}' * 3, mtime=0)[:-9],
        gzip.compress(json.dumps({"format": "perilune-store", "version": 99, "value": 3}).encode(), mtime=0),
        gzip.compress(
            json.dumps({"format": "perilune-store", "version": 1, "kind": "x", "key": "y"}).encode(), mtime=0
        ),
        gzip.compress(b"[" * 100_000, mtime=0),
    ],
)
def test_a_file_that_is_not_ours_is_passed_over_with_a_line_in_the_log(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(str(tmp_path))
    store.write("kind", "key", 3)
    (file,) = (tmp_path / ".perilune").glob("kind-*")
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert store.read("kind", "key") is None
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{file} is ignored: ")
    assert store.write("kind", "key", 4)
    assert store.read("kind", "key") == 4


def test_what_was_written_longest_ago_goes_first(tmp_path: Path) -> None:
    store = Store(str(tmp_path), max_bytes=2500)
    for number in range(5):
        store.write("kind", str(number), os.urandom(400).hex())
        for file in (tmp_path / ".perilune").glob("kind-*"):  # each is older than the next, however coarse the clock
            status = file.stat()
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 10**9))
    kept = [number for number in range(5) if store.read("kind", str(number)) is not None]
    assert kept == list(range(5 - len(kept), 5)) and 1 < len(kept) < 5
    assert not store.write("kind", "huge", os.urandom(4000).hex())


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".perilune").write_text("a file")
    store = Store(str(tmp_path))
    assert not store.write("kind", "key", 1)
    assert store.read("kind", "key") is None


def job(path: Path) -> Job:
    return Job(str(path), ("1",), "count", str(path.parent), environment=(("A", "b"),), preload=("p",), repeat="auto")


def test_a_run_is_kept_for_each_of_its_files(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    history = History(lambda path: store)
    program, module = str(tmp_path / "a.lua"), str(tmp_path / "m.lua")
    first, second = measured("f() --= 60% 3\n"), measured("g() --= 70% 4\n")
    history.keep(KeptRun(job(tmp_path / "a.lua"), 1.5, {program: first, module: first}))
    history.keep(KeptRun(job(tmp_path / "a.lua"), 2.5, {program: second}))
    run = history.recall(program)
    assert run is not None and (run.job, run.seconds) == (job(tmp_path / "a.lua"), 2.5)
    assert run.measurements[program].rows[1].hits == 4
    older = history.recall(module)
    assert older is not None and list(older.measurements) == [module]
    assert older.measurements[module].document.data == b"f()\n"
    history.forget(module)
    assert history.recall(module) is None and history.recall(program) is not None
    history.forget_all(store)
    assert history.recall(program) is None


def test_runs_that_nobody_needs_are_not_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    history = History(lambda path: store)
    program, module = str(tmp_path / "a.lua"), str(tmp_path / "m.lua")
    history.keep(KeptRun(job(tmp_path / "a.lua"), 1.0, {program: measured("f() --= 60%")}))
    both = measured("f() --= 60%")
    history.keep(KeptRun(job(tmp_path / "a.lua"), 1.0, {program: both, module: both}))
    assert len(list((tmp_path / ".perilune").glob("run-*"))) == 1


def test_output_is_shown_in_whole_lines_up_to_a_bound() -> None:
    shown: list[str] = []
    output = LiveOutput("Output:", shown.append, limit=20)
    output.add(b"one\ntw")
    output.flush()
    assert shown == ["Output:\none"]
    output.add(b"o\n\xc3")
    output.flush()
    assert shown[1:] == ["two"]
    output.add(b"\xa9")
    for _ in range(4):  # a line that does not end is shown after a while
        output.flush()
    assert shown[2:] == ["é"]
    output.add(b"x" * 100 + b"\nend\n")
    output.flush()
    output.end()
    assert "".join(shown[3:]).endswith("bytes left out]\n" + "x" * 15 + "\nend")
    assert sum(map(len, shown)) < 100


def test_nothing_is_said_of_a_program_that_writes_nothing() -> None:
    shown: list[str] = []
    output = LiveOutput("Output:", shown.append)
    output.flush()
    output.end()
    assert shown == []


TRACEBACK = "\t[C]: in function 'error'\n\t./m.lua:2: in upvalue 'f'\n\ta.lua:1: in main chunk\n\t[C]: in ?\n"


def failure_at(error: str, folder: Path, known: tuple[str, ...] = ()) -> tuple[str, int, str] | None:
    failure = read_failure(error, TRACEBACK, str(folder), known, {})
    return (os.path.basename(failure.path), failure.line, failure.message) if failure else None


def test_a_failure_is_where_its_message_or_else_its_traceback_says(tmp_path: Path) -> None:
    for name in ("a.lua", "m.lua", "long.lua"):
        (tmp_path / name).write_text("f()\nf()\nf()\n")
    assert failure_at("a.lua:3: no: luck\nat all", tmp_path) == ("a.lua", 3, "no: luck\nat all")
    assert failure_at("(error object is a table value)", tmp_path) == ("m.lua", 2, "(error object is a table value)")
    assert failure_at("gone.lua:3: x", tmp_path) == ("m.lua", 2, "gone.lua:3: x")
    loading = "error loading module 'm' from file './m.lua':\n\t./m.lua:3: unexpected symbol near '='"
    assert failure_at(loading, tmp_path) == ("m.lua", 3, "unexpected symbol near '='")
    known = (str(tmp_path / "long.lua"), str(tmp_path / "a.lua"))
    assert failure_at("...mp/x/long.lua:1: cut", tmp_path, known) == ("m.lua", 2, "...mp/x/long.lua:1: cut")
    assert failure_at(f"...{str(tmp_path)[4:]}/long.lua:1: cut", tmp_path, known) == ("long.lua", 1, "cut")


def test_a_failure_moves_with_its_line_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lua"
    path.write_text("f()\n  g()\n")
    failure = read_failure("a.lua:2: no", "", str(tmp_path), (), {})
    assert failure is not None
    failures = Failures()
    assert failures.put("a", failure) == {str(path)}

    def shown(text: str) -> list[str]:
        document = Document.from_text(str(path), text)
        return [document.data[p.start : p.end].decode() for p in failures.problems(document)]

    assert shown("f()\n  g()\n") == ["g()"]
    assert shown("-- new\nf()\n\n  g( )\n") == ["g( )"]
    assert shown("f()\n  h()\n") == []
    assert failures.put("a", None) == {str(path)}
    assert shown("f()\n  g()\n") == []
