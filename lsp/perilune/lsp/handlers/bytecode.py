"""The command that shows a file's bytecode."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from perilune.lsp.commands import file_from_json
from perilune.lsp.document import Document
from perilune.lsp.features.bytecode import listing
from perilune.lsp.handlers.reading import read
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.whole_file import read_whole

BYTECODE_COMMAND = "perilune.server.bytecode"


@server.command(BYTECODE_COMMAND)
async def bytecode(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """The bytecode of what ran, or of the file's text, with a map of its lines to those of the file, both from 0."""
    uri = read(file_from_json, values)
    view = await ls.view(uri) or (await ls.views_of_run(uri)).get(uri)
    document = ls.documents.get(uri) or await asyncio.to_thread(_of_file, real_path(uri))
    if document is None:
        return {"text": "; no bytecode: the file cannot be read\n", "lines": []}
    found = await asyncio.to_thread(listing, document, view)
    return {"text": found.text, "lines": [[text, source - 1] for text, source in found.lines]}


def _of_file(path: str | None) -> Document | None:
    with suppress(OSError):
        if path is not None:
            return Document.from_file(path, read_whole(path))
    return None
