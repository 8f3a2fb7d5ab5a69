"""Temporary folders go with what they were made for, or, where a process was killed, when the next one makes some."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perilune.profiler.scratch import scratch_folder

HOLD = """
import sys
from perilune.profiler.scratch import scratch_folder
with scratch_folder("kind") as folder:
    open(folder + "/main.lua", "w").close()
    print(folder, flush=True)
    sys.stdin.read()
"""


def _holder(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that holds a temporary folder until its input ends."""
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_folder_goes_with_its_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert os.listdir(tmp_path) == [os.path.basename(folder)]
        Path(folder, "a").touch()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks there")
def test_the_folder_of_a_process_that_was_killed_goes_when_the_next_one_makes_some(tmp_path: Path) -> None:
    killed, left = _holder(tmp_path)
    alive, held = _holder(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    fresh, other = tmp_path / "perilune-aaaaaaaa", tmp_path / "perilune-of-somebody-else"
    fresh.mkdir()
    other.mkdir()
    for folder in (left, held, other):
        os.utime(folder, (1, 1))
    assert left.exists()
    last, own = _holder(tmp_path)
    assert not left.exists(), "its owner is gone"
    assert held.exists() and (held / "main.lua").exists(), "its owner is there"
    assert fresh.exists(), "its owner may not have got around to lock it"
    assert other.exists() and own.exists()
    for process in (alive, last):
        process.communicate("")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((fresh.name, other.name))
