"""Figures limited to what ran below one call: how a run's measurements look from there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perilune.lsp.features.figures import percent
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FileProfile, Profile
from perilune.profiler.paths import CallPath, Frame, PathError, callees, is_called, limited, limited_to_frame
from perilune.profiler.renderers.figures import points_text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class CalledFrom:
    """A call that figures are limited to: of which run, and the run's measurements, by real path, as seen from it."""

    profile: Profile
    call: CallPath
    measurements: Mapping[str, Measurement]

    def of(self, path: str, measurement: Measurement) -> Measurement:
        """A file's figures limited to the call, if they are of its run; else as they are."""
        return self.measurements.get(path, measurement) if measurement.profile is self.profile else measurement

    @property
    def message(self) -> str:
        """What is shown now, in a line."""
        share = f"{percent(self.call.share)} ± {points_text(self.call.error)}"
        samples = f"{self.call.samples:,} sample{'' if self.call.samples == 1 else 's'}"
        where = "In" if self.call.frames else "As called from"
        return f"{where} {self.call.label}: {share} of the run's time, {samples}. Counts are of the whole run."


def called_from(figures: Mapping[str, Measurement], view: View, offset: int, callee: str | None = None) -> CalledFrom:
    """The figures of a run as called from the call at an offset of a document; `view` shows the whole run in it.

    Of several functions that a line calls, the `callee`, or that whose name is at the offset; else all of them. Raises
    PathError.
    """
    line = view.document.line_at(offset)
    origin = view.origins.get(line)
    if origin is None:
        raise PathError("this line is new: it did not run")
    measurement = view.measurement
    called = callees(measurement.profile, measurement.file.path, origin.line)
    if callee is None and len(called) > 1:
        callee = _called_name(view, offset)
    if callee is not None and not any(is_called(name, callee) for name in called):
        callee = None
    profile, call = limited(measurement.profile, measurement.file.path, origin.line, callee)
    measurements = {path: _limited(measurement, profile, call) for path, measurement in figures.items()}
    return CalledFrom(measurement.profile, call, measurements)


def in_frame(figures: Mapping[str, Measurement], frames: Sequence[Frame]) -> CalledFrom:
    """The figures of a run in one frame of its flame graph. Raises PathError."""
    whole = next(iter(figures.values()), None)
    if whole is None:
        raise PathError("there are no figures yet")
    profile, call = limited_to_frame(whole.profile, frames)
    measurements = {path: _limited(measurement, profile, call) for path, measurement in figures.items()}
    return CalledFrom(whole.profile, call, measurements)


def _limited(measurement: Measurement, profile: Profile, call: CallPath) -> Measurement:
    path = measurement.file.path
    file = profile.file(path) or FileProfile(path, measurement.file.sha256)
    return replace(measurement, profile=profile, file=file, changes=None, whole=measurement, call=call)


def _called_name(view: View, offset: int) -> str | None:
    """The name at an offset."""
    line = view.document.line_at(offset)
    column = offset - view.document.line_start(line)
    names = _NAME.finditer(view.document.lines[line - 1])
    return next((match[0] for match in names if match.start() <= column <= match.end()), None)
