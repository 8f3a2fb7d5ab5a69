"""A history as one web page that opens from disk: charts, and tables of all that changed. It has no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perilune.profiler.bisection import FIGURES
from perilune.profiler.comparison import Figure
from perilune.profiler.history import Change, History, by_size
from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.renderers.history import difference_text, notes_of, title
from perilune.profiler.renderers.history_chart import STYLE as CHART_STYLE
from perilune.profiler.renderers.history_chart import charts, svg
from perilune.profiler.renderers.static_page import html_text, page

_WIDTH, _HEIGHT = 900, 170
_MOST_ROWS = 1000

_STYLE = f"""\
svg {{ display: block; width: 100%; height: auto; }}
table {{ font-variant-numeric: tabular-nums; }}
.text {{ text-align: left; }}
td:last-child {{ white-space: pre; }}
.more {{ color: #c0392b; }}
.less {{ color: #2e8b57; }}
.same {{ color: #888; }}
{CHART_STYLE}"""


def render(history: History, metric: str) -> str:
    """The page; what changed most in the metric stands first. The same history gives the same text."""
    return page(title(history), _STYLE, "\n".join(_body(history, metric)))


def _body(history: History, metric: str) -> Iterator[str]:
    for note in notes_of(history):
        yield f"<p>Note: {html_text(note)}.</p>"
    for chart in charts(history):
        yield svg(chart, _WIDTH, _HEIGHT)
    yield from _changes("Functions", history.functions, metric)
    yield from _changes("Lines", history.lines, metric)
    yield from _revisions(history)


def _changes(heading: str, changes: Sequence[Change], metric: str) -> Iterator[str]:
    rows = by_size(changes, metric)
    known = {id(change) for change, _ in rows}
    others = [change for change in changes if id(change) not in known]  # another metric of theirs changed
    found = [*(change for change, _ in rows), *others]
    if not found:
        return
    is_lines = heading == "Lines"
    metrics = [each for each in FIGURES if is_lines or each != "peak"]
    titles = [
        *(cell for each in metrics for cell in (each, "")),
        "revision",
        "place",
        "source" if is_lines else "function",
    ]
    yield f'<h2>{heading}</h2><div class="wide"><table>'
    yield "<tr>" + "".join(f"<th>{each}</th>" for each in titles) + "</tr>"
    for change in found[:_MOST_ROWS]:
        place = change.row.place
        cells = [cell for each in metrics for cell in _figure_cells(change.figure(each))]
        cells.append(f'<td class="text" title="{html_text(change.revision.subject)}">{change.revision.short}</td>')
        cells.append(f'<td class="text">{html_text(place.path or "")}:{place.line}</td>')
        cells.append(f"<td>{html_text(change.source if is_lines else place.name)}</td>")
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></div>"
    if len(found) > _MOST_ROWS:
        yield f"<p>{len(found) - _MOST_ROWS:,} more are in the JSON.</p>"


def _figure_cells(figure: Figure | None) -> tuple[str, str]:
    text = difference_text(figure)
    if figure is None or not text:
        return "<td></td>", "<td></td>"
    kind = "more" if figure.difference > 0 else "less"
    return f"<td>{text}</td>", f'<td class="{kind}">{html_text(change_text(figure))}</td>'


def _revisions(history: History) -> Iterator[str]:
    yield '<h2>Revisions</h2><div class="wide"><table>'
    titles = [*(cell for each in FIGURES for cell in (each, "")), "revision", "date", "subject"]
    yield "<tr>" + "".join(f"<th>{each}</th>" for each in titles) + "</tr>"
    for point in history.points:
        cells = []
        for name in FIGURES.values():
            value = point.figures.get(name)
            cells += [f"<td>{'' if value is None else f'{value:,}'}</td>", _figure_cells(point.changes.get(name))[1]]
        subject = point.revision.subject + (f"  ({point.skipped})" if point.skipped else "")
        cells += [
            f'<td class="text">{point.revision.short}</td>',
            f'<td class="text">{html_text(point.revision.date[:10])}</td>',
        ]
        quiet = ' class="same"' if point.skipped or not point.has_changed else ""
        yield f"<tr{quiet}>{''.join(cells)}<td>{html_text(subject)}</td></tr>"
    yield "</table></div>"
