"""The Firefox Profiler's processed format, version 60: a track each for time, instructions and allocated bytes.

The format is the viewer's own and grows with it; the viewer upgrades older versions when it opens them.
"""

from __future__ import annotations

import json
from typing import Any

from perilune.profiler.exporters.stacks import Frame, Stack, line_costs, time_name, timed_stacks
from perilune.profiler.model import COLLECTOR, COMPILER, OUTSIDE, Profile
from perilune.profiler.sources import Sources

_VERSION = 60
_GECKO_VERSION = 31
_NS_PER_MS = 1_000_000
_COUNT_SPAN_MS = 1000.0

_CATEGORIES = [
    {"name": name, "color": color, "subcategories": ["Other"]}
    for name, color in (
        ("Lua", "blue"),
        ("Builtin", "orange"),
        ("Collector", "purple"),
        ("Compiler", "green"),
        ("Other", "grey"),
    )
]
_LUA, _BUILTIN, _COLLECTOR, _COMPILER, _OTHER = range(len(_CATEGORIES))


def export(profile: Profile, sources: Sources) -> bytes:
    """The stacks of the time track are calls; in the others every line stands alone, as the viewer groups by function.

    Positions on the time axis are made up, as samples are kept by stack and not by moment.
    """
    run_ns = profile.totals.run_ns
    span_ms = _COUNT_SPAN_MS if run_ns is None else run_ns / _NS_PER_MS
    lines = [((frame,), cost) for frame, cost in line_costs(profile)]
    tables = _Tables()
    threads = []
    if run_ns is not None:
        times = [(stack.frames, stack.self_ns / _NS_PER_MS) for stack in timed_stacks(profile)]
        threads.append(_thread(time_name(profile).capitalize(), "tracing-ms", times, span_ms, tables))
    threads += [
        _thread("Instructions", "samples", [(stack, cost.instructions) for stack, cost in lines], span_ms, tables),
        _thread("Allocated bytes", "bytes", [(stack, cost.allocated_bytes) for stack, cost in lines], span_ms, tables),
    ]
    for number, thread in enumerate(threads):
        thread |= {"tid": number + 1, "isMainThread": number == 0}
    value = {
        "meta": {
            "version": _GECKO_VERSION,
            "preprocessedProfileVersion": _VERSION,
            "product": profile.program.path,
            "arguments": " ".join(profile.program.args),
            "importedFrom": "Perilune",
            "interval": (profile.totals.sample_interval_ns or _NS_PER_MS) / _NS_PER_MS,
            "startTime": 0,
            "processType": 0,
            "stackwalk": 1,
            "symbolicated": True,
            "usesOnlyOneStackType": True,
            "sourceCodeIsNotOnSearchfox": True,
            "keepProfileThreadOrder": True,
            "categories": _CATEGORIES,
            "markerSchema": [],
        },
        "libs": [],
        "shared": tables.shared(),
        "threads": threads,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _thread(
    name: str, weight_type: str, stacks: list[tuple[Stack, Any]], span_ms: float, tables: _Tables
) -> dict[str, Any]:
    """A track whose samples follow each other, each as wide as its share of the whole."""
    stacks = [(stack, weight) for stack, weight in stacks if weight]
    total = sum(weight for _, weight in stacks)
    times = []
    passed = 0
    for _, weight in stacks:
        times.append(passed * span_ms / total)
        passed += weight
    empty: dict[str, Any] = {column: [] for column in ("data", "name", "startTime", "endTime", "phase", "category")}
    return {
        "name": name,
        "processType": "default",
        "processName": "Perilune",
        "pid": "1",
        "processStartupTime": 0,
        "processShutdownTime": None,
        "registerTime": 0,
        "unregisterTime": None,
        "pausedRanges": [],
        "samples": {
            "weightType": weight_type,
            "stack": [tables.stack(stack) for stack, _ in stacks],
            "time": times,
            "weight": [weight for _, weight in stacks],
            "length": len(stacks),
        },
        "markers": {**empty, "length": 0},
    }


class _Tables:
    """What the tracks share: strings, sources, functions, frames and stacks, numbered as they are used."""

    __slots__ = ("_frames", "_functions", "_sources", "_stacks", "_strings")

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        self._functions: dict[Frame, int] = {}
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int | None, int], int] = {}

    def stack(self, frames: Stack) -> int | None:
        """The index of a stack."""
        index = None
        for frame in frames:
            self._functions.setdefault(frame.whole, len(self._functions))
            number = self._frames.setdefault(frame, len(self._frames))
            index = self._stacks.setdefault((index, number), len(self._stacks))
        return index

    def shared(self) -> dict[str, Any]:
        """All the tables, column by column."""
        functions, frames = list(self._functions), list(self._frames)
        function_count, frame_count = len(functions), len(frames)
        names = [self._string(function.function) for function in functions]
        sources = [None if function.path is None else self._source(function.path) for function in functions]
        filenames = [self._string(path) for path in self._sources]
        return {
            "stackTable": {
                "frame": [frame for _, frame in self._stacks],
                "prefix": [prefix for prefix, _ in self._stacks],
                "length": len(self._stacks),
            },
            "frameTable": {
                "address": [-1] * frame_count,
                "inlineDepth": [0] * frame_count,
                "category": [_category(frame) for frame in frames],
                "subcategory": [0] * frame_count,
                "func": [self._functions[frame.whole] for frame in frames],
                "nativeSymbol": [None] * frame_count,
                "innerWindowID": [None] * frame_count,
                "line": [frame.line or None for frame in frames],
                "column": [None] * frame_count,
                "length": frame_count,
            },
            "funcTable": {
                "name": names,
                "isJS": [False] * function_count,
                "relevantForJS": [False] * function_count,
                "resource": [-1] * function_count,
                "source": sources,
                "lineNumber": [function.function_line or None for function in functions],
                "columnNumber": [None] * function_count,
                "length": function_count,
            },
            "resourceTable": {"lib": [], "name": [], "host": [], "type": [], "length": 0},
            "nativeSymbols": {"libIndex": [], "address": [], "name": [], "functionSize": [], "length": 0},
            "sources": {"uuid": [None] * len(filenames), "filename": filenames, "length": len(filenames)},
            "stringArray": list(self._strings),
        }

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def _source(self, path: str) -> int:
        return self._sources.setdefault(path, len(self._sources))


def _category(frame: Frame) -> int:
    if frame.path is not None:
        return _LUA
    return {COLLECTOR: _COLLECTOR, COMPILER: _COMPILER, OUTSIDE: _OTHER}.get(frame.function, _BUILTIN)
