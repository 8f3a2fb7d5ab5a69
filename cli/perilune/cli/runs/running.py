"""Makes runs, several at a time, each in a process of its own, and gives their results in order."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from perilune.cli.errors import CommandError
from perilune.cli.runs.measure import end_with, measure
from perilune.cli.runs.run import INTERRUPTED, Run, RunResult
from perilune.cli.runs.store import Store

OnProgress = Callable[[int, int], None]
"""How many of how many runs have ended. Called from any thread, never from two at once."""

_GRACE_SECONDS = 15.0
"""How much longer than its limit of time a program's process may live: it has to begin, and a profile to write."""

_CONTEXT: ForkServerContext | SpawnContext = (
    multiprocessing.get_context("forkserver")
    if "forkserver" in multiprocessing.get_all_start_methods()
    else multiprocessing.get_context("spawn")
)
"""A server that has imported everything forks the processes, where a system can: they are there in milliseconds."""

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
) -> Iterator[RunResult]:
    """The results of runs, in the order of the runs.

    Up to `jobs` of them run at a time, each in a process of its own. What a process crashes of, or is killed for, is the
    failure of one result. With a `store`, what is there is not run, and what is run is put there as soon as it has ended.
    `cluster` is the address of a Dask scheduler whose workers make the runs in place of this machine.

    Ctrl-C ends what runs: results that are there already still come, the others with the failure INTERRUPTED. No process
    is left behind, also where nobody asks for the rest of the results. Raises CommandError where the cluster cannot be used.
    """
    if cluster is not None:
        raise CommandError("--cluster is not there yet")
    yield from _in_order(runs, ThreadPoolExecutor(jobs or default_jobs(), "runs"), store, on_progress)


def _in_order(
    runs: Sequence[Run], executor: ThreadPoolExecutor, store: Store | None, on_progress: OnProgress | None
) -> Iterator[RunResult]:
    stop, stopper = multiprocessing.Pipe(duplex=False)
    tell = _counting(len(runs), on_progress)

    def make(run: Run) -> RunResult:
        result = _make_alone(run, stop)
        if store is not None:
            store.put(result)
        return result

    def end() -> None:
        stopper.close()
        executor.shutdown(cancel_futures=True)

    futures = []
    was_stopped = False
    try:
        for run in runs:
            futures.append(_future_of(run, store, executor, make))
            futures[-1].add_done_callback(tell)
        for run, future in zip(runs, futures, strict=True):
            try:
                if not was_stopped:
                    wait_for([future])
            except KeyboardInterrupt:
                was_stopped = True
                end()
            yield RunResult(run, failure=INTERRUPTED) if future.cancelled() else future.result()
    finally:
        end()
        stop.close()


def _future_of(
    run: Run, store: Store | None, executor: ThreadPoolExecutor, make: Callable[[Run], RunResult]
) -> Future[RunResult]:
    stored = None if store is None else store.get(run)
    if stored is None:
        return executor.submit(make, run)
    future: Future[RunResult] = Future()
    future.set_result(stored)
    return future


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
            ready = wait([reader, stop], None if limit is None else limit + _GRACE_SECONDS)
            if reader in ready:
                result: RunResult = reader.recv()
                return replace(result, run=run)
            failure = INTERRUPTED if ready else f"it did not end within {limit:g} seconds"
        except EOFError:
            failure = ""
        finally:
            _kill(process)
            with _processes:
                process.join()
    return RunResult(run, failure=failure or _crash(process.exitcode), seconds=time.monotonic() - started)


def _child(writer: Connection, run: Run, environment: dict[str, str]) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    end_with(parent.join)
    writer.send(measure(run, environment))


def _kill(process: BaseProcess) -> None:
    """Ends a process with all that it started."""
    if sys.platform != "win32" and process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # it may not have come to a group of its own yet


def _crash(status: int | None) -> str:
    if status is not None and status < 0:
        return f"its process crashed: {signal.strsignal(-status) or f'signal {-status}'}"
    return f"its process ended with status {status} and left no profile"
