"""Fixtures that run the command line in this process."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from command_line import Result, RunPerilune, WriteFile
from perilune.cli.main import main


@pytest.fixture
def perilune(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunPerilune:
    monkeypatch.chdir(tmp_path)
    for variable in ("LUA_INIT", "LUA_INIT_5_4", "LUA_PATH", "LUA_PATH_5_4"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PERILUNE_STORE", str(tmp_path / "results.sqlite"))

    def run(*arguments: str, standard_input: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(standard_input.encode())))
        capfd.readouterr()
        try:
            status = main(list(arguments))
        except SystemExit as leaving:  # argparse
            status = leaving.code if isinstance(leaving.code, int) else 1
        captured = capfd.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)

    return write
