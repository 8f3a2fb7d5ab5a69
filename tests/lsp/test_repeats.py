"""Programs too short for times run again and again, can be stopped in between, and say what is another in every run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from lsp_fixtures import measured
from lsp_session import VISUAL_STUDIO_CODE, Session, eventually, in_folder, session_with
from perilune.lsp.features.hover import explain_line, summarize_line
from perilune.lsp.features.inlay_hints import line_label
from perilune.lsp.job import Job
from perilune.lsp.runner import _options
from perilune.lsp.settings import Settings
from perilune.profiler.model import Range, Repeats

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "sample", "timeLimit": 60}, "language": {"enabled": False}}
SHORT = "local s = 0\nfor i = 1, 2000 do\n  s = s + i % 7\nend\nprint(s)\n"
RANDOM = "local s = 0\nfor i = 1, 1000 + math.random(1000) do\n  s = s + 1\nend\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def code(shared: Session, tmp_path: Path) -> Iterator[Session]:
    for session in in_folder(shared, tmp_path):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(REAL))
        yield session


def options(mode: str, repeat: str | None = None, precision: float | None = None, set_to: Any = None) -> list[str]:
    job = Job("/p.lua", (), mode, "/", repeat=repeat, precision=precision)
    found = _options(job, Settings.from_json({"profile": {"repeat": set_to}}), Path("r"), Path("f"))
    return found[found.index("--repeat") : found.index("--progress")] if "--repeat" in found else []


async def test_how_often_a_program_runs() -> None:
    assert options("sample") == ["--repeat", "auto", "--precision", "2"]
    assert options("count") == options("trace") == []  # one run is exact
    assert options("count", "auto") == ["--repeat", "auto", "--precision", "2"]
    assert options("count", "3", 0.5) == ["--repeat", "3", "--precision", "0.5"]
    assert options("sample", set_to="1") == options("sample", set_to=1) == ["--repeat", "1", "--precision", "2"]
    assert options("count", set_to=5) == ["--repeat", "5", "--precision", "2"]
    assert options("sample", set_to=0) == options("sample", set_to="often") == options("sample")


async def test_a_short_program_runs_until_a_limit(code: Session) -> None:
    uri = code.write_and_open("a.lua", SHORT)
    report = await code.profile(uri, precision=0.05)
    assert report.status == "finished"
    assert "mean of " in report.message and "counts agree" in report.message
    story = await code.hover(uri, 2) or ""
    assert " runs of `a.lua`: " in story and "are the limit." in story
    assert code.logged().count("\n6000\n") == 1  # only the first run is heard


async def test_a_comment_says_how_often(code: Session) -> None:
    uri = code.write_and_open("a.lua", f"---@profile repeat=3 precision=9\n{SHORT}")
    assert "mean of 3 runs" in (await code.profile(uri)).message
    code.change(uri, f"---@profile repeat=1\n{SHORT}")
    assert "mean of" not in (await code.rerun(uri)).message


async def test_a_program_that_changes_files_runs_once_and_says_so(code: Session) -> None:
    uri = code.write_and_open("a.lua", f"os.remove('nothing')\n{SHORT}os.exit(3)\n")
    report = await code.profile(uri)
    assert (report.status, report.exit_status) == ("finished", 3)
    assert "Not run again: it called os.remove" in (await code.hover(uri, 3) or "")


async def test_what_was_stopped_between_runs_has_finished(code: Session) -> None:
    uri = code.write_and_open("a.lua", SHORT)
    running = asyncio.create_task(code.profile(uri, repeat=100_000))

    def is_repeated() -> bool:
        told = [report for reports in code.client.progress_reports.values() for report in reports]
        return any(isinstance(each, types.WorkDoneProgressReport) and "run " in (each.message or "") for each in told)

    await eventually(is_repeated, seconds=30)
    await code.execute("stop", {"uri": uri})
    report = await running
    assert report.status == "finished" and "mean of " in report.message
    assert "Not run more often: it was stopped." in (await code.hover(uri, 2) or "")


async def test_what_is_another_in_every_run_is_marked(code: Session) -> None:
    uri = code.write_and_open("a.lua", RANDOM)
    report = await code.profile(uri, mode="count", repeat=8)
    assert "8 runs" in report.message and "agree" not in report.message
    labels = await code.labels(uri)
    assert labels[2].startswith("≈") or " ≈" in labels[2]
    assert "≈" not in labels.get(0, "")
    story = await code.hover(uri, 2) or ""
    assert "not deterministic: hits 1," in story
    assert "the program uses random numbers (math.random)" in story


async def test_a_line_that_differs_is_told_with_its_reason() -> None:
    measurement = measured("x = 1 --= 60% 1200\ny = 2 --= 40% 1200")
    assert "≈" not in line_label(measurement.rows[1], measurement)
    measurement.rows[2].ranges.append(Range("hits", 812, 1200))
    assert "≈1.2k×" in line_label(measurement.rows[2], measurement)
    assert "not deterministic: hits 812 to 1,200" in (summarize_line(measurement, 2) or "")
    measurement.profile.totals.repeats = Repeats(runs=4, inputs=["os.clock"])
    assert "hits 812 to 1,200; the program uses the clock (os.clock)" in (explain_line(measurement, 2) or "")
    assert "Counted in 4 runs of `test.lua`" in (explain_line(measurement, 2) or "")
    assert "not deterministic" not in (summarize_line(measurement, 1) or "")
