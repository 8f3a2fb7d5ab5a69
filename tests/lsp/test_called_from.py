"""Figures limited to what ran below one call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_session import VISUAL_STUDIO_CODE, Session, in_folder, session_with
from perilune.lsp.called_from import CalledFrom, called_from
from perilune.lsp.callees import callers_by_function
from perilune.lsp.document import Document
from perilune.lsp.features.hover import explain_line
from perilune.lsp.features.inlay_hints import hints
from perilune.lsp.features.lenses import CALLED_FROM, CLEAR, WHOLE_RUN, Lens, lenses
from perilune.lsp.features.spots import run_header
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import CallNode
from perilune.profiler.paths import PathError
from sampled_profile import MS, SOURCES, call_tree, sampled_profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "sample", "timeLimit": 30}, "language": {"enabled": False}}
TWO_CALLERS = """\
local function work(n)
  local s = 0
  for i = 1, n do s = s + i % 7 end
  return s
end
local function small() return (work(700000)) end
local function large() return (work(4000000)) end
for _ = 1, 4 do
  small()
  large()
end
"""


def run_of_main() -> dict[str, Measurement]:
    profile = sampled_profile()
    return {
        file.path: Measurement(profile, file, Document.from_text(file.path, "\n".join(SOURCES[file.path])))
        for file in profile.files
    }


def from_line(line: int, column: int = 0, path: str = "main.lua", above: str = "") -> tuple[CalledFrom, View]:
    """What is shown in a file as called from a line, below some text that was added since."""
    figures = run_of_main()
    document = Document.from_text(path, above + "\n".join(SOURCES[path]))
    view = View(figures[path], document)
    found = called_from(figures, view, document.line_start(line) + column)
    return found, View(found.of(path, figures[path]), document)


def labels(view: View) -> dict[int, str]:
    return {hint.measured_line: hint.label for hint in hints(view, 1, 99, 0.005)}


async def test_hints_have_the_times_below_the_call_and_no_counts() -> None:
    found, view = from_line(8)
    assert found.message == (
        "As called from main chunk:8: 26.5% ± 2.8 of the run's time, 265 samples. Counts are of the whole run."
    )
    assert labels(view) == {8: "100% total · 6% self"}
    text = found.measurements["lib/text.lua"]
    assert labels(View(text, text.document)) == {3: "30% · 80 ms", 4: "64% · 170 ms"}


async def test_the_line_is_the_one_that_ran() -> None:
    found, _ = from_line(9, above="-- added\n")
    assert found.call.line == 8
    with pytest.raises(PathError, match="this line is new"):
        from_line(1, above="print(1)\n")


async def test_hover_says_whose_counts_it_tells() -> None:
    found, view = from_line(8)
    story = explain_line(found.measurements["lib/text.lua"], 3) or ""
    assert "hits, instructions and memory of the whole run" in story
    assert "as called from `main chunk:8`: 265 samples" in story
    outside = explain_line(view.measurement, 3) or ""
    assert outside.startswith("*Not sampled as called from `main chunk:8`; in the whole run:*")
    assert "35.0%" in outside
    assert explain_line(view.measurement, 4) is None


async def test_another_run_is_not_limited() -> None:
    found, _ = from_line(8)
    (other, *_) = run_of_main().values()
    assert found.of("main.lua", other) is other


async def test_lenses_offer_the_lines_that_call_and_the_way_back() -> None:
    figures = run_of_main()
    tree = figures["main.lua"].profile.call_tree
    assert tree is not None
    fib = CallNode("fib", "main.lua", 1, 2, 40, 40 * MS)
    tree.children[1].children.append(CallNode("pcall", None, 0, 0, 5, 5 * MS, [fib]))
    actions = frozenset({CLEAR, CALLED_FROM, WHOLE_RUN})
    whole = View(figures["main.lua"], figures["main.lua"].document)
    callers = [lens for lens in lenses(whole, 0.005, actions) if lens.action == CALLED_FROM]
    assert callers == [
        Lens(1, "94% from line 6", CALLED_FROM, 6, "fib"),
        Lens(1, "6% from line 7", CALLED_FROM, 7, "fib"),
    ]
    found, limited = from_line(6)
    shown = list(lenses(limited, 0.005, actions))
    assert shown[0].title == "main.lua as called from main chunk:6: 655 ms"
    assert Lens(1, "Show the whole run", WHOLE_RUN) in shown
    assert any(lens.title.startswith("22k calls in all · 99% self") for lens in shown)
    header = run_header({"a": limited})
    assert header is not None and header["called_from"] == found.call.label


async def test_a_function_that_calls_itself_has_no_call_of_its_own() -> None:
    assert callers_by_function(call_tree(), "main.lua") == {("fib", 1): {6: 650 * MS}}


async def test_of_several_functions_on_a_line_the_named_one_counts() -> None:
    figures = run_of_main()
    tree = figures["main.lua"].profile.call_tree
    assert tree is not None
    tree.children[2].children.append(CallNode("text.trim", "lib/text.lua", 2, 3, 50, 50 * MS))
    view = View(figures["main.lua"], figures["main.lua"].document)
    start = view.document.line_start(8)
    assert called_from(figures, view, start + 8).call.label == "main chunk:8 calling join"
    assert called_from(figures, view, start + 8).call.samples == 250
    assert called_from(figures, view, start).call.samples == 315
    assert called_from(figures, view, start, "text.trim").call.samples == 50


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def real(shared: Session, tmp_path: Path) -> Iterator[Session]:
    for session in in_folder(shared, tmp_path):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(REAL))
        yield session


async def test_a_real_run_as_called_from_one_of_two_lines(real: Session) -> None:
    uri = real.write_and_open("two.lua", TWO_CALLERS)
    await real.profile(uri)
    whole = await real.labels(uri)
    answer = await real.execute("callPath", {"uri": uri, "position": {"line": 8, "character": 2}})
    assert answer["status"] == "limited"
    assert 0.05 < answer["share"] < 0.35  # 15 % of the work
    limited = await real.labels(uri)
    assert limited[2] != whole[2]
    assert (6 in whole, 6 in limited) == (True, False)
    assert "Not sampled as called from" in (await real.hover(uri, 6) or "")
    assert (await real.execute("hotspots", {"uri": uri}))["run"]["called_from"] == answer["label"]
    assert (0, "Show the whole run", "perilune.server.callPath", {"uri": uri, "clear": True}) in await real.lenses(uri)
    assert (await real.execute("callPath", {"uri": uri, "clear": True}))["status"] == "cleared"
    assert await real.labels(uri) == whole
    from_lines = [
        (title, given) for *_, title, command, given in await real.lenses(uri) if command.endswith("callPath")
    ]
    assert [given["position"]["line"] for _, given in from_lines] == [6, 5]
    assert (await real.execute("callPath", from_lines[0][1]))["share"] > 0.6


async def test_what_cannot_be_limited_says_why(real: Session) -> None:
    uri = real.write_and_open("counted.lua", TWO_CALLERS.replace("000", "00"))
    place = {"uri": uri, "position": {"line": 8, "character": 2}}
    assert "run the program first" in (await real.execute("callPath", place))["message"]
    await real.profile(uri, mode="count")
    assert "sample mode only" in (await real.execute("callPath", place))["message"]
    for wrong in (
        {"uri": uri},
        {**place, "callee": 1},
        {"uri": uri, "clear": "yes"},
        {**place, "position": {"line": -1}},
    ):
        with pytest.raises(JsonRpcException):
            await real.execute("callPath", wrong)


async def test_a_frame_of_the_flame_graph_limits_the_figures(real: Session) -> None:
    uri = real.write_and_open("frames.lua", TWO_CALLERS)
    await real.profile(uri)
    whole = await real.labels(uri)
    frames = [{"name": "main chunk", "path": "frames.lua", "functionLine": 1}]
    tree = await real.execute("callTree", {"uri": uri})
    small = next(node for line in tree["children"] for node in line["children"] if node["name"] == "small")
    frames = [{**frames[0], "functionLine": tree["children"][0]["functionLine"] + 1}]
    frames.append({"name": "small", "path": "frames.lua", "functionLine": small["functionLine"] + 1})
    answer = await real.execute("callPath", {"uri": uri, "frames": frames})
    assert (answer["status"], answer["label"]) == ("limited", "main chunk > small")
    assert (6 in whole, 6 in await real.labels(uri)) == (True, False)
    assert (await real.execute("callPath", {"clear": True}))["status"] == "cleared"
    assert await real.labels(uri) == whole
    assert (await real.execute("callPath", {"frames": frames}))["samples"] == answer["samples"]
    for wrong in ([], [1], [{"name": "x", "path": 1, "functionLine": 1}], [{"name": "x", "functionLine": -1}]):
        with pytest.raises(JsonRpcException):
            await real.execute("callPath", {"uri": uri, "frames": wrong})
