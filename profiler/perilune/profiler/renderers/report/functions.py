"""The tables of what has a name: functions, library functions, zones."""

from __future__ import annotations

from collections.abc import Callable

from perilune.profiler.model import BuiltinRow, FileProfile, FunctionRow, ZoneRow
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.renderers.figures import printable
from perilune.profiler.renderers.report.page import Page
from perilune.profiler.renderers.report.table import Column, Line
from perilune.profiler.shares import allocation_share, count_share, time_share


@dataclass(frozen=True, slots=True)
class _Placed:
    """A function with the file that it belongs to."""

    file: FileProfile
    row: FunctionRow


def functions(page: Page) -> list[Line]:
    """What every Lua function cost."""
    shares: dict[str, Callable[[_Placed], float]] = {
        "time": lambda placed: placed.row.share,
        "count": lambda placed: count_share(page.profile, placed.row),
        "memory": lambda placed: allocation_share(page.profile, placed.row.allocated_bytes),
    }
    share = shares[page.metric]
    rows = [_Placed(file, row) for file in page.profile.files for row in file.functions if _ran(row)]
    rows = _sorted(page, rows, share)
    columns: list[Column[_Placed]] = []
    if page.metric != "count" or page.holds("instructions"):
        columns += page.share_columns(share, (lambda placed: placed.row.error) if page.metric == "time" else None)
        columns += page.bar_column(page.top(rows), share)
    columns += _figures(page, rows)
    if page.holds("calls"):
        columns.append(Column("calls", lambda placed: page.count(placed.row.calls)))
    columns += [
        page.location_column(lambda placed: (placed.file, placed.row.line)),
        Column("function", lambda placed: (printable(placed.row.name), ""), False),
    ]
    return page.table("Functions", columns, rows)


def _ran(row: FunctionRow) -> bool:
    return bool(row.calls or row.self_ns or row.total_ns or row.instructions or row.allocations)


def _figures(page: Page, rows: list[_Placed]) -> list[Column[_Placed]]:
    """The columns of the metric, and where there is room the one that orders the rows."""
    sort, metric = "" if page.narrow else page.layout.sort, page.metric
    columns: list[Column[_Placed]] = []
    if metric == "time":
        columns.append(page.time_column("self", lambda placed: placed.row.self_ns))
        columns += page.waiting_column(rows, lambda placed: (placed.row.self_ns, placed.row.cpu_ns))
    if sort == "total" or (metric == "time" and any(placed.row.total_ns is not None for placed in rows)):
        columns.append(page.time_column("total", lambda placed: placed.row.total_ns))
        columns += page.total_error_column(lambda placed: placed.row.total_error)
    if page.holds("instructions") and (sort == "instructions" or metric == "count" or (metric == "time" and page.wide)):
        columns.append(Column("instr", lambda placed: page.count(placed.row.instructions)))
    if page.holds("allocations") and (sort == "memory" or metric == "memory" or page.wide):
        columns.append(Column("bytes", lambda placed: page.size(placed.row.allocated_bytes)))
    if page.holds("allocations") and (metric == "memory" or (metric == "count" and page.wide)):
        columns.append(Column("allocations", lambda placed: page.count(placed.row.allocations)))
    return columns


def _sorted(page: Page, rows: list[_Placed], share: Callable[[_Placed], float]) -> list[_Placed]:
    keys: dict[str, Callable[[_Placed], float]] = {
        "total": lambda placed: -(placed.row.total_ns or 0),
        "instructions": lambda placed: -placed.row.instructions,
        "hits": lambda placed: -placed.row.calls,
        "memory": lambda placed: -placed.row.allocated_bytes,
        "line": lambda placed: placed.row.line,
    }
    keys["share"] = keys["live"] = lambda placed: -share(placed)
    key = keys[page.layout.sort]
    return sorted(
        rows,
        key=lambda placed: (
            key(placed),
            -(placed.row.total_ns or 0),
            -placed.row.instructions,
            -placed.row.calls if page.profile.origin is not None else 0,
            placed.row.line,
        ),
    )


def builtins(page: Page) -> list[Line]:
    """What the library functions cost that the program called."""

    def share(row: BuiltinRow) -> float | None:
        return row.share

    rows = page.profile.builtins
    columns: list[Column[BuiltinRow]] = []
    if page.timed:
        columns += page.share_columns(share, lambda row: row.error)
        columns += page.bar_column(page.top(rows), share)
        columns.append(page.time_column("time", lambda row: row.self_ns))
        columns += page.waiting_column(rows, lambda row: (row.self_ns, row.cpu_ns))
    else:
        rows = sorted(rows, key=lambda row: (-row.calls, row.name))
    if page.holds("calls"):
        columns.append(Column("calls", lambda row: page.count(row.calls)))
    columns.append(Column("function", lambda row: (printable(row.name), ""), False))
    title = "Library functions" if page.profile.origin is None else "C functions and states"
    return page.table(title, columns, rows)


def zones(page: Page) -> list[Line]:
    """What the zones cost that the program marked."""
    rows = page.profile.zones
    columns: list[Column[ZoneRow]] = []
    if page.timed:
        columns += page.share_columns(lambda row: time_share(page.profile, row.total_ns))
        columns.append(page.time_column("total", lambda row: row.total_ns))
        columns += page.waiting_column(rows, lambda row: (row.total_ns, row.cpu_ns))
    columns += [
        Column("calls", lambda row: page.count(row.calls)),
        Column("bytes", lambda row: page.size(row.allocated_bytes)),
        Column("allocations", lambda row: page.count(row.allocations)),
        Column("zone", lambda row: (printable(row.name), ""), False),
    ]
    return page.table("Zones", columns, rows)
