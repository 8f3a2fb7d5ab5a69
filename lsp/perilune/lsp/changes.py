"""What changed between two runs of a program, by line and function of the newer one, as it is written beside code.

Counts and bytes are exact, so that every difference is a change. A time is a change only beyond the error of both runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from perilune.lsp.features.figures import duration, full_count
from perilune.profiler.comparison import Comparison, Figure, Row
from perilune.profiler.renderers.comparison import growth_text
from perilune.profiler.renderers.figures import bytes_text

LAST_RUN = "the last run"
MINUS = "\N{MINUS SIGN}"

_LESS, _MORE = "\N{BLACK DOWN-POINTING TRIANGLE}", "\N{BLACK UP-POINTING TRIANGLE}"
_AS_FACTOR = 2  # from here on a ratio says more than a percentage
_CLEAR = Fraction(1, 100)  # a change from which a figure may stand for the whole line

_FIELDS = {"count": "instructions", "time": "self_ns", "memory": "allocated_bytes"}
_SHORT = {"count": "instr", "time": "time", "memory": "mem"}
_NAMES = {
    "run_ns": "time",
    "self_ns": "time",
    "total_ns": "time with callees",
    "instructions": "instructions",
    "hits": "hits",
    "calls": "calls",
    "allocated_bytes": "allocated",
    "live_bytes": "live at the end",
}


@dataclass(frozen=True, slots=True)
class LineChange:
    """How a line differs from what it cost before.

    `ratio_text` is for a line's end, `▼ 33% instr`, empty unless `is_change`. `by_metric` has it for each of "count",
    "time" and "memory" in which there is a change. The differences are the newer run's figures less the older one's;
    that of time is 0 where it is within its error. `is_new` says that the older run had no such line.
    """

    ratio_text: str
    is_change: bool
    markdown: str
    by_metric: Mapping[str, str]
    instructions: int = 0
    self_ns: int = 0
    allocated_bytes: int = 0
    is_new: bool = False


def line_changes(comparison: Comparison, path: str, since: str = LAST_RUN) -> dict[int, LineChange]:
    """The changes of a file's lines, `path` being the newer profile's; a line without one is not among them.

    `since` says what the older run was.
    """
    of_file = ((row, row.b) for row in comparison.lines)
    return {place.line: change_of(row, since) for row, place in of_file if place is not None and place.path == path}


def function_changes(comparison: Comparison, path: str, since: str = LAST_RUN) -> dict[tuple[str, int], LineChange]:
    """The same of a file's functions, by name and first line."""
    of_file = ((row, row.b) for row in comparison.functions)
    return {
        (place.name, place.line): change_of(row, since)
        for row, place in of_file
        if place is not None and place.path == path
    }


def change_of(row: Row, since: str = LAST_RUN) -> LineChange:
    """What a pair of a line's or a function's figures says."""
    changed = {metric: row.figures[name] for metric, name in _FIELDS.items() if is_change(row.figures.get(name))}
    is_new = row.a is None
    texts = {metric: "new" if is_new else _short_text(figure, _SHORT[metric]) for metric, figure in changed.items()}
    leading = next((metric for metric, figure in changed.items() if _is_clear(figure)), next(iter(changed), None))
    return LineChange(
        texts[leading] if leading else "",
        bool(changed),
        _story(row, since),
        texts,
        instructions=_difference(changed.get("count")),
        self_ns=_difference(changed.get("time")),
        allocated_bytes=_difference(changed.get("memory")),
        is_new=is_new,
    )


def _difference(figure: Figure | None) -> int:
    return 0 if figure is None else figure.difference


def is_change(figure: Figure | None) -> bool:
    """Whether a figure is known to differ."""
    return figure is not None and figure.verdict not in ("same", "within noise")


def _is_clear(figure: Figure) -> bool:
    return figure.ratio is None or abs(figure.ratio - 1) >= _CLEAR


def _short_text(figure: Figure, unit: str) -> str:
    """`▼ 33% instr`, `▲ ×2.5 instr`, `▲ from 0 mem`; never 0% for what changed, nor 100% for what is left."""
    sign = _MORE if figure.difference > 0 else _LESS
    ratio = figure.ratio
    if ratio is None:
        return f"{sign} from 0 {unit}"
    if ratio >= _AS_FACTOR:
        factor = float(ratio)
        return f"{sign} ×{factor:.1f} {unit}" if factor < 9.95 else f"{sign} ×{min(factor, 9999):.0f} {unit}"
    percent = round(float(abs(ratio - 1)) * 100)
    amount = "<1%" if not percent else ">99%" if percent == 100 and 0 < ratio < 1 else f"{percent}%"
    return f"{sign} {amount} {unit}"


def _story(row: Row, since: str) -> str:
    """Every figure that differs, before and after, as one line of Markdown."""
    if row.a is None:
        return f"new since {since}"
    parts = []
    for name, figure in row.figures.items():
        if name not in _NAMES or figure.verdict == "same" or (name == "total_ns" and _repeats(figure, row)):
            continue
        values = " → ".join(value_text(name, value or 0) for value in (figure.a, figure.b))
        parts.append(f"{_NAMES[name]} {values} ({_verdict(figure)})")
    return f"since {since}: " + " · ".join(parts) if parts else ""


def _repeats(total: Figure, row: Row) -> bool:
    """Whether the time with callees is the time itself: the line calls nothing."""
    own = row.figures.get("self_ns")
    return own is not None and (own.a, own.b) == (total.a, total.b)


def _verdict(figure: Figure) -> str:
    if figure.verdict == "within noise":
        return f"within the error, ± {duration(figure.error)}"
    change = "from nothing" if figure.ratio is None else growth_text(figure.ratio).replace("-", MINUS)
    return f"{change} ± {duration(figure.error)}" if figure.error else change


def value_text(name: str, value: int) -> str:
    """A figure of that field in its unit."""
    if name.endswith("_ns"):
        return duration(value)
    return bytes_text(value) if name.endswith("_bytes") else full_count(value)


def summary(comparison: Comparison, same_output: bool | None = None) -> str:
    """The run as a whole: its change in instructions, allocated bytes and time; `same_output` None if that is not known.

    A difference of time is named with its error in points, or said to be within it.
    """
    totals = comparison.totals.figures
    parts = [
        f"{_change_of_total(totals[name])} {noun}"
        for name, noun in (("instructions", "instructions"), ("allocated_bytes", "allocated bytes"))
        if name in totals and is_change(totals[name])
    ]
    if not parts:
        parts.append("the same instructions and allocated bytes")
    elif "allocated_bytes" in totals and not is_change(totals["allocated_bytes"]):
        parts.append("the same allocated bytes")
    time = totals.get("run_ns")
    if time is not None and is_change(time) and time.ratio is not None:
        parts.append(f"{_change_of_total(time)} time ± {100 * time.error / (time.a or 1):.0f}")
    elif time is not None and time.difference:
        parts.append("time the same within its error")
    if same_output is not None:
        parts.append("same output" if same_output else "another output")
    return ", ".join(parts)


def _change_of_total(figure: Figure) -> str:
    ratio = figure.ratio
    if ratio is None:
        return f"+{full_count(figure.difference)}"
    if ratio >= _AS_FACTOR:
        return f"×{float(ratio):.1f}"
    percent = float(100 * (ratio - 1))
    text = f"{percent:+.0f}%" if abs(percent) >= 9.5 else f"{percent:+.1f}%"
    if round(abs(percent), 1) in (0.0, 100.0) and ratio:
        text = growth_text(ratio)
    return text.replace("-", MINUS)


def largest_first(changes: Iterable[tuple[int, LineChange]]) -> list[tuple[int, LineChange]]:
    """Lines with their changes, by how much of the leading figure they gained or lost."""
    return sorted(changes, key=lambda pair: (-abs(pair[1].instructions), -abs(pair[1].self_ns), pair[0]))
