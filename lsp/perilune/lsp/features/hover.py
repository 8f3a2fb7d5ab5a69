"""A line's figures in full, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perilune.lsp.features.figures import byte_size, duration, full_count, percent
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow, LineRow, Profile

_MAX_FUNCTIONS = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """Markdown about the text between two offsets."""

    start: int
    end: int
    markdown: str


def explain_at(view: View, offset: int) -> Explanation | None:
    """What was measured on the line at an offset."""
    line = view.document.line_at(offset)
    origin = view.origins.get(line)
    markdown = explain_line(view.measurement, origin.line, origin.changed) if origin else None
    return Explanation(view.document.line_start(line), view.document.line_end(line), markdown) if markdown else None


def explain_line(measurement: Measurement, line: int, changed: bool = False) -> str | None:
    """What was measured on a line of the text that ran; `changed` says that the line reads differently now."""
    row = measurement.rows.get(line)
    if row is None:
        return None
    profile = measurement.profile
    blocks = [_costs(row, profile), _opcodes(row), _functions(measurement.functions_around(line)), _origin(measurement)]
    if changed:
        text = measurement.document.lines[line - 1].strip().encode("latin-1").decode("utf-8", "replace")
        blocks.insert(0, f"**Edited since it was measured.** It read:\n{_fenced(text)}")
    return "\n\n".join(block for block in blocks if block)


def _costs(row: LineRow, profile: Profile) -> str:
    whole = "instructions" if profile.totals.run_ns is None else "time"
    share = f"**{percent(row.share)}** of {whole}"
    if row.error is not None:
        share += f" ± {percent(row.error)}"
    times = [f"**{duration(row.self_ns)}** self"] if row.self_ns is not None else []
    if row.total_ns is not None:
        times.append(f"{duration(row.total_ns)} with callees")
    costs = [share, *times, _counted(row.hits, "hit", "**"), _counted(row.instructions, "instruction")]
    lines = [" · ".join(costs)]
    if row.allocations:
        lines.append(f"{byte_size(row.allocated_bytes)} allocated in {_counted(row.allocations, 'block')}")
    return "  \n".join(lines)


def _opcodes(row: LineRow) -> str:
    if not row.opcodes:
        return ""
    timed = any(opcode.self_ns is not None for opcode in row.opcodes)
    header = "| opcode | count | share |" + (" time |" if timed else "")
    ruler = "| :-- | --: | --: |" + (" --: |" if timed else "")
    return "\n".join([header, ruler, *_opcode_rows(row, timed)])


def _opcode_rows(row: LineRow, timed: bool) -> Iterator[str]:
    for opcode in sorted(row.opcodes, key=lambda opcode: (-(opcode.self_ns or 0), -opcode.count, opcode.name)):
        share = percent(opcode.count / row.instructions) if row.instructions else ""
        time = f" {duration(opcode.self_ns or 0)} |" if timed else ""
        yield f"| `{opcode.name}` | {full_count(opcode.count)} | {share} |{time}"


def _functions(functions: list[FunctionRow]) -> str:
    # The main chunk, which comes last, says something only about lines outside of all functions.
    return "  \n".join(
        f"in {_code(row.name)}, lines {row.line} to {row.end_line}: {_counted(row.calls, 'call')}, {percent(row.share)}"
        for row in (functions[:-1] or functions)[:_MAX_FUNCTIONS]
    )


def _origin(measurement: Measurement) -> str:
    profile = measurement.profile
    how = {"count": "Counted", "trace": "Traced"}.get(profile.mode, "Sampled")
    run = _code(" ".join([profile.program.path, *profile.program.args]))
    return f"*{how} in a run of {run}*" if measurement.complete else f"*{how} in a run of {run} that was cut short*"


def _counted(count: int, noun: str, emphasis: str = "") -> str:
    return f"{emphasis}{full_count(count)}{emphasis} {noun}{'' if count == 1 else 's'}"


def _code(text: str) -> str:
    """Text as inline code, on one line."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}lua\n{text}\n{fence}"
