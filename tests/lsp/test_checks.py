"""When documents are checked: the last text of each, and none waits for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from perilune.lsp.checks import Checks
from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import MAX_SIZE, Problem, diagnose, diagnose_limits


class Editor:
    """Documents, and what has been published about them."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.published: list[tuple[str, int | None]] = []
        self.begun: list[tuple[str, int | None]] = []
        self.gates: dict[str, threading.Event] = {}

    def publish(self, uri: str, document: Document, problems: list[Problem]) -> None:
        self.published.append((uri, document.version))

    def change(self, checks: Checks, uri: str, version: int) -> None:
        self.documents[uri] = Document(uri, b"", version)
        checks.begin(uri)

    def wait_at_gate(self, document: Document) -> list[Problem]:
        self.begun.append((document.path, document.version))
        if document.path in self.gates:
            assert self.gates[document.path].wait(20)
        return []


@pytest.fixture
def editor() -> Editor:
    return Editor()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as opened:
        yield opened


def checks_of(editor: Editor, threads: ThreadPoolExecutor) -> Checks:
    checks = Checks(editor.documents, threads, editor.publish)
    checks.sources[:] = [editor.wait_at_gate]
    return checks


async def until(editor: Editor, published: list[tuple[str, int | None]]) -> None:
    async with asyncio.timeout(20):
        while editor.published != published:
            await asyncio.sleep(0)


async def test_a_text_that_changes_while_it_is_checked_is_checked_once_more(
    editor: Editor, threads: ThreadPoolExecutor
) -> None:
    checks = checks_of(editor, threads)
    gate = editor.gates["a"] = threading.Event()
    editor.change(checks, "a", 1)
    while not editor.begun:
        await asyncio.sleep(0)
    for version in (2, 3, 4):
        editor.change(checks, "a", version)
    gate.set()
    await until(editor, [("a", 4)])
    assert editor.begun == [("a", 1), ("a", 4)]
    editor.change(checks, "a", 5)
    await until(editor, [("a", 4), ("a", 5)])


async def test_a_document_does_not_wait_for_another(editor: Editor, threads: ThreadPoolExecutor) -> None:
    checks = checks_of(editor, threads)
    gate = editor.gates["large"] = threading.Event()
    editor.change(checks, "large", 1)
    editor.change(checks, "small", 1)
    await until(editor, [("small", 1)])
    gate.set()
    await until(editor, [("small", 1), ("large", 1)])


async def test_nothing_is_published_of_a_document_that_was_closed(editor: Editor, threads: ThreadPoolExecutor) -> None:
    checks = checks_of(editor, threads)
    gate = editor.gates["a"] = threading.Event()
    editor.change(checks, "a", 1)
    while not editor.begun:
        await asyncio.sleep(0)
    del editor.documents["a"]
    gate.set()
    editor.change(checks, "b", 1)
    await until(editor, [("b", 1)])


async def test_a_source_that_fails_does_not_end_the_checks(editor: Editor, threads: ThreadPoolExecutor) -> None:
    checks = checks_of(editor, threads)

    def fail(document: Document) -> list[Problem]:
        raise RuntimeError("a mistake")

    checks.sources.insert(0, fail)
    editor.change(checks, "a", 1)
    await asyncio.sleep(0.01)
    del checks.sources[0]
    editor.change(checks, "a", 2)
    await until(editor, [("a", 2)])


async def test_what_is_rare_is_looked_for_when_nothing_changes_and_nothing_is_wrong(
    editor: Editor, threads: ThreadPoolExecutor
) -> None:
    checks = checks_of(editor, threads)
    asked: list[int | None] = []

    def rare(document: Document) -> list[Problem]:
        asked.append(document.version)
        return [Problem(0, 0, "rare")]

    checks.idle_sources[:] = [rare]
    editor.change(checks, "a", 1)
    await until(editor, [("a", 1)])
    editor.change(checks, "a", 2)
    await until(editor, [("a", 1), ("a", 2), ("a", 2)])
    assert asked == [2]


def test_a_document_of_300_000_tokens_is_checked_and_one_of_many_more_says_that_it_is_not() -> None:
    text = "local x <const> = { 'a string' }\n" + "y = 1, 2\n" * 60_000 + "x = nil\n"
    (problem,) = diagnose(Document.from_text("a.lua", text))
    assert text[problem.start : problem.end] == "x"
    (unchecked,) = diagnose(Document.from_text("a.lua", "--" * (MAX_SIZE // 2 + 1)))
    assert unchecked.message == "Perilune does not check files of more than 8 MB as you type"


def test_a_function_of_a_large_document_that_is_too_large_is_found_late() -> None:
    locals_of_others = "do local x = 1 end\n" * 400
    document = Document.from_text(
        "a.lua", locals_of_others + "local t = {" + ", ".join(["f()"] * 10) + "}\nreturn " + "x, " * 300 + "x"
    )
    assert diagnose(document) == []
    (found,) = diagnose_limits(document)
    assert "too many registers" in found.message
    assert diagnose_limits(Document.from_text("a.lua", "return " + "x, " * 300 + "x")) == []
