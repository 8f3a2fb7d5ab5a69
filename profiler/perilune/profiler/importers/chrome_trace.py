"""Chrome's trace events, as profile.nvim and AppleCake write them: calls with their beginning and their time."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, NamedTuple

from perilune.profiler.exporters.stacks import Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import (
    Remainder,
    clean_path,
    expected,
    frame_of,
    items,
    members,
    number,
    optional_line,
)
from perilune.profiler.model import Profile, Program
from perilune.profiler.origin import Origin

_NS_PER_US = 1000


class _Call(NamedTuple):
    begin: float
    end: float
    frame: Frame


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """Only events of calls are read: complete ones, and beginnings with their ends. A call has what is inside it off."""
    value: Any = json.loads(content)
    events = items(value if isinstance(value, list) else members(value, "the file").get("traceEvents"), "traceEvents")
    calls: defaultdict[object, list[_Call]] = defaultdict(list)
    begun: defaultdict[object, list[tuple[float, Frame]]] = defaultdict(list)
    for at, each in enumerate(events):
        place = f"traceEvents[{at}]"
        event = members(each, place)
        kind, thread = event.get("ph"), (str(event.get("pid")), str(event.get("tid")))
        if kind not in ("X", "B", "E"):
            continue
        time = number(event.get("ts"), f"{place}.ts")
        if kind == "X":
            calls[thread].append(_Call(time, time + number(event.get("dur", 0), f"{place}.dur"), _frame(event, place)))
        elif kind == "B":
            begun[thread].append((time, _frame(event, place)))
        elif begun[thread]:
            start, frame = begun[thread].pop()
            calls[thread].append(_Call(start, max(start, time), frame))
        else:
            raise expected(place, 'a beginning ("B") before this end ("E")')
    builder = ForeignProfile(Origin("chrome_trace", "exact"), Program(name))
    for of_thread in calls.values():
        _add(builder, of_thread)
    return builder.profile()


def _frame(event: dict[str, Any], place: str) -> Frame:
    """The place of a call may be in its name, or among its arguments."""
    name = event.get("name")
    if not isinstance(name, str):
        raise expected(f"{place}.name", "a string")
    arguments = event.get("args")
    if isinstance(arguments, dict):
        path = next((arguments[key] for key in ("file", "path", "source", "filename") if key in arguments), None)
        line = next((arguments[key] for key in ("line", "lineno", "linedefined") if key in arguments), None)
        if isinstance(path, str) and isinstance(line, int) and not isinstance(line, bool):
            first = optional_line(line, f"{place}.args")
            return Frame(name, clean_path(path), first, first)
    return frame_of(name)


def _add(builder: ForeignProfile, calls: list[_Call]) -> None:
    """Adds what each call took without those inside it."""
    calls.sort(key=lambda call: (call.begin, -call.end))
    remainder = Remainder()
    stack: list[_Call] = []
    now = 0.0

    def pass_until(time: float) -> None:
        nonlocal now
        if stack and time > now:
            frames = tuple(call.frame for call in stack)
            builder.add_stack(frames, remainder.take((time - now) * _NS_PER_US))
        now = max(now, time)

    for call in calls:
        while stack and stack[-1].end <= call.begin:
            pass_until(stack[-1].end)
            stack.pop()
        pass_until(call.begin)
        now = max(now, call.begin)
        stack.append(call)
    while stack:
        pass_until(stack[-1].end)
        stack.pop()
