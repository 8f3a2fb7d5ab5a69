"""Runs that outlive the server: the last profile and job of each file, with the texts that were measured."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from perilune.lsp.document import Document
from perilune.lsp.job import Job
from perilune.lsp.launch import moved, path_behind
from perilune.lsp.measurement import Measurement, at, was_renamed
from perilune.lsp.store import Store
from perilune.profiler.model import Profile, ProfileFormatError

_RUN, _FILE = "run", "file"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptRun:
    """One run and what it measured of each file, by real path. `seconds` is how long it took."""

    job: Job
    seconds: float
    measurements: Mapping[str, Measurement]


class History:
    """Kept runs, in the store of the workspace folder that a file belongs to. To be called outside of the event loop."""

    def __init__(self, store_of: Callable[[str], Store | None]) -> None:
        """`store_of` gives the store for a real path, None for a file in no workspace."""
        self._store_of = store_of

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
            "profile": profile.to_json(),
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
        replaced = {store.read(_FILE, path) for path in texts}
        if store.write(_RUN, key, value):
            for path in texts:
                store.write(_FILE, path, key)
            for old in replaced - {key, None}:
                self._drop_if_unused(store, old)

    def recall(self, path: str) -> KeptRun | None:
        """The run that last measured a file, with all files that no later run has measured."""
        store = self._store_of(path)
        key = store.read(_FILE, path) if store is not None else None
        if store is None or not isinstance(key, str):
            return None
        value = store.read(_RUN, key)
        if value is None:
            return None
        try:
            run = _read(value)
        except (ValueError, KeyError, TypeError, AttributeError, ProfileFormatError, RecursionError) as error:
            logger.warning("a kept run of %s is ignored: %s", path, error)
            return None
        latest = {file: m for file, m in run.measurements.items() if file == path or store.read(_FILE, file) == key}
        return KeptRun(run.job, run.seconds, latest)

    def rename(self, old: str, new: str) -> None:
        """A file or a folder has another path now: the runs that last measured what it holds are kept under that."""
        store = self._store_of(old)
        for path in store.keys(_FILE) if store is not None else ():
            if path_behind(path, old, new) == path:
                continue
            run = self.recall(path)
            if store is None or run is None:
                continue
            key = store.read(_FILE, path)
            paths = {before: path_behind(before, old, new) for before in run.measurements}
            now = {paths[before]: at(measurement, paths[before]) for before, measurement in run.measurements.items()}
            self.keep(KeptRun(moved(run.job, old, new), run.seconds, now))
            for before, after in paths.items():
                if before != after:
                    store.remove(_FILE, before)
            self._drop_if_unused(store, key)

    def measured_as(self, document: Document) -> str | None:
        """The path of a file of the workspace that is gone and was measured with a document's very text."""
        store = self._store_of(document.path)
        for path in store.keys(_FILE) if store is not None else ():
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
        key = store.read(_FILE, path)
        for file in run.measurements if run is not None else [path]:
            store.remove(_FILE, file)
        if isinstance(key, str):
            store.remove(_RUN, key)

    @staticmethod
    def forget_all(store: Store) -> None:
        """Forgets all runs of a workspace."""
        store.remove_all(_FILE)
        store.remove_all(_RUN)

    def _drop_if_unused(self, store: Store, key: str) -> None:
        value = store.read(_RUN, key)
        files = value.get("files") if isinstance(value, dict) else None
        if not isinstance(files, dict) or all(store.read(_FILE, path) != key for path in files):
            store.remove(_RUN, key)


def _key(run: KeptRun, texts: Mapping[str, bytes]) -> str:
    """Tells runs of a program apart that measured different files: each of those may be the last one of a file."""
    digest = hashlib.sha256("\0".join([os.fspath(run.job.path), *sorted(texts)]).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _read(value: Mapping[str, Any]) -> KeptRun:
    profile = Profile.from_json(value["profile"])
    measurements = {}
    for path, kept in value["files"].items():
        document = Document(path, base64.b64decode(kept["text"], validate=True))
        cut_short, index, measured_at = kept["cutShort"], kept["index"], kept["measuredAt"]
        if not isinstance(cut_short, str) or not isinstance(measured_at, float | None):
            raise TypeError("cutShort, measuredAt")
        if not 0 <= index < len(profile.files):
            raise ValueError("index")
        measurements[path] = Measurement(profile, profile.files[index], document, cut_short, measured_at=measured_at)
    return KeptRun(Job.from_json(value["job"]), float(value["seconds"]), measurements)
