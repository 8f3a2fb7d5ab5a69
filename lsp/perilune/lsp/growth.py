"""How the costs of a program grow: `perilune grow` in a process of its own, started as a job is, and what it found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from perilune.lsp.editor import Progress
from perilune.lsp.job import Job
from perilune.lsp.measurement import Measurement, measured_files, with_growth
from perilune.lsp.run_options import RunOptions
from perilune.lsp.runner import Ending, execute, split_error, spoken_name
from perilune.lsp.settings import Settings
from perilune.lsp.steps import Steps
from perilune.profiler.growth.model import Growth
from perilune.profiler.model import Profile, ProfileFormatError
from perilune.profiler.plain import PlainError
from perilune.profiler.scratch import scratch_folder

_MOST_RUNS = 20  # of the program's own limit of time
_AS_ARGUMENT = "{n}"


@dataclass(frozen=True, slots=True)
class Grown:
    """What came of it: the figures of the largest run, with the growth of their lines, by real path.

    Where there is none, `error` says why.
    """

    ending: Ending
    error: str = ""
    growth: Growth | None = None
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    seconds: float = 0.0


async def grow(job: Job, settings: Settings, options: RunOptions, progress: Progress) -> Grown:
    """Runs the job's program at sizes. What the `options` do not say, the file does, or the size is its argument."""
    with scratch_folder() as folder:
        report, largest = Path(folder) / "growth.json", Path(folder) / "largest.json"
        limit = job.time_limit or settings.time_limit
        words = ["grow", "--progress", "--json", "-o", str(report), "--save-profile", str(largest)]
        words += ["--timeout", f"{limit:g}", *_sizes(options)]
        words += [] if job.sandbox is None else ["--sandbox-root", job.sandbox]
        done = await execute(
            job,
            settings,
            [*words, spoken_name(job)],
            limit * _MOST_RUNS,
            progress.cancelled,
            lambda _: None,
            Steps(progress).hear,
        )
        if done.reason is not None or done.ending is not Ending.FINISHED:
            return Grown(done.ending, done.reason or "")
        found = await asyncio.to_thread(_read, report, largest, job.directory, done.errors)
        return replace(found, seconds=done.seconds)


def _sizes(options: RunOptions) -> list[str]:
    said = {
        "--over": options.sizes,
        "--over-args": options.over_arguments,
        "--over-stdin": options.over_input,
        "--over-generator": options.over_generator,
    }
    words = [f"{name}={value}" for name, value in said.items() if value is not None]
    reaches = (options.over_arguments, options.over_input, options.over_generator)
    return words if any(reach is not None for reach in reaches) else [*words, f"--over-args={_AS_ARGUMENT}"]


def _read(report: Path, largest: Path, directory: str, errors: str) -> Grown:
    try:
        growth = Growth.from_json(json.loads(report.read_bytes()))
        profile = Profile.from_json(json.loads(largest.read_bytes()))
    except (OSError, ValueError, PlainError, ProfileFormatError, RecursionError):
        return Grown(Ending.FAILED, split_error(errors)[0] or "perilune grow left no result")
    found = {
        path: with_growth(measurement, growth)
        for path, measurement in measured_files(profile, directory)
        if measurement is not None
    }
    return Grown(Ending.FINISHED, "", growth, found)
