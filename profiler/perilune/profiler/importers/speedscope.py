"""speedscope's JSON: profiles of sampled stacks, or of calls that open and close, over a shared list of frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from perilune.profiler.exporters.stacks import Frame, Stack
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.collapsed import DEFAULT_INTERVAL_NS, interval_note
from perilune.profiler.importers.fields import (
    NS_PER_UNIT,
    Remainder,
    clean_path,
    expected,
    index,
    items,
    members,
    number,
    optional_line,
    text,
)
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_OURS = "perilune"
_COUNTED = {"instructions": "instructions", "allocated bytes": "allocated_bytes"}
"""Our own profiles of what is counted, and the figure that they hold."""


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """The profiles of a unit of time are one profile; those without are samples, where no other has a unit of time."""
    value = members(json.loads(content), "the file")
    is_ours = value.get("exporter") == _OURS
    shared = members(value.get("shared"), "shared")
    frames = [
        _frame(frame, f"shared.frames[{at}]", is_ours) for at, frame in _listed(shared, "frames", "shared.frames")
    ]
    profiles = [
        (f"profiles[{at}]", members(each, f"profiles[{at}]")) for at, each in _listed(value, "profiles", "profiles")
    ]
    origin = Origin("speedscope", "sampled")
    builder = ForeignProfile(origin, Program(str(value.get("name") or name)))
    timed = [pair for pair in profiles if pair[1].get("unit") in NS_PER_UNIT]
    for place, profile in timed:
        ns = NS_PER_UNIT[profile["unit"]]
        remainder = Remainder()
        for stack, weight in _stacks(profile, place, frames):
            builder.add_stack(stack, remainder.take(weight * ns))
    if is_ours:
        for place, profile in profiles:
            if profile.get("name") in _COUNTED:
                _add_counts(builder, profile, place, frames)
    elif not timed:
        per_sample = interval_ns or DEFAULT_INTERVAL_NS
        origin.notes.append(interval_note(per_sample, interval_ns is None))
        for place, profile in profiles:
            for stack, weight in _stacks(profile, place, frames):
                builder.add_stack(stack, round(weight * per_sample), round(weight))
    if not is_ours and timed:
        origin.notes.append("The file does not tell of how many samples its times are, so that errors are not known.")
    return builder.profile()


def _listed(value: dict[str, Any], name: str, place: str) -> Iterator[tuple[int, Any]]:
    return enumerate(items(value.get(name), place))


def _frame(value: Any, place: str, is_ours: bool) -> Frame:
    """Our own frames say in their name whether their line is the one that ran or the first of the function."""
    fields = members(value, place)
    name = text(fields.get("name"), f"{place}.name")
    line = optional_line(fields.get("line"), f"{place}.line")
    path = fields.get("file")
    if path is None:
        return Frame(name, None, 0, 0)
    path = clean_path(text(path, f"{place}.file"))
    if not is_ours:
        return Frame(name, path, 0, line)
    ending = f":{line}"
    return Frame(name.removesuffix(ending), path, 0, line) if name.endswith(ending) else Frame(name, path, line, 0)


def _stacks(profile: dict[str, Any], place: str, frames: list[Frame]) -> Iterator[tuple[Stack, float]]:
    kind = profile.get("type")
    if kind == "sampled":
        return _sampled(profile, place, frames)
    if kind == "evented":
        return _evented(profile, place, frames)
    raise expected(f"{place}.type", '"sampled" or "evented"')


def _sampled(profile: dict[str, Any], place: str, frames: list[Frame]) -> Iterator[tuple[Stack, float]]:
    samples, weights = (items(profile.get(name), f"{place}.{name}") for name in ("samples", "weights"))
    if len(samples) != len(weights):
        raise expected(f"{place}.weights", f"{len(samples)} of them, as many as samples")
    for at, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
        where = f"{place}.samples[{at}]"
        stack = tuple(frames[index(each, where, len(frames))] for each in items(sample, where))
        if stack:
            yield stack, number(weight, f"{place}.weights[{at}]")


def _evented(profile: dict[str, Any], place: str, frames: list[Frame]) -> Iterator[tuple[Stack, float]]:
    open_frames: list[Frame] = []
    last = number(profile.get("startValue", 0), f"{place}.startValue")
    for at, value in _listed(profile, "events", f"{place}.events"):
        where = f"{place}.events[{at}]"
        event = members(value, where)
        now = number(event.get("at"), f"{where}.at")
        frame = frames[index(event.get("frame"), f"{where}.frame", len(frames))]
        if now < last:
            raise expected(f"{where}.at", "a time that is not before the last one")
        if open_frames and now > last:
            yield tuple(open_frames), now - last
        last = now
        if event.get("type") == "O":
            open_frames.append(frame)
        elif event.get("type") == "C" and open_frames and open_frames[-1] == frame:
            open_frames.pop()
        else:
            raise expected(where, 'the end ("C") of the frame that was opened last, or the beginning ("O") of one')


def _add_counts(builder: ForeignProfile, profile: dict[str, Any], place: str, frames: list[Frame]) -> None:
    """What our own export counted: every line stands under its function."""
    figure = _COUNTED[profile["name"]]
    for stack, weight in _sampled(profile, place, frames):
        function = stack[0] if stack[0].function_line else stack[-1]
        builder.add_line(stack[-1].path, stack[-1].line, function=function, **{figure: round(weight)})
