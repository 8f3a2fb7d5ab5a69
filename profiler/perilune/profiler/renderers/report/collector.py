"""What a report's head says about the garbage collector: how much it did, and which lines to change so that it does less."""

from __future__ import annotations

from perilune.profiler.renderers.figures import bytes_text, count_text, cut_left, printable, share_text
from perilune.profiler.renderers.report.page import Page, PlacedLine
from perilune.profiler.shares import time_share

_DRIVERS = 3  # lines that are named
_LEAST = 0.005  # of the collector's work, or of the run's time: less would not be worth a word
_FEWEST = 2  # cycles: the smallest program may come to one
_PATH_WIDTH = 24


def has_collected(page: Page) -> bool:
    """Whether the collector did more than what the smallest program makes it do."""
    collector = page.profile.totals.collector
    return collector is not None and collector.cycles >= _FEWEST


def collector_rows(page: Page) -> list[tuple[str, str]]:
    """The labelled figures. What the collector walked is told only if its time, or without times its cycles, matter."""
    totals = page.profile.totals
    did = totals.collector
    found = []
    if did is not None and did.cycles:
        size = f"{bytes_text(did.walked_bytes)} in {count_text(did.walked_objects, page.layout.exact)} objects"
        kind = "".join(f" ({row.kind} {share_text(row.bytes / did.walked_bytes)})" for row in did.walked_kinds[:1])
        freed = f"{bytes_text(did.freed_bytes)} in {count_text(did.freed_objects, page.layout.exact)}"
        found = [("driven by", _drivers(page)), ("walked", f"{size}{kind}, freed {freed}")]
    cycles = page.plural(did.cycles, "cycle") if did is not None and did.cycles else ""
    if not page.timed:
        return [("collector", cycles), *found] if has_collected(page) else []
    time = page.time_of_run(totals.gc_ns)
    matters = (time_share(page.profile, totals.gc_ns) or 0.0) >= _LEAST
    return [("collector", f"{time}, in {cycles}" if cycles else time), *(found if matters else [])]


def _drivers(page: Page) -> str:
    rows = sorted(page.all_lines(), key=lambda row: (-row.line.gc_share, row.line.line))
    named = [
        f"{_place(page, row)} ({share_text(row.line.gc_share)})"
        for row in rows[:_DRIVERS]
        if row.line.gc_share >= _LEAST
    ]
    return ", ".join(named) or "nothing on a line"


def _place(page: Page, row: PlacedLine) -> str:
    number = row.line.line or "?"
    return f"line {number}" if page.one_file else f"{cut_left(printable(row.file.path), _PATH_WIDTH)}:{number}"
