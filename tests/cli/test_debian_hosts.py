"""Programs of Debian with Lua inside do under `perilune host` what they do with their own Lua, and are profiled."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.profiler.model import Profile
from perilune.vm.host_server import library_path

pytestmark = pytest.mark.skipif(library_path() is None, reason="no library can take the place of another one here")

CLINGO_PROGRAM = """\
#script (lua)
function squares(a, b)
  local found = {}
  for i = a.number, b.number do
    found[#found + 1] = clingo.Number(i * i % 17)
  end
  return found
end
#end.
p(@squares(1, 200)).
q(X) :- p(X), X > 3.
"""
GNUPLOT_PROGRAM = """\
set terminal lua tikz nopicenvironment
set output "plot.tex"
set samples 300
plot sin(x) * x, cos(x)
"""


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def hits(path: Path, end_of_file_name: str) -> dict[int, int]:
    """How often the lines of a file ran, of the profile's files the one whose name ends so."""
    profile = Profile.from_json(json.loads(path.read_text()))
    (file,) = [file for file in profile.files if file.path.endswith(end_of_file_name)]
    return {line.line: line.hits for line in file.lines}


@needs("gnuplot")
def test_gnuplots_lua_terminal(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("plot.gp", GNUPLOT_PROGRAM)
    expected = subprocess.run(
        ["gnuplot", "plot.gp"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    text = (tmp_path / "plot.tex").read_text()
    if expected.returncode or "unknown or ambiguous terminal" in expected.stderr:
        pytest.skip("this gnuplot has no Lua terminal")
    (tmp_path / "plot.tex").unlink()
    result = perilune("host", "-o", "p.json", "--", "gnuplot", "plot.gp")
    assert (result.status, result.errors) == (0, expected.stderr)
    assert (tmp_path / "plot.tex").read_text() == text
    assert sum(hits(tmp_path / "p.json", "gnuplot-tikz.lua").values()) > 5000


@needs("clingo")
def test_clingos_scripts(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lp", CLINGO_PROGRAM)

    def without_times(text: str) -> str:
        return re.sub(r"(?m)^(CPU )?Time .*$", "", text)

    expected = subprocess.run(["clingo", "a.lp"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    if "lua support not available" in expected.stderr.lower():
        pytest.skip("this clingo has no Lua")
    result = perilune("host", "-o", "p.json", "--", "clingo", "a.lp")
    assert result.status == expected.returncode
    assert without_times(result.output) == without_times(expected.stdout)
    assert hits(tmp_path / "p.json", "")[5 - 1] == 200
