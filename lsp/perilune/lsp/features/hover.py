"""A line's figures in full, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perilune.lsp.features.figures import duration, full_count, percent
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow, LineRow, Profile
from perilune.profiler.renderers.figures import bytes_text
from perilune.profiler.shares import leading_share, time_share, times_lead, too_short_for_times

_MAX_FUNCTIONS = 3
_MAX_BUILTINS = 3


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
    blocks = [
        _costs(row, measurement),
        _opcodes(row, profile),
        _functions(measurement.functions_around(line), profile),
        _origin(measurement),
    ]
    if changed:
        text = measurement.document.lines[line - 1].strip().encode("latin-1").decode("utf-8", "replace")
        blocks.insert(0, f"**Edited since it was measured.** It read:\n{_fenced(text)}")
    return "\n\n".join(block for block in blocks if block)


def _costs(row: LineRow, measurement: Measurement) -> str:
    profile = measurement.profile
    timed = times_lead(profile)
    share = percent(leading_share(profile, row))
    if timed and row.error:
        share += f" ± {100 * row.error:.1f}"
    costs = [f"**{share}** of {'time' if timed else 'instructions'}"]
    if timed and row.self_ns is not None:
        costs.append(f"**{duration(row.self_ns)}** self")
        if row.total_ns is not None:
            costs.append(f"{duration(row.total_ns)} with callees")
    costs += [_counted(row.hits, "hit", "**"), _counted(row.instructions, "instruction")]
    lines = [" · ".join(costs), _builtins(row.line, measurement) if timed else "", _memory(row)]
    return "  \n".join(line for line in lines if line)


def _builtins(line: int, measurement: Measurement) -> str:
    times = sorted(measurement.builtin_times.get(line, {}).items(), key=lambda pair: (-pair[1], pair[0]))
    written = [
        f"{_code(name)} {duration(ns)} ({percent(time_share(measurement.profile, ns) or 0.0)})"
        for name, ns in times[:_MAX_BUILTINS]
    ]
    return "of it in " + ", ".join(written) if written else ""


def _memory(row: LineRow) -> str:
    parts = []
    if row.allocations:
        parts.append(f"{bytes_text(row.allocated_bytes)} allocated in {_counted(row.allocations, 'block')}")
    if row.live_bytes:
        kinds = ", ".join(f"{kind.kind} {bytes_text(kind.bytes)}" for kind in row.live_kinds)
        parts.append(f"{bytes_text(row.live_bytes)} live at the end" + (f" ({kinds})" if kinds else ""))
    if row.peak_live_bytes:
        parts.append(f"{bytes_text(row.peak_live_bytes)} at the peak")
    return " · ".join(parts)


def _opcodes(row: LineRow, profile: Profile) -> str:
    if not row.opcodes:
        return ""
    timed = times_lead(profile) and any(opcode.self_ns for opcode in row.opcodes)
    header = "| opcode | count | share |" + (" time |" if timed else "")
    ruler = "| :-- | --: | --: |" + (" --: |" if timed else "")
    return "\n".join([header, ruler, *_opcode_rows(row, timed)])


def _opcode_rows(row: LineRow, timed: bool) -> Iterator[str]:
    for opcode in sorted(row.opcodes, key=lambda opcode: (-(opcode.self_ns or 0), -opcode.count, opcode.name)):
        share = percent(opcode.count / row.instructions) if row.instructions else ""
        time = f" {duration(opcode.self_ns) if opcode.self_ns else ''} |" if timed else ""
        yield f"| `{opcode.name}` | {full_count(opcode.count)} | {share} |{time}"


def _functions(functions: list[FunctionRow], profile: Profile) -> str:
    # The main chunk, which comes last, says something only about lines outside of all functions.
    return "  \n".join(
        f"in {_code(row.name)}, lines {row.line} to {row.end_line}: {_function_costs(row, profile)}"
        for row in (functions[:-1] or functions)[:_MAX_FUNCTIONS]
    )


def _function_costs(row: FunctionRow, profile: Profile) -> str:
    costs = [_counted(row.calls, "call"), percent(leading_share(profile, row))]
    if times_lead(profile) and row.total_ns is not None:
        costs.append(f"{duration(row.total_ns)} with callees")
    return ", ".join(costs)


def _origin(measurement: Measurement) -> str:
    profile = measurement.profile
    how = {"count": "Counted", "trace": "Traced"}.get(profile.mode, "Sampled")
    run = _code(" ".join([profile.program.path, *profile.program.args]))
    cut_short = "" if measurement.complete else " that was cut short"
    samples = profile.totals.samples
    if samples is None:
        return f"*{how} in a run of {run}{cut_short}*"
    verdict = ", too few for times" if too_short_for_times(profile) else ""
    return f"*{how} in a run of {run}{cut_short}: {_counted(samples, 'sample')}{verdict}*"


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
