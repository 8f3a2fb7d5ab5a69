"""Runs on a cluster of several worker processes: the same results as here, also when a worker is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ended_runs import ended_runs, has_ended, wait_for_pid
from perilune.cli.errors import CommandError
from perilune.cli.limits import Limits
from perilune.cli.runs import cluster as cluster_module
from perilune.cli.runs.identity import code_identity
from perilune.cli.runs.parcel import CannotSend, make, parcel_of
from perilune.cli.runs.run import INTERRUPTED, Run
from perilune.cli.runs.running import run_all

PROGRAM = "local m = require 'lib.m'\nlocal t = {}\nfor i = 1, tonumber(...) do t[i] = m.double(i) .. '' end\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program and a module."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "m.lua").write_text("return { double = function(x) return x * 2 end }\n")
    (tmp_path / "main.lua").write_text(PROGRAM)
    return tmp_path


def test_a_parcel_has_what_the_program_loads(folder: Path) -> None:
    (folder / "other.lua").write_text("")
    (folder / "part.lua").write_text("")
    run = Run("main.lua", ("5",), directory=str(folder))
    assert sorted(parcel_of(run).files) == ["lib/m.lua", "main.lua"]
    (folder / "lib" / "m.lua").write_text("dofile('part.lua')")
    assert sorted(parcel_of(run).files) == ["lib/m.lua", "main.lua", "part.lua"]
    (folder / "lib" / "m.lua").write_text("require('ot' .. 'her')")
    assert sorted(parcel_of(run).files) == ["lib/m.lua", "main.lua", "other.lua", "part.lua"]


def test_a_parcel_is_made_as_the_run_is(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "main.lua").write_text(PROGRAM)
    inside = Run("main.lua", ("5",), b"", str(folder / "sub"), lua_path="../?.lua")
    for run in (Run("main.lua", ("5",), directory=str(folder)), inside):
        (here,) = run_all([run])
        assert here.failure is None
        assert make(parcel_of(run)).content == here.content


@pytest.mark.parametrize(
    ("text", "failure", "status"),
    [
        ("error('no')", "with an error: main.lua:1: no", 1),
        ("os.execute('kill -SEGV $PPID') while true do end", "its process crashed: Segmentation fault", None),
        ("local = 1", "main.lua:1: <name> expected near '='", 1),
    ],
)
def test_a_parcel_that_fails_says_why(folder: Path, text: str, failure: str, status: int | None) -> None:
    (folder / "main.lua").write_text(text)
    result = make(parcel_of(Run("main.lua", directory=str(folder))))
    assert (result.failure, result.exit_status) == (failure, status)


def test_a_parcel_that_is_late_or_not_wanted_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "main.lua").write_text("os.execute('sleep 1000')")
    parcel = parcel_of(Run("main.lua", directory=str(folder)))
    assert make(parcel, lambda: False).failure == "its process crashed: Killed"
    monkeypatch.setattr("perilune.cli.runs.parcel.GRACE_SECONDS", 0.1)
    limits = Limits()
    limits.seconds = 0.2
    late = replace(parcel, run=replace(parcel.run, limits=limits))
    assert make(late).failure == "it did not end within 0.2 seconds"


def test_a_parcel_of_another_version_is_not_made(folder: Path) -> None:
    parcel = replace(parcel_of(Run("main.lua", directory=str(folder))), identity="9.9")
    assert make(parcel).failure == f"a worker has Perilune {code_identity()}, and this is Perilune 9.9"


def test_what_lies_elsewhere_cannot_be_sent(folder: Path) -> None:
    with pytest.raises(CannotSend, match="not below the folder"):
        parcel_of(Run(str(folder / "main.lua"), directory=str(folder)))
    with pytest.raises(CannotSend, match="another machine need not have"):
        parcel_of(Run("main.lua", directory=str(folder), lua_path=f"{folder}/?.lua"))


def test_without_dask_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CommandError, match=r"pip install 'perilune\[cluster\]'"):
        next(run_all([Run("main.lua")], cluster="tcp://127.0.0.1:1"))


def test_a_scheduler_that_cannot_be_reached_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster_module, "_CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(CommandError, match=f"the scheduler {address} cannot be reached: "):
            next(run_all([Run("main.lua")], cluster=address))


@pytest.fixture
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


@pytest.mark.slow
def test_results_of_a_cluster_are_those_of_this_machine_though_a_worker_is_killed(
    folder: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, because a cluster takes seconds to begin."""
    address = cluster.scheduler_address
    (folder / "opens.lua").write_text("io.open('data')")
    runs = [Run("main.lua", (str(count),), directory=str(folder)) for count in (20_000, *range(10))]
    runs.append(Run("opens.lua", directory=str(folder)))
    told: list[int] = []
    results = []
    killed = cluster.workers[0].worker_address
    for result in run_all(runs, cluster=address, on_progress=lambda done, total: told.append(done)):
        results.append(result)
        if len(results) == 1:
            os.kill(cluster.workers[0].process.process.pid, signal.SIGKILL)
    assert [result.run for result in results] == runs
    assert told == list(range(1, len(runs) + 1))
    assert [result.failure for result in results[:-1]] == [None] * (len(runs) - 1)
    assert results[-1].failure == "it reads files or asks the system (io.open), which a cluster cannot do for it"
    here = list(run_all(runs[:-1]))
    assert [result.content for result in results[:-1]] == [result.content for result in here]

    # The killed one's successor too: a run that went to a worker that is gone would wait behind the endless one.
    with cluster.get_client() as client:
        deadline = time.monotonic() + 60
        while len(workers := client.scheduler_info()["workers"]) < 2 or killed in workers:
            assert time.monotonic() < deadline, list(workers)
            time.sleep(0.1)
    (folder / "quick.lua").write_text("")
    (folder / "waits.lua").write_text(f"os.execute('echo $PPID > {folder}/pid') while true do end")
    assert ended_runs(folder, "SIGINT", address) == ["quick.lua None", f"waits.lua {INTERRUPTED}"]
    assert has_ended(wait_for_pid(folder / "pid"))

    code_identity.cache_clear()
    monkeypatch.setattr("perilune.cli.runs.identity.version", lambda name: "9.9")
    try:
        with pytest.raises(CommandError, match=r"the worker \S+ has Perilune 0\.\S+ \w+, and here is 9\.9 "):
            next(run_all(runs, cluster=address))
    finally:
        code_identity.cache_clear()
