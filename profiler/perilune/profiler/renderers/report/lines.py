"""The tables of lines with their source: the hottest ones, and those that allocate."""

from __future__ import annotations

from collections.abc import Callable

from perilune.profiler.model import OUTSIDE, FileProfile, KindRow, LineRow, times_elsewhere
from perilune.profiler.renderers.caution import MANY_BYTES
from perilune.profiler.renderers.figures import bytes_text, points_text, printable, share_text, time_text
from perilune.profiler.renderers.repeats import varies_text
from perilune.profiler.renderers.report.collector import has_collected
from perilune.profiler.renderers.report.layout import LineRange
from perilune.profiler.renderers.report.page import Page, PlacedLine, heat
from perilune.profiler.renderers.report.table import Column, Line, Segment
from perilune.profiler.shares import allocation_share, count_share, sampling_error, time_share


def hottest_lines(page: Page) -> list[Line]:
    """The lines that took most time, or ran most instructions; the figure that orders them is shown where there is room.

    Where the order is not known, what they allocate is shown too if it is much.
    """
    by_time = page.metric == "time"
    share = _time_share if by_time else lambda row: count_share(page.profile, row.line)
    leads = page.metric != "memory"
    sort = page.layout.sort if leads else "share"
    rows = _sorted([row for row in page.lines() if _ran(row.line)], sort, share)
    shown = "" if page.narrow else sort
    instructions: Column[PlacedLine] = Column("instr", lambda row: page.count(row.line.instructions))
    columns = page.share_columns(share, (lambda row: row.line.error) if by_time else None)
    columns += page.bar_column(page.top(rows), share)
    if by_time:
        columns += _time_columns(page, rows)
        columns += [instructions] if (page.wide or shown == "instructions") and page.holds("instructions") else []
    else:
        columns += [page.time_column("total", lambda row: row.line.total_ns)] if shown == "total" else []
        columns += [instructions] if page.holds("instructions") else []
    if page.holds("hits"):
        columns.append(Column("hits", lambda row: page.count(row.line.hits)))
    if page.timed and not by_time:
        columns.append(Column("time", lambda row: (share_text(row.line.share), "dim")))
    has_large = any(row.line.allocated_bytes >= MANY_BYTES for row in rows)
    if page.holds("allocations") and (
        page.wide or shown == "memory" or (has_large and not (page.ordered or page.narrow))
    ):
        columns.append(Column("allocated", lambda row: page.size(row.line.allocated_bytes or None)))
    if shown == "live":
        columns.append(Column("live", lambda row: page.size(row.line.live_bytes or None)))
    if any(row.line.ranges for row in page.top(rows)):
        columns.append(Column("differs", lambda row: (varies_text(row.line), "yellow"), False))
    columns += [page.location_column(_place, crowded=by_time), page.source_column(share)]
    counted = "Lines by instructions" if page.holds("instructions") else "Lines by hits"
    title = "Hottest lines" if by_time else counted
    return _titled(page, title, leads, columns, rows, _elsewhere(page) if by_time else [])


def _ran(row: LineRow) -> bool:
    return bool(row.hits or row.self_ns or row.total_ns or row.instructions)


def _time_columns(page: Page, rows: list[PlacedLine]) -> list[Column[PlacedLine]]:
    columns: list[Column[PlacedLine]] = [page.time_column("self", lambda row: row.line.self_ns)]
    columns += page.waiting_column(rows, lambda row: (row.line.self_ns, row.line.cpu_ns))
    if any(row.line.total_ns is not None for row in rows):
        columns.append(page.time_column("total", lambda row: row.line.total_ns))
        columns += page.total_error_column(lambda row: row.line.total_error)
    return columns


def _elsewhere(page: Page) -> list[dict[str, Segment]]:
    """The time that belongs to no line."""
    if page.layout.lines is not None:
        return []
    rows = []
    for name, ns in times_elsewhere(page.profile.totals):
        share = time_share(page.profile, ns)
        if ns and share:
            points = points_text(sampling_error(page.profile, share))
            rows.append(
                {
                    "share": (share_text(share), heat(share)),
                    "±": (points, "dim"),
                    "self": (time_text(ns), ""),
                    "source": ("(outside the program)" if name == OUTSIDE else name, "dim"),
                }
            )
    return rows


def allocating_lines(page: Page) -> list[Line]:
    """The lines that allocate most, with what they allocated and what of it is still there."""

    def share(row: PlacedLine) -> float:
        return allocation_share(page.profile, row.line.allocated_bytes)

    leads = page.metric == "memory"
    rows = _sorted([row for row in page.lines() if row.line.allocations], page.layout.sort if leads else "share", share)
    columns = page.share_columns(share)
    columns += page.bar_column(page.top(rows), share)
    columns += [
        Column("bytes", lambda row: page.size(row.line.allocated_bytes)),
        Column("allocations", lambda row: page.count(row.line.allocations)),
    ]
    if any(row.line.live_bytes is not None for row in rows):
        columns.append(Column("live", lambda row: page.size(row.line.live_bytes)))
    has_room = page.wide or (page.one_file and not page.narrow)
    if has_room and any(row.line.peak_live_bytes is not None for row in rows):
        columns.append(Column("at peak", lambda row: page.size(row.line.peak_live_bytes)))
    if has_room and has_collected(page):
        columns.append(Column("collector", lambda row: (share_text(row.line.gc_share or None), "")))
    if page.wide and any(row.line.live_kinds for row in rows):
        columns.append(Column("live kinds", lambda row: (_kinds(row.line.live_kinds), "dim"), False))
    columns += [page.location_column(_place, crowded=True), page.source_column(share)]
    return _titled(page, "Lines that allocate", leads, columns, rows, _allocated_outside(page))


def _kinds(rows: list[KindRow]) -> str:
    ordered = sorted(rows, key=lambda row: -row.bytes)
    return ", ".join(f"{printable(row.kind)} {bytes_text(row.bytes)}" for row in ordered[:2])


def _allocated_outside(page: Page) -> list[dict[str, Segment]]:
    if page.layout.lines is not None:
        return []
    memory = page.profile.totals.memory
    lines = [row.line for row in page.lines()]
    size = memory.allocated_bytes - sum(line.allocated_bytes for line in lines)
    allocations = memory.allocations - sum(line.allocations for line in lines)
    if allocations <= 0:
        return []
    share = allocation_share(page.profile, size)
    return [
        {
            "share": (share_text(share), heat(share)),
            "bytes": page.size(size),
            "allocations": page.count(allocations),
            "source": ("(outside any line)", "dim"),
        }
    ]


def _titled(
    page: Page,
    title: str,
    leads: bool,
    columns: list[Column[PlacedLine]],
    rows: list[PlacedLine],
    below: list[dict[str, Segment]],
) -> list[Line]:
    """The table; only the one that `leads` says that none of the lines asked for ran, and is in another order."""
    if leads and page.layout.sort != "share":
        title = "Lines in their order" if page.layout.sort == "line" else f"Lines by {page.layout.sort}"
    if page.layout.lines is not None:
        title += f" in {printable(str(page.layout.lines))}"
        if leads and not rows:
            return [[(title, "bold")], [("  " + _why_none(page, page.layout.lines), "dim")]]
    return page.table(title, columns, rows, below)


def _why_none(page: Page, wanted: LineRange) -> str:
    files = page.profile.files
    took_part = any(wanted.is_in(file.path, page.profile.program.path) for file in files)
    return "none of them ran" if took_part else "no such file took part"


def _sorted(rows: list[PlacedLine], sort: str, share: Callable[[PlacedLine], float]) -> list[PlacedLine]:
    keys: dict[str, Callable[[PlacedLine], float]] = {
        "share": lambda row: -share(row),
        "total": lambda row: -(row.line.total_ns or 0),
        "instructions": lambda row: -row.line.instructions,
        "hits": lambda row: -row.line.hits,
        "memory": lambda row: -row.line.allocated_bytes,
        "live": lambda row: -(row.line.live_bytes or 0),
        "line": lambda row: row.line.line,
    }
    key = keys[sort]
    return sorted(rows, key=lambda row: (key(row), -(row.line.total_ns or 0), -row.line.instructions, row.line.line))


def _time_share(row: PlacedLine) -> float:
    return row.line.share


def _place(row: PlacedLine) -> tuple[FileProfile, int]:
    return row.file, row.line.line
