"""Profiles of other profilers in the editor: marked with where they come from, at the lines of the text that was there."""

from __future__ import annotations

import hashlib
import json

import pytest

from lsp_session import NEOVIM, Session, session_with
from perilune.lsp.settings import Settings
from perilune.profiler.foreign_sources import mapped

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "local x = 0\nx = x + 1\nprint(x)\n"
STACKS = "@/srv/app/lib/hot.lua:2 90\n@/srv/app/lib/hot.lua:1 10\n"


async def test_a_foreign_profile_shows_where_the_end_of_its_path_fits(code: Session) -> None:
    (code.folder / "lib").mkdir()
    uri = code.write_and_open("lib/hot.lua", TEXT)
    code.write("hot.lua", TEXT)
    code.write("run.txt", STACKS)
    answer = await code.execute("load", {"path": str(code.folder / "run.txt")})
    assert answer["status"] == "loaded"
    assert "(sampled, read from collapsed) in 1 file." in answer["message"]
    assert (await code.labels(uri))[1] == "90% · 900 ms"
    hover = await code.hover(uri, 1) or ""
    assert "Sampled, read from collapsed: 100 samples" in hover
    assert "instruction" not in hover and "hit" not in hover
    changed = "-- new\n" + TEXT
    code.change(uri, changed)
    assert (await code.labels(uri))[2] == "90% · 900 ms"
    header = (await code.execute("hotspots", {"uri": uri}))["run"]
    assert (header["origin"], header["instructions"]) == ("sampled, read from collapsed", None)


async def test_counts_alone_are_shown_as_such(code: Session) -> None:
    uri = code.write_and_open("hot.lua", TEXT)
    code.write("cov.lcov", "SF:hot.lua\nDA:1,1\nDA:2,30\nDA:3,1\nend_of_record\n")
    assert (await code.execute("load", {"path": str(code.folder / "cov.lcov")}))["status"] == "loaded"
    assert (await code.labels(uri))[1].startswith("93.8% · 30×")
    hover = await code.hover(uri, 1) or ""
    assert "93.8%** of hits" in hover and "instructions" not in hover


async def test_a_digest_finds_a_file_of_another_name(code: Session) -> None:
    uri = code.write_and_open("other.lua", TEXT)
    code.write("run.txt", "gone.lua:2 90\n")
    from perilune.profiler.importers import read_profile
    from perilune.profiler.renderers.json import render

    profile = read_profile(b"gone.lua:2 90\n", "run.txt")
    profile.files[0].sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    code.write("run.json", render(profile))
    assert (await code.execute("load", {"path": str(code.folder / "run.json")}))["status"] == "loaded"
    assert 1 in await code.labels(uri)


async def test_folders_can_be_mapped(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("mapped")
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    async with session_with(NEOVIM, folder, profile={"pathMap": {"/srv/app/lib": str(folder / "b")}}) as code:
        uris = [code.write_and_open(f"{name}/hot.lua", TEXT) for name in ("a", "b")]
        code.write("run.txt", STACKS)
        await code.execute("load", {"path": str(folder / "run.txt")})
        assert [bool(await code.labels(uri)) for uri in uris] == [False, True]


LUAU = """--!strict
type Point = { x: number }
local function step(p: Point): number
  local sum = 0
  for i = 1, 3 do
    if i == 2 then continue end
    sum += p.x * i
  end
  return sum
end
"""
LUAJIT = "local goto = 1\nlocal big = 1LL + 2i\nlocal t = {}\nt[goto] = big\nreturn t\n"


@pytest.mark.parametrize(("name", "text"), [("a.luau", LUAU), ("a.lua", LUAJIT)])
async def test_files_of_other_languages_keep_their_figures(code: Session, name: str, text: str) -> None:
    uri = code.write_and_open(name, text)
    lines = text.count("\n")
    code.write("run.txt", "".join(f"{name}:{line} 100\n" for line in range(1, lines + 1)))
    answer = await code.execute("load", {"path": str(code.folder / "run.txt")})
    assert f"{name} is not all understood: line " in answer["message"]
    assert len(await code.labels(uri)) == lines
    code.change(uri, "-- new\n" + text)
    moved = await code.labels(uri)
    assert 0 not in moved and len([label for label in moved.values() if not label.startswith("~")]) >= lines // 2


async def test_the_longest_folder_of_a_map_counts() -> None:
    folders = {"/srv": "/x", "/srv/app/": "/y"}
    assert mapped("/srv/app/a.lua", folders) == "/y/a.lua"
    assert mapped("/srv/application/a.lua", folders) == "/x/application/a.lua"
    assert mapped("a.lua", folders) == "a.lua"
    assert Settings.from_json({"profile": {"pathMap": {"/a": "/b", "/c": 1}}}).path_map == (("/a", "/b"),)
    assert json.dumps(dict(Settings.from_json({"profile": {"pathMap": 3}}).path_map)) == "{}"
