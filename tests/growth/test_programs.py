"""Programs of known growth: `-- grows n^2` behind a line says what it must be found to be, `-- over n=...` at which sizes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from perilune.profiler.growth.model import Fit, Growth, Series
from perilune.profiler.growth.sizes import Sizes
from perilune.profiler.session import Session

pytest.importorskip("numpy")

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.lua"))

_OVER = re.compile(r"-- over (\S+)")
_GROWS = re.compile(r"-- grows (?P<count>[^,]+?)(?:, allocates (?P<bytes>.+))?$")
_HOT = 0.02
_SAME_BASE = 0.03


@cache
def _grown(path: Path) -> Growth:
    from perilune.profiler.growth.growing import growth_of

    text = path.read_bytes()
    match = _OVER.search(text.decode())
    assert match, "the program does not say over which sizes"
    sizes = Sizes.parse(match[1])
    assert sizes.values
    profiles = [Session("count").run(text, b"@program.lua", [str(size)])[1] for size in sizes.values]
    return growth_of(profiles, sizes.values, sizes.name)


def _expected(path: Path) -> dict[int, re.Match[str]]:
    lines = path.read_text().splitlines()
    return {number: match for number, line in enumerate(lines, 1) if (match := _GROWS.search(line))}


def _is(fit: Fit, expected: str) -> bool:
    """Whether a fit is what is expected, bases and exponents as near as the sizes can tell them."""
    found = fit.text(ascii_only=True)
    numbers = [re.sub(r"[^\d.]", "", text) for text in (found, expected)]
    names = [re.sub(r"\d+(\.\d+)?", "#", text) for text in (found, expected)]
    if found == expected:
        return True
    return fit.parameter is not None and names[0] == names[1] and _near(fit.parameter, float(numbers[1]))


def _near(found: float, expected: float) -> bool:
    return abs(found / expected - 1) < _SAME_BASE


def _check(series: Series, expected: str, place: str) -> None:
    assert series.fit is not None, f"{place}: {series.figure} has no fit of {series.values}"
    assert any(_is(series.fit, each) for each in expected.split(" or ")), (
        f"{place}: {series.figure} {series.values} were found to grow {series.fit.text(True)}, not {expected}; "
        f"rivals {series.fit.rivals}"
    )


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_hot_line_has_its_family(path: Path) -> None:
    growth, expected = _grown(path), _expected(path)
    for line in growth.lines:
        if line.line in expected:
            _check(line.leading, expected[line.line]["count"], f"{path.name}:{line.line}")
        else:
            assert line.share < _HOT, f"{path.name}:{line.line} is hot, and what it grows is not said"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_allocated_bytes_have_their_family(path: Path) -> None:
    expected = {line: match["bytes"] for line, match in _expected(path).items() if match["bytes"]}
    for line in _grown(path).lines:
        if line.line in expected:
            series = line.of("allocated_bytes")
            assert series is not None
            _check(series, expected[line.line], f"{path.name}:{line.line}")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_what_may_be_either_is_not_claimed(path: Path) -> None:
    """Where the comment allows two families, no one of them may be certain."""
    expected = _expected(path)
    for line in _grown(path).lines:
        if line.line in expected and " or " in expected[line.line]["count"]:
            fit = line.leading.fit
            assert fit is not None and not fit.is_certain


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_three_sizes_claim_nothing_that_more_sizes_deny(path: Path) -> None:
    from perilune.profiler.growth.fitting import fit

    growth = _grown(path)
    for line in growth.lines:
        whole = line.leading.fit
        if line.share < _HOT or whole is None or not whole.is_certain:
            continue
        for first in range(len(growth.sizes) - 2):
            sizes, values = (each[first : first + 3] for each in (growth.sizes, line.leading.values))
            few = fit(sizes, values)
            assert few is None or not few.is_certain or few.family == whole.family, (
                f"{path.name}:{line.line} at {sizes}: {values} is not {few.text(True)}"
            )
