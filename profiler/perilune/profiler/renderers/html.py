"""The profile as one web page that opens from disk: annotated source, flame graph, tables to sort and filter.

The page is put together from the parts in `html_page/` and holds the profile as JSON. Its content policy forbids every
request, and its script writes text as text only, so that nothing in a program's source can act on the reader's machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable
from html import escape
from typing import Any

from perilune.compiler.opcodes import BY_NAME
from perilune.profiler.model import CallNode, FileProfile, KindRow, LineOpcode, Profile
from perilune.profiler.shares import FEWEST_SAMPLES, times_lead, too_short_for_times
from perilune.profiler.sources import Sources

_FOLDER = os.path.join(os.path.dirname(__file__), "html_page")
_SCRIPTS = ("text.js", "profile.js", "tables.js", "flame_graph.js", "source.js", "page.js")
_LONGEST_LINE = 2000
_SHARE_DIGITS = 6

# Characters that show nothing or reorder what stands around them: controls but the tab, lone surrogates, bidi controls.
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(profile: Profile, sources: Sources) -> str:
    """The page. Files without lines in `sources` are shown by their figures; the same arguments give the same text."""
    style, script = _part("page.css"), "".join(map(_part, _SCRIPTS))
    values = {
        "title": escape(_printable(" ".join([profile.program.path, *profile.program.args]))),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        "style": style,
        "script": script,
        "profile": _json(_page(profile, sources)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], _part("page.html"))


def _part(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: object) -> str:
    """JSON in which nothing ends or comments out the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: _UNSAFE_IN_SCRIPT[match[0]], text)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _page(profile: Profile, sources: Sources) -> dict[str, Any]:
    """What the page's script reads: the profile as tables, which take a fraction of the room that objects would."""
    used = {opcode.name for opcode in profile.opcodes}
    used.update(opcode.name for file in profile.files for line in file.lines for opcode in line.opcodes)
    return {
        "mode": profile.mode,
        "program": {"path": _printable(profile.program.path), "args": list(map(_printable, profile.program.args))},
        "failure": None if profile.failure is None else _printable(profile.failure),
        "metric": "time" if times_lead(profile) else "count",
        "too_short": too_short_for_times(profile),
        "fewest_samples": FEWEST_SAMPLES,
        "totals": _totals(profile),
        "meanings": {name: BY_NAME[name].meaning for name in sorted(used) if name in BY_NAME},
        "opcodes": _table(profile.opcodes, "name", "count", "share", "error", "self_ns", "raw_ns"),
        "opcode_pairs": _table(profile.opcode_pairs, "first", "second", "count"),
        "builtins": _table(profile.builtins, "name", "calls", "share", "error", "self_ns"),
        "zones": _table(profile.zones, "name", "calls", "total_ns", "allocated_bytes", "allocations"),
        "files": [_file(file, sources.get(file.path)) for file in profile.files],
        "call_tree": None if profile.call_tree is None else _call_tree(profile.call_tree),
    }


def _totals(profile: Profile) -> dict[str, Any]:
    totals = profile.totals
    names = ("wall_ns", "run_ns", "gc_ns", "outside_ns", "raw_ns", "instructions", "samples", "sampler")
    memory, stack = totals.memory, totals.stack
    return {
        **{name: getattr(totals, name) for name in (*names, "cost_ratio")},
        "current_bytes": memory.current_bytes,
        "peak_bytes": memory.peak_bytes,
        "allocated_bytes": memory.allocated_bytes,
        "allocations": memory.allocations,
        "live_kinds": _table(memory.live_kinds, "kind", "bytes", "objects"),
        "current_depth": stack.current_depth,
        "peak_depth": stack.peak_depth,
        "peak_chain": _table(stack.peak_chain, "function", "path", "line"),
        "peak_chain_missing": stack.peak_chain_missing,
    }


def _file(file: FileProfile, lines: list[str] | None) -> dict[str, Any]:
    functions = ("name", "line", "end_line", "calls", "instructions", "share", "error", "self_ns", "raw_ns", "total_ns")
    rows = ("line", "hits", "instructions", "share", "error", "self_ns", "raw_ns", "total_ns")
    memory = ("allocated_bytes", "allocations")
    return {
        "path": _printable(file.path),
        "is_file": file.sha256 is not None,
        "source": None if lines is None else list(map(_source_line, lines if lines[-1:] != [""] else lines[:-1])),
        "lines": _table(file.lines, *rows, *memory, "live_bytes", "peak_live_bytes", "live_kinds", "opcodes"),
        "functions": _table(file.functions, *functions, *memory),
    }


def _source_line(line: str) -> str:
    """The line, cut where nobody reads on: programs made by programs hold lines of megabytes."""
    left_out = len(line) - _LONGEST_LINE
    end = f" … {left_out:,} more characters" if left_out > 0 else ""
    return _printable(line[:_LONGEST_LINE]) + end


def _table(rows: Iterable[object], *fields: str) -> dict[str, Any]:
    """The rows as arrays, with the names of their fields given once."""
    return {"fields": fields, "rows": [[_value(getattr(row, field)) for field in fields] for row in rows]}


def _value(value: object) -> object:
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, float):
        return round(value, _SHARE_DIGITS)
    if isinstance(value, list):
        return list(map(_value, value))
    if isinstance(value, LineOpcode):
        return [value.name, value.count, value.self_ns]
    if isinstance(value, KindRow):
        return [_printable(value.kind), value.bytes, value.objects]
    return value


def _call_tree(root: CallNode) -> dict[str, Any]:
    """The tree as a list in which every node comes behind its parent and names it by its place.

    Depth is what the program made it, so there is no recursion here.
    """
    functions: dict[tuple[str, str | None, int], int] = {}
    nodes: list[list[int]] = []
    waiting = [(root, -1)]
    while waiting:
        node, parent = waiting.pop()
        function = functions.setdefault((node.function, node.path, node.function_line), len(functions))
        place = len(nodes)
        nodes.append([parent, function, node.line, node.samples, node.self_ns])
        waiting.extend((child, place) for child in reversed(node.children))
    return {
        "functions": [
            [_printable(name), None if path is None else _printable(path), line] for name, path, line in functions
        ],
        "nodes": nodes,
    }
