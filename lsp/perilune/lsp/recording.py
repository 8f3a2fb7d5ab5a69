"""Recording a command in which Lua runs: `perilune record` in a process of its own, and the profile that it wrote."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from perilune.lsp.editor import Progress
from perilune.lsp.job import Job
from perilune.lsp.runner import Ending, execute, split_error
from perilune.lsp.saved_run import SavedRun, UnreadableProfile, open_saved
from perilune.lsp.settings import Settings
from perilune.profiler.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it; where there is no run, `error` says why."""

    ending: Ending
    exit_status: int | None = None
    run: SavedRun | None = None
    error: str = ""


async def record(
    command: Sequence[str],
    folder: str,
    settings: Settings,
    folders: Sequence[str],
    progress: Progress,
    heard: Callable[[bytes], None],
) -> Recorded:
    """Runs a command in a folder until it ends or is cancelled; its files are looked for in the workspace's folders.

    It has no limit of time or memory: it may be a game that is played, or a server that waits.
    """
    job = Job(folder, (), "sample", folder, memory_limit=0)

    def tick(seconds: float) -> None:
        progress.report(f"for {seconds:.0f} s; stop it to see its figures")

    with scratch_folder() as place:
        report = Path(place) / "recorded.json"
        words = ["record", "--format", "json", "-o", str(report), "--", *command]
        done = await execute(job, settings, words, math.inf, progress.cancelled, tick, heard)
        if done.reason is not None:
            return Recorded(done.ending, error=done.reason)
        if not report.exists():
            return Recorded(done.ending, done.status, error=split_error(done.errors)[0] or "it left no profile")
        return await asyncio.to_thread(_open, report, done.ending, done.status, folders, dict(settings.path_map))


def _open(
    report: Path, ending: Ending, status: int | None, folders: Sequence[str], path_map: Mapping[str, str]
) -> Recorded:
    try:
        return Recorded(ending, status, open_saved(str(report), folders, path_map))
    except UnreadableProfile as error:
        return Recorded(ending, status, error=str(error))
