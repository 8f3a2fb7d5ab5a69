"""Bytecode in the editor: what ran, with its counts, beside the lines that it came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from lsp_session import VISUAL_STUDIO_CODE, Session, in_folder, session_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "count", "timeLimit": 20}, "language": {"enabled": False}}
LOOP = "local s = 0\nfor i = 1, 40 do\n  s = s .. i\nend\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def real(shared: Session, tmp_path: Path) -> Iterator[Session]:
    for session in in_folder(shared, tmp_path):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(REAL))
        yield session


def line_with(answer: dict[str, Any], word: str) -> tuple[str, int]:
    """The first line of a listing that has a word, and the line of the file that it is of."""
    lines = answer["text"].splitlines()
    number = next(number for number, line in enumerate(lines) if f" {word} " in line)
    return lines[number], dict(answer["lines"])[number]


async def test_before_a_run_it_is_plain(real: Session) -> None:
    uri = real.write_and_open("a.lua", LOOP)
    answer = await real.execute("bytecode", {"uri": uri})
    assert answer["text"].startswith('.function "main chunk"')
    assert line_with(answer, "CONCAT")[1] == 2


async def test_after_a_run_it_has_counts_and_follows_the_edit(real: Session) -> None:
    uri = real.write_and_open("a.lua", LOOP)
    await real.profile(uri)
    real.change(uri, "-- one line more\n" + LOOP)
    answer = await real.execute("bytecode", {"uri": uri})
    line, source = line_with(answer, "CONCAT")
    assert (line.split()[0], source) == ("40", 3)


async def test_a_file_that_is_not_open_is_read(real: Session) -> None:
    uri = real.write("closed.lua", LOOP)
    assert line_with(await real.execute("bytecode", {"uri": uri}), "FORLOOP")[1] == 1


async def test_what_has_none_says_why(real: Session) -> None:
    uri = real.write_and_open("broken.lua", "local = 1\n")
    assert await real.execute("bytecode", {"uri": uri}) == {
        "text": "; no bytecode: broken.lua:1: <name> expected near '='\n",
        "lines": [],
    }
    gone = (real.folder / "gone.lua").as_uri()
    assert (await real.execute("bytecode", {"uri": gone}))["text"] == "; no bytecode: the file cannot be read\n"
