"""Profiling as the user sees it: one run at a time, its progress, its messages, and figures that outlive a failure."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from perilune.lsp.editor import Editor, Progress
from perilune.lsp.features.figures import full_count
from perilune.lsp.measurement import Measurement, measured_files
from perilune.lsp.results import Results
from perilune.lsp.runner import Ending, Job, Outcome, run
from perilune.lsp.settings import Settings
from perilune.profiler.model import Profile


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended, for whoever asked for it: `status` is an `Ending`, `message` one line."""

    status: str
    message: str
    program: str
    exit_status: int | None = None


class Profiling:
    """Runs jobs and keeps what they measured."""

    def __init__(self, editor: Editor, results: Results) -> None:
        self._editor = editor
        self._results = results
        self._turn = asyncio.Lock()  # two runs at once would measure each other
        self._started: dict[str, Progress] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def profile(self, job: Job, settings: Settings) -> Report:
        """Runs a job once its turn has come; a run of the same program that is under way gives way to it."""
        self._results.note(job)
        self.cancel(job.path)
        name = os.path.basename(job.path)
        async with self._editor.progress(f"Profiling {name}") as progress:
            self._started[job.path] = progress
            self._idle.clear()
            try:
                if self._turn.locked():
                    progress.report("waiting for another run")
                async with self._turn:
                    outcome = await run(
                        job, settings, progress.cancelled, lambda seconds: progress.report(f"{seconds:.0f} s")
                    )
            finally:
                if self._started.get(job.path) is progress:
                    del self._started[job.path]
                if not self._started:
                    self._idle.set()
        return self._conclude(job, outcome, settings)

    def cancel(self, path: str | None = None) -> None:
        """Stops the run of a program, or every run."""
        for started, progress in self._started.items():
            if path is None or path == started:
                progress.cancelled.set()

    async def stop(self) -> None:
        """Stops every run and waits until the last one has ended."""
        self.cancel()
        await self._idle.wait()

    def _conclude(self, job: Job, outcome: Outcome, settings: Settings) -> Report:
        name = os.path.basename(job.path)
        if outcome.output:
            self._editor.log(f"Output of {name}:\n{outcome.output}")
        if outcome.ending is Ending.FINISHED and outcome.profile is not None:
            self._keep(job, outcome.profile, complete=True)
            message = _summary(outcome.profile, outcome)
            self._editor.log(f"{name}: {message}")
            return Report(outcome.ending.value, message, job.path, outcome.exit_status)
        message = _reason(name, outcome, settings)
        if outcome.ending is not Ending.CANCELLED:
            if self._results.is_complete(job.path):
                message += " The figures are those of the last run that ended well."
            elif outcome.profile is not None:
                self._keep(job, outcome.profile, complete=False)
                message += " The figures are of what ran until then."
            self._editor.show_error(message)
        self._editor.log(message)
        return Report(outcome.ending.value, message, job.path, outcome.exit_status)

    def _keep(self, job: Job, profile: Profile, complete: bool) -> None:
        kept: list[tuple[str, Measurement]] = []
        for path, measurement in measured_files(profile, job.directory, complete):
            if measurement is None:
                self._editor.log(f"{path} changed while it ran: its figures are left out.")
            else:
                kept.append((path, measurement))
        self._results.add(job, kept)
        self._editor.refresh_hints()


def _summary(profile: Profile, outcome: Outcome) -> str:
    status = f", exit status {outcome.exit_status}" if outcome.exit_status else ""
    return f"{full_count(profile.totals.instructions)} instructions in {outcome.seconds:.1f} s{status}"


def _reason(name: str, outcome: Outcome, settings: Settings) -> str:
    if outcome.ending is Ending.CANCELLED:
        return f"{name} was cancelled."
    if outcome.ending is Ending.TIMED_OUT:
        return f"{name} was stopped after {settings.time_limit:g} s, the limit of perilune.profile.timeLimit."
    return f"{outcome.error}{'' if outcome.error.endswith('.') else '.'}"
