"""Runs that are asked for faster than they can run: each can be stopped at once, and is answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsprotocol import types

from lsp_session import Session, eventually
from perilune.lsp.profiling import Report

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLEEP = "-- stub: sleep 100\n"


async def statuses(*runs: asyncio.Task[Report]) -> list[str]:
    return [(await asyncio.wait_for(run, 10)).status for run in runs]


async def test_stopping_stops_all_that_was_asked_for(code: Session) -> None:
    one, other = code.write_and_open("one.lua", SLEEP), code.write_and_open("other.lua", SLEEP)
    runs = [asyncio.create_task(code.profile(uri)) for uri in (one, other, one, other, one)]
    await asyncio.sleep(0)  # so that they are sent
    await code.execute("cancel")
    assert await statuses(*runs) == ["cancelled"] * 5


async def test_a_file_is_stopped_before_its_program_runs(code: Session) -> None:
    library = code.write_and_open("library.lua", '---@profile entry="program.lua"\n')
    code.write_and_open("program.lua", SLEEP)
    run = asyncio.create_task(code.profile(library))
    await asyncio.sleep(0)
    await code.execute("cancel", {"uri": library})
    assert await statuses(run) == ["cancelled"]


async def test_what_waits_for_its_turn_stops_without_it(code: Session) -> None:
    one, other = code.write_and_open("one.lua", SLEEP), code.write_and_open("other.lua", SLEEP)
    running = await code.asleep(one)
    waiting = asyncio.create_task(code.profile(other))
    await eventually(lambda: any("waiting" in str(each) for each in progress(code)))
    await code.execute("cancel", {"uri": other})
    assert await statuses(waiting) == ["cancelled"]
    assert not running.done()
    await code.execute("cancel")
    assert await statuses(running) == ["cancelled"]


async def test_the_last_request_for_a_program_is_the_one_that_runs(code: Session) -> None:
    uri = code.write_and_open("one.lua", SLEEP)
    runs = [asyncio.create_task(code.profile(uri)) for _ in range(4)]
    await asyncio.sleep(0)
    last = await code.asleep(uri)
    assert await statuses(*runs) == ["cancelled"] * 4
    assert not last.done()
    await code.execute("cancel")
    assert await statuses(last) == ["cancelled"]


def progress(session: Session) -> list[object]:
    return [report for reports in session.client.progress_reports.values() for report in reports]


async def test_cancelling_the_request_stops_the_program(code: Session) -> None:
    uri = code.write_and_open("one.lua", f"{SLEEP}local x = 1 --= 100%\n")
    mark = code.folder / "asleep"
    command = types.ExecuteCommandParams("perilune.server.profile", [{"uri": uri, "arguments": [str(mark)]}])
    protocol: Any = code.client.protocol
    run = protocol.send_request_async("workspace/executeCommand", command, msg_id="the run")
    answer = asyncio.create_task(run)
    await eventually(lambda: mark.exists() and mark.read_text() != "")
    code.client.cancel_request(types.CancelParams("the run"))
    assert (await asyncio.wait_for(answer, 10))["status"] == "cancelled"
    assert list(await code.labels(uri)) == [1]
