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
from perilune.profiler.cpu_times import Waiting
from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    FileProfile,
    FunctionRow,
    KindRow,
    LineOpcode,
    LineRow,
    Profile,
)
from perilune.profiler.renderers.caution import caution
from perilune.profiler.renderers.figures import LEAST_ERROR
from perilune.profiler.renderers.html_changes import Changes
from perilune.profiler.renderers.origin import origin_notes
from perilune.profiler.renderers.repeats import ranges_text, repeat_warnings, runs_text
from perilune.profiler.renderers.waiting import BY_CPU, EXPLANATION, waiting_text
from perilune.profiler.shares import CONFIDENCE, leading_metric
from perilune.profiler.sources import Sources

_FOLDER = os.path.join(os.path.dirname(__file__), "html_page")
_SCRIPTS = ("text.js", "profile.js", "tables.js", "changes.js", "flame_graph.js", "source.js", "page.js")
_LONGEST_LINE = 2000
_SHARE_DIGITS = 6

# Characters that show nothing or reorder what stands around them: controls but the tab, lone surrogates, bidi controls.
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(profile: Profile, sources: Sources, changes: Changes | None = None) -> str:
    """The page. Files without lines in `sources` are shown by their figures; the same arguments give the same text.

    With `changes` it begins with what changed since another run.
    """
    style, script = _part("page.css"), "".join(map(_part, _SCRIPTS))
    values = {
        "title": escape(_printable(" ".join([profile.program.path, *profile.program.args]))),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        "style": style,
        "script": script,
        "profile": _json(_page(profile, sources, changes)),
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


def _page(profile: Profile, sources: Sources, changes: Changes | None) -> dict[str, Any]:
    """What the page's script reads: the profile as tables, which take a fraction of the room that objects would."""
    used = {opcode.name for opcode in profile.opcodes}
    used.update(opcode.name for file in profile.files for line in file.lines for opcode in line.opcodes)
    warning = caution(profile)
    unknown = profile.unknown_fields
    waiting = Waiting(profile.totals)
    return {
        "mode": profile.mode,
        "clock": profile.clock,
        "program": {"path": _printable(profile.program.path), "args": list(map(_printable, profile.program.args))},
        "failure": None if profile.failure is None else _printable(profile.failure),
        "metric": leading_metric(profile),
        "origin": None if profile.origin is None else _printable(profile.origin.text),
        "origin_notes": _printable(origin_notes(profile)),
        "caution": None if warning is None else _printable(warning),
        "runs": runs_text(profile),
        "repeat_warnings": list(map(_printable, repeat_warnings(profile))),
        "run_count": 1 if profile.totals.repeats is None else profile.totals.repeats.runs,
        "differing": [
            [index, line.line, ranges_text(line.ranges)]
            for index, file in enumerate(profile.files)
            for line in file.lines
            if line.ranges
        ],
        "confidence": CONFIDENCE,
        "least_error": LEAST_ERROR,
        "totals": _totals(profile),
        "clock_text": BY_CPU if profile.clock == "cpu" else EXPLANATION,
        "waiting_text": waiting_text(profile) if profile.clock == "wall" else None,
        "meanings": {name: BY_NAME[name].meaning for name in sorted(used) if name in BY_NAME},
        "changes": None if changes is None else _printable_all(changes.to_json(sources)),
        "opcodes": _table(profile.opcodes, "name", "count", "share", "error", "self_ns", "raw_ns"),
        "opcode_pairs": _table(profile.opcode_pairs, "first", "second", "count"),
        "builtins": _with_waiting(
            waiting,
            profile.builtins,
            _table(profile.builtins, "name", "calls", "share", "error", "self_ns", unknown=unknown),
        ),
        "zones": _table(profile.zones, "name", "calls", "total_ns", "allocated_bytes", "allocations"),
        "files": [_file(file, sources.get(file.path), waiting, unknown) for file in profile.files],
        "call_tree": None if profile.call_tree is None else _call_tree(profile.call_tree),
    }


def _totals(profile: Profile) -> dict[str, Any]:
    totals = profile.totals
    names = ("wall_ns", "run_ns", "gc_ns", "compile_ns", "outside_ns", "raw_ns", "instructions", "samples", "sampler")
    memory, stack, collector = totals.memory, totals.stack, totals.collector
    found = {
        **{name: getattr(totals, name) for name in (*names, "run_low_ns", "run_high_ns", "plain_ns", "cost_ratio")},
        "current_bytes": memory.current_bytes,
        "peak_bytes": memory.peak_bytes,
        "allocated_bytes": memory.allocated_bytes,
        "allocations": memory.allocations,
        "live_kinds": _table(memory.live_kinds, "kind", "bytes", "objects"),
        "gc_cycles": 0 if collector is None else collector.cycles,
        "gc_walked_bytes": 0 if collector is None else collector.walked_bytes,
        "gc_freed_bytes": 0 if collector is None else collector.freed_bytes,
        "current_depth": stack.current_depth,
        "peak_depth": stack.peak_depth,
        "peak_chain": _table(stack.peak_chain, "function", "path", "line"),
        "peak_chain_missing": stack.peak_chain_missing,
        "hits": totals.hits,
    }
    return found | {name: None for name in profile.unknown_fields & found.keys() if name != "hits"}


def _file(file: FileProfile, lines: list[str] | None, waiting: Waiting, unknown: frozenset[str]) -> dict[str, Any]:
    times = ("share", "error", "self_ns", "raw_ns", "total_ns", "total_error")
    functions = ("name", "line", "end_line", "calls", "instructions", *times)
    rows = ("line", "hits", "instructions", *times)
    memory = ("allocated_bytes", "allocations", "gc_share", "gc_ns")
    live = ("live_bytes", "peak_live_bytes", "live_kinds")
    return {
        "path": _printable(file.path),
        "is_file": file.sha256 is not None,
        "is_binary": file.is_binary,
        "source": None if lines is None else list(map(_source_line, lines if lines[-1:] != [""] else lines[:-1])),
        "lines": _with_waiting(
            waiting, file.lines, _table(file.lines, *rows, *memory, *live, "opcodes", unknown=unknown)
        ),
        "functions": _with_waiting(
            waiting, file.functions, _table(file.functions, *functions, *memory, unknown=unknown)
        ),
    }


def _with_waiting(
    waiting: Waiting, rows: Iterable[BuiltinRow | LineRow | FunctionRow], table: dict[str, Any]
) -> dict[str, Any]:
    """The table with a column more, for how much of a row's time waited, where that is worth to be told of any row."""
    shares = [waiting.share(row.self_ns, row.cpu_ns) for row in rows]
    if all(share is None for share in shares):
        return table
    more = [[*values, _value(share)] for values, share in zip(table["rows"], shares, strict=True)]
    return {"fields": [*table["fields"], "waits"], "rows": more}


def _source_line(line: str) -> str:
    """The line, cut where nobody reads on: programs made by programs hold lines of megabytes."""
    left_out = len(line) - _LONGEST_LINE
    end = f" … {left_out:,} more characters" if left_out > 0 else ""
    return _printable(line[:_LONGEST_LINE]) + end


def _table(rows: Iterable[object], *fields: str, unknown: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The rows as arrays, with the names of their fields given once; what is `unknown` is null."""
    known = [None if field in unknown else field for field in fields]
    return {
        "fields": fields,
        "rows": [[None if field is None else _value(getattr(row, field)) for field in known] for row in rows],
    }


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


def _printable_all(value: Any) -> Any:
    """The same plain values, whose texts show as what they are."""
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, list):
        return list(map(_printable_all, value))
    return {name: _printable_all(each) for name, each in value.items()} if isinstance(value, dict) else value


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
