"""The interactive mode of `perilune run`: reads a line, or several that belong together, runs them, prints what they return.

Lines are edited, kept from session to session and searched as prompt_toolkit does it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from perilune.cli.errors import tell
from perilune.cli.program import exit_status, report_error, syntax_error_text
from perilune.cli.streams import print_text
from perilune.cli.version import version_line
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.proto import dump
from perilune.vm import State

_CHUNK_NAME = b"=stdin"
_PROMPT, _CONTINUATION = "> ", ">> "
_INCOMPLETE = "near <eof>"
_HISTORY = "history.lua"


def interact(state: State, lines: Iterator[str] | None = None) -> int:
    """Runs what is typed until the end of input or `os.exit`, whose status it returns. `lines` are for input that is no
    terminal: each is one line without its end.
    """
    print_text(f"{version_line()}\n")
    source = _typed_chunks() if lines is None else _chunks(lines)
    for text in source:
        try:
            chunk = _compiled(text)
        except LuaSyntaxError as error:
            tell(syntax_error_text(error))
            continue
        outcome = state.run(chunk, _CHUNK_NAME, prints=True)
        report_error(outcome)
        if outcome.kind in ("exit", "limit"):
            return exit_status(outcome)
    return 0


def _compiled(text: str) -> bytes:
    """The binary chunk of an expression, whose values are returned, or of statements. Raises LuaSyntaxError."""
    code = text.encode("utf-8", "surrogateescape")
    try:
        return dump(compile_chunk(b"return " + code.removeprefix(b"="), _CHUNK_NAME))
    except LuaSyntaxError as error:
        if error.message.endswith(_INCOMPLETE):
            raise
        return dump(compile_chunk(code, _CHUNK_NAME))


def is_incomplete(text: str) -> bool:
    """Whether more lines could make a chunk of the text."""
    try:
        _compiled(text)
    except LuaSyntaxError as error:
        return error.message.endswith(_INCOMPLETE)
    return False


def _chunks(lines: Iterator[str]) -> Iterator[str]:
    pending = ""
    for line in lines:
        pending = f"{pending}\n{line}" if pending else line
        if not is_incomplete(pending):
            yield pending
            pending = ""
    if pending:
        yield pending


def _typed_chunks() -> Iterator[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def accept(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        document: Document = buffer.document
        if document.is_cursor_at_the_end and not is_incomplete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    path = history_path()
    history: History = FileHistory(path) if path is not None else InMemoryHistory()
    session: PromptSession[str] = PromptSession(
        _PROMPT,
        history=history,
        multiline=True,
        key_bindings=keys,
        prompt_continuation=lambda width, line_number, is_soft_wrap: _CONTINUATION,
    )
    while True:
        try:
            yield session.prompt()
        except KeyboardInterrupt:  # drops what has been typed
            continue
        except EOFError:
            return


def history_path() -> str | None:
    """The file of what was typed before, beside the other state of the user's programs; None where there is no home, or
    where the file cannot be read and written."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path("~").expanduser() / ".local/state")
    path = state / "perilune" / _HISTORY
    try:
        if not Path("~").expanduser().is_dir():
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a+b").close()
    except (OSError, RuntimeError):
        return None
    return str(path)
