"""What is known from runs: the latest figures of every file, and what to run again."""

from __future__ import annotations

from collections.abc import Iterable

from perilune.lsp.document import Document
from perilune.lsp.measurement import Measurement, View
from perilune.lsp.runner import Job


class Results:
    """The figures of a session by real path. A newer run replaces those of the files that it touched."""

    def __init__(self) -> None:
        self._measurements: dict[str, Measurement] = {}
        self._jobs: dict[str, Job] = {}
        self._views: dict[str, View] = {}

    def add(self, job: Job, measurements: Iterable[tuple[str, Measurement]]) -> None:
        """Takes in what a job measured."""
        for path, measurement in measurements:
            self._measurements[path] = measurement
            self._jobs[path] = job

    def note(self, job: Job) -> None:
        """Remembers how a program was run, even if it failed."""
        self._jobs[job.path] = job

    def job(self, path: str) -> Job | None:
        """The job that last ran a file, be it the program or a module of one."""
        return self._jobs.get(path)

    def is_complete(self, path: str) -> bool:
        """Whether there are figures for a file, of a run that ended well."""
        measurement = self._measurements.get(path)
        return measurement is not None and measurement.complete

    def clear(self, path: str | None) -> None:
        """Forgets the figures of all files that the run behind `path` measured, or all there are."""
        if path is None:
            self._measurements.clear()
        elif (measurement := self._measurements.get(path)) is not None:
            profile = measurement.profile
            self._measurements = {k: m for k, m in self._measurements.items() if m.profile is not profile}
        self._views.clear()

    def view(self, document: Document) -> View | None:
        """The figures of a document's file as they show in the document; made once for each version."""
        measurement = self._measurements.get(document.path)
        if measurement is None:
            return None
        known = self._views.get(document.path)
        if known is None or known.document is not document or known.measurement is not measurement:
            known = self._views[document.path] = View(measurement, document)
        return known
