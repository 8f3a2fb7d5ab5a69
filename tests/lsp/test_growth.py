"""How lines grow, in an editor: the command, the hints of the metric `growth`, and what is said where it fails."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pygls.exceptions import JsonRpcException

from lsp_session import NEOVIM, Session, session_with

pytest.importorskip("numpy")
pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAM = """\
local n, sum = tonumber(arg[1]) or 10, 0
for i = 1, n do
  for j = 1, n do
    sum = sum + j
  end
end
print(sum)
"""
SIZES = {"over": "n=20,40,80"}
PERILUNE = {"profile": {"command": [sys.executable, "-P", "-m", "perilune"], "mode": "count", "timeLimit": 60}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    folder = tmp_path_factory.mktemp("growth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERILUNE_STORE", str(folder / "results.sqlite"))
        async with session_with(NEOVIM, folder, **PERILUNE) as session:
            yield session


@pytest_asyncio.fixture(loop_scope="module")
async def editor(shared: Session) -> AsyncIterator[Session]:
    yield shared
    await shared.execute("metric", {"metric": "time"})
    await shared.execute("clear")


async def test_lines_show_how_they_grow_and_keep_it_through_edits(editor: Session) -> None:
    uri = editor.write_and_open("a.lua", PROGRAM)
    answer = await editor.execute("grow", {"uri": uri, **SIZES})
    assert (answer["status"], answer["sizes"]) == ("grown", [20, 40, 80])
    assert answer["message"].startswith("a.lua grows ~n². At n = 10⁶ line ")
    labels = await editor.labels(uri)
    assert labels[2] == labels[3] == "~n² · ×4 per doubling"
    assert all(len(label) <= 30 for label in labels.values())
    line = next(each for each in answer["lines"] if each["line"] == 3)
    assert (line["growth"], line["factor"], line["doubt"]) == ("~n²", "×4 per doubling", "")
    text = await editor.hover(uri, 3)
    assert text is not None
    assert "grows **~n²** · ×4 per doubling · exponent 2.00, R² 1.0000" in text
    assert "of a run at n = 10⁶" in text
    editor.change(uri, "-- moved\n" + PROGRAM.replace("sum + j", "sum + j * 2"))
    labels = await editor.labels(uri)
    assert labels[3] == "~n² · ×4 per doubling"
    assert labels[4] == "~~n²"


async def test_other_metrics_show_the_figures_of_the_run_and_not_of_the_sizes(editor: Session) -> None:
    uri = editor.write_and_open("d.lua", PROGRAM)
    await editor.profile(uri)
    before = await editor.labels(uri)
    await editor.execute("grow", {"uri": uri, **SIZES})
    assert await editor.labels(uri) != before
    await editor.execute("metric", {"metric": "time"})
    assert await editor.labels(uri) == before
    assert (await editor.execute("metric", {"metric": "growth"}))["message"] is None
    assert (await editor.labels(uri))[3] == "~n² · ×4 per doubling"
    assert (await editor.execute("hotspots"))["lines"]


async def test_a_comment_says_the_sizes(editor: Session) -> None:
    uri = editor.write_and_open("e.lua", '---@profile over="n=10,20,30" overArgs="{n}"\n' + PROGRAM)
    assert (await editor.execute("grow", {"uri": uri}))["sizes"] == [10, 20, 30]


async def test_without_sizes_that_were_run_the_metric_says_so(editor: Session) -> None:
    uri = editor.write_and_open("f.lua", PROGRAM)
    await editor.profile(uri)
    before = await editor.labels(uri)
    answer = await editor.execute("metric", {"metric": "growth"})
    assert answer["message"] == "How the lines grow is not known yet: run the program at several sizes."
    assert await editor.labels(uri) == before


async def test_what_fails_is_said(editor: Session) -> None:
    uri = editor.write_and_open("g.lua", 'if tonumber(arg[1]) > 20 then error("too many") end\n')
    answer = await editor.execute("grow", {"uri": uri, "over": "n=10,20,30"})
    assert answer["status"] == "failed"
    assert "g.lua at n=30 ended with an error: g.lua:1: too many" in answer["message"]
    with pytest.raises(JsonRpcException, match="the sizes do not grow"):
        await editor.execute("grow", {"uri": uri, "over": "n=10,10,10"})


async def test_what_is_not_saved_is_not_run(editor: Session) -> None:
    uri = editor.write_and_open("h.lua", PROGRAM)
    editor.change(uri, PROGRAM + "print(1)\n")
    answer = await editor.execute("grow", {"uri": uri, **SIZES})
    assert answer["message"] == "Save h.lua first: what is run at several sizes are the files."


async def test_growth_outlives_the_server_and_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERILUNE_STORE", str(tmp_path / "results.sqlite"))
    async with session_with(NEOVIM, tmp_path, **PERILUNE) as first:
        uri = first.write_and_open("a.lua", PROGRAM)
        await first.execute("grow", {"uri": uri, **SIZES})
        labels = await first.labels(uri)
    (tmp_path / "a.lua").rename(tmp_path / "b.lua")
    async with session_with(NEOVIM, tmp_path, **PERILUNE) as second:
        now = (tmp_path / "b.lua").as_uri()
        second.open(now, PROGRAM)
        assert await second.labels(now) == {}
        await second.execute("metric", {"metric": "growth"})
        assert labels[3] == "~n² · ×4 per doubling" and await second.labels(now) == labels
        await second.execute("clear", {"uri": now})
    async with session_with(NEOVIM, tmp_path, **PERILUNE) as third:
        third.open(now, PROGRAM)
        await third.execute("metric", {"metric": "growth"})
        assert await third.labels(now) == {}
