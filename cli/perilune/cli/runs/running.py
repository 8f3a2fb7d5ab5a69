"""Makes runs, several at a time, each in a process of its own, and gives their results in order."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Protocol

from perilune.cli.runs.measure import end_with, kill_with_children, measure
from perilune.cli.runs.parcel import GRACE_SECONDS, crash_text
from perilune.cli.runs.run import INTERRUPTED, Run, RunResult
from perilune.cli.runs.store import Store

OnProgress = Callable[[int, int], None]
"""How many of how many runs have ended. Called from any thread, never from two at once."""

_LOST = "the cluster was lost"

_CONTEXT: ForkServerContext | SpawnContext = (
    multiprocessing.get_context("forkserver")
    if "forkserver" in multiprocessing.get_all_start_methods()
    else multiprocessing.get_context("spawn")
)
"""A server that has imported everything forks the processes, where a system can: they are there in milliseconds."""

_TICK_SECONDS = 0.5
_PRELOADED = [__name__, "perilune.profiler.attribution", "perilune.compiler.chunks", "perilune.compiler.cache"]


def default_jobs() -> int:
    """As many runs at a time as this process may use processors."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    runs: Sequence[Run],
    *,
    jobs: int | None = None,
    store: Store | None = None,
    cluster: str | None = None,
    on_progress: OnProgress | None = None,
) -> Generator[RunResult, None, None]:
    """The results of runs, in the order of the runs.

    Up to `jobs` of them run at a time, each in a process of its own. What a process crashes of, or is killed for, is the
    failure of one result. With a `store`, what is there is not run, and what is run is put there as soon as it has ended.
    `cluster` is the address of a Dask scheduler whose workers make the runs in place of this machine.

    Ctrl-C ends what runs: results that are there already still come, the others with the failure INTERRUPTED. No process
    is left behind, also where nobody asks for the rest of the results. Raises CommandError where the cluster cannot be used.
    """
    tell = _counting(len(runs), on_progress)
    if cluster is None:
        here = _Here(jobs or default_jobs(), store)
        yield from _in_order(runs, here, store, tell)
        return
    from perilune.cli.runs.cluster import connected

    with connected(cluster) as workers:
        for result in _in_order(runs, workers, store, tell):
            if store is not None and not result.from_store:
                store.put(result)
            yield result


class _Place(Protocol):
    """Where runs are made: they are given to it, and what has not ended is taken back."""

    def submit(self, run: Run) -> Future[RunResult]: ...

    def end(self) -> None: ...

    def result(self, run: Run, future: Future[RunResult]) -> RunResult: ...


class _Here:
    """This machine."""

    def __init__(self, jobs: int, store: Store | None) -> None:
        self._executor = ThreadPoolExecutor(jobs, "runs")
        self._stop, self._stopper = multiprocessing.Pipe(duplex=False)
        self._store = store

    def submit(self, run: Run) -> Future[RunResult]:
        return self._executor.submit(self._make, run)

    def end(self) -> None:
        self._stopper.close()
        self._executor.shutdown(cancel_futures=True)
        self._stop.close()

    def result(self, run: Run, future: Future[RunResult]) -> RunResult:
        return future.result()

    def _make(self, run: Run) -> RunResult:
        result = _make_alone(run, self._stop)
        if self._store is not None:
            self._store.put(result)
        return result


def _in_order(
    runs: Sequence[Run], place: _Place, store: Store | None, tell: Callable[[object], None]
) -> Iterator[RunResult]:
    futures: list[Future[RunResult] | RunResult] = []
    was_stopped = False
    try:
        for run in runs:
            stored = None if store is None else store.get(run)
            futures.append(place.submit(run) if stored is None else stored)
            if isinstance(futures[-1], Future):
                futures[-1].add_done_callback(tell)
            else:
                tell(stored)
        for run, future in zip(runs, futures, strict=True):
            if isinstance(future, RunResult):
                yield future
                continue
            try:
                while not was_stopped and not wait_for([future], _TICK_SECONDS).done:
                    continue  # Ctrl-C just before a wait begins is seen when it ends
            except KeyboardInterrupt:
                was_stopped = True
                place.end()
            is_lost = future.cancelled() or not future.done()
            yield (
                RunResult(run, failure=INTERRUPTED if was_stopped else _LOST) if is_lost else place.result(run, future)
            )
    finally:
        place.end()


def _counting(total: int, on_progress: OnProgress | None) -> Callable[[object], None]:
    lock, done = threading.Lock(), itertools.count(1)

    def tell(_: object) -> None:
        if on_progress is not None:
            with lock:
                on_progress(next(done), total)

    return tell


_processes = threading.Lock()
"""multiprocessing looks after all its children whenever one is started, which is not for several threads at once."""


def _make_alone(run: Run, stop: Connection) -> RunResult:
    """A run in a process of its own, until something can be read from `stop`."""
    started = time.monotonic()
    reader, writer = _CONTEXT.Pipe(duplex=False)
    with reader:
        with writer, _processes:
            _CONTEXT.set_forkserver_preload(_PRELOADED)
            process = _CONTEXT.Process(target=_child, args=(writer, run, run.environment()))
            process.start()
        try:
            limit = run.limits.seconds
            ready = wait([reader, stop], None if limit is None else limit + GRACE_SECONDS)
            if reader in ready:
                result: RunResult = reader.recv()
                return replace(result, run=run)
            failure = INTERRUPTED if ready else f"it did not end within {limit:g} seconds"
        except EOFError:
            failure = ""
        finally:
            if process.pid is not None:
                kill_with_children(process.pid, process.kill)
            with _processes:
                process.join()
    return RunResult(run, failure=failure or crash_text(process.exitcode), seconds=time.monotonic() - started)


def _child(writer: Connection, run: Run, environment: dict[str, str]) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    end_with(parent.join)
    writer.send(measure(run, environment))
