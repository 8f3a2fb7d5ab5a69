"""The extension in a real VS Code, in a browser: a session of steps (`vscode/session.mjs`), each of which is a test here.

It takes minutes and a code-server, so it runs where PERILUNE_CODE_SERVER names the folder of one:
`tests/editors/vscode/install.sh FOLDER` installs it, and `npm ci && npm run package` in `vscode-extension/` makes the
extension. PERILUNE_SCREENSHOTS names a folder for what the session saw.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = Path(__file__).parent / "vscode"
EXTENSION = Path(__file__).parents[2] / "vscode-extension" / "perilune.vsix"
STEPS = [
    title.replace("\\'", "'")
    for part in sorted((SESSION / "steps").glob("*.mjs"))
    for title in re.findall(r"\bstep\('((?:[^'\\]|\\.)+)'", part.read_text(encoding="utf-8"))
]
TIME_LIMIT_SECONDS = 1500
FAILURE = re.compile(r"^FAILED: (.*?): (.*?)(?=^(?:ok|FAILED|part)\b|\Z)", re.MULTILINE | re.DOTALL)

pytestmark = [pytest.mark.editor, pytest.mark.timeout(TIME_LIMIT_SECONDS + 60)]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the session said of its steps."""
    installation = os.environ.get("PERILUNE_CODE_SERVER")
    if not installation:
        pytest.skip("PERILUNE_CODE_SERVER names no code-server (tests/editors/vscode/install.sh installs one)")
    assert EXTENSION.exists(), "the extension is not packaged: npm ci && npm run package in vscode-extension/"
    root = tmp_path_factory.mktemp("vscode")
    ended = subprocess.run(
        ["node", str(SESSION / "session.mjs"), installation, str(root), str(EXTENSION), sys.prefix],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    if screenshots := os.environ.get("PERILUNE_SCREENSHOTS"):
        shutil.copytree(root / "shots", screenshots, dirs_exist_ok=True)
    print(ended.stdout + ended.stderr)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("step", STEPS)
def test_step(step: str, report: str) -> None:
    reasons = [reason for title, reason in FAILURE.findall(report) if title == step]
    assert not reasons, reasons[0]
    assert f"\nok: {step} (" in f"\n{report}", f"the session did not come to this step:\n{report}"


def test_the_steps_are_there() -> None:
    assert len(STEPS) == len(set(STEPS)) > 10
