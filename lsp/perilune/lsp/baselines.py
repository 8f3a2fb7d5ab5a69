"""What figures are compared with: the run before of the same program, or a run that was chosen."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from perilune.lsp.changes import LAST_RUN, line_changes, summary
from perilune.lsp.launch import path_behind
from perilune.lsp.measurement import Measurement
from perilune.lsp.store import Store
from perilune.profiler.comparison import Comparison, compare
from perilune.profiler.model import Profile, ProfileFormatError
from perilune.profiler.renderers import json
from perilune.profiler.sources import Sources, split_lines

_BASELINE, _BEFORE = "baseline", "before"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """A run to compare with: its profile, the texts that it ran by their paths in it, and what it is called.

    `output` tells apart what runs wrote; None where that is not known.
    """

    profile: Profile
    texts: Mapping[str, bytes]
    name: str = LAST_RUN
    output: str | None = None

    @classmethod
    def of(cls, measurements: Mapping[str, Measurement], name: str, output: str | None = None) -> Reference | None:
        """The run that measured some files; None for no files."""
        if not measurements:
            return None
        texts = {measurement.file.path: measurement.document.data for measurement in measurements.values()}
        return cls(next(iter(measurements.values())).profile, texts, name, output)

    @property
    def sources(self) -> Sources:
        """The lines of its files."""
        return {path: split_lines(text) for path, text in self.texts.items()}

    def to_json(self) -> dict[str, Any]:
        """The reference as plain values."""
        texts = {path: base64.b64encode(text).decode() for path, text in self.texts.items()}
        return {"name": self.name, "output": self.output, "texts": texts, "profile": json.render(self.profile)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reference:
        """Reads what `to_json` made. Raises ValueError, KeyError, TypeError or ProfileFormatError for anything else."""
        texts = {path: base64.b64decode(text, validate=True) for path, text in value["texts"].items()}
        name, output = value["name"], value["output"]
        if not isinstance(name, str) or not isinstance(output, str | None):
            raise TypeError("name, output")
        return cls(json.parse(value["profile"]), texts, name, output)


def digest(output: str) -> str:
    """Tells apart what programs wrote."""
    return hashlib.sha256(output.encode("utf-8", "surrogatepass")).hexdigest()


class Baselines:
    """The references of a session's programs, by real path, kept in the workspace's store."""

    def __init__(self, store_of: Callable[[str], Store | None]) -> None:
        self._store_of = store_of
        self._before: dict[str, Reference | None] = {}
        self._chosen: dict[str, Reference | None] = {}
        self._outputs: dict[str, str] = {}

    def note_run(self, program: str, before: Mapping[str, Measurement], output: str) -> None:
        """Takes in that a program ran once more: what it measured until now, and what it wrote."""
        reference = Reference.of(before, LAST_RUN, self._outputs.get(program))
        is_whole = all(measurement.complete for measurement in before.values())
        self._before[program] = reference if is_whole else None
        self._outputs[program] = digest(output)

    def keep(self, program: str) -> None:
        """Keeps what a program's last run is compared with, for a later session. Not for the event loop: it writes a file."""
        store = self._store_of(program)
        reference = self._before.get(program)
        if store is None:
            return
        if reference is None:
            store.remove(_BEFORE, program)
        else:
            store.write(_BEFORE, program, {**reference.to_json(), "wrote": self._outputs.get(program)})

    def output_of(self, program: str) -> str | None:
        """What tells apart what the program's last run wrote."""
        return self._outputs.get(program)

    def choose(self, program: str, reference: Reference) -> None:
        """Compares a program with a run from now on. Not for the event loop: it writes a file."""
        self._chosen[program] = reference
        store = self._store_of(program)
        if store is not None:
            store.write(_BASELINE, program, reference.to_json())

    def clear(self, program: str) -> None:
        """Compares a program with the run before again."""
        self._chosen[program] = None
        store = self._store_of(program)
        if store is not None:
            store.remove(_BASELINE, program)

    def rename(self, old: str, new: str) -> None:
        """A program, or a folder around some, has another path now. Not for the event loop: it writes files."""
        for path in [path for path in self._outputs if path_behind(path, old, new) != path]:
            self._outputs[path_behind(path, old, new)] = self._outputs.pop(path)
        store, store_now = self._store_of(old), self._store_of(new)
        for kind, references in ((_BASELINE, self._chosen), (_BEFORE, self._before)):
            for path in [path for path in references if path_behind(path, old, new) != path]:
                references[path_behind(path, old, new)] = references.pop(path)
            for path in store.keys(kind) if store is not None else ():
                now = path_behind(path, old, new)
                if store is None or now == path:
                    continue
                if store_now is not None:
                    store_now.write(kind, now, store.read(kind, path))
                store.remove(kind, path)
                if references.get(now) is None:
                    references.pop(now, None)  # it is there now

    def chosen(self, program: str) -> Reference | None:
        """The run that was chosen for a program, in this session or an earlier one. Not for the event loop."""
        if program not in self._chosen:
            self._chosen[program] = self._recall(_BASELINE, program)
        return self._chosen[program]

    def reference(self, program: str, compared_with: str) -> Reference | None:
        """What to compare a program with, by the setting. Not for the event loop."""
        if compared_with == "off":
            return None
        chosen = self.chosen(program)
        if chosen is not None or compared_with == "baseline":
            return chosen
        if program not in self._before:
            recalled = self._recall(_BEFORE, program)
            self._before.setdefault(program, recalled)
        return self._before[program]

    def _recall(self, kind: str, program: str) -> Reference | None:
        store = self._store_of(program)
        value = store.read(kind, program) if store is not None else None
        try:
            reference = None if value is None else Reference.from_json(value)
            wrote = None if value is None else value.get("wrote")
            if isinstance(wrote, str):
                self._outputs.setdefault(program, wrote)
            return reference
        except (ValueError, KeyError, TypeError, AttributeError, ProfileFormatError, RecursionError) as error:
            logger.warning("a kept run that %s is compared with is ignored: %s", program, error)
            return None


def comparison_with(reference: Reference, measurements: Mapping[str, Measurement]) -> Comparison | None:
    """Figures beside those of a reference; None without figures."""
    now = Reference.of(measurements, "")
    return None if now is None else compare(reference.profile, now.profile, reference.sources, now.sources)


def with_changes(
    measurements: Mapping[str, Measurement], reference: Reference, output: str | None
) -> tuple[dict[str, Measurement], str]:
    """The same figures with what changed since a reference, and that in one line. Takes a while for large files."""
    comparison = comparison_with(reference, measurements)
    if comparison is None:
        return {}, ""
    changed = {
        path: replace(measurement, changes=line_changes(comparison, measurement.file.path, reference.name))
        for path, measurement in measurements.items()
    }
    same_output = None if output is None or reference.output is None else output == reference.output
    return changed, f"since {reference.name}: {summary(comparison, same_output)}"
