"""The charts of a history as a picture of pixels, drawn by matplotlib."""

from __future__ import annotations

import io

from matplotlib.figure import Figure  # type: ignore[import-not-found, unused-ignore]
from matplotlib.ticker import FuncFormatter  # type: ignore[import-not-found, unused-ignore]

from perilune.profiler.history import History
from perilune.profiler.renderers.history_chart import charts

_INCHES = (10.0, 1.9)
_DOTS_PER_INCH = 110
_LINE, _MARK = "#0b559f", "#d95f02"


def png(history: History) -> bytes:
    """The picture, a chart below the other."""
    drawn = charts(history)
    figure = Figure(figsize=(_INCHES[0], _INCHES[1] * len(drawn)), layout="constrained")
    rows = figure.subplots(len(drawn), 1, squeeze=False)
    for chart, (axes,) in zip(drawn, rows, strict=True):
        places = sorted(chart.values)
        axes.step(places, [chart.values[place] for place in places], where="post", color=_LINE, linewidth=1.5)
        axes.plot(chart.marks, [chart.values[place] for place in chart.marks], "o", color=_MARK, markersize=4)
        axes.set_title(chart.title, loc="left", fontsize=10)
        axes.set_ylim(*chart.range)
        axes.set_xlim(-0.5, max(1, len(chart.labels)) - 0.5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _, chart=chart: chart.text(value)))
        ends = sorted({0, len(chart.labels) - 1})
        axes.set_xticks(ends, [chart.labels[place].partition(" ")[0] for place in ends], fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return file.getvalue()
