"""A session with the server as an editor has it, for tests of the protocol: two kinds of editors, and a stub for runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from perilune.lsp.profiling import Report
from perilune.lsp.protocol import Encoding

STUB = [sys.executable, str(Path(__file__).parent / "lsp" / "stub_perilune.py")]
SERVER = [sys.executable, "-c", "from perilune.lsp.server import main; main()"]

VISUAL_STUDIO_CODE = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf16]),
    window=types.WindowClientCapabilities(
        work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
    ),
    workspace=types.WorkspaceClientCapabilities(
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
        code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
    ),
)
NEOVIM = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(
        position_encodings=[types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf16]
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
    workspace=types.WorkspaceClientCapabilities(
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    ),
)
PLAIN = types.ClientCapabilities()

SETTINGS = {"profile": {"command": STUB, "timeLimit": 20, "mode": "count"}, "language": {"enabled": False}}

HOT = "local x = 0       --= 10%\nx = x + 1         --= 90% 1200\nprint('done', x)\n"


@dataclass
class Session:
    """An initialized server with a folder of programs."""

    client: LanguageClient
    folder: Path
    encoding: Encoding
    refreshes: list[None] = field(default_factory=list)
    lens_refreshes: list[None] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def write(self, name: str, text: str | bytes) -> str:
        """Makes a file, and gives its URI."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path.as_uri()

    def open(self, uri: str, text: str) -> None:
        item = types.TextDocumentItem(uri=uri, language_id="lua", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def write_and_open(self, name: str, text: str) -> str:
        uri = self.write(name, text)
        self.open(uri, text)
        return uri

    def change(self, uri: str, text: str, version: int = 2) -> None:
        document = types.VersionedTextDocumentIdentifier(version, uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    async def execute(self, command: str, *arguments: Any) -> Any:
        parameters = types.ExecuteCommandParams(f"perilune.server.{command}", list(arguments))
        return await self.client.workspace_execute_command_async(parameters)

    async def profile(self, uri: str, **options: Any) -> Report:
        return Report(**await self.execute("profile", {"uri": uri, **options}))

    async def asleep(self, uri: str) -> asyncio.Task[Report]:
        """The run of a program that sleeps, once it does."""
        mark = self.folder / "asleep"
        run = asyncio.create_task(self.profile(uri, arguments=[str(mark)]))
        await eventually(lambda: mark.exists() and mark.read_text() != "")
        return run

    async def rerun(self, uri: str) -> Report:
        return Report(**await self.execute("rerun", {"uri": uri}))

    async def hints(self, uri: str, first: int = 0, last: int = 1000) -> list[types.InlayHint]:
        span = types.Range(types.Position(first, 0), types.Position(last, 0))
        parameters = types.InlayHintParams(types.TextDocumentIdentifier(uri), span)
        return list(await self.client.text_document_inlay_hint_async(parameters) or [])

    async def labels(self, uri: str) -> dict[int, Any]:
        return {hint.position.line: hint.label for hint in await self.hints(uri)}

    async def lenses(self, uri: str) -> list[tuple[int, str, str, Any]]:
        """The code lenses of a document: line, title, command, argument."""
        parameters = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        found = []
        for lens in await self.client.text_document_code_lens_async(parameters) or []:
            assert lens.command is not None and lens.command.arguments is not None
            (argument,) = lens.command.arguments
            found.append((lens.range.start.line, lens.command.title, lens.command.command, argument))
        return found

    async def hover(self, uri: str, line: int) -> str | None:
        parameters = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, 0))
        answer = await self.client.text_document_hover_async(parameters)
        if answer is None:
            return None
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value

    async def diagnostics(self, uri: str, count: int) -> list[types.Diagnostic]:
        """The errors shown for a document, once there are so many."""
        await eventually(lambda: uri in self.client.diagnostics and len(self.client.diagnostics[uri]) == count)
        return list(self.client.diagnostics[uri])

    def logged(self) -> str:
        return "\n".join(message.message for message in self.client.log_messages)

    def errors(self) -> list[str]:
        return [message.message for message in self.client.messages]


async def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


def units(text: str, encoding: Encoding) -> int:
    """How an editor counts a text's length."""
    return len(text.encode()) if encoding == types.PositionEncodingKind.Utf8 else len(text.encode("utf-16-le")) // 2


@asynccontextmanager
async def session_with(capabilities: types.ClientCapabilities, folder: Path, **settings: Any) -> AsyncIterator[Session]:
    """A session with a server of its own."""
    client = await ClientServerConfig(server_command=SERVER).start()
    assert isinstance(client, LanguageClient)
    session = Session(client, folder, types.PositionEncodingKind.Utf16)

    def refresh(_: None) -> None:
        session.refreshes.append(None)

    def refresh_lenses(_: None) -> None:
        session.lens_refreshes.append(None)

    client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)(refresh)
    client.feature(types.WORKSPACE_CODE_LENS_REFRESH)(refresh_lenses)
    result = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="programs")],
            initialization_options={**SETTINGS, **settings},
        )
    )
    if result.capabilities.execute_command_provider:
        session.commands += result.capabilities.execute_command_provider.commands
    session.encoding = result.capabilities.position_encoding or session.encoding
    if capabilities is not PLAIN:
        await eventually(lambda: len(session.refreshes) == 1)
    yield session
    await client.shutdown_session()
    await client.stop()  # type: ignore[no-untyped-call]


def in_folder(shared: Session, path: Path) -> Iterator[Session]:
    client, folder = shared.client, types.WorkspaceFolder(uri=path.as_uri(), name="programs")
    for collected in (client.messages, client.log_messages, client.diagnostics, client.progress_reports):
        collected.clear()
    shared.refreshes.clear()
    shared.lens_refreshes.clear()
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(SETTINGS))
    change_folders(client, types.WorkspaceFoldersChangeEvent(added=[folder], removed=[]))
    yield Session(client, path, shared.encoding, shared.refreshes, shared.lens_refreshes, shared.commands)
    change_folders(client, types.WorkspaceFoldersChangeEvent(added=[], removed=[folder]))


def change_folders(client: LanguageClient, event: types.WorkspaceFoldersChangeEvent) -> None:
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
