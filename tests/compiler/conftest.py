"""Shared by the compiler's tests: how much of the installed Lua corpus to read."""

from __future__ import annotations

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "corpus: reads a share of the installed Lua files; PERILUNE_CORPUS=all reads them all"
    )


@pytest.fixture
def corpus_share() -> int:
    """Read one file of so many."""
    return 1 if os.environ.get("PERILUNE_CORPUS") == "all" else 12
