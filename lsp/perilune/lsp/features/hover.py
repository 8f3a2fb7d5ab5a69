"""The story of a line, as Markdown: what it costs, how often it ran, what it calls, what it holds, what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from perilune.lsp.features.costs import Cost, calls_much, change_on, cost_of, counted_noun, knows_order, total_cost
from perilune.lsp.features.figures import duration, full_count, percent, rounded_percent
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.cpu_times import Waiting
from perilune.profiler.growth.words import factor_text, growth_text, rivals_text, size_text
from perilune.profiler.model import FunctionRow, LineRow, Profile, times_elsewhere
from perilune.profiler.origin import Origin
from perilune.profiler.renderers.caution import caution
from perilune.profiler.renderers.figures import bytes_text, points_text
from perilune.profiler.renderers.repeats import ranges_text, repeat_warnings, runs_text
from perilune.profiler.repeatable import inputs_text
from perilune.profiler.shares import instruction_share, sampling_error, time_share, times_lead

_MAX_FUNCTIONS = 3
_MAX_CALLEES = 4
_MAX_OPCODES = 5
_NOTICEABLE = 0.01
_MAIN = "main chunk"


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
        return _outside_call(measurement, explain_line, line, changed)
    profile = measurement.profile
    blocks = [
        _edited(measurement, line) if changed else "",
        _story(row, measurement),
        _functions(measurement.functions_around(line), profile),
        _origin(measurement),
        _opcodes(row, profile),
    ]
    return "\n\n".join(block for block in blocks if block)


def summarize_line(measurement: Measurement, line: int, changed: bool = False) -> str | None:
    """The short version, for the tooltip of a hint: the story without its surroundings."""
    row = measurement.rows.get(line)
    if row is None:
        return _outside_call(measurement, summarize_line, line, changed)
    warning = (caution(measurement.profile) or "").partition(": ")[0].partition(". ")[0].rstrip(".")
    blocks = [
        _edited(measurement, line) if changed else "",
        _story(row, measurement),
        f"*{warning}.*" if warning else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def _outside_call(
    measurement: Measurement, explain: Callable[[Measurement, int, bool], str | None], line: int, changed: bool
) -> str | None:
    """What a line that no sample hit below the call cost in the whole run."""
    if measurement.whole is None or measurement.call is None:
        return None
    whole = explain(measurement.whole, line, changed)
    return whole and f"*Not sampled as called from {_code(measurement.call.label)}; in the whole run:*\n\n{whole}"


def _edited(measurement: Measurement, line: int) -> str:
    text = measurement.document.lines[line - 1].strip().encode("latin-1").decode("utf-8", "replace")
    return f"**Edited since it was measured.** It read:\n{_fenced(text)}"


def _story(row: LineRow, measurement: Measurement) -> str:
    profile = measurement.profile
    change = change_on(row.line, measurement.changes)
    lines = [
        _costs(row, profile),
        _often(row, measurement),
        _differing(row, profile),
        _callees(row.line, measurement) if times_lead(profile) else "",
        _memory(row),
        _collecting(row, profile),
        _growing(row.line, measurement),
        change.markdown if change is not None else "",
        "*times as called from there, hits, instructions and memory of the whole run*" if measurement.call else "",
    ]
    return "  \n".join(line for line in lines if line)


def _growing(line: int, measurement: Measurement) -> str:
    """How the line grows, how well that is known, and what it will be of a large run."""
    subject, grown = (measurement.growth or {}).get(line), measurement.grown
    fit = None if subject is None else subject.leading.fit
    if subject is None or fit is None or grown is None:
        return ""
    parts = [f"grows **{growth_text(fit)}**", factor_text(fit, grown.sizes[-1])]
    parts += [f"exponent {fit.exponent:.2f}, R² {fit.determination:.4f}", rivals_text(fit)]
    if subject.predicted_share is not None:
        parts.append(
            f"{percent(subject.predicted_share)} of a run at {grown.variable} = {size_text(grown.predicted_at)}"
        )
    return " · ".join(part for part in parts if part)


def _costs(row: LineRow, profile: Profile) -> str:
    """The cost that leads the hint comes first: that with callees where these are what costs."""
    if times_lead(profile) and not knows_order(profile):
        if not profile.holds("instructions"):
            return "time not known"
        return f"**{percent(instruction_share(profile, row.instructions))}** of instructions · time not known"
    own = _own_cost(row, profile)
    if not times_lead(profile) or row.self_ns is None:
        return own
    total = total_cost(row, profile)
    if total is None or not total.is_known:
        return own
    if calls_much(row, profile):
        return f"**{_share(total)}** of time with callees · **{duration(row.total_ns or 0)}** · {own} self"
    if row.total_ns == row.self_ns:
        return own
    return f"{own} · {duration(row.total_ns or 0)} with callees ({_share(total)})"


def _own_cost(row: LineRow, profile: Profile) -> str:
    timed = times_lead(profile)
    cost = cost_of(row, profile, "time")
    leads = not (timed and calls_much(row, profile))
    mark, whole = ("**" if leads else ""), "of time" if timed else f"of {counted_noun(profile)}"
    share = f"{mark}{_share(cost)}{mark}" + (f" {whole}" if leads else "")
    if not timed or row.self_ns is None or not cost.is_known:
        return share
    return f"{share} · {mark}{duration(row.self_ns)}{mark}{' self' if leads else ''}{_computing(row, profile)}"


def _computing(row: LineRow, profile: Profile) -> str:
    """The part of a line's time that it had the processor, and whether it waited for the rest."""
    if row.cpu_ns is None:
        return ""
    share = Waiting(profile.totals).share(row.self_ns, row.cpu_ns)
    waiting = "" if share is None else f", waits for {percent(share)} of it"
    return f" ({duration(row.cpu_ns)} of processor time{waiting})"


def _share(cost: Cost) -> str:
    """A share with its error; one that is smaller than that is only known to be small."""
    if not cost.is_known:
        return f"under {percent(cost.limit)}"
    points = points_text(cost.error)
    return percent(cost.share) + (f" ± {points}" if points else "")


def _sampled_share(ns: int, profile: Profile) -> str:
    share = time_share(profile, ns) or 0.0
    return _share(Cost(share, sampling_error(profile, share)))


def _often(row: LineRow, measurement: Measurement) -> str:
    holds = measurement.profile.holds
    parts = [_counted(row.hits, "hit", "**")] if holds("hits") else []
    parts += [_counted(row.instructions, "instruction")] if holds("instructions") else []
    functions = measurement.functions_around(row.line)
    if functions and functions[0].name != _MAIN:  # a part of the main chunk is a part of the run
        part = _part_of(row, functions[0], measurement.profile)
        if part is not None:
            parts.append(f"{rounded_percent(part.share, part.error)} of {_code(functions[0].name)}")
    return " · ".join(parts)


def _part_of(row: LineRow, function: FunctionRow, profile: Profile) -> Cost | None:
    """The line's part of the function around it, callees included where they are known; None where that says nothing."""
    timed = times_lead(profile) and knows_order(profile)
    part, whole = (
        (total_cost(r, profile) or cost_of(r, profile, "time")) if timed else cost_of(r, profile, "count")
        for r in (row, function)
    )
    if (
        not (part.is_known and whole.is_known)
        or not 0 < part.share <= whole.share
        or function.line == function.end_line
    ):
        return None
    return Cost(part.share / whole.share, None if part.error is None else part.error / whole.share)


def _callees(line: int, measurement: Measurement) -> str:
    profile = measurement.profile
    found = sorted(measurement.callees.get(line, {}).items(), key=lambda pair: (-pair[1], pair[0].name))
    written = []
    for callee, ns in found[:_MAX_CALLEES]:
        place = f" (line {callee.line})" if callee.path == measurement.file.path else ""
        place = place or (f" ({callee.path}:{callee.line})" if callee.path else "")
        share = time_share(profile, ns) or 0.0
        known = Cost(share, sampling_error(profile, share)).is_known
        time = f" {duration(ns)} ({_sampled_share(ns, profile)})" if known else ""
        written.append(f"{_code(callee.name)}{place}{time}")
    more = len(found) - _MAX_CALLEES
    return ("calls " + ", ".join(written) + (f" and {more} more" if more > 0 else "")) if written else ""


def _differing(row: LineRow, profile: Profile) -> str:
    """What is another in every run, and why, as far as the library functions tell that the program called."""
    if not row.ranges:
        return ""
    repeats = profile.totals.repeats
    inputs = inputs_text(repeats.inputs) if repeats is not None else ""
    reason = f"; the program uses {inputs}" if inputs else ""
    return f"not deterministic: {ranges_text(row.ranges)}{reason}"


def _memory(row: LineRow) -> str:
    parts = []
    if row.allocations:
        parts.append(f"allocates {bytes_text(row.allocated_bytes)} in {_counted(row.allocations, 'block')}")
    if row.live_bytes:
        kinds = ", ".join(f"{kind.kind} {bytes_text(kind.bytes)}" for kind in row.live_kinds)
        parts.append(f"keeps {bytes_text(row.live_bytes)} at the end" + (f" ({kinds})" if kinds else ""))
    if row.peak_live_bytes:
        parts.append(f"{bytes_text(row.peak_live_bytes)} at the peak")
    return " · ".join(parts)


def _collecting(row: LineRow, profile: Profile) -> str:
    if row.gc_share < _NOTICEABLE:
        return ""
    ns = row.gc_ns
    time = f" ({duration(ns)}, {_sampled_share(ns, profile)} of time)" if ns else ""
    return f"drives {percent(row.gc_share)} of the collector{time}"


def _opcodes(row: LineRow, profile: Profile) -> str:
    if not row.opcodes:
        return ""
    is_known = knows_order(profile) and cost_of(row, profile, "time").is_known
    timed = times_lead(profile) and is_known and any(opcode.self_ns for opcode in row.opcodes)
    header = "| opcode | count | share |" + (" time |" if timed else "")
    ruler = "| :-- | --: | --: |" + (" --: |" if timed else "")
    more = len(row.opcodes) - _MAX_OPCODES
    rest = [f"\n*and {_counted(more, 'opcode')} more*"] if more > 0 else []
    return "\n".join([header, ruler, *_opcode_rows(row, timed), *rest])


def _opcode_rows(row: LineRow, timed: bool) -> Iterator[str]:
    """The rows of the table; the share is of the line's time where there is a column of times, else of its instructions."""
    ordered = sorted(row.opcodes, key=lambda opcode: (-(opcode.self_ns or 0), -opcode.count, opcode.name))
    for opcode in ordered[:_MAX_OPCODES]:
        part, whole = (opcode.self_ns, row.self_ns) if timed else (opcode.count, row.instructions)
        share = percent(part / whole) if part and whole else ""
        time = f" {duration(opcode.self_ns) if opcode.self_ns else ''} |" if timed else ""
        yield f"| `{opcode.name}` | {full_count(opcode.count)} | {share} |{time}"


def _functions(functions: list[FunctionRow], profile: Profile) -> str:
    # The main chunk says something only about lines outside of all functions.
    return "  \n".join(
        f"in {_code(row.name)}, lines {row.line} to {row.end_line}: {_function_costs(row, profile)}"
        for row in ([row for row in functions if row.name != _MAIN] or functions)[:_MAX_FUNCTIONS]
    )


def _function_costs(row: FunctionRow, profile: Profile) -> str:
    timed = times_lead(profile) and knows_order(profile)
    share = _share(cost_of(row, profile, "count" if times_lead(profile) and not timed else "time"))
    costs = [_counted(row.calls, "call")] if profile.holds("calls") else []
    if timed or profile.holds("instructions"):
        costs.append(f"{share} of {'time' if timed else 'instructions'}")
    total = total_cost(row, profile)
    if total is not None and total.is_known:
        costs.append(f"{duration(row.total_ns or 0)} with callees ({_share(total)})")
    return ", ".join(costs)


def _origin(measurement: Measurement) -> str:
    profile = measurement.profile
    if profile.origin is not None:
        return _foreign_origin(measurement, profile.origin)
    how = {"count": "Counted", "trace": "Traced"}.get(profile.mode, "Sampled")
    run = _code(" ".join([profile.program.path, *profile.program.args]))
    cut_short = f" that {measurement.cut_short}" if measurement.cut_short else ""
    if measurement.call is not None:
        cut_short += f", as called from {_code(measurement.call.label)}"
    samples = profile.totals.samples
    if samples is None:
        return f"*{how} in {_runs(profile)} of {run}{cut_short}*{_remarks(profile, None)}"
    samples_text = f"{_counted(samples, 'sample')}{_elsewhere(profile) if times_lead(profile) else ''}"
    return f"*{how} in {_runs(profile)} of {run}{cut_short}: {samples_text}*{_remarks(profile, caution(profile))}"


def _foreign_origin(measurement: Measurement, origin: Origin) -> str:
    """Where the figures of a foreign profile come from, and what must be known to understand them."""
    profile = measurement.profile
    samples = profile.totals.samples
    samples_text = "" if samples is None else f": {_counted(samples, 'sample')}{_elsewhere(profile)}"
    called = "" if measurement.call is None else f", as called from {_code(measurement.call.label)}"
    notes = "".join(f"  \n{note}" for note in origin.notes)
    text = " ".join(origin.text.replace("`", "'").split())
    return f"*{text[:1].upper()}{text[1:]}{called}{samples_text}*{notes}{_remarks(profile, caution(profile))}"


def _runs(profile: Profile) -> str:
    repeats = profile.totals.repeats
    return "a run" if repeats is None or repeats.runs < 2 else f"{full_count(repeats.runs)} runs"


def _remarks(profile: Profile, warning: str | None) -> str:
    """What several runs were like, and what makes figures less than one would think, each on a line of its own."""
    runs = runs_text(profile)
    remarks = [*([f"{runs[:1].upper()}{runs[1:]}."] if runs else []), *([warning] if warning else [])]
    return "".join(f"  \n{remark}" for remark in [*remarks, *repeat_warnings(profile)])


def _elsewhere(profile: Profile) -> str:
    """Where the time went that no line shows, as far as it is noticeable."""
    shares = [(name, time_share(profile, ns) or 0.0) for name, ns in times_elsewhere(profile.totals)]
    costs = [(name, Cost(share, sampling_error(profile, share))) for name, share in shares if share >= _NOTICEABLE]
    return "".join(f", {_share(cost)} {name}" for name, cost in costs if cost.is_known)


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
