"""The interactive mode, with lines from a pipe and typed into a terminal."""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.cli.interactive import history_path, is_incomplete


def test_values_of_expressions_are_printed_and_errors_end_nothing(perilune: RunPerilune) -> None:
    result = perilune("-i", standard_input="1 + 1\nlocal x = 5\nx\n= 'a', nil\nx y\nerror('no')\n7\n")
    assert result.output.splitlines()[1:] == ["2", "nil", "a\tnil", "7"]
    assert result.errors.startswith(
        "perilune: stdin:1: syntax error near 'y'\nperilune: stdin:1: no\nstack traceback:\n"
    )
    assert result.status == 0


def test_lines_that_belong_together_are_one_chunk(perilune: RunPerilune) -> None:
    result = perilune("-i", standard_input="for i = 1, 2 do\n  print(i)\nend\nt = {\n}\n#t\n")
    assert result.output.splitlines()[1:] == ["1", "2", "0"]


def test_only_what_was_typed_is_in_a_traceback(perilune: RunPerilune) -> None:
    frames = "\t[C]: in function 'error'\n\tstdin:1: in main chunk\n\t[C]: in ?\n"
    assert perilune("-i", standard_input="error('no')\n").errors == f"perilune: stdin:1: no\nstack traceback:\n{frames}"


def test_values_are_printed_by_the_global_print(perilune: RunPerilune) -> None:
    result = perilune("-i", standard_input="function print(...) io.write('<', ..., '>') end\n7\nprint = nil\n8\n")
    assert result.output.endswith("<7>")
    assert result.errors == "perilune: error calling 'print' (attempt to call a nil value)\n"


def test_os_exit_ends_it_with_its_status(perilune: RunPerilune) -> None:
    assert perilune("-i", standard_input="os.exit(3)\nprint('never')\n").status == 3


def test_it_follows_a_script(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "x = 'set'")
    assert perilune("-i", "a.lua", standard_input="x\n").output.endswith("set\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("for i = 1, 2 do", True), ("x = [[", True), ("f(", True), ("1 +", True), ("x = 1", False), ("x y", False)],
)
def test_what_needs_more_lines(text: str, expected: bool) -> None:
    assert is_incomplete(text) is expected


@pytest.mark.parametrize("kind", ["none", "a folder", "new"])
def test_a_history_that_cannot_be_kept_is_not_kept(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "none" if kind == "none" else tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "none" if kind == "none" else tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "perilune" / "history.lua"
    if kind == "a folder":
        path.mkdir(parents=True)
    assert history_path() == (str(path) if kind == "new" else None)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_session_at_a_terminal(tmp_path: Path) -> None:
    import pty

    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.environ.update(TERM="xterm", XDG_STATE_HOME=str(tmp_path), PROMPT_TOOLKIT_NO_CPR="1")
        os.execv(sys.executable, [sys.executable, "-m", "perilune"])
    seen = b""

    def wait_for(text: bytes) -> None:
        nonlocal seen
        end = time.monotonic() + 20
        while text not in seen and time.monotonic() < end:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        assert text in seen, seen
        seen = seen.partition(text)[2]

    wait_for(b">")
    for line, answer in (
        (b"for i = 1, 2 do", b">>"),
        (b"print(i * 1001)", b">>"),
        (b"end", b"2002"),
        (b"6 * 7", b"42"),
    ):
        os.write(terminal, line + b"\r")
        wait_for(answer)
    os.write(terminal, b"os.exit(7)\r")
    while True:
        try:
            os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 7
    assert "6 * 7" in (tmp_path / "perilune" / "history.lua").read_text()
