"""The profile as a report to read, as plain text or with colours; its parts are in `report/`, one file each.

The report is laid out once, as lines of styled segments. `render` gives it as plain text and `print_colored` writes the
same text with colours through rich.
"""

from __future__ import annotations

from typing import TextIO

from perilune.profiler.model import Profile
from perilune.profiler.renderers.report.functions import builtins, functions, zones
from perilune.profiler.renderers.report.layout import Layout
from perilune.profiler.renderers.report.lines import allocating_lines, hottest_lines
from perilune.profiler.renderers.report.memory import live_kinds
from perilune.profiler.renderers.report.opcodes import opcode_pairs, opcodes
from perilune.profiler.renderers.report.page import Page
from perilune.profiler.renderers.report.table import Line, plain_text, print_styled
from perilune.profiler.renderers.report.totals import heading, notes, totals, warning
from perilune.profiler.sources import Sources

_MEMORY = (allocating_lines, live_kinds)
_COST = (hottest_lines, opcodes, opcode_pairs)
_NAMED = (functions, builtins, zones)


def render(profile: Profile, sources: Sources, layout: Layout) -> str:
    """The report as plain text, no wider than the layout allows."""
    return plain_text(report(profile, sources, layout))


def print_colored(profile: Profile, sources: Sources, layout: Layout, stream: TextIO) -> None:
    """Writes the report with colours, unless the user's environment asks for none."""
    print_styled(report(profile, sources, layout), layout.width, stream)


def report(profile: Profile, sources: Sources, layout: Layout) -> list[Line]:
    """The laid-out report."""
    page = Page(profile, sources, layout)
    tables = (*_MEMORY, *_NAMED, *_COST) if page.metric == "memory" else (*_COST, *_NAMED, *_MEMORY)
    lines: list[Line] = []
    for part in (heading, totals, warning, *tables, notes):
        section = part(page)
        if section and lines:
            lines.append([])
        lines += section
    return lines
