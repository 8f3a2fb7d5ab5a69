"""V8's .cpuprofile, which Visual Studio Code, Chrome and speedscope open: a tree of calls and a series of samples.

Every function is a node with a child for each of its lines that cost time or called, because viewers add up nodes and
take no notice of lines within one. Numbers are whole microseconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perilune.profiler.exporters.stacks import Frame, Stack, timed_stacks
from perilune.profiler.model import FileProfile, Profile
from perilune.profiler.sources import Sources, find_texts

_NO_LINE = -1
_NS_PER_US = 1000


def export(profile: Profile, sources: Sources) -> bytes:
    """The URL of a file is absolute where the file still is what ran, so that viewers find it."""
    current = find_texts(profile, [""])[0]
    tree = _Tree({file.path: _url(file) for file in profile.files if file.path in current and file.path in sources})
    samples, ends = [], []
    elapsed_ns = 0
    for frames, count, self_ns in timed_stacks(profile):
        node = tree.node(frames)
        if count:
            node["hitCount"] += count
            if frames[-1].line:
                node["positionTicks"] = [{"line": frames[-1].line, "ticks": node["hitCount"]}]
        elapsed_ns += self_ns
        samples.append(node["id"])
        ends.append(round(elapsed_ns / _NS_PER_US))
    # A sample lasts until the next: the first begins at 0, and the last is repeated to say when it ended.
    times = [0, *ends]
    value = {
        "nodes": tree.nodes,
        "startTime": 0,
        "endTime": times[-1],
        "samples": [*samples, samples[-1] if samples else tree.nodes[0]["id"]],
        "timeDeltas": [0, *(end - start for start, end in zip(times, ends, strict=False))],
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _url(file: FileProfile) -> str:
    return Path(file.location or file.path).absolute().as_uri()


class _Tree:
    """The nodes of calls, made as they are asked for; a function that is on the stack has no second node above itself.

    Otherwise the total time of a recursive function would be counted at each of its levels.
    """

    __slots__ = ("_ids", "_path", "_urls", "nodes")

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls
        self._ids: dict[tuple[int, Frame], int] = {}
        self._path: list[tuple[Frame, int, frozenset[Frame]]] = []  # of the last stack: node, functions on the way
        self.nodes: list[dict[str, Any]] = []
        self._add("(root)", "", _NO_LINE)

    def node(self, frames: Stack) -> dict[str, Any]:
        """The node of the innermost frame. Stacks that share their beginning should follow each other."""
        shared = 0
        while shared < min(len(self._path), len(frames)) and self._path[shared][0] is frames[shared]:
            shared += 1
        del self._path[shared:]
        _, index, functions = self._path[-1] if self._path else (None, 0, frozenset[Frame]())
        for frame in frames[shared:]:
            is_new = frame.whole not in functions
            if is_new:
                functions |= {frame.whole}
                index = self._child(index, frame.whole)
            # What runs in the line where the function begins belongs to its own node: they share their place.
            if frame.line and not (is_new and frame.line == frame.function_line):
                index = self._child(index, frame)
            self._path.append((frame, index, functions))
        return self.nodes[index]

    def _child(self, parent: int, frame: Frame) -> int:
        index = self._ids.get((parent, frame))
        if index is None:
            url = "" if frame.path is None else self._urls.get(frame.path, frame.path)
            line = (frame.line or frame.function_line) - 1 if frame.path is not None else _NO_LINE
            index = self._ids[parent, frame] = self._add(frame.label, url, line)
            self.nodes[parent]["children"].append(self.nodes[index]["id"])
        return index

    def _add(self, name: str, url: str, line: int) -> int:
        """Adds a node; `line` counts from 0 here, though from 1 in its ticks."""
        index = len(self.nodes)
        place = {"functionName": name, "scriptId": "0", "url": url, "lineNumber": line, "columnNumber": min(line, 0)}
        self.nodes.append({"id": index + 1, "callFrame": place, "hitCount": 0, "children": []})
        return index
