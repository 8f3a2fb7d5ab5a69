"""How a program grows, as one web page that opens from disk: plots, and a table of all figures. It has no script."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from perilune.profiler.growth.model import Fit, Growth, Series, Subject
from perilune.profiler.growth.words import (
    ends_of,
    factor_text,
    growth_text,
    prediction_text,
    rivals_text,
    size_text,
)
from perilune.profiler.renderers.figures import share_text
from perilune.profiler.renderers.growth import by_weight, figure_text, figure_title
from perilune.profiler.renderers.growth_plot import plot
from perilune.profiler.renderers.static_page import html_text, page
from perilune.profiler.sources import Sources

_STYLE = """\
img { width: 100%; height: auto; background: white; }
td:last-child { font-family: ui-monospace, monospace; white-space: pre; }
td:first-child { font-weight: bold; text-align: left; }
"""


def render(growth: Growth, sources: Sources) -> str:
    """The page; the same growth gives the same text. Raises ModuleNotFoundError without matplotlib."""
    title = f"How {growth.program.path} grows with {ends_of(growth)}"
    return page(title, _STYLE, "\n".join(_body(growth, sources)))


def _body(growth: Growth, sources: Sources) -> Iterator[str]:
    prediction = prediction_text(growth)
    if prediction:
        yield f"<p><strong>{html_text(prediction)}</strong></p>"
    for note in growth.notes:
        yield f"<p>Note: {html_text(note)}.</p>"
    picture = base64.b64encode(plot(growth, "svg")).decode()
    yield f'<img src="data:image/svg+xml;base64,{picture}" alt="Counts over sizes, with the fitted curves">'
    yield from _table("The whole run", [growth.whole], growth, sources)
    yield from _table("Lines", by_weight(growth.lines), growth, sources)
    yield from _table("Functions", by_weight(growth.functions), growth, sources)


def _table(title: str, subjects: Sequence[Subject], growth: Growth, sources: Sources) -> Iterator[str]:
    if not subjects:
        return
    titles = ["growth", "of", "exponent", "R²", "", *(f"{size:,}" for size in growth.sizes), "share"]
    titles += [f"at {size_text(growth.predicted_at)}", ""]
    yield f'<h2>{title}</h2><div class="wide"><table>'
    yield "<tr>" + "".join(f"<th>{html_text(each)}</th>" for each in titles) + "</tr>"
    for subject in subjects:
        for series in subject.series:
            if series.fit is not None:
                yield _row(series, series.fit, subject, growth, sources)
    yield "</table></div>"


def _row(series: Series, fit: Fit, subject: Subject, growth: Growth, sources: Sources) -> str:
    cells = [growth_text(fit), figure_title(series.figure), f"{fit.exponent:.2f}", f"{fit.determination:.4f}"]
    cells += [factor_text(fit, growth.sizes[-1]), *(figure_text(series, index) for index in range(len(growth.sizes)))]
    is_first = series is subject.leading
    cells += [share_text(subject.share), share_text(subject.predicted_share)] if is_first else ["", ""]
    cells.append(_place(subject, sources) if is_first else "")
    doubt = f' title="{html_text(rivals_text(fit))}"' if not fit.is_certain else ""
    return f"<tr{doubt}>" + "".join(f"<td>{html_text(cell)}</td>" for cell in cells) + "</tr>"


def _place(subject: Subject, sources: Sources) -> str:
    if subject.name:
        return f"{subject.name}  {subject.path}:{subject.line}"
    if not subject.line:
        return ""
    text = sources.get(subject.path, [])
    line = text[subject.line - 1].strip() if subject.line <= len(text) else ""
    return f"{subject.path}:{subject.line}  {line}"
