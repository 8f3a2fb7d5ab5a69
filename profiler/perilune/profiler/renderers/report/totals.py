"""The head of a report: what ran, what it cost in all, and how much its times can be believed."""

from __future__ import annotations

import textwrap
from itertools import groupby

from perilune.profiler.model import ChainEntry, Stack, Totals
from perilune.profiler.renderers.caution import caution
from perilune.profiler.renderers.figures import (
    bytes_text,
    cell_width,
    cost_text,
    cut,
    cut_left,
    printable,
    time_text,
)
from perilune.profiler.renderers.origin import origin_notes
from perilune.profiler.renderers.repeats import repeat_warnings, runs_text
from perilune.profiler.renderers.report.collector import collector_rows
from perilune.profiler.renderers.report.page import Page
from perilune.profiler.renderers.report.table import Line
from perilune.profiler.renderers.waiting import BY_CPU, EXPLANATION, waiting_text

_LABEL_WIDTH = 14
_LEAST_COMMAND = 32  # columns of the heading for what ran
_CHAIN_ENDS = 4  # activations shown at either end of a long chain
_PLACE_WIDTH = 32
_MUCH = 1.5
_FAILURE_LINES = 3

_SAMPLED = (
    "Counts, bytes and stack depth are exact. Times are estimates from samples: ± covers the 95% interval of a share, in "
    "percentage points."
)
_COUNTED = (
    "All figures are exact. Instructions are counted, not weighed: one that copies a megabyte counts as one that adds two "
    "numbers. Mode sample measures times."
)
_TRACED = (
    "Counts are exact. Times are estimates: the calibrated cost of a probe is subtracted at every instruction. Cheap "
    "instructions hide behind a probe, so that the whole time is only known to lie in a range, an opcode can be off by a "
    "factor of 2, a line by ten points. --measure-cost runs the program without probes too and scales times to that. Times "
    "of mode sample are truer."
)
_SCALED = (
    "Counts are exact. Times are estimates: the cost of the probes is subtracted so that their sum is the time of the run "
    "without a profile. Cheap instructions hide behind a probe: an opcode can be off by a factor of 2, a line by ten "
    "points. Times of mode sample are truer."
)


def heading(page: Page) -> list[Line]:
    """What ran, and in which mode."""
    program = page.profile.program
    origin = page.profile.origin
    mode = f"{page.profile.mode} mode" if origin is None else printable(origin.text)
    mode = cut(mode + (", processor time" if page.profile.clock == "cpu" else ""), page.width - _LEAST_COMMAND)
    command = cut(printable(" ".join([program.path, *program.args])), page.width - len(mode) - 16)
    return [[("Profile of ", ""), (command, "bold"), (f"  ({mode})", "dim")]]


def totals(page: Page) -> list[Line]:
    """The figures of the whole run."""
    memory, stack = page.profile.totals.memory, page.profile.totals.stack
    holds = page.profile.holds
    counted = [("instructions", f"{page.profile.totals.instructions:,}")] if holds("instructions") else []
    timed = _times(page)
    rows = [*timed, *counted] if page.metric == "time" else [*counted, *timed]
    runs = runs_text(page.profile)
    rows += [] if runs is None else [("repeated", runs)]
    rows += [] if page.timed else collector_rows(page)
    if holds("heap"):
        rows.append(("memory", f"peak {bytes_text(memory.peak_bytes)}, at the end {bytes_text(memory.current_bytes)}"))
    if holds("allocations"):
        allocations = page.plural(memory.allocations, "allocation")
        rows.append(("allocated", f"{bytes_text(memory.allocated_bytes)} in {allocations}"))
    if holds("stack"):
        depth = f"peak {page.plural(stack.peak_depth, 'slot')}, at the end {stack.current_depth:,}"
        rows.append(("stack depth", depth))
    lines = [_labelled(label, cut(value, page.width - _LABEL_WIDTH - 2)) for label, value in rows]
    return [*_failure(page), *lines, *_peak_chain(page, stack)]


def _labelled(label: str, value: str, style: str = "") -> Line:
    return [(f"  {label:<{_LABEL_WIDTH}}", "dim"), (value, style)]


def _failure(page: Page) -> list[Line]:
    """How the run ended, if it did not end well."""
    width = page.width - _LABEL_WIDTH - 2
    wrapped = textwrap.wrap(printable(page.profile.failure or ""), width, max_lines=_FAILURE_LINES, placeholder=" …")
    return [_labelled("" if index else "ended", line, "yellow") for index, line in enumerate(wrapped)]


def _times(page: Page) -> list[tuple[str, str]]:
    totals = page.profile.totals
    rows = [] if totals.run_ns is None else [_time(page, totals.run_ns)]
    waiting = waiting_text(page.profile)
    if waiting is not None and page.profile.clock == "wall":
        rows.append(("of it", waiting))
    if totals.cost_ratio is not None:
        rows.append(("profiling", cost_text(totals.cost_ratio)))
    if page.timed and (page.profile.origin is None or totals.gc_ns):
        rows += collector_rows(page)
        if totals.compile_ns:
            rows.append(("compiler", page.time_of_run(totals.compile_ns)))
    return rows


def _time(page: Page, run_ns: int) -> tuple[str, str]:
    if page.profile.clock == "wall":
        return "time", time_text(run_ns) + _how_measured(page)
    totals = page.profile.totals
    samples = page.plural(totals.samples or 0, "sample")
    return "computing", f"{time_text(run_ns)} of {time_text(totals.wall_ns)}, in {samples} by {totals.sampler}"


def _how_measured(page: Page) -> str:
    totals = page.profile.totals
    if totals.samples is not None:
        sampler = f" by {totals.sampler}" if totals.sampler else ""
        return f" in {page.plural(totals.samples, 'sample')}{sampler}{_interval(totals)}"
    if totals.raw_ns is None or totals.run_ns is None or totals.raw_ns <= totals.run_ns:
        return ""
    probes = f" ({time_text(totals.raw_ns)} with the probes)"
    if totals.plain_ns is not None:
        return f", as without a profile{probes}"
    if totals.run_low_ns is None or totals.run_high_ns is None:
        return probes
    return f", from {time_text(totals.run_low_ns)} to {time_text(totals.run_high_ns)}{probes}"


def _interval(totals: Totals) -> str:
    """The mean time between samples as it was, and as it should have been where the system was much slower."""
    if not totals.samples or not totals.run_ns:
        return ""
    runs = totals.repeats.runs if totals.repeats is not None else 1
    interval_ns = round(totals.run_ns * runs / totals.samples)
    wanted_ns = totals.sample_interval_ns or interval_ns
    instead = f", not {time_text(wanted_ns)}" if interval_ns > _MUCH * wanted_ns else ""
    return f", every {time_text(interval_ns)}{instead}"


def _peak_chain(page: Page, stack: Stack) -> list[Line]:
    """The calls that reached the deepest stack, outermost first, equal ones behind each other as one."""
    width = page.width - _LABEL_WIDTH - 4
    steps = _steps(stack.peak_chain)
    if stack.peak_chain_missing:
        half = len(stack.peak_chain) // 2
        gap = (None, stack.peak_chain_missing)
        steps = [*_steps(stack.peak_chain[:half]), gap, *_steps(stack.peak_chain[half:])]
    if len(steps) > 2 * _CHAIN_ENDS + 1:
        steps[_CHAIN_ENDS:-_CHAIN_ENDS] = [(None, sum(calls for _, calls in steps[_CHAIN_ENDS:-_CHAIN_ENDS]))]
    lines: list[Line] = []
    text = ""
    for place, calls in steps:
        repeated = f" ×{calls:,}" if calls > 1 else ""
        entry = f"... {calls:,} more ..." if place is None else cut(place, width - len(repeated)) + repeated
        added = f"{text} → {entry}" if text else entry
        if text and cell_width(added) > width:
            lines.append(_labelled("" if lines else "reached by", text + " →"))
            added = entry
        text = added
    return [*lines, _labelled("" if lines else "reached by", text)] if text else []


def _steps(chain: list[ChainEntry]) -> list[tuple[str | None, int]]:
    """Each place with how many calls from there follow each other; None is for calls that are not shown."""
    return [(place, sum(1 for _ in same)) for place, same in groupby(chain, key=_place)]


def _place(entry: ChainEntry) -> str:
    function = cut(printable(entry.function), _PLACE_WIDTH)
    if entry.path is None:
        return function
    return f"{function} ({cut_left(printable(entry.path), _PLACE_WIDTH)}{f':{entry.line}' if entry.line else ''})"


def warning(page: Page) -> list[Line]:
    """Says first of all that the runs did not do the same, and that the order of the lines is not known, where it is so."""
    texts = [*repeat_warnings(page.profile), caution(page.profile) or ""]
    return [[("  " + line, "yellow")] for text in texts for line in textwrap.wrap(printable(text), page.width - 2)]


def notes(page: Page) -> list[Line]:
    """What the figures that lead mean."""
    totals = page.profile.totals
    if page.profile.origin is not None:
        return [[(line, "dim")] for line in textwrap.wrap(printable(origin_notes(page.profile)), page.width)]
    traced = _TRACED if totals.plain_ns is None else _SCALED
    text = _COUNTED if totals.run_ns is None else traced if totals.samples is None else _SAMPLED
    if page.profile.clock == "cpu":
        text += " " + BY_CPU
    elif page.waiting.is_noticeable:
        text += " " + EXPLANATION
    return [[(line, "dim")] for line in textwrap.wrap(text, page.width)]
