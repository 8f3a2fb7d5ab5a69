"""Lines of styled text: tables cut to the width of a page, and how they are written with and without colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TextIO, TypeVar

from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.renderers.figures import cell_width, cut

Segment = tuple[str, str]
"""Text and the name of its rich style; the style "" is the terminal's own."""

Line = list[Segment]

Row = TypeVar("Row")

_EMPTY: Segment = ("", "")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A table's column; the last one of a table takes the width that is left and is cut to it."""

    title: str
    cell: Callable[[Row], Segment]
    right: bool = True


def table(
    title: str,
    columns: Sequence[Column[Row]],
    rows: Sequence[Row],
    top: int,
    width: int,
    below: Sequence[Mapping[str, Segment]] = (),
) -> list[Line]:
    """A table of the first `top` rows (0: all) under its title.

    `below` stand rows that are no such, by title of their columns. There is no table without rows.
    """
    shown_rows = rows[:top] if top else rows
    cells = [[column.cell(row) for column in columns] for row in shown_rows]
    cells += [[row.get(column.title, _EMPTY) for column in columns] for row in below]
    if not cells:
        return []
    shown = f"  {len(shown_rows)} of {len(rows):,}" if len(shown_rows) < len(rows) else ""
    widths = [
        max(cell_width(column.title), *(cell_width(row[index][0]) for row in cells))
        for index, column in enumerate(columns)
    ]
    widths[-1] = max(0, width - sum(widths[:-1]) - 2 * len(columns))
    header = [(column.title, "dim") for column in columns]
    return [[(title, "bold"), (shown, "dim")], *(_cells(columns, widths, row) for row in (header, *cells))]


def _cells(columns: Sequence[Column[Row]], widths: list[int], row: list[Segment]) -> Line:
    line: Line = []
    for column, width, (text, style) in zip(columns, widths, row, strict=True):
        text = cut(text, width)
        padding = " " * (width - cell_width(text))
        line += [("  " + padding, ""), (text, style)] if column.right else [("  ", ""), (text, style), (padding, "")]
    if not columns[-1].right:
        line.pop()
    return line


def plain_text(lines: Sequence[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines) + "\n"


def print_styled(lines: Sequence[Line], width: int, stream: TextIO) -> None:
    """Writes the lines with colours, unless the user's environment asks for none."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, width=width, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line))
