"""The page of a profile that another profiler wrote: what it does not know is not shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from perilune.profiler.importers import read_profile

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOURCE = ["local function half(n)", "  return n / 2", "end", "half(8)"]
FRAMES = [{"name": "main chunk", "file": "a.lua", "line": 4}, {"name": "half", "file": "a.lua", "line": 2}]
STACKS = {
    "$schema": "https://www.speedscope.app/file-format-schema.json",
    "shared": {"frames": FRAMES},
    "profiles": [
        {
            "type": "sampled",
            "name": "a",
            "unit": "milliseconds",
            "startValue": 0,
            "endValue": 4,
            "samples": [[0], [0, 1]],
            "weights": [1, 3],
        }
    ],
}
COVERAGE = b"SF:a.lua\nFN:1,half\nFNDA:3,half\nDA:1,1\nDA:2,3\nDA:4,1\nend_of_record\n"

OpenReport = Callable[..., "Page"]


def test_a_flame_graph_is_drawn_by_time_where_samples_are_not_counted(open_report: OpenReport) -> None:
    page = open_report(read_profile(json.dumps(STACKS).encode(), "a.json"), {"a.lua": SOURCE})
    assert "read from speedscope" in page.inner_text("header .kind")
    widths = {}
    for frame in page.locator(".flames button").all():
        box = frame.bounding_box()
        assert box is not None
        widths[frame.inner_text()] = box["width"]
    assert widths["half"] / widths["main chunk"] == pytest.approx(0.75, abs=0.01)
    page.click(".flames button:has-text('half')")
    assert "total 75.0%, 3.00 ms" in page.inner_text("#flame-graph")
    assert "sample" not in page.inner_text("#flame-graph")


def test_what_is_not_known_has_no_column_and_cannot_lead(open_report: OpenReport) -> None:
    page = open_report(read_profile(json.dumps(STACKS).encode(), "a.json"), {"a.lua": SOURCE})
    assert page.inner_text("#lines thead").split()[:4] == ["Share", "Self", "Total", "Line"]
    assert [page.is_disabled(f"input[value={metric}]") for metric in ("time", "count", "memory")] == [False, True, True]


def test_coverage_has_neither_times_nor_calls_of_calls(open_report: OpenReport) -> None:
    page = open_report(read_profile(COVERAGE, "a.lcov"), {"a.lua": SOURCE})
    assert [page.is_disabled(f"input[value={metric}]") for metric in ("time", "count", "memory")] == [True, False, True]
    assert "60.0%" in page.inner_text("#lines tbody tr:first-child")
    assert page.inner_text("#functions thead").split() == ["Calls", "Line", "Function"]
    assert "who called whom" in page.inner_text("#flame-graph")
