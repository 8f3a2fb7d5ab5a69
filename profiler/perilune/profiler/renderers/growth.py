"""How a program grows, as a text to read: the run, its lines, its functions, and what the sizes leave open."""

from __future__ import annotations

from collections.abc import Sequence

from perilune.profiler.growth.model import Growth, Series, Subject
from perilune.profiler.growth.words import ends_of, factor_text, growth_text, prediction_text, rivals_text, size_text
from perilune.profiler.renderers.figures import bytes_text, count_text, printable, share_text, time_text
from perilune.profiler.renderers.report.table import Column, Line, Segment, table
from perilune.profiler.sources import Sources

_FIGURES = {
    "instructions": "instructions",
    "hits": "hits",
    "calls": "calls",
    "allocated_bytes": "allocated",
    "peak_bytes": "peak",
    "peak_live_bytes": "kept at peak",
    "run_ns": "time",
    "self_ns": "time",
}
_MATTERS = 0.01


def report(growth: Growth, sources: Sources, width: int, top: int, ascii_only: bool) -> list[Line]:
    """The lines of the report. `top` rows a table, 0 for all."""
    lines: list[Line] = [[(printable(f"How {growth.program.path} grows with {ends_of(growth)}"), "bold")], []]
    lines += [_of_whole(series, growth, ascii_only) for series in growth.whole.series]
    lines.append([])
    for title, subjects in (("Lines", growth.lines), ("Functions", growth.functions)):
        shown = by_weight(subjects)
        if shown:
            lines += [*table(title, _columns(growth, sources, ascii_only), shown, top, width), []]
    prediction = prediction_text(growth, ascii_only)
    lines += [[(printable(prediction), "bold")], []] if prediction else []
    open_questions = list(_open_questions(growth, ascii_only))
    if open_questions:
        lines += [[("Not certain", "bold")], *[[(f"  {text}", "")] for text in open_questions], []]
    lines += [[(printable(f"Note: {note}."), "")] for note in growth.notes]
    return lines if lines[-1] else lines[:-1]


def figure_text(series: Series, index: int = -1) -> str:
    """A value of a series with its unit: the last one, or another."""
    value = series.values[index]
    if series.figure.endswith("_bytes"):
        return bytes_text(value)
    return time_text(value) if series.figure.endswith("_ns") else count_text(value)


def figure_title(figure: str) -> str:
    """`allocated` of `allocated_bytes`."""
    return _FIGURES[figure]


def _of_whole(series: Series, growth: Growth, ascii_only: bool) -> Line:
    title = f"  {figure_title(series.figure):13}"
    if series.fit is None:
        return [(title, "dim"), ("nothing", "")]
    fit = series.fit
    parts = [growth_text(fit, ascii_only), f"exponent {fit.exponent:.2f}", f"R2 {fit.determination:.4f}"]
    parts += [factor_text(fit, growth.sizes[-1], ascii_only), f"{figure_text(series)} at {growth.sizes[-1]:,}"]
    return [(title, "dim"), ("  ".join(part for part in parts if part), "")]


def by_weight(subjects: Sequence[Subject]) -> list[Subject]:
    """What costs much at the largest size, or will."""
    return sorted(subjects, key=lambda each: -max(each.share, each.predicted_share or 0.0))


def _columns(growth: Growth, sources: Sources, ascii_only: bool) -> list[Column[Subject]]:
    def growing(subject: Subject) -> Segment:
        return growth_text(subject.leading.fit, ascii_only), "bold"

    def exponent(subject: Subject) -> Segment:
        fit = subject.leading.fit
        return ("" if fit is None else f"{fit.exponent:.2f}"), ""

    def quality(subject: Subject) -> Segment:
        fit = subject.leading.fit
        return ("" if fit is None else f"{fit.determination:.4f}"), ""

    def memory(subject: Subject) -> Segment:
        series = subject.of("allocated_bytes")
        return growth_text(None if series is None else series.fit, ascii_only), ""

    def time(subject: Subject) -> Segment:
        series = subject.of("self_ns")
        return growth_text(None if series is None else series.fit, ascii_only), ""

    def what(subject: Subject) -> Segment:
        if subject.name:
            return printable(f"{subject.name}  {subject.path}:{subject.line}"), ""
        text = sources.get(subject.path, [])
        line = text[subject.line - 1].strip() if 0 < subject.line <= len(text) else ""
        return printable(f"{_place(growth, subject)}  {line}"), ""

    timed = [Column("time", time)] if growth.whole.of("run_ns") is not None else []
    return [
        Column("growth", growing, right=False),
        Column("exponent", exponent),
        Column("R2", quality),
        Column("share", lambda subject: (share_text(subject.share), "")),
        Column(
            f"at {size_text(growth.predicted_at, ascii_only)}",
            lambda subject: (share_text(subject.predicted_share), ""),
        ),
        Column("allocated", memory),
        *timed,
        Column("", what, right=False),
    ]


def _place(growth: Growth, subject: Subject) -> str:
    return str(subject.line) if subject.path == growth.program.path else f"{subject.path}:{subject.line}"


def _open_questions(growth: Growth, ascii_only: bool) -> list[str]:
    """What the sizes leave open of what matters."""
    found = []
    for subject in (growth.whole, *by_weight(growth.lines)):
        fit = subject.leading.fit
        if fit is None or max(subject.share, subject.predicted_share or 0.0) < _MATTERS:
            continue
        text = rivals_text(fit, ascii_only)
        if text:
            name = "the whole run" if subject is growth.whole else f"line {_place(growth, subject)}"
            found.append(printable(f"{name}: {text}"))
    return found
