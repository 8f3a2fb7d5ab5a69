"""Runs that outlive the server: the last profile and job of each file, with the texts that were measured, and how they grow."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from perilune.lsp.document import Document
from perilune.lsp.job import Job
from perilune.lsp.launch import moved, path_behind
from perilune.lsp.measurement import Measurement, at, was_renamed, with_growth
from perilune.lsp.store import Store
from perilune.profiler.growth.model import Growth
from perilune.profiler.model import ProfileFormatError
from perilune.profiler.plain import PlainError
from perilune.profiler.renderers import json

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptRun:
    """One run and what it measured of each file, by real path. `seconds` is how long it took; the largest of several
    sizes has the `growth` from one to the next."""

    job: Job
    seconds: float
    measurements: Mapping[str, Measurement]
    growth: Growth | None = None


class History:
    """Kept runs, in the store of the workspace folder that a file belongs to. To be called outside of the event loop."""

    def __init__(self, store_of: Callable[[str], Store | None], run: str = "run", file: str = "file") -> None:
        """`store_of` gives the store for a real path, None for a file in no workspace.

        There the kind `run` has the runs, and `file` says which is the last of a file.
        """
        self._store_of = store_of
        self._run = run
        self._file = file

    def keep(self, run: KeptRun) -> None:
        """Keeps a run. Of each file that it measured it is the last one from now on."""
        store = self._store_of(run.job.path)
        if store is None or not run.measurements:
            return
        profile = next(iter(run.measurements.values())).profile
        texts = {path: measurement.document.data for path, measurement in run.measurements.items()}
        value = {
            "job": run.job.to_json(),
            "seconds": run.seconds,
            "profile": json.render(profile),  # as text: for a large one in half the time
            "growth": None if run.growth is None else run.growth.to_json(),
            "files": {
                path: {
                    "index": next(i for i, file in enumerate(profile.files) if file is measurement.file),
                    "text": base64.b64encode(texts[path]).decode(),
                    "cutShort": measurement.cut_short,
                    "measuredAt": measurement.measured_at,
                }
                for path, measurement in run.measurements.items()
            },
        }
        key = _key(run, texts)
        replaced = {store.read(self._file, path) for path in texts}
        if store.write(self._run, key, value):
            for path in texts:
                store.write(self._file, path, key)
            for old in replaced - {key, None}:
                self._drop_if_unused(store, old)

    def recall(self, path: str) -> KeptRun | None:
        """The run that last measured a file, with all files that no later run has measured."""
        store = self._store_of(path)
        key = store.read(self._file, path) if store is not None else None
        if store is None or not isinstance(key, str):
            return None
        value = store.read(self._run, key)
        if value is None:
            return None
        try:
            run = _read(value)
        except (*_UNREADABLE, ProfileFormatError, PlainError) as error:
            logger.warning("a kept run of %s is ignored: %s", path, error)
            return None
        last = self._file
        latest = {file: m for file, m in run.measurements.items() if file == path or store.read(last, file) == key}
        return replace(run, measurements=latest)

    def rename(self, old: str, new: str) -> None:
        """A file or a folder has another path now: the runs that last measured what it holds are kept under that."""
        store = self._store_of(old)
        for path in store.keys(self._file) if store is not None else ():
            if path_behind(path, old, new) == path:
                continue
            run = self.recall(path)
            if store is None or run is None:
                continue
            key = store.read(self._file, path)
            paths = {before: path_behind(before, old, new) for before in run.measurements}
            now = {paths[before]: at(measurement, paths[before]) for before, measurement in run.measurements.items()}
            self.keep(replace(run, job=moved(run.job, old, new), measurements=now))
            for before, after in paths.items():
                if before != after:
                    store.remove(self._file, before)
            self._drop_if_unused(store, key)

    def measured_as(self, document: Document) -> str | None:
        """The path of a file of the workspace that is gone and was measured with a document's very text."""
        store = self._store_of(document.path)
        for path in store.keys(self._file) if store is not None else ():
            run = None if os.path.lexists(path) else self.recall(path)
            if run is not None and path in run.measurements and was_renamed(path, run.measurements[path], document):
                return path
        return None

    def forget(self, path: str) -> None:
        """Forgets the run that last measured a file, for all the files that it measured."""
        run = self.recall(path)
        store = self._store_of(path)
        if store is None:
            return
        key = store.read(self._file, path)
        for file in run.measurements if run is not None else [path]:
            store.remove(self._file, file)
        if isinstance(key, str):
            store.remove(self._run, key)

    def forget_all(self, store: Store) -> None:
        """Forgets all runs of a workspace."""
        store.remove_all(self._file)
        store.remove_all(self._run)

    def _drop_if_unused(self, store: Store, key: str) -> None:
        value = store.read(self._run, key)
        files = value.get("files") if isinstance(value, dict) else None
        if not isinstance(files, dict) or all(store.read(self._file, path) != key for path in files):
            store.remove(self._run, key)


def _key(run: KeptRun, texts: Mapping[str, bytes]) -> str:
    """Tells runs of a program apart that measured different files: each of those may be the last one of a file."""
    digest = hashlib.sha256("\0".join([os.fspath(run.job.path), *sorted(texts)]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _read(value: Mapping[str, Any]) -> KeptRun:
    profile = json.parse(value["profile"])
    growth = None if value.get("growth") is None else Growth.from_json(value["growth"])
    measurements = {}
    for path, kept in value["files"].items():
        document = Document(path, base64.b64decode(kept["text"], validate=True))
        cut_short, index, measured_at = kept["cutShort"], kept["index"], kept["measuredAt"]
        if not isinstance(cut_short, str) or not isinstance(measured_at, float | None):
            raise TypeError("cutShort, measuredAt")
        if not 0 <= index < len(profile.files):
            raise ValueError("index")
        measured = Measurement(profile, profile.files[index], document, cut_short, measured_at=measured_at)
        measurements[path] = measured if growth is None else with_growth(measured, growth)
    return KeptRun(Job.from_json(value["job"]), float(value["seconds"]), measurements, growth)
