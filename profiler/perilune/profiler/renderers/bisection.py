"""The revision that a search found, as a report to read: its figures before and after, its diff, the lines that changed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from fractions import Fraction

from perilune.profiler.bisection import Bisection, Judged
from perilune.profiler.renderers.comparison import Layout, changed_rows, growth_text
from perilune.profiler.renderers.figures import cut, plural, printable
from perilune.profiler.renderers.report.table import Column, Line, Segment, table
from perilune.profiler.repository import Revision
from perilune.profiler.sources import Sources

_MOST_DIFF_LINES = 60
_DAY = 10  # characters of a date

_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def report(found: Bisection, sources_before: Sources, sources_first: Sources, layout: Layout) -> list[Line]:
    """The laid-out report."""
    return [
        *_heading(found, layout.width),
        [],
        *_figures(found, layout.width),
        *_diff(found, layout.width),
        *changed_rows(found.comparison, sources_before, sources_first, layout),
        *_notes(found, layout.width),
    ]


def headline(found: Bisection) -> str:
    """What was found, in one line."""
    what = found.metric.text
    above = f"{_limit_text(found)} more {what}" if found.bound.growth else f"more than {found.bound.text} {what}"
    if found.skipped:
        return f"one of {len(found.skipped) + 1} revisions is the first with {above}"
    return f"{found.first.revision.short} is the first with {above}"


def _limit_text(found: Bisection) -> str:
    return f"over {found.bound.text}"


def _heading(found: Bisection, width: int) -> list[Line]:
    first = found.first.revision
    made = f"{first.short}  {first.author}, {first.date[:_DAY]}"
    return [
        [(text, "bold")] if place == 0 else [("  " + text, "")]
        for place, text in enumerate(
            (
                cut(printable(headline(found)), width),
                cut(printable(made), width - 2),
                cut(printable(first.subject), width - 2),
            )
        )
    ]


def _figures(found: Bisection, width: int) -> list[Line]:
    rows = [("good", found.good), ("before", found.before), ("first above", found.first)]
    if found.good.revision == found.before.revision:
        del rows[0]

    def figure(row: tuple[str, Judged]) -> Segment:
        value = row[1].figure
        return "not there" if value is None else f"{value:,}", ""

    def change(row: tuple[str, Judged]) -> Segment:
        if row[1] is found.good:
            return "", ""
        text = _change(found.good.figure, row[1].figure)
        return text, "red" if row[1] is found.first else ""

    columns: list[Column[tuple[str, Judged]]] = [
        Column("", lambda row: (row[0], ""), False),
        Column(found.metric.figure, figure),
        Column("since good", change),
        Column("revision", lambda row: (row[1].revision.short, "cyan"), False),
        Column("subject", lambda row: (printable(row[1].revision.subject), ""), False),
    ]
    return table("Figures", columns, rows, 0, width)


def _change(before: int | None, after: int | None) -> str:
    if before == after:
        return "same"
    return growth_text(Fraction(after or 0, before)) if before else "from nothing"


def _diff(found: Bisection, width: int) -> list[Line]:
    lines = found.diff.splitlines()
    title: Line = [("Diff", "bold")]
    if not lines:
        return [[], title, [("  nothing in the files that ran: it is data that changed, or what loads them", "dim")]]
    shown = lines[:_MOST_DIFF_LINES]
    rows: list[Line] = [[("  ", ""), (cut(printable(line), width - 2), _style(line))] for line in shown]
    if len(lines) > len(shown):
        rows.append([(f"  ... {len(lines) - len(shown):,} more: git show {found.first.revision.short}", "dim")])
    return [[], title, *rows]


def _style(line: str) -> str:
    return "dim" if line.startswith(("diff ", "index ", "--- ", "+++ ")) else _DIFF_STYLES.get(line[:1], "")


def _notes(found: Bisection, width: int) -> list[Line]:
    notes = [*found.notes]
    if found.skipped:
        notes.append(f"the first above may also be one of these, which could not be judged: {_skipped(found.skipped)}")
    if found.elsewhere:
        notes.append(f"skipped: {_skipped(found.elsewhere)}")
    stored = f", {plural(found.stored, 'result')} came from the store" if found.stored else ""
    notes.append(f"{plural(found.runs, 'run')} for {plural(found.count, 'revision')}, by first parents{stored}")
    wrapped = [line for note in notes for line in textwrap.wrap(printable(f"Note: {note}."), width)]
    return [[], *([(line, "dim")] for line in wrapped)]


def _skipped(rows: Sequence[tuple[Revision, str]]) -> str:
    return "; ".join(f"{revision.short} ({reason})" for revision, reason in rows)
