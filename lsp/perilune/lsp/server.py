"""The language server: every handler registered, served on standard input and output."""

from __future__ import annotations

import logging
import signal

import perilune.lsp.protocol_classes  # before all that imports the protocol  # noqa: F401

# isort: split
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from perilune.lsp.client_stream import client_stream
from perilune.lsp.handlers import (
    actions,
    budgets,
    bytecode,
    comparisons,
    documents,
    figure_commands,
    figures,
    growth,
    language,
    lenses,
    lifecycle,
    profiles,
    recording,
    rewrites,
    runs,
    saves,
    workspace_files,
)
from perilune.lsp.session import server

__all__ = [
    "actions",
    "budgets",
    "bytecode",
    "comparisons",
    "documents",
    "figure_commands",
    "figures",
    "growth",
    "language",
    "lenses",
    "lifecycle",
    "main",
    "profiles",
    "recording",
    "rewrites",
    "runs",
    "saves",
    "server",
    "workspace_files",
]

_NO_MESSAGE = "Unable to deserialize message"


def _without_tracebacks_of_the_client(record: logging.LogRecord) -> bool:
    """Lets a log record pass without the traceback of a message that was wrong, which says nothing about the server.

    One that is refused because of its parameters is no matter for the log: its sender has been answered.
    """
    error = record.exc_info[1] if record.exc_info else None
    if record.msg.startswith(_NO_MESSAGE):
        record.msg, record.args = _NO_MESSAGE, ()
    if isinstance(error, JsonRpcException | ValueError | RecursionError) and record.name.startswith("pygls"):
        record.exc_info = None
    return not isinstance(error, JsonRpcInvalidParams)


def main() -> int:
    """Serves the editor on standard input and output until it leaves; logs go to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else Python would wait for its thread that reads from the client
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_without_tracebacks_of_the_client)
    server.collector.begin()
    server.start_io(stdout=client_stream())
    return 0
