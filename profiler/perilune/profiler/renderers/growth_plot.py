"""How a program grows, drawn by matplotlib: counts over sizes, both in logarithms, with the fitted curves."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.figure import Figure

from perilune.profiler.growth.model import Growth, Series, Subject
from perilune.profiler.growth.words import growth_text
from perilune.profiler.renderers.growth import by_weight, figure_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CURVES = 8
_POINTS = 80
_INCHES = (12.0, 8.4)
_DOTS_PER_INCH = 110
_LONGEST_NAME = 40
_LARGEST_LOG = 690.0  # of what a float holds


def plot(growth: Growth, form: str) -> bytes:
    """The picture as a file of a form: png or svg. The same growth gives the same bytes."""
    with rc_context({"svg.hashsalt": "perilune", "svg.fonttype": "path", "font.size": 9.0}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.subplots(2, 2)
        _draw(axes[0, 0], "Lines: instructions", growth, _leading(growth.lines, growth))
        _draw(axes[0, 1], "Functions: instructions", growth, _leading(growth.functions, growth))
        _draw(axes[1, 0], "The run: instructions", growth, _whole(growth, ("instructions",)))
        _draw(axes[1, 1], "The run: bytes", growth, _whole(growth, ("allocated_bytes", "peak_bytes")))
        written = io.BytesIO()
        figure.savefig(
            written, format=form, dpi=_DOTS_PER_INCH, metadata={"Date": None} if form == "svg" else {"Software": None}
        )
    return written.getvalue()


def _leading(subjects: Sequence[Subject], growth: Growth) -> list[tuple[str, Series]]:
    chosen = by_weight(subjects)[:_MOST_CURVES]
    return [(_name(subject, growth), subject.leading) for subject in chosen]


def _whole(growth: Growth, figures: Sequence[str]) -> list[tuple[str, Series]]:
    return [(figure_title(series.figure), series) for series in growth.whole.series if series.figure in figures]


def _name(subject: Subject, growth: Growth) -> str:
    if subject.name:
        return subject.name
    return f"line {subject.line}" if subject.path == growth.program.path else f"{subject.path}:{subject.line}"


def _draw(axes: Axes, title: str, growth: Growth, named: Sequence[tuple[str, Series]]) -> None:
    axes.set_title(title)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(_plain(growth.variable))
    for index, (name, series) in enumerate(named):
        points = [(n, value) for n, value in zip(growth.sizes, series.values, strict=True) if value > 0]
        label = f"{name[-_LONGEST_NAME:]}  {growth_text(series.fit)}"
        color = f"C{index}"
        axes.plot([n for n, _ in points], [value for _, value in points], "o", color=color, label=_plain(label))
        curve = _curve(series, growth.sizes)
        axes.plot([n for n, _ in curve], [value for _, value in curve], "-", color=color, linewidth=1.0)
    if named:
        axes.legend(fontsize="small")
    axes.grid(True, which="both", alpha=0.25)


def _curve(series: Series, sizes: Sequence[int]) -> list[tuple[float, float]]:
    if series.fit is None:
        return []
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    found = []
    for step in range(_POINTS + 1):
        n = math.exp(low + (high - low) * step / _POINTS)
        log = series.fit.log_value(n)
        if -_LARGEST_LOG < log < _LARGEST_LOG:
            found.append((n, math.exp(log)))
    return found


def _plain(text: str) -> str:
    """A text in which nothing is a formula."""
    return text.replace("\\", "\\\\").replace("$", r"\$")
