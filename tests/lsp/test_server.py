"""The server as an editor meets it, with an editor that counts UTF-16 units and one that counts bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient

from lsp_session import HOT, PLAIN, SERVER, STUB, VISUAL_STUDIO_CODE, Session, eventually, session_with, units

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = (
    "{uri, arguments?, mode?, directory?, input?, environment?, luaPath?, preload?, entry?, repeat?, precision?, "
    "timeLimit?, memoryLimit?}"
)

# --- errors as you type


async def test_errors_are_shown_on_opening_and_go_once_they_are_mended(session: Session) -> None:
    uri = session.write_and_open("broken.lua", "local x = = 1\n")
    (diagnostic,) = await session.diagnostics(uri, 1)
    assert diagnostic.message == "unexpected symbol near '='"
    assert diagnostic.severity == types.DiagnosticSeverity.Error
    assert (diagnostic.range.start.line, diagnostic.range.start.character) == (0, 10)
    session.change(uri, "local x = 1\n")
    await session.diagnostics(uri, 0)


async def test_an_error_behind_wide_characters_is_underlined_where_it_is(session: Session) -> None:
    before = 'local moon = "🌙é" '
    uri = session.write_and_open("wide.lua", before + "= 1\n")
    (diagnostic,) = await session.diagnostics(uri, 1)
    start = units(before, session.encoding)
    assert diagnostic.range == types.Range(types.Position(0, start), types.Position(0, start + 1))


async def test_closing_a_document_takes_its_errors_away(code: Session) -> None:
    uri = code.write_and_open("broken.lua", "local = 1\n")
    await code.diagnostics(uri, 1)
    code.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    await code.diagnostics(uri, 0)


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 = 1",
        "\x00\x01\x02",
        "x = '\x0c\u2028'\r\n\n\ry",
        "(" * 5000,
        "--[[" * 1000,
        "x = " + "{" * 100_000,
        "\ufeff",
    ],
    ids=["surrogate", "zeros", "line ends", "nesting", "comment", "huge", "mark"],
)
async def test_no_text_ends_the_server(code: Session, text: str) -> None:
    uri = code.write_and_open("junk.lua", "local x = = 1")
    await code.diagnostics(uri, 1)
    code.change(uri, text)
    assert await code.hints(uri) == []
    code.change(uri, "local x = ", 3)
    await eventually(lambda: [problem.range.start.line for problem in code.client.diagnostics[uri]] == [0])


# --- figures


async def test_a_run_shows_figures_and_refreshes_the_editor(session: Session) -> None:
    uri = session.write_and_open("hot.lua", HOT)
    assert await session.hints(uri) == []
    session.refreshes.clear()
    report = await session.profile(uri)
    assert (report.status, report.exit_status) == ("finished", 0)
    assert report.message == "1,000 instructions"  # count mode has no clock
    assert await session.labels(uri) == {0: "10.0% · 1×", 1: "90.0% · 1.2k×"}
    await eventually(lambda: len(session.refreshes) == 1)
    assert "Output of hot.lua:\nrunning\n" in session.logged()


async def test_the_time_that_a_run_took_is_the_programs_own(session: Session) -> None:
    report = await session.profile(session.write_and_open("hot.lua", HOT), mode="sample")
    assert report.message == "1,000 instructions in 1.0 s"


async def test_a_hint_stands_at_the_end_of_its_line_in_the_editors_units(session: Session) -> None:
    line = 'print("🌙é") --= 99%'
    uri = session.write_and_open("wide.lua", line + "\r\n")
    await session.profile(uri)
    (hint,) = await session.hints(uri)
    assert hint.position == types.Position(0, units(line, session.encoding))
    assert (hint.padding_left, hint.kind, hint.tooltip) == (True, None, None)


async def test_only_the_lines_asked_for_are_answered(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    assert [hint.position.line for hint in await code.hints(uri, 1, 1)] == [1]


async def test_a_tooltip_comes_when_it_is_asked_for(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    hint = await code.client.inlay_hint_resolve_async((await code.hints(uri))[1])
    assert isinstance(hint.tooltip, types.MarkupContent)
    assert hint.tooltip.value.startswith("**90.0%** of instructions  \n**1,200** hits")
    assert "opcode" not in hint.tooltip.value


async def test_hover_explains_the_line(session: Session) -> None:
    uri = session.write_and_open("wide.lua", 'a("🌙🌙") --= 50%\nb()\n')
    await session.profile(uri)
    where = types.Position(0, units('a("🌙', session.encoding))
    hover = await session.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), where))
    assert hover is not None and hover.range is not None
    assert isinstance(hover.contents, types.MarkupContent) and "**50.0%** of instructions" in hover.contents.value
    assert hover.range.end == types.Position(0, units('a("🌙🌙") --= 50%', session.encoding))
    assert await session.hover(uri, 1) is None


async def test_figures_stay_with_their_lines_while_one_types(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    lines = HOT.splitlines()
    code.change(uri, "\n".join(["-- new", lines[0], "new()", lines[1].replace("+ 1", "+ 2"), lines[2]]))
    assert await code.labels(uri) == {1: "10.0% · 1×", 3: "~90.0%"}
    code.change(uri, HOT, 3)
    assert await code.labels(uri) == {0: "10.0% · 1×", 1: "90.0% · 1.2k×"}


async def test_what_is_profiled_is_the_file_and_shows_in_a_text_that_differs(code: Session) -> None:
    uri = code.write("hot.lua", HOT)
    code.open(uri, "-- not saved\n" + HOT)
    await code.profile(uri)
    assert await code.labels(uri) == {1: "10.0% · 1×", 2: "90.0% · 1.2k×"}


async def test_a_file_that_is_not_utf8_keeps_its_figures(code: Session) -> None:
    content = b"local s = '\xe9' --= 60%\nprint(s) --= 40%\n"
    uri = code.write("latin.lua", content)
    code.open(uri, content.decode("utf-8", "replace"))
    await code.profile(uri)
    assert await code.labels(uri) == {0: "60.0% · 1×", 1: "40.0% · 1×"}


# --- running


async def test_running_again_keeps_the_arguments(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri, arguments=["30", "a b"], mode="trace")
    assert (await code.labels(uri))[1] == "90.0% · 1.2k× · 900 ms"
    assert (await code.rerun(uri)).status == "finished"
    assert code.logged().count("running 30 a b\n") == 2
    assert (await code.labels(uri))[1] == "90.0% · 1.2k× · 900 ms"


async def test_a_sampled_run_shows_shares_of_time_as_exact_as_they_are(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri, mode="sample")
    assert await code.labels(uri) == {0: "10% · 1× · 100 ms", 1: "90% · 1.2k× · 900 ms"}
    assert "**90.0% ± 1.9** of time · **900 ms** self  \n**1,200** hits" in (await code.hover(uri, 1) or "")


async def test_running_again_for_the_first_time_just_runs(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    assert (await code.rerun(uri)).status == "finished"


async def test_clearing_takes_the_figures_away(code: Session) -> None:
    uri, other = code.write_and_open("hot.lua", HOT), code.write_and_open("other.lua", HOT)
    await code.profile(uri)
    await code.profile(other)
    await code.execute("clear", uri)
    assert (await code.labels(uri), len(await code.labels(other))) == ({}, 2)
    await code.execute("clear")
    assert await code.labels(other) == {}


async def test_a_program_that_fails_says_so_and_the_last_figures_stay(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    code.write("hot.lua", f"-- stub: fail hot.lua:3: attempt to call a nil value\n{HOT}")
    report = await code.profile(uri)
    assert report.status == "failed"
    assert code.errors() == [report.message]
    assert report.message == (
        "hot.lua:3: attempt to call a nil value. The figures are those of the last run that ended well."
    )
    assert "stack traceback:" in code.logged()
    assert await code.labels(uri) == {0: "10.0% · 1×", 1: "90.0% · 1.2k×"}


async def test_a_program_that_fails_at_once_shows_what_ran(code: Session) -> None:
    uri = code.write_and_open("hot.lua", f"-- stub: fail no luck\n{HOT}")
    for _ in range(2):
        assert (await code.profile(uri)).message == "no luck. The figures are of what ran until then."
        assert len(await code.labels(uri)) == 2
    answer = await code.hover(uri, 1)
    assert answer is not None and "*Counted in a run of `hot.lua` that was cut short*" in answer


async def test_a_status_of_the_programs_own_is_no_error(code: Session) -> None:
    uri = code.write_and_open("exits.lua", f"-- stub: exit 3\n{HOT}")
    report = await code.profile(uri)
    assert (report.status, report.exit_status, code.errors()) == ("finished", 3, [])
    assert report.message.endswith(", exit status 3")
    assert len(await code.labels(uri)) == 2


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("crash", "the program ended with status 70 and left no profile: ImportError: no core."),
        ("junk", "the profile cannot be read: "),
    ],
)
async def test_a_run_without_a_profile_is_an_error(code: Session, order: str, message: str) -> None:
    uri = code.write_and_open("hot.lua", f"-- stub: {order}\n{HOT}")
    report = await code.profile(uri)
    assert report.status == "failed"
    assert report.message.startswith(message)


async def test_a_runaway_program_is_stopped_at_the_time_limit(tmp_path: Path) -> None:
    limited = {"profile": {"command": STUB, "timeLimit": 3}}
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **limited) as session:
        uri = session.write_and_open("runaway.lua", f"-- stub: sleep 100\n{HOT}")
        report = await session.profile(uri)
        assert report.status == "timed out"
        assert report.message == (
            "runaway.lua was stopped after 3 s, the limit of perilune.profile.timeLimit. "
            "The figures are of what ran until then."
        )
        assert len(await session.labels(uri)) == 2


async def test_a_program_that_takes_no_interrupt_is_killed(code: Session) -> None:
    uri = code.write_and_open("stubborn.lua", f"-- stub: stubborn 100\n{HOT}")
    run = await code.asleep(uri)
    await code.execute("cancel", uri)
    assert (await run).status == "cancelled"
    await eventually(
        lambda: not is_running(process_of(code))
    )  # its parent is killed too, so that nobody reaps it at once


async def test_the_progress_bar_cancels(session: Session) -> None:
    uri = session.write_and_open("slow.lua", f"-- stub: sleep 100\n{HOT}")
    run = await session.asleep(uri)
    ((token, reports),) = session.client.progress_reports.items()
    await eventually(lambda: len(reports) > 1)
    begin = reports[0]
    assert isinstance(begin, types.WorkDoneProgressBegin)
    assert (begin.title, begin.cancellable) == ("Profiling slow.lua", True)
    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    assert (await run).status == "cancelled"
    assert not is_running(process_of(session))
    assert isinstance(reports[-1], types.WorkDoneProgressEnd)
    assert (len(await session.hints(uri)), session.errors()) == (2, [])
    assert "that was stopped" in (await session.hover(uri, 1) or "")


async def test_an_editor_without_progress_cancels_by_command(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path) as session:
        uri = session.write_and_open("slow.lua", f"-- stub: sleep 100\n{HOT}")
        run = await session.asleep(uri)
        assert await session.hints(uri) == []
        await session.execute("cancel", uri)
        assert (await run).status == "cancelled"
        assert session.refreshes == []


async def test_a_newer_run_of_the_same_program_takes_over(code: Session) -> None:
    uri = code.write_and_open("slow.lua", f"-- stub: sleep 100\n{HOT}")
    first = await code.asleep(uri)
    code.write("slow.lua", HOT)
    assert (await code.profile(uri)).status == "finished"
    assert (await first).status == "cancelled"


async def test_the_server_answers_while_a_program_runs(code: Session) -> None:
    uri = code.write_and_open("slow.lua", f"-- stub: sleep 100\n{HOT}")
    run = await code.asleep(uri)
    other = code.write_and_open("other.lua", "local x = = 1\n")
    assert len(await code.diagnostics(other, 1)) == 1
    await code.execute("cancel")
    await run


async def test_leaving_ends_the_program(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path) as session:
        uri = session.write_and_open("slow.lua", f"-- stub: sleep 100\n{HOT}")
        run = await session.asleep(uri)
    await eventually(lambda: not is_running(process_of(session)))
    assert (await run).status == "cancelled"


async def test_a_server_that_is_killed_takes_the_program_along(tmp_path: Path) -> None:
    client = await ClientServerConfig(server_command=SERVER).start()
    assert isinstance(client, LanguageClient)
    options = {"profile": {"command": STUB}}
    await client.initialize_session(types.InitializeParams(PLAIN, initialization_options=options))
    session = Session(client, tmp_path, types.PositionEncodingKind.Utf16)
    run = await session.asleep(session.write("slow.lua", "-- stub: sleep 100\n"))
    server = client._server
    assert server is not None
    server.kill()
    await eventually(lambda: not is_running(process_of(session)))
    run.cancel()


async def test_much_output_is_cut_and_nothing_waits_for_it(code: Session) -> None:
    uri = code.write_and_open("flood.lua", f"-- stub: flood\n{HOT}")
    assert (await code.profile(uri)).status == "finished"
    assert "bytes left out]\n" in code.logged()
    assert "the end\n" in code.logged()
    assert len(code.logged()) < 110_000


async def test_a_process_left_behind_does_not_hold_the_run_up(code: Session) -> None:
    uri = code.write_and_open("leave.lua", f"-- stub: leave\n{HOT}")
    assert (await code.profile(uri)).status == "finished"


async def test_a_file_that_was_deleted_is_an_error(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    (code.folder / "hot.lua").unlink()
    report = await code.profile(uri)
    assert (report.status, report.message) == ("failed", "cannot open hot.lua: No such file or directory.")
    (code.folder / "gone").mkdir()
    report = await code.profile(uri, directory=str(code.folder / "missing"))
    assert report.status == "failed"


async def test_a_document_that_is_no_file_cannot_run(code: Session) -> None:
    code.open("untitled:Untitled-1", HOT)
    assert (await code.profile("untitled:Untitled-1")).status == "refused"
    assert code.errors() == ["Save the program to a file first: what is profiled is the file."]


async def test_a_program_runs_in_the_folder_that_it_belongs_to(code: Session) -> None:
    (code.folder / "src").mkdir()
    uri = code.write_and_open("src/hot.lua", HOT)
    await code.profile(uri)
    assert "*Counted in a run of `src/hot.lua`*" in (await code.hover(uri, 0) or "")


async def test_the_uri_alone_is_enough(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    assert (await code.execute("profile", uri))["status"] == "finished"
    assert (await code.execute("rerun", uri))["status"] == "finished"


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("profile", [], f"expected one object {FIELDS}, not nothing"),
        ("profile", [3], f"expected one object {FIELDS}, not 3"),
        ("profile", [{"mode": "count"}], "uri: expected a string, not nothing"),
        ("profile", [{"uri": "file:///x", "mode": "guess"}], "mode: expected one of sample, count, trace, not 'guess'"),
        ("profile", [{"uri": "file:///x", "arguments": "20"}], "arguments: expected a list of strings, not '20'"),
        ("profile", [{"uri": "file:///x", "arguments": [20]}], "arguments: expected a list of strings, not [20]"),
        ("profile", [{"uri": "file:///x", "directory": 3}], "directory: expected a string, not 3"),
        ("rerun", [{}], "uri: expected a string, not nothing"),
        ("rerun", [], "expected one object {uri}, not nothing"),
    ],
)
async def test_arguments_that_make_no_sense_are_refused(
    code: Session, command: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(JsonRpcException) as refusal:
        await code.execute(command, *arguments)
    assert (refusal.value.code, refusal.value.message) == (-32602, message)


async def test_a_command_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    broken = {"profile": {"command": [str(tmp_path / "no-such-program")]}}
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **broken) as session:
        uri = session.write_and_open("hot.lua", HOT)
        assert (await session.profile(uri)).message.startswith("cannot run ")


async def test_settings_may_change(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    profile = {"command": STUB}
    for hints, count in (({"enabled": False}, 0), ({"threshold": 50}, 2), ({"enabled": "junk", "threshold": None}, 2)):
        settings = {"perilune": {"profile": profile, "hints": hints}}
        code.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        assert len(await code.hints(uri)) == count


async def test_where_there_is_little_room_a_hint_keeps_what_matters_most(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    whole = [str(hint.label) for hint in await code.hints(uri)]
    for length, kept in ((12, 2), (8, 1), (1, 1), (0, 3), ("junk", 3)):
        settings = {"perilune": {"profile": {"command": STUB}, "hints": {"maximumLength": length}}}
        code.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        shown = [str(hint.label) for hint in await code.hints(uri)]
        assert [label.split(" · ")[0] for label in shown] == [label.split(" · ")[0] for label in whole]
        assert all(label.count(" · ") < kept for label in shown)
        assert [bar["label"] for bar in await code.execute("heat", uri)] == shown


def process_of(session: Session) -> int:
    """The process that the stub put to sleep."""
    return int((session.folder / "asleep").read_text())


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
