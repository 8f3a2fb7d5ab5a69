"""The tables of opcodes and of pairs of them."""

from __future__ import annotations

from perilune.compiler.opcodes import BY_NAME
from perilune.profiler.model import OpcodePair, OpcodeRow
from perilune.profiler.renderers.report.page import Page
from perilune.profiler.renderers.report.table import Column, Line
from perilune.profiler.shares import instruction_share


def opcodes(page: Page) -> list[Line]:
    """What every opcode cost over the whole run."""
    by_time = page.metric == "time"

    def share(row: OpcodeRow) -> float:
        return row.share if by_time else instruction_share(page.profile, row.count)

    rows = sorted(page.profile.opcodes, key=lambda row: (-share(row), -row.count, row.name))
    columns = page.share_columns(share, (lambda row: row.error) if by_time else None)
    columns += page.bar_column(page.top(rows), share)
    if page.timed:
        columns.append(page.time_column("time", lambda row: row.self_ns))
        if not page.sampled:
            columns.append(page.time_column("measured", lambda row: row.raw_ns, "dim"))
    columns += [
        Column("count", lambda row: page.count(row.count)),
        Column("opcode", lambda row: (row.name, "cyan"), False),
        Column("meaning", lambda row: (BY_NAME[row.name].meaning if row.name in BY_NAME else "", "dim"), False),
    ]
    return page.table("Opcodes", columns, rows)


def opcode_pairs(page: Page) -> list[Line]:
    """Which opcodes follow each other, on demand."""
    if not page.layout.pairs:
        return []

    def share(row: OpcodePair) -> float:
        return instruction_share(page.profile, row.count)

    rows = sorted(page.profile.opcode_pairs, key=lambda row: (-row.count, row.first, row.second))
    columns = page.share_columns(share)
    columns += page.bar_column(page.top(rows), share)
    columns += [
        Column("count", lambda row: page.count(row.count)),
        Column("first", lambda row: (row.first, "cyan"), False),
        Column("then", lambda row: (row.second, "cyan"), False),
    ]
    if not rows:
        return [[("Opcode pairs", "bold")], [("  none were recorded", "dim")]]
    return page.table("Opcode pairs", columns, rows)
