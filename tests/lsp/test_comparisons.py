"""Edit, save, see the difference at the line's end: runs beside the run before, a saved profile, or a git revision."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from lsp_fixtures import measured
from lsp_session import VISUAL_STUDIO_CODE, Session, eventually, in_folder, session_with
from perilune.lsp.baselines import Baselines

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "count", "timeLimit": 20}, "language": {"enabled": False}}
SLOW = "local s = 0\nfor i = 1, 100 do\n  s = s + i * 2\nend\nprint(s)\n"
FAST = "-- less to do\nlocal s = 0\nfor i = 1, 100 do\n  s = s + i\nend\nprint(s)\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def code(shared: Session, tmp_path: Path) -> Iterator[Session]:
    for session in in_folder(shared, tmp_path):
        configure(session)
        yield session


def configure(session: Session, change: str = "last") -> None:
    settings = {**REAL, "hints": {"change": change}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))


def edit(session: Session, uri: str, name: str, text: str, version: int = 2) -> None:
    session.write(name, text)
    session.change(uri, text, version)


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def save_profile(folder: Path, program: str, path: Path) -> None:
    options = ["profile", "--mode", "count", "-o", str(path), program]
    subprocess.run([sys.executable, "-m", "perilune", *options], cwd=folder, check=True, capture_output=True)


async def test_a_line_shows_what_changed_since_the_run_before(code: Session) -> None:
    uri = code.write_and_open("a.lua", SLOW)
    assert "since" not in (await code.profile(uri)).message
    edit(code, uri, "a.lua", FAST)
    report = await code.rerun(uri)
    assert "since the last run: \N{MINUS SIGN}" in report.message
    assert "another output" in report.message
    labels = await code.labels(uri)
    assert labels[3].endswith(" · ▼ 50% instr")
    assert "instr" not in labels[2]  # where nothing changed nothing is said
    assert "200 → 100" in (await code.hover(uri, 3) or "")
    html = (await code.execute("report", {"uri": uri}))["html"]
    assert '"changes":{"since":"the last run","summary":"\N{MINUS SIGN}' in html
    assert '"count":[200,100,"-50.0%"]' in html


async def test_what_is_the_same_is_no_change(code: Session) -> None:
    uri = code.write_and_open("a.lua", SLOW)
    await code.profile(uri)
    report = await code.rerun(uri)
    assert report.message.endswith("since the last run: the same instructions and allocated bytes, same output")
    assert not [label for label in (await code.labels(uri)).values() if "instr" in label]


async def test_a_baseline_stays_what_runs_are_compared_with(code: Session) -> None:
    uri = code.write_and_open("a.lua", SLOW)
    assert (await code.execute("baseline", {"uri": uri}))["status"] == "failed"  # nothing ran yet
    await code.profile(uri)
    assert (await code.execute("baseline", {"uri": uri, "source": "last"}))["status"] == "set"
    edit(code, uri, "a.lua", FAST)
    for _ in range(2):
        assert "since the baseline: \N{MINUS SIGN}" in (await code.rerun(uri)).message
        assert "▼ 50% instr" in (await code.labels(uri))[3]
    answer = await code.execute("compare", {"uri": uri})
    assert [line["line"] for line in answer["lines"]] == [3]
    assert answer["totals"]["instructions"]["verdict"] == "less"
    assert "same" in (await code.execute("clearBaseline", {"uri": uri}))["message"]
    assert "instr" not in (await code.labels(uri))[3]


async def test_changes_can_be_switched_off(code: Session) -> None:
    uri = code.write_and_open("a.lua", SLOW)
    configure(code, "off")
    await code.profile(uri)
    edit(code, uri, "a.lua", FAST)
    assert "since" not in (await code.rerun(uri)).message
    configure(code, "baseline")
    assert "since" not in (await code.rerun(uri)).message


async def test_a_baseline_outlives_the_server(tmp_path: Path) -> None:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as first:
        uri = first.write_and_open("a.lua", SLOW)
        await first.profile(uri)
        await first.execute("baseline", {"uri": uri})
    (tmp_path / "a.lua").write_text(FAST)
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as second:
        second.open(uri, FAST)
        assert "since the baseline: \N{MINUS SIGN}" in (await second.rerun(uri)).message


async def test_what_changed_outlives_the_server(tmp_path: Path) -> None:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as first:
        uri = first.write_and_open("a.lua", SLOW)
        await first.profile(uri)
        edit(first, uri, "a.lua", FAST)
        message = (await first.rerun(uri)).message
        assert "since the last run: " in message
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as second:
        second.open(uri, FAST)
        await eventually(lambda: "since the last run: " in second.logged())
        assert (await second.labels(uri))[3].endswith(" · ▼ 50% instr")
        assert second.logged().partition("since")[2].strip() in message
        assert (await second.execute("compare", {"uri": uri}))["lines"][0]["line"] == 3
        await second.execute("clear", {"uri": uri})
        assert "since" not in (await second.profile(uri)).message
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as third:
        assert "since the last run: the same instructions" in (await third.profile(uri)).message


async def test_a_saved_profile_is_a_baseline(code: Session) -> None:
    uri = code.write_and_open("a.lua", FAST)
    profile = code.folder / "old.json"
    await code.profile(uri)
    broken = await code.execute("baseline", {"uri": uri, "source": "profile", "path": str(profile)})
    assert (broken["status"], "old.json cannot be read" in broken["message"]) == ("failed", True)
    profile.write_text(json.dumps({"format": "nothing"}))
    broken = await code.execute("baseline", {"uri": uri, "source": "profile", "path": str(profile)})
    assert "old.json is no saved profile" in broken["message"]
    code.write("a.lua", SLOW)
    save_profile(code.folder, "a.lua", profile)
    code.write("a.lua", FAST)
    answer = await code.execute("baseline", {"uri": uri, "source": "profile", "path": str(profile)})
    assert "since old.json: \N{MINUS SIGN}" in answer["message"]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on PATH")
async def test_a_revision_is_a_baseline(code: Session) -> None:
    git(code.folder, "init", "-q")
    (code.folder / "lib").mkdir()
    code.write("lib/m.lua", "return 2\n")
    text = "local factor = require 'lib.m'\n" + SLOW
    uri = code.write_and_open("a.lua", text)
    git(code.folder, "add", "a.lua", "lib")
    git(code.folder, "commit", "-qm", "one")
    edit(code, uri, "a.lua", text.replace("i * 2", "i"))
    await code.profile(uri)
    answer = await code.execute("baseline", {"uri": uri, "source": "revision", "revision": "HEAD"})
    assert "since HEAD (" in answer["message"]
    assert (await code.labels(uri))[3].endswith("▼ 50% instr")
    assert (code.folder / "a.lua").read_text() == text.replace("i * 2", "i")
    for revision, complaint in (("nowhere", "git knows no revision 'nowhere' here."), ("-h", "git knows no revision")):
        answer = await code.execute("baseline", {"uri": uri, "source": "revision", "revision": revision})
        assert (answer["status"], complaint in answer["message"]) == ("failed", True)


async def test_a_folder_without_a_repository_has_no_revisions(code: Session) -> None:
    uri = code.write_and_open("a.lua", SLOW)
    answer = await code.execute("baseline", {"uri": uri, "source": "revision", "revision": "HEAD"})
    assert answer["status"] == "failed"
    assert "git" in answer["message"]


async def test_changes_stand_in_hints_and_hover_of_every_editor(session: Session) -> None:
    before = "local x = 0       --= 10%\nx = x + 1         --= 90% 1200\nprint('done', x)\n"
    after = "local x = 0       --= 10%\n\nx = x + 1         --= 80% 600\nprint('done', x)\n"
    uri = session.write_and_open("hot.lua", before)
    await session.profile(uri)
    assert await session.labels(uri) == {0: "10.0% · 1×", 1: "90.0% · 1.2k×"}
    edit(session, uri, "hot.lua", after)
    await session.rerun(uri)
    assert await session.labels(uri) == {0: "10.0% · 1×", 2: "80.0% · 600× · ▼ 50% instr"}
    assert "since the last run: instructions 1,200 → 600" in (await session.hover(uri, 2) or "")
    answer = await session.execute("metric", {"metric": "change"})
    assert answer["message"] is None
    assert await session.labels(uri) == {2: "▼ 50% instr · 80.0% · 600×"}
    await session.execute("metric", {"metric": "time"})
    await session.rerun(uri)
    assert await session.labels(uri) == {0: "10.0% · 1×", 2: "80.0% · 600×"}


async def test_a_run_that_was_stopped_is_none_to_compare_with() -> None:
    baselines = Baselines(lambda path: None)
    run = measured("local x = 0       --= 10%\n")
    baselines.note_run("/a", {"/a": run}, "")
    assert baselines.reference("/a", "last") is not None
    baselines.note_run("/a", {"/a": dataclasses.replace(run, cut_short="was stopped")}, "")
    assert baselines.reference("/a", "last") is None
