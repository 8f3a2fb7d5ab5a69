"""Profiling as the user sees it: one run at a time, its progress, its messages, and figures that outlive a failure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from perilune.lsp.announcer import Announcer
from perilune.lsp.baselines import Baselines, with_changes
from perilune.lsp.editor import Editor, Progress
from perilune.lsp.failures import Failures, read_failure
from perilune.lsp.features.figures import duration, full_count
from perilune.lsp.history import History, KeptRun
from perilune.lsp.job import Job
from perilune.lsp.live_output import live_output
from perilune.lsp.measurement import Measurement, measured_files
from perilune.lsp.results import Results
from perilune.lsp.runner import Ending, Outcome, Tick, run
from perilune.lsp.settings import Settings
from perilune.lsp.turns import Request, Turns
from perilune.profiler.model import Profile
from perilune.profiler.renderers.repeats import runs_text
from perilune.profiler.shares import leading_share

_STOPPED = {Ending.CANCELLED: "was stopped", Ending.TIMED_OUT: "was stopped by its time limit"}


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended, for whoever asked for it: `status` is an `Ending`, or "refused"; `message` is one line.

    `hottest` is the line that cost most, as `{uri, line, share}`.
    """

    status: str
    message: str
    program: str
    exit_status: int | None = None
    hottest: dict[str, object] | None = None


class Profiling:
    """Runs jobs and keeps what they measured."""

    def __init__(
        self,
        editor: Editor,
        announcer: Announcer,
        results: Results,
        failures: Failures,
        history: History,
        baselines: Baselines,
    ) -> None:
        self._editor = editor
        self._announcer = announcer
        self._results = results
        self._failures = failures
        self._history = history
        self._baselines = baselines
        self.turns = Turns(editor)
        self._keeping: set[asyncio.Task[None]] = set()

    async def profile(
        self,
        request: Request,
        job: Job,
        settings: Settings,
        texts: Mapping[str, bytes] | None = None,
        found: Mapping[str, bytes] | None = None,
    ) -> Report:
        """Runs a job once its turn has come; an earlier run of the same program gives way to it.

        `texts` stand in for files, by real path; `found` is what files hold that the program may load.
        """
        self._results.note(job)
        self.turns.settle(request, job.path)
        seconds = self._results.seconds(job)
        title = f"Profiling {os.path.basename(job.path)}"
        async with self.turns.turn(request, title, counts=seconds is not None) as progress:
            outcome = await self._run(job, settings, progress, seconds, texts or {})
        report = await self._conclude(job, outcome, settings, found or texts or {}, request)
        if outcome.ending is not Ending.FINISHED:
            return report
        change = await self.add_changes(job.path, settings)
        return replace(report, message=f"{report.message}; {change}") if change else report

    async def measure(self, job: Job, settings: Settings, title: str) -> Outcome:
        """Runs a job once its turn has come, for figures that are not shown."""
        with self.turns.asked(job.path) as request:
            async with self.turns.turn(request, title) as progress:
                return await run(job, settings, progress.cancelled, lambda tick: progress.report(_how_far(tick)))

    async def add_changes(self, program: str, settings: Settings) -> str:
        """Says of a program's latest figures what changed since the run that they are compared with, and that in one line."""
        figures = self._results.of_run(program)

        def find() -> tuple[dict[str, Measurement], str]:
            reference = self._baselines.reference(program, settings.compared_with)
            if reference is None:
                return {}, ""
            return with_changes(figures, reference, self._baselines.output_of(program))

        changed, change = await asyncio.to_thread(find)
        if changed and self._results.put_changes(changed):
            self._editor.refresh_hints()
        if change:
            self._editor.log(f"{os.path.basename(program)}: {change}")
        return change

    async def _run(
        self, job: Job, settings: Settings, progress: Progress, seconds: float | None, texts: Mapping[str, bytes]
    ) -> Outcome:
        """Runs the job, shows what it writes, and how far it is where its last run says how long it takes."""

        def tick(now: Tick) -> None:
            done = None if seconds is None else min(99, int(100 * now.seconds / seconds))
            progress.report(_how_far(now), done)

        async with live_output(f"Output of {os.path.basename(job.path)}:", self._editor.log) as output:
            return await run(job, settings, progress.cancelled, tick, heard=output.add, texts=texts)

    def cancel(self, path: str | None = None) -> None:
        """Stops the run of a program, or of what last ran a file, or every run."""
        if path is None:
            self.turns.cancel()
        else:
            job = self._results.job(path)
            self.turns.cancel({path, job.path} if job is not None else {path})

    async def stop(self) -> None:
        """Stops every run and waits until the last one has ended, and what is to be kept is kept."""
        await self.turns.stop()
        if self._keeping:
            await asyncio.wait(self._keeping)

    async def _conclude(
        self, job: Job, outcome: Outcome, settings: Settings, texts: Mapping[str, bytes], request: Request
    ) -> Report:
        name = os.path.basename(job.path)
        kept: dict[str, Measurement] = {}
        if outcome.ending is Ending.FINISHED and outcome.profile is not None:
            kept = self._keep(job, outcome, texts)
            self._fail(job, None)
            message = _summary(outcome.profile, outcome)
            self._editor.log(f"{name}: {message}")
        else:
            message = _reason(name, outcome, job.time_limit or settings.time_limit)
            if not request.is_superseded:
                if outcome.ending is Ending.FAILED:
                    self._fail(job, outcome, texts)
                if self._is_better_than(job, outcome):
                    message += " The figures are those of the last run that ended well."
                elif outcome.profile is not None:
                    kept = self._keep(job, outcome, texts)
                    message += " The figures are of what ran until then."
                if outcome.ending is not Ending.CANCELLED:
                    self._editor.show_error(message)
            self._editor.log(message)
        hottest = await self._announcer.place(*found) if (found := hottest_line(kept)) else None
        self._announcer.figures(job.path, outcome.ending.value, message)
        return Report(outcome.ending.value, message, job.path, outcome.exit_status, hottest)

    def _is_better_than(self, job: Job, outcome: Outcome) -> bool:
        """Whether the figures that are there say more than those of a run that did not end well.

        A program that failed, or left no figures, has them of its last good run. One that was stopped shows its own,
        because that is what it was stopped for, unless the same text ran to its end with the same arguments.
        """
        known = self._results.measurement(job.path)
        if known is None or not known.complete:
            return False
        profile = outcome.profile
        if profile is None or outcome.ending not in _STOPPED or not profile.totals.instructions:
            return True
        program = known.profile.program
        return (program.sha256, program.args) == (profile.program.sha256, profile.program.args)

    def _keep(self, job: Job, outcome: Outcome, texts: Mapping[str, bytes]) -> dict[str, Measurement]:
        profile = outcome.profile
        assert profile is not None
        finished = outcome.ending is Ending.FINISHED
        cut_short = "" if finished else _STOPPED.get(outcome.ending, "was cut short")
        kept: dict[str, Measurement] = {}
        for path, measurement in measured_files(profile, job.directory, cut_short, texts):
            if measurement is None:
                self._editor.log(f"{path} changed while it ran: its figures are left out.")
            else:
                kept[path] = measurement
        if finished:
            self._baselines.note_run(job.path, self._results.of_run(job.path), outcome.output)
        self._results.add(job, kept.items())
        if finished:
            self._results.note_seconds(job, outcome.seconds)
        task = asyncio.create_task(asyncio.to_thread(self._store, KeptRun(job, outcome.seconds, kept)))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        self._editor.refresh_hints()
        return kept

    def _store(self, run: KeptRun) -> None:
        self._history.keep(run)
        self._baselines.keep(run.job.path)

    def _fail(self, job: Job, outcome: Outcome | None, texts: Mapping[str, bytes] | None = None) -> None:
        """Shows where the program failed, or that it did not."""
        failure = None
        if outcome is not None:
            known = self._results.files_of(job.path) | set(texts or {})
            if outcome.profile is not None:
                known |= {path for path, _ in measured_files(outcome.profile, job.directory)}
            failure = read_failure(outcome.error, outcome.traceback, job.directory, known, texts or {})
        self._announcer.problems_changed(self._failures.put(job.path, failure))


def hottest_line(measurements: Mapping[str, Measurement]) -> tuple[str, int, float, Measurement] | None:
    """Where a run was hottest: the file, the line of the text that ran, and its share."""
    rows = [
        (leading_share(measurement.profile, row), path, row.line, measurement)
        for path, measurement in measurements.items()
        for row in measurement.file.lines
        if row.line
    ]
    share, path, line, measurement = max(rows, key=lambda row: row[0], default=(0.0, "", 0, None))
    return (path, line, share, measurement) if measurement is not None and share > 0 else None


def _summary(profile: Profile, outcome: Outcome) -> str:
    """What the program did and how long it took itself, without the start and the end of its process."""
    status = f", exit status {outcome.exit_status}" if outcome.exit_status else ""
    time = f" in {duration(profile.totals.run_ns)}" if profile.totals.run_ns is not None else ""
    runs = runs_text(profile)
    repeated = "" if runs is None else f", {runs}"
    return f"{full_count(profile.totals.instructions)} instructions{time}{repeated}{status}"


def _how_far(tick: Tick) -> str:
    """`3 s`, and of a program that runs again and again `3 s · run 12 · ± 4.1 points`."""
    parts = [f"{tick.seconds:.0f} s"]
    if tick.runs > 1:
        parts.append(f"run {tick.runs:,}")
        parts += [] if tick.error is None else [f"± {tick.error:.1f} points"]
    return " · ".join(parts)


def _reason(name: str, outcome: Outcome, time_limit: float) -> str:
    if outcome.ending is Ending.CANCELLED:
        return f"{name} was cancelled."
    if outcome.ending is Ending.TIMED_OUT:
        return f"{name} was stopped after {time_limit:g} s, the limit of perilune.profile.timeLimit."
    return f"{outcome.error}{'' if outcome.error.endswith(('.', '!')) else '.'}"
