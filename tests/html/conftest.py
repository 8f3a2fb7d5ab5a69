"""Opens reports from disk in Chromium; a page that asks the network for anything or reports an error fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perilune.profiler.model import Profile
from perilune.profiler.renderers import html
from perilune.profiler.renderers.html_changes import Changes
from perilune.profiler.sources import Sources

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenReport = Callable[[Profile, Sources], "Page"]


def find_chromium() -> str | None:
    """Chromium of the system, by any of its names."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium with a profile folder of its own.

    One a module, not one a session: while it runs so does Playwright's event loop, and tests that need one fail.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (pip install playwright)")
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("Chromium is not installed (apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield running
        running.close()


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[OpenReport]:
    """Writes a report and opens it in a window of 1400 × 900 pixels."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    requests: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    report = tmp_path / "report.html"

    def open_it(profile: Profile, sources: Sources, changes: Changes | None = None) -> Page:
        report.write_text(html.render(profile, sources, changes), encoding="utf-8")
        page = context.new_page()
        page.goto(report.as_uri())
        return page

    yield open_it
    context.close()
    assert set(requests) == {report.as_uri()}
    assert complaints == []
