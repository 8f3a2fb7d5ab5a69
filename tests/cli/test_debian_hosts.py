"""Programs of Debian with Lua inside do under `perilune host` what they do with their own Lua, and are profiled."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
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


LIGHTTPD = shutil.which("lighttpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
LIGHTTPD_MODULE = Path("/usr/lib/lighttpd/mod_magnet.so")
LIGHTTPD_PAGE = """\
local sum = 0
for i = 1, 100 do
  sum = sum + i
end
lighty.content = { "sum ", tostring(sum), " of ", lighty.env["uri.path"] }
return 200
"""
REQUESTS = 40
NEOMUTT_CONFIGURATION = """\
local function label(n)
  local words = {}
  for i = 1, n do
    words[#words + 1] = "x" .. i
  end
  return table.concat(words)
end
mutt.print("seen " .. #label(500))
"""
PATIENCE = 60.0


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


@needs("neomutt")
def test_neomutts_configuration(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", NEOMUTT_CONFIGURATION)
    write_file("muttrc", "lua-source a.lua\n")
    command = ["neomutt", "-n", "-F", "muttrc", "-Q", "editor"]
    expected = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    if "seen" not in expected.stdout + expected.stderr:
        pytest.skip("this neomutt has no Lua")
    result = perilune("host", "-o", "p.json", "--", *command)
    assert (result.status, result.output, result.errors) == (expected.returncode, expected.stdout, expected.stderr)
    assert hits(tmp_path / "p.json", "a.lua")[4] == 500


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> list[bytes]:
    """What a server says to so many requests, when it is ready."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            found = []
            for number in range(REQUESTS):
                connection.request("GET", f"/{number}")
                found.append(connection.getresponse().read())
            return found
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        finally:
            connection.close()


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[None]:
    """A server in the foreground, which is asked to end."""
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        server.terminate()  # not killed: what is between hands it on to the server itself
        server.wait(PATIENCE)


@pytest.mark.skipif(
    LIGHTTPD is None or not LIGHTTPD_MODULE.exists(), reason="lighttpd with mod_magnet is not installed"
)
def test_a_page_of_lighttpd_under_load(tmp_path: Path) -> None:
    (tmp_path / "page.lua").write_text(LIGHTTPD_PAGE)
    found = []
    for prefix in ([], [sys.executable, "-m", "perilune", "host", "-o", "p.json", "--"]):
        port = free_port()
        (tmp_path / "server.conf").write_text(
            f'server.modules = ("mod_magnet")\nserver.document-root = "{tmp_path}"\nserver.port = {port}\n'
            f'server.bind = "127.0.0.1"\nmagnet.attract-raw-url-to = ("{tmp_path}/page.lua")\n'
        )
        with serving([*prefix, LIGHTTPD or "", "-D", "-f", "server.conf"], tmp_path):
            found.append(answers(port))
    assert found[0] == [f"sum 5050 of /{number}".encode() for number in range(REQUESTS)]
    assert found[1] == found[0]
    assert hits(tmp_path / "p.json", "")[3] == 100 * REQUESTS
