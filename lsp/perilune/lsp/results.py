"""What is known from runs: the latest figures of every file, and what to run again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perilune.lsp.called_from import CalledFrom
from perilune.lsp.document import Document
from perilune.lsp.job import Job
from perilune.lsp.launch import moved, path_behind
from perilune.lsp.measurement import Measurement, View, at, was_renamed
from perilune.profiler.model import Profile


class Results:
    """The figures of a session by real path. A newer run replaces those of the files that it touched."""

    def __init__(self) -> None:
        self._measurements: dict[str, Measurement] = {}
        self._jobs: dict[str, Job] = {}
        self._seconds: dict[Job, float] = {}
        self._views: dict[str, View] = {}
        self._grown: dict[str, Measurement] = {}
        self._grown_views: dict[str, View] = {}
        self._latest: Profile | None = None
        self.called_from: CalledFrom | None = None
        """The call that what is shown of its run is limited to."""

    def add(self, job: Job, measurements: Iterable[tuple[str, Measurement]]) -> None:
        """Takes in what a job measured."""
        for path, measurement in measurements:
            self._measurements[path] = measurement
            self._jobs[path] = job
            self._latest = measurement.profile

    def add_grown(self, measurements: Mapping[str, Measurement]) -> None:
        """Takes in how the lines of files grow, with the figures of the largest run, beside what else is known."""
        self._grown.update(measurements)

    @property
    def knows_growth(self) -> bool:
        """Whether the growth of any file is known."""
        return bool(self._grown)

    def grown_view(self, document: Document) -> View | None:
        """How the lines of a document's file grow, as it shows in the document."""
        measurement = self._grown.get(document.path)
        return None if measurement is None else _view_in(self._grown_views, measurement, document)

    def put_changes(self, measurements: Mapping[str, Measurement]) -> bool:
        """Takes in what is now known of figures that are there, but not of those that a newer run replaced; whether any were."""
        known = {path: m for path, m in measurements.items() if self._has(path, m.profile)}
        self._measurements.update(known)
        return bool(known)

    def _has(self, path: str, profile: Profile) -> bool:
        measurement = self._measurements.get(path)
        return measurement is not None and measurement.profile is profile

    def of_run(self, path: str | None = None) -> dict[str, Measurement]:
        """The figures, by real path, of all files that the run behind a file's figures measured; None: of the last run."""
        measurement = self._measurements.get(path) if path is not None else None
        profile = self._latest if path is None else measurement.profile if measurement is not None else None
        return {path: m for path, m in self._measurements.items() if profile is not None and m.profile is profile}

    def note(self, job: Job) -> None:
        """Remembers how a program was run, even if it failed."""
        self._jobs[job.path] = job

    def job(self, path: str) -> Job | None:
        """The job that last ran a file, be it the program or a module of one."""
        return self._jobs.get(path)

    def recall(self, job: Job, seconds: float, measurements: Mapping[str, Measurement]) -> None:
        """Takes in what an earlier server measured, as far as nothing newer is known."""
        self._seconds.setdefault(job, seconds)
        for path, measurement in measurements.items():
            self._measurements.setdefault(path, measurement)
            self._jobs.setdefault(path, job)
            self._latest = self._latest or measurement.profile
        self._jobs.setdefault(job.path, job)

    def recall_grown(self, measurements: Mapping[str, Measurement]) -> None:
        """Takes in what an earlier server found out about growth, as far as nothing newer is known."""
        self._grown = {**measurements, **self._grown}

    def rename(self, old: str, new: str) -> bool:
        """A file or a folder has another path now; whether there were figures of it."""
        known = {path: path_behind(path, old, new) for path in {*self._measurements, *self._grown, *self._jobs}}
        jobs = {job: moved(job, old, new) for job in {*self._jobs.values(), *self._seconds}}
        was_known = any(path != known[path] for path in (*self._measurements, *self._grown))
        self._measurements = {known[path]: at(m, known[path]) for path, m in self._measurements.items()}
        self._grown = {known[path]: at(m, known[path]) for path, m in self._grown.items()}
        self._jobs = {known[path]: jobs[job] for path, job in self._jobs.items()}
        self._seconds = {jobs[job]: seconds for job, seconds in self._seconds.items()}
        self._views.clear()
        self._grown_views.clear()
        return was_known

    def measured_as(self, document: Document) -> str | None:
        """The path of a file that is gone and was measured with a document's very text."""
        known = (*self._measurements.items(), *self._grown.items())
        return next((path for path, m in known if was_renamed(path, m, document)), None)

    def measurement(self, path: str) -> Measurement | None:
        """The latest figures of a file."""
        return self._measurements.get(path)

    def measurements(self) -> Mapping[str, Measurement]:
        """The latest figures of every file."""
        return self._measurements

    def files_of(self, program: str) -> set[str]:
        """The files whose latest figures come from a run of a program."""
        return {path for path in self._measurements if (job := self._jobs.get(path)) and job.path == program}

    def note_seconds(self, job: Job, seconds: float) -> None:
        """Remembers how long a job took."""
        self._seconds[job] = seconds

    def seconds(self, job: Job) -> float | None:
        """How long a job took when it last ran to its end."""
        return self._seconds.get(job)

    def clear(self, path: str | None) -> None:
        """Forgets the figures of all files that the run behind `path` measured, or all there are."""
        if path is None:
            self._measurements.clear()
            self._grown.clear()
            self.called_from = None
        else:
            self._measurements = _without_run_of(path, self._measurements)
            self._grown = _without_run_of(path, self._grown)
        self._views.clear()
        self._grown_views.clear()

    def view(self, document: Document) -> View | None:
        """The figures of a document's file as they show in the document; made once for each version."""
        measurement = self._measurements.get(document.path)
        if measurement is None:
            return None
        if self.called_from is not None:
            measurement = self.called_from.of(document.path, measurement)
        return _view_in(self._views, measurement, document)


def _without_run_of(path: str, measurements: dict[str, Measurement]) -> dict[str, Measurement]:
    """The figures but those of the run that measured a file."""
    measurement = measurements.get(path)
    if measurement is None:
        return measurements
    return {each: kept for each, kept in measurements.items() if kept.profile is not measurement.profile}


def _view_in(views: dict[str, View], measurement: Measurement, document: Document) -> View:
    """The figures as they show in a document, made once for each version."""
    known = views.get(document.path)
    if known is None or known.document is not document or known.measurement is not measurement:
        known = views[document.path] = View(measurement, document)
    return known
