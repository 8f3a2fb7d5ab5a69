"""The command that starts a program in which Lua runs, and shows what its lines cost there."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from perilune.lsp.commands import RECORD_COMMAND, RecordArguments
from perilune.lsp.handlers.profiles import show_saved
from perilune.lsp.handlers.reading import read
from perilune.lsp.launch import WrongRun
from perilune.lsp.live_output import live_output
from perilune.lsp.recording import record
from perilune.lsp.runner import Ending
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.workspace_file import NAME, read_workspace_file


@server.command(RECORD_COMMAND)
async def record_command(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Records a command, the workspace's own if none is given, and shows its figures in the sources that ran."""
    asked = read(RecordArguments.from_json, values)
    try:
        command, folder = await _subject(ls, asked)
    except WrongRun as error:
        return _failed(ls, "refused", str(error))
    name = os.path.basename(command[0])
    folders = [folder, *_folders(ls)]
    with ls.profiling.turns.asked(folder) as request:
        async with (
            ls.profiling.turns.turn(request, f"Recording {name}") as progress,
            live_output(f"Output of {name}:", ls.editor.log) as output,
        ):
            recorded = await record(command, folder, ls.settings, folders, progress, output.add)
    if recorded.run is None:
        status = "cancelled" if recorded.ending is Ending.CANCELLED and not recorded.error else "failed"
        return _failed(ls, status, f"{name}: {recorded.error or 'it was stopped before it was recorded.'}")
    answer = await show_saved(ls, recorded.run)
    return {**answer, "status": "recorded", "exitStatus": recorded.exit_status}


async def _subject(ls: PeriluneServer, asked: RecordArguments) -> tuple[tuple[str, ...], str]:
    """The command, and the folder that it runs in. Raises WrongRun."""
    if not ls.trusted:
        raise WrongRun("This workspace is not trusted: no command is run in it.")
    chosen = None if asked.folder is None else real_path(asked.folder)
    if asked.folder is not None and (chosen is None or not os.path.isdir(chosen)):
        raise WrongRun(f"{asked.folder} is no folder.")
    folders = [chosen] if chosen is not None else _folders(ls)
    if not folders:
        raise WrongRun("Open a folder first: the command runs in it.")
    if asked.command:
        return asked.command, folders[0]
    for folder in folders:
        file = await asyncio.to_thread(read_workspace_file, folder)
        if file.recorded:
            return file.recorded, folder
    raise WrongRun(f'Which command starts the program? Write it to {NAME}: [record] command = ["love", "."]')


def _folders(ls: PeriluneServer) -> list[str]:
    return [path for folder in ls.workspace.folders.values() if (path := real_path(folder.uri)) is not None]


def _failed(ls: PeriluneServer, status: str, message: str) -> dict[str, Any]:
    if status != "cancelled":
        ls.editor.show_error(message)
    return {"status": status, "message": message, "hottest": None}
