"""Figures follow a file that gets another name: in the editor, outside of it, and in what is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lsprotocol import types

from lsp_fixtures import measured
from lsp_session import HOT, Session
from perilune.lsp.baselines import Baselines, Reference
from perilune.lsp.document import Document
from perilune.lsp.history import History, KeptRun
from perilune.lsp.job import Job
from perilune.lsp.store import Store

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _close(session: Session, uri: str) -> None:
    session.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))


async def test_a_folder_that_the_editor_renames_keeps_the_figures_of_its_files(code: Session) -> None:
    (code.folder / "old").mkdir()
    uri = code.write_and_open("old/a.lua", HOT)
    await code.profile(uri)
    labels = await code.labels(uri)
    assert labels
    (code.folder / "old").rename(code.folder / "new")
    edited = "-- first\n" + HOT
    (code.folder / "new" / "a.lua").write_text(edited)
    now = (code.folder / "new" / "a.lua").as_uri()
    rename = types.FileRename((code.folder / "old").as_uri(), (code.folder / "new").as_uri())
    code.client.workspace_did_rename_files(types.RenameFilesParams([rename]))
    _close(code, uri)
    code.open(now, edited)
    assert await code.labels(now) == {line + 1: label for line, label in labels.items()}
    assert (await code.rerun(now)).status == "finished"


async def test_a_file_that_is_renamed_outside_of_the_editor_keeps_its_figures(code: Session) -> None:
    uri = code.write_and_open("a.lua", HOT)
    await code.profile(uri)
    labels = await code.labels(uri)
    copied = code.write_and_open("copy.lua", HOT)
    assert await code.labels(copied) == {}, "its own figures are those of the file that is still there"
    (code.folder / "a.lua").rename(code.folder / "b.lua")
    _close(code, uri)
    now = (code.folder / "b.lua").as_uri()
    code.open(now, HOT)
    assert labels and await code.labels(now) == labels
    assert (await code.rerun(now)).status == "finished"


@pytest.mark.parametrize("told", [True, False])
async def test_a_kept_run_is_found_under_the_new_name(told: bool, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    history = History(lambda path: store)
    old, new, other = (str(tmp_path / name) for name in ("old.lua", "new.lua", "other.lua"))
    measurement = measured("print(1)\n")
    document = Document(old, measurement.document.data)
    history.keep(KeptRun(Job(old, (), "count", str(tmp_path)), 1.0, {old: measurement, other: measurement}))
    if not told:
        assert history.measured_as(Document(new, document.data)) in (old, other)
        assert history.measured_as(Document(new, b"print(2)\n")) is None
        Path(old).touch()
        Path(other).touch()
        assert history.measured_as(Document(new, document.data)) is None
    history.rename(old, new)
    run = history.recall(new)
    assert run is not None and run.job.path == new and set(run.measurements) == {new, other}
    assert run.measurements[new].document == Document(new, document.data)
    assert history.recall(old) is None
    assert len([name for name in os.listdir(tmp_path / ".perilune") if name.startswith("run-")]) == 1


@pytest.mark.parametrize("told", [True, False])
async def test_what_a_program_is_compared_with_follows_it(told: bool, code: Session) -> None:
    uri = code.write_and_open("a.lua", HOT)
    await code.profile(uri)
    assert (await code.execute("baseline", {"uri": uri}))["status"] == "set"
    (code.folder / "a.lua").rename(code.folder / "b.lua")
    now = (code.folder / "b.lua").as_uri()
    if told:
        code.client.workspace_did_rename_files(types.RenameFilesParams([types.FileRename(uri, now)]))
    _close(code, uri)
    code.open(now, HOT)
    assert await code.labels(now)
    assert "since the baseline: the same instructions" in (await code.rerun(now)).message


async def test_a_kept_baseline_follows_a_folder(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    old, new = str(tmp_path / "old" / "a.lua"), str(tmp_path / "new" / "a.lua")
    reference = Reference(measured("print(1)\n").profile, {"a.lua": b"print(1)\n"}, "the baseline", "digest")
    Baselines(lambda path: store).choose(old, reference)
    later = Baselines(lambda path: store)
    assert later.chosen(new) is None
    later.rename(str(tmp_path / "old"), str(tmp_path / "new"))
    found = later.chosen(new)
    assert found is not None and (found.name, found.texts) == (reference.name, reference.texts)
    assert later.chosen(old) is None
