"""Sessions with the server that the tests of a module share: starting one takes longer than most tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from lsp_session import NEOVIM, VISUAL_STUDIO_CODE, Session, in_folder, session_with


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[VISUAL_STUDIO_CODE, NEOVIM], ids=["utf-16", "utf-8"]
)
async def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(request.param, tmp_path_factory.mktemp("either")) as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("one")) as session:
        yield session


@pytest.fixture
def session(either: Session, tmp_path: Path) -> Iterator[Session]:
    """Either kind of editor, in a folder of its own; the server has seen other tests before, as servers do."""
    yield from in_folder(either, tmp_path)


@pytest.fixture
def code(one: Session, tmp_path: Path) -> Iterator[Session]:
    """An editor like Visual Studio Code, where the kind does not matter."""
    yield from in_folder(one, tmp_path)
