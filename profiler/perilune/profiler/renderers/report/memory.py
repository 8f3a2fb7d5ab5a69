"""The table of what the program still holds at its end, by kind of object."""

from __future__ import annotations

from perilune.profiler.model import KindRow
from perilune.profiler.renderers.figures import printable
from perilune.profiler.renderers.report.page import Page
from perilune.profiler.renderers.report.table import Column, Line


def live_kinds(page: Page) -> list[Line]:
    """What kinds of objects hold the memory that was not released."""
    rows = sorted(page.profile.totals.memory.live_kinds, key=lambda row: (-row.bytes, row.kind))
    whole = sum(row.bytes for row in rows) or 1
    columns: list[Column[KindRow]] = [
        *page.share_columns(lambda row: row.bytes / whole),
        Column("bytes", lambda row: page.size(row.bytes)),
        Column("objects", lambda row: page.count(row.objects)),
        Column("kind", lambda row: (printable(row.kind), ""), False),
    ]
    return page.table("Memory at the end", columns, rows)
