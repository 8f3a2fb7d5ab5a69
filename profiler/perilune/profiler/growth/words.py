"""A growth in words: `~n²`, `×4 per doubling`, `at n = 10⁶ this line is 97 % of the run`."""

from __future__ import annotations

import math

from perilune.profiler.growth.model import Fit, Growth, Subject

SPECIAL = "²³√ⁿ⁰¹⁴⁵⁶⁷⁸⁹×"
"""The characters that a text has unless it is asked to be in ASCII."""

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def growth_text(fit: Fit | None, ascii_only: bool = False) -> str:
    """`~n²`, and `~n log n?` where the sizes do not tell it for certain; `constant`, or nothing where there is no fit."""
    if fit is None:
        return ""
    mark = "" if fit.family == "constant" else "~"
    return f"{mark}{fit.text(ascii_only)}{'' if fit.is_certain else '?'}"


def factor_text(fit: Fit, size: int, ascii_only: bool = False) -> str:
    """`×4 per doubling`; of what explodes `×1.62 per step`. Nothing for what is constant."""
    if fit.family == "constant":
        return ""
    times = "x" if ascii_only else "×"
    if fit.family == "{}^n":
        return f"{times}{fit.parameter:.3g} per step"
    if fit.family == "n!":
        return f"{times}{size + 1} at the next step"
    return f"{times}{fit.factor(size):.3g} per doubling"


def rivals_text(fit: Fit, ascii_only: bool = False) -> str:
    """`n log n or n^1.12: these sizes cannot tell them apart`; nothing of what is certain."""
    if fit.is_certain:
        return ""
    names = [fit.text(ascii_only), *fit.rivals]
    if len(names) == 1:
        return f"no family fits: {names[0]} is up to {100 * fit.error:.0f} % away from the counts"
    listed = ", ".join(names[:-1]) + " or " + names[-1]
    return f"{listed}: these sizes cannot tell them apart"


def size_text(size: int, ascii_only: bool = False) -> str:
    """`10⁶`, `20`."""
    power = round(math.log10(size)) if size > 0 else 0
    if power >= 4 and 10**power == size:
        return f"10^{power}" if ascii_only else "10" + str(power).translate(_SUPERSCRIPTS)
    return f"{size:,}"


def prediction_text(growth: Growth, ascii_only: bool = False) -> str:
    """What the line that leads at the predicted size will be of that run; nothing where no line is predicted."""
    known = [line for line in growth.lines if line.predicted_share is not None]
    whole = growth.whole.leading.fit
    if not known or whole is None or whole.family == "constant":
        return ""
    line = max(known, key=lambda each: each.predicted_share or 0.0)
    at = f"At {growth.variable} = {size_text(growth.predicted_at, ascii_only)}"
    share = _percent(line.predicted_share or 0.0)
    doubtful = "" if is_sure(growth, line) else ", if it goes on so: not all of these growths are certain"
    return f"{at} line {line.line} of {line.path} is {share} of the run{doubtful}."


def is_sure(growth: Growth, line: Subject) -> bool:
    """Whether a prediction stands on growths that are certain: the line's, and of those that matter at either end."""
    return all(
        each.leading.fit is not None and each.leading.fit.is_certain
        for each in growth.lines
        if each is line or each.share >= 0.01 or (each.predicted_share or 0.0) >= 0.01
    )


def ends_of(growth: Growth) -> str:
    """`n = 1,000 to 8,000, 4 sizes`."""
    sizes = growth.sizes
    return f"{growth.variable} = {sizes[0]:,} to {sizes[-1]:,}, {len(sizes)} sizes"


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if 1 <= percent < 99.5 else f"{percent:.1f} %" if percent < 99.95 else "nearly 100 %"
