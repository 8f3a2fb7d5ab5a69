"""Tries rewrites of a program in a process of its own: `perilune suggest`, started as a job is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perilune.lsp.editor import Progress
from perilune.lsp.features.edits import Edit
from perilune.lsp.job import Job
from perilune.lsp.runner import Ending, copies, execute, options_around, split_error, spoken_name
from perilune.lsp.settings import Settings
from perilune.lsp.steps import Steps
from perilune.profiler.scratch import scratch_folder

_MOST_RUNS = 100  # of the program's own limit of time: what is tried must end some day
_AGAIN = "--again"
_WORDS = ("kind", "subject", "title", "verdict", "message", "assumes", "diff")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rewrites: of a file, by real path, of lines, from 1 and ends inclusive, of a kind, about a subject."""

    path: str
    first: int = 1
    last: int | None = None
    kind: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One rewrite and what came of it. Offsets are those of the text that was tried."""

    line: int
    kind: str
    subject: str
    title: str
    verdict: str
    message: str
    assumes: str
    diff: str
    edits: tuple[Edit, ...]
    figures: Mapping[str, Any]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tried:
        """Reads what `perilune suggest --json` writes."""
        kind, subject, title, verdict, message, assumes, diff = (str(value[name]) for name in _WORDS)
        edits = tuple(Edit(int(edit["start"]), int(edit["end"]), str(edit["text"])) for edit in value["edits"])
        figures = {name: value[name] for name in ("share", "instructions", "allocated_bytes", "time")}
        return cls(int(value["line"]), kind, subject, title, verdict, message, assumes, diff, edits, figures)


@dataclass(frozen=True, slots=True)
class Trials:
    """How trying ended. `kept` are those that gain together, with the effect that they have then.

    Where nothing was tried, `error` says why; `needs_consent` if that is only because the program changes files.
    """

    ending: Ending
    error: str = ""
    tried: list[Tried] = field(default_factory=list)
    kept: list[Tried] = field(default_factory=list)
    effect: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def needs_consent(self) -> bool:
        """Whether the program may be run again only if the user says so."""
        return _AGAIN in self.error


async def try_rewrites(
    job: Job, settings: Settings, wanted: Wanted, texts: Mapping[str, bytes], progress: Progress, consents: bool
) -> Trials:
    """Runs the job's program with rewrites. `texts` stand in for files; the user `consents` to what it changes."""
    with scratch_folder() as folder:
        report = Path(folder) / "tried.json"
        limit = job.time_limit or settings.time_limit
        last = "" if wanted.last is None else wanted.last
        words = ["suggest", "--progress", "--json", "-o", str(report), "--timeout", f"{limit:g}", "--top", "0"]
        words += ["--line-range", f"{wanted.path}:{wanted.first}:{last}"]
        words += ["--all"] if wanted.last is not None else []
        words += ["--kind", wanted.kind] if wanted.kind is not None else []
        words += ["--subject", wanted.subject] if wanted.subject is not None else []
        words += [_AGAIN] if consents else []
        words += options_around(job, copies(texts, Path(folder)))
        steps = Steps(progress, begins=True)
        done = await execute(
            job,
            settings,
            [*words, spoken_name(job), "--", *job.arguments],
            limit * _MOST_RUNS,
            progress.cancelled,
            lambda _: None,
            steps.hear,
        )
        if done.reason is not None or done.ending is not Ending.FINISHED:
            return Trials(done.ending, done.reason or "")
        return await asyncio.to_thread(_read, report, done.errors)


def _read(report: Path, errors: str) -> Trials:
    try:
        value = json.loads(report.read_bytes())
        tried = [Tried.from_json(each) for each in value["suggestions"]]
        together = value["together"] or {"suggestions": [], "message": ""}
        kept = [tried[index] for index in together["suggestions"]]
        return Trials(
            Ending.FINISHED, "", tried, kept, str(together["message"]), [str(note) for note in value["notes"]]
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        message = split_error(errors)[0]
        return Trials(Ending.FAILED, message or "perilune suggest left no result")
