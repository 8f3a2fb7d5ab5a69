"""Runs on a cluster: Dask's scheduler gives each to a worker, and again to another one where a worker is lost."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from perilune.cli.errors import CommandError
from perilune.cli.runs.identity import code_identity
from perilune.cli.runs.parcel import CannotSend, Parcel, make, parcel_of
from perilune.cli.runs.run import Run, RunResult
from perilune.profiler.repeatable import outside_calls

_CONNECT_SECONDS = 10.0
_CANCEL_SECONDS = 5.0
_EXTRA = "pip install 'perilune[cluster]'"
_WORKERS_DIED = "every worker that ran it died: it may need more memory than they have"
_LIBRARY = "distributed"
_TAKEN_BACK = ("cancelled", "resumed")


class Cluster:
    """The workers of a scheduler, as something that runs are given to."""

    def __init__(self, client: Any) -> None:
        self._executor = client.get_executor(pure=False)
        self._futures: list[Future[RunResult]] = []

    def submit(self, run: Run) -> Future[RunResult]:
        """Sends a run, with its files."""
        future: Future[RunResult]
        try:
            future = self._executor.submit(_make_there, parcel_of(run))
        except CannotSend as error:
            future = Future()
            future.set_result(RunResult(run, failure=f"it cannot be sent to a cluster: {error}"))
            return future
        self._futures.append(future)
        return future

    def end(self) -> None:
        """Takes back what has not ended."""
        self._executor.shutdown(wait=False)
        wait_for(self._futures, _CANCEL_SECONDS)

    def result(self, run: Run, future: Future[RunResult]) -> RunResult:
        """What came of a run that has ended."""
        try:
            result = future.result()
        except import_module(_LIBRARY).scheduler.KilledWorker:
            return RunResult(run, failure=_WORKERS_DIED)
        except (
            ImportError,
            AttributeError,
            OSError,
        ) as error:  # of a worker that came later and is not like the others
            return RunResult(run, failure=f"a worker cannot run it: {error}")
        return _checked(RunResult(run, result.content, result.failure, result.exit_status, result.seconds))


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster of a scheduler. Ends the command where it cannot be used, or its workers would count otherwise."""
    try:
        library = import_module(_LIBRARY)
    except ImportError as error:
        raise CommandError(f"--cluster needs Dask: {_EXTRA}") from error
    for name in (_LIBRARY, "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what the user is to know is in the results
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=_LIBRARY)
        try:
            client = library.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = str(error).partition("\n")[0] or "it does not answer"
            raise CommandError(f"the scheduler {address} cannot be reached: {reason}") from error
        with client:
            _check_versions(client, address)
            yield Cluster(client)


def _check_versions(client: Any, address: str) -> None:
    versions = client.get_versions()
    ours, theirs = (str(versions[side]["packages"].get(_LIBRARY)) for side in ("client", "scheduler"))
    if ours != theirs:
        raise CommandError(f"the scheduler {address} has Dask {theirs}, and here is {ours}: they must be the same")
    found = client.run(code_identity, on_error="return")
    if not found:
        raise CommandError(f"the scheduler {address} has no workers")
    for worker, identity in found.items():
        if isinstance(identity, ImportError | AttributeError):
            raise CommandError(f"the worker {worker} lacks this version of Perilune: install {code_identity()} there")
        if identity != code_identity():
            raise CommandError(f"the worker {worker} has Perilune {identity}, and here is {code_identity()}")


def _make_there(parcel: Parcel) -> RunResult:
    """What a worker does; it stops when the scheduler has taken the run back."""
    worker = import_module(_LIBRARY).get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state not in _TAKEN_BACK

    return make(parcel, is_wanted)


def _checked(result: RunResult) -> RunResult:
    """The result, which is a failure where it may be another one here: no other files than Lua's were sent."""
    calls = [] if result.profile is None else outside_calls(result.profile)
    if not calls:
        return result
    return RunResult(
        result.run,
        failure=f"it reads files or asks the system ({', '.join(calls)}), which a cluster cannot do for it",
        seconds=result.seconds,
    )
