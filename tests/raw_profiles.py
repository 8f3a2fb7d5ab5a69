"""Hand-made raw profiles: what the machine would record, with numbers small enough to add up by eye."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from perilune.compiler.opcodes import BY_NAME

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile

Row = tuple[str, int, int, int, int, int]
"""Opcode, line, count, ticks, allocations, allocated bytes."""


def raw_function(
    rows: list[Row],
    id: int = 0,
    parent: int | None = None,
    name: str | None = None,
    source: str | None = "@a.lua",
    lines: tuple[int, int] = (0, 0),
    entries: int = 1,
    traced: bool = False,
    hint: int = 0,
    sampled: bool = False,
    text: int = 1,
) -> RawFunction:
    """A function from its instructions; `hint` is what an inline cache left in the second words.

    If `sampled`, the rows' ticks are their samples.
    """
    words: dict[str, array[int]] = {field: array("Q") for field in ("count", "ticks", "allocations", "bytes")}
    code, word_lines = array("I"), array("I")
    for opcode_name, line, *figures in rows:
        opcode = BY_NAME[opcode_name]
        for word in range(opcode.words):
            code.append(opcode.code if word == 0 else hint << 16)
            word_lines.append(line)
            for field, figure in zip(words, figures, strict=True):
                words[field].append(figure if word == 0 else 0)
    aborted = array("Q", bytes(8 * len(code)))
    if rows:  # nothing follows the last instruction
        aborted[-1] = rows[-1][2]
    return {
        "id": id,
        "text": text,
        "parent": parent,
        "name": None if name is None else name.encode(),
        "source": None if source is None else source.encode(),
        "first_line": lines[0],
        "last_line": lines[1],
        "code": code.tobytes(),
        "lines": word_lines.tobytes(),
        "ranges": b"",
        "word_ranges": b"",
        "entries": entries,
        "counts": words["count"].tobytes(),
        "every": None,
        "ticks": words["ticks"].tobytes() if traced else None,
        "samples": words["ticks"].tobytes() if sampled else None,
        "waiting": None,
        "taken": bytes(8 * len(code)),
        "aborted": aborted.tobytes(),
        "allocations": words["allocations"].tobytes(),
        "allocated_bytes": words["bytes"].tobytes(),
        "live_bytes": bytes(8 * len(code)),
        "peak_live_bytes": bytes(8 * len(code)),
        "gc_driven": bytes(8 * len(code)),
        "live_kinds": [],
    }


def raw_profile(*functions: RawFunction, **fields: Any) -> RawProfile:
    """A whole raw profile; two ticks are a nanosecond and a probe costs 3 ticks, unless `fields` say otherwise."""
    raw: RawProfile = {
        "functions": list(functions),
        "builtins": [],
        "sampling": None,
        "wall_ns": 2000,
        "run_ns": 1000,
        "cpu_ns": None,
        "gc_ticks": 0,
        "compile_ticks": 0,
        "outside_ticks": 0,
        "ns_per_tick": 0.5,
        "probe_ticks": 3.0,
        "hidden_ticks": 1.0,
        "started_bytes": 0,
        "current_bytes": 500,
        "peak_bytes": 1500,
        "allocated_bytes": 2000,
        "released_bytes": 1500,
        "allocations": 20,
        "outside_allocations": 0,
        "outside_bytes": 0,
        "outside_live_bytes": 0,
        "outside_peak_live_bytes": 0,
        "before_live_bytes": 0,
        "before_peak_live_bytes": 0,
        "live_kinds": [],
        "current_depth": 0,
        "peak_depth": 7,
        "paused_bytes": 0,
        "closing_bytes": 0,
        "collector": {"cycles": 0, "work": 0, "freed_bytes": 0, "freed_objects": 0, "walked": []},
        "zones": [],
        "peak_chain": [],
        "peak_chain_length": 0,
        "peak_chain_depth": 0,
    }
    raw.update(fields)  # type: ignore[typeddict-item]
    raw["builtins"] = [(*row, 0)[:4] for row in fields.get("builtins", [])]  # samples may be left out
    return raw
