"""Commands about figures, and code lenses, as editors meet them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_session import HOT, NEOVIM, PLAIN, STUB, Session, eventually, session_with, units

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def profiled(session: Session, name: str = "hot.lua", text: str = HOT, **options: Any) -> str:
    uri = session.write_and_open(name, text)
    await session.profile(uri, **options)
    return uri


async def test_another_metric_shows_and_refreshes_until_the_setting_changes(code: Session) -> None:
    uri = await profiled(code)
    code.refreshes.clear()
    code.lens_refreshes.clear()
    assert await code.execute("metric", {"metric": "count"}) == {"metric": "count", "message": None}
    assert await code.labels(uri) == {0: "1× · 0.1% instr", 1: "1.2k× · 120.0% instr"}  # the stub's total is 1,000
    await eventually(lambda: len(code.refreshes) == len(code.lens_refreshes) == 1)
    await code.execute("metric", {"metric": "memory"})
    assert (await code.labels(uri))[1].startswith("64 B")
    for metric in ("memory", "time"):
        settings = {"profile": {"command": STUB}, "hints": {"metric": metric}}
        code.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    assert await code.labels(uri) == {0: "10.0% · 1×", 1: "90.0% · 1.2k×"}


@pytest.mark.parametrize("nothing", [None, {}])
async def test_a_change_of_no_settings_leaves_those_of_the_start(tmp_path: Path, nothing: object) -> None:
    async with session_with(PLAIN, tmp_path, hints={"metric": "memory"}) as session:
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(nothing))
        uri = await profiled(session)
        assert (await session.labels(uri))[1].startswith("64 B")


async def test_change_says_that_there_is_nothing_to_compare_with(code: Session) -> None:
    await code.execute("clear")
    uri = await profiled(code, "once.lua")
    answer = await code.execute("metric", {"metric": "change"})
    assert answer["message"] == "There is nothing to compare with yet: run the program again, or set a baseline."
    assert len(await code.labels(uri)) == 2
    await code.execute("metric", {"metric": "time"})


async def test_figures_hide_and_come_back(code: Session) -> None:
    uri = await profiled(code)
    assert await code.execute("toggle") == {"shown": False}
    assert (await code.hints(uri), await code.lenses(uri), await code.execute("heat", {"uri": uri})) == ([], [], [])
    assert await code.execute("toggle", {"shown": False}) == {"shown": False}
    assert await code.execute("toggle", {}) == {"shown": True}
    assert len(await code.hints(uri)) == 2


async def test_a_filter_keeps_files_outside_the_workspace_quiet(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    async with session_with(NEOVIM, inside) as session:
        other = (outside / "hot.lua").as_uri()
        (outside / "hot.lua").write_text(HOT)
        session.open(other, HOT)
        await session.profile(other)
        assert len(await session.hints(other)) == 2
        assert await session.execute("filter", {"filter": "workspace"}) == {"filter": "workspace"}
        assert await session.hints(other) == []
        assert (await session.execute("hotspots"))["lines"] == []
        assert len((await session.execute("hotspots", {"filter": "everything"}))["lines"]) == 2
        assert await session.execute("nextHot", {"uri": other, "line": 0}) is None
        await session.execute("filter", {"filter": "file"})
        assert await session.execute("nextHot", {"uri": other, "line": 0}) == {"uri": other, "line": 1}


async def test_one_goes_from_one_hot_line_to_the_next_and_round(code: Session) -> None:
    uri = await profiled(code)
    assert await code.execute("nextHot", {"uri": uri, "line": 0}) == {"uri": uri, "line": 1}
    assert await code.execute("nextHot", {"uri": uri, "line": 1}) == {"uri": uri, "line": 0}
    assert await code.execute("previousHot", {"uri": uri, "line": 0}) == {"uri": uri, "line": 1}
    code.change(uri, "-- new\n" + HOT)
    assert await code.execute("nextHot", {"uri": uri, "line": 0}) == {"uri": uri, "line": 1}


async def test_from_a_file_without_figures_one_gets_to_where_the_last_run_was_hot(code: Session) -> None:
    uri = await profiled(code)
    other = code.write_and_open("other.lua", "x = 1\n")
    assert await code.execute("nextHot", {"uri": other, "line": 0}) == {"uri": uri, "line": 0}
    await code.execute("clear")
    assert await code.execute("nextHot", {"uri": other, "line": 0}) is None


async def test_heat_grades_every_line_that_has_a_hint(session: Session) -> None:
    uri = await profiled(session)
    session.change(uri, "-- new\n" + HOT.replace("x + 1 ", "x + 2 "))
    assert await session.execute("heat", {"uri": uri}) == [
        {"line": 1, "share": 0.1, "error": None, "label": "10.0% · 1×", "stale": False},
        {"line": 2, "share": 0.9, "error": None, "label": "~90.0%", "stale": True},
    ]


async def test_a_summary_of_a_selection(session: Session) -> None:
    text = 'a("🌙") --= 50% 5\nb() --= 30% 3\nc() --= 20% 7\n'
    uri = await profiled(session, "sum.lua", text)
    end = units('a("🌙', session.encoding)

    async def summary(*span: tuple[int, int]) -> Any:
        ends = [{"line": line, "character": character} for line, character in span]
        return await session.execute("summary", {"uri": uri, "range": {"start": ends[0], "end": ends[1]}})

    one = await summary((0, end), (0, end))
    assert (one["instructions"], one["hits"], one["allocated_bytes"]) == (5, 5, 64)
    two = await summary((1, 0), (2, 2))
    assert (two["instructions"], two["hits"]) == (10, 7)
    assert (
        two["text"] == "lines 2 to 3: 1.0% of the run's instructions · 10 instructions · at most 7× · 128 B allocated"
    )
    assert await summary((1, 0), (2, 0)) == await summary((1, 0), (1, 1))
    assert await summary((3, 0), (9, 0)) is None
    session.change(uri, text.replace("c()", "d()"))
    assert (await summary((1, 0), (2, 2)))["text"].endswith("1 edited line left out")


async def test_hotspots_say_what_ran_and_where_it_was_hot(code: Session) -> None:
    uri = await profiled(code, "hot.lua", HOT, arguments=["30"], mode="sample")
    answer = await code.execute("hotspots", {"limit": 1})
    run = answer["run"]
    assert (run["program"], run["arguments"], run["mode"], run["uri"]) == ("hot.lua", ["30"], "sample", uri)
    assert (run["run_ns"], run["samples"], run["complete"], run["changed"]) == (10**9, 1000, True, [])
    assert (run["sort"], run["filter"], run["measured_at"] > 1e9) == ("self", "everything", True)
    (line,) = answer["lines"]
    assert (line["uri"], line["line"], line["text"]) == (uri, 1, "x = x + 1         --= 90% 1200")
    assert (line["share"], line["label"], line["hits"]) == (0.9, "90% · 1.2k× · 900 ms", 1200)
    (file,) = answer["files"]
    assert (file["uri"], file["share"], file["self_ns"], file["changed"]) == (uri, 1.0, 10**9, False)
    code.change(uri, "-- new\n" + HOT)
    answer = await code.execute("hotspots", {"uri": uri})
    assert [line["line"] for line in answer["lines"]] == [2, 1]
    assert (answer["run"]["changed"], answer["files"][0]["changed"]) == ([uri], True)


async def test_hotspots_without_a_run(code: Session) -> None:
    await code.execute("clear")
    answer = await code.execute("hotspots")
    assert answer == {"run": None, "files": [], "functions": [], "lines": [], "builtins": [], "collector": None}


async def test_lenses_offer_what_can_be_done(session: Session) -> None:
    uri = session.write_and_open("hot.lua", HOT)
    assert (0, "Profile", "perilune.server.profile", {"uri": uri}) in await session.lenses(uri)
    await session.profile(uri, mode="sample")
    found = await session.lenses(uri)
    assert found[0] == (0, "hot.lua: 1.0 s", "perilune.server.show", {"uri": uri, "line": 1})
    assert (0, "Profile again", "perilune.server.rerun", {"uri": uri}) in found
    assert (0, "Clear", "perilune.server.clear", {"uri": uri}) in found
    for _, _, command, _ in found:
        assert command in session.commands


async def test_lenses_can_be_switched_off(code: Session) -> None:
    uri = await profiled(code)
    settings = {"profile": {"command": STUB}, "lenses": {"enabled": False}}
    code.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    assert await code.lenses(uri) == []


async def test_an_editor_that_cannot_refresh_lenses_is_not_asked_to(tmp_path: Path) -> None:
    async with session_with(NEOVIM, tmp_path) as session:
        await profiled(session)
        assert (session.lens_refreshes, len(session.refreshes) > 1) == ([], True)


async def test_showing_a_line_says_whether_the_editor_did(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path) as session:
        uri = await profiled(session)
        assert await session.execute("show", {"uri": uri, "line": 1}) == {"uri": uri, "line": 1, "shown": False}


async def test_the_hottest_lines_stand_among_the_problems_if_wanted(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path, hints={"asDiagnostics": True}) as session:
        uri = await profiled(session)
        first, second = await session.diagnostics(uri, 2)
        assert (first.message, second.message) == ("10.0% · 1×", "90.0% · 1.2k×")
        assert second.severity == types.DiagnosticSeverity.Hint
        assert second.range.start == types.Position(1, 0)
        await session.execute("toggle", {"shown": False})
        await session.diagnostics(uri, 0)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            "metric",
            [{"metric": "age"}],
            "metric: expected one of time, total, count, memory, change, growth, not 'age'",
        ),
        ("metric", [], "expected one object {metric}, not nothing"),
        ("filter", [{}], "filter: expected one of everything, workspace, file, not nothing"),
        ("toggle", [{"shown": 1}], "shown: expected a boolean, not 1"),
        ("nextHot", [{"uri": "file:///x"}], "line: expected a number from 0, not nothing"),
        ("previousHot", [{"uri": "file:///x", "line": -1}], "line: expected a number from 0, not -1"),
        ("heat", [{}], "uri: expected a string, not nothing"),
        ("hotspots", [{"sort": 3}], "sort: expected one of self, total, count, memory, change, not 3"),
        ("hotspots", [{"filter": "file"}], 'uri: expected a string, with filter "file", not nothing'),
        ("summary", [{"uri": "file:///x"}], "range: expected a range {start, end}, not nothing"),
        (
            "summary",
            [{"uri": "file:///x", "range": {"start": {"line": 1, "character": 0}, "end": 3}}],
            "range.end: expected a position {line, character}, not 3",
        ),
        ("show", [{"uri": "file:///x", "line": True}], "line: expected a number from 0, not True"),
    ],
)
async def test_arguments_that_make_no_sense_are_refused(
    code: Session, command: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(JsonRpcException) as refusal:
        await code.execute(command, *arguments)
    assert (refusal.value.code, refusal.value.message) == (-32602, message)
