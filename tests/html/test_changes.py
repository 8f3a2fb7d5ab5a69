"""What changed since another run, at the top of the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from perilune.profiler.comparison import compare
from perilune.profiler.model import Profile
from perilune.profiler.renderers.html_changes import Changes
from perilune.profiler.session import Session
from perilune.profiler.sources import Sources, split_lines

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

BEFORE = "local n = 0\nfor i = 1, 200 do\n  n = n + i * 2\nend\nprint(n)\nprint('gone')\n"
NOW = "local n = 0\nfor i = 1, 100 do\n  n = n + i * 2\nend\nprint(n)\n"


def ran(text: str) -> tuple[Profile, Sources]:
    _, profile = Session("count").run(text.encode(), b"@a.lua", [])
    return profile, {"a.lua": split_lines(text.encode())}


def test_lines_that_changed_stand_first(open_report: Callable[..., Page]) -> None:
    (before, sources_before), (now, sources) = ran(BEFORE), ran(NOW)
    comparison = compare(before, now, sources_before, sources)
    page = open_report(now, sources, Changes(comparison, "v1.0", "half as much", sources_before))
    assert page.locator("main section").first.get_attribute("id") == "changed-lines"
    assert "Since v1.0: half as much." in page.locator("#changed-lines .note").inner_text()
    rows = [row.inner_text().split("\t") for row in page.locator("#changed-lines tbody tr").all()]
    assert rows[0] == ["\N{MINUS SIGN}200", "-50.0%", "400", "200", "3", "n = n + i * 2"]
    assert any(row[1] == "gone" and row[-1] == "print('gone')" for row in rows)
    page.locator("#changed-lines tbody a").first.click()
    assert page.evaluate("location.hash") == "#file0-line3"


def test_runs_that_are_the_same_have_no_changes(open_report: Callable[..., Page]) -> None:
    profile, sources = ran(NOW)
    page = open_report(profile, sources, Changes(compare(profile, profile, sources, sources), "v1.0", "", sources))
    assert page.locator("#changed-lines").count() == 0
