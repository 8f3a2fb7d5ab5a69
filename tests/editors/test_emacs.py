"""The language server in Emacs without a window, by Eglot and docs/editors/perilune.el, with the real profiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "emacs.el"
PLUGIN_FOLDER = Path(__file__).parents[2] / "docs" / "editors"
TIME_LIMIT_SECONDS = 120

PROGRAM = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(fib(tonumber(arg[1])))
"""

_HAS_PACKAGES = (
    '(progn (package-initialize) (kill-emacs (if (and (locate-library "eglot") (locate-library "lua-mode")) 0 1)))'
)


@pytest.mark.editor
def test_a_session_in_emacs(tmp_path: Path) -> None:
    emacs = shutil.which("emacs")
    if emacs is None or subprocess.run([emacs, "--batch", "--eval", _HAS_PACKAGES], check=False).returncode:
        pytest.skip("Emacs with Eglot and lua-mode is not installed (apt install emacs-nox elpa-eglot elpa-lua-mode)")
    program = tmp_path.resolve() / "fib.lua"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "perilune", "lsp"]
    session = subprocess.run(
        [emacs, "--batch", "-l", str(SCRIPT), "--", str(PLUGIN_FOLDER), str(program), *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    steps = session.stdout + session.stderr
    assert session.returncode == 0, steps
    assert "ok: the server leaves" in steps
