"""Results go where they should or the command says why not: streams that are closed or full, files that are replaced."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")

COMMANDS = [
    "profile --mode count -o - a.lua",
    "profile --format json -o - a.lua",
    "report p.json",
    "report --format html p.json",
    "export --format lcov p.json",
    "compare p.json p.json",
    "compare --format json a.lua a.lua",
    "check-budget --format json a.lua",
    "check bad.lua",
    "disasm a.lua",
    "disasm --profile a.lua",
    "asm -o - a.pasm",
    "run --help",
    "profile --help",
    "--version",
    "--help",
]

CLOSED, FULL = "Bad file descriptor", "No space left on device"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where there is a file of every kind that a command takes."""
    path = tmp_path_factory.mktemp("streams")
    (path / "a.lua").write_text("---@budget calls <= 9\nlocal x = 1")
    (path / "bad.lua").write_text("x = = 1")
    shell(path, "profile --mode count -o p.json a.lua")
    shell(path, "disasm a.lua > a.pasm")
    return path


def environment(folder: Path) -> dict[str, str]:
    variables = {**os.environ, "TMPDIR": str(folder), "PERILUNE_CACHE_DIR": str(folder / "cache")}
    variables.pop("PYTHONUNBUFFERED", None)  # it is for C's streams too
    return variables


def shell(folder: Path, command: str, before: str = ":") -> tuple[int, str]:
    """Exit status and standard error of a command, with the shell's redirections behind it."""
    line = f"{before}; '{sys.executable}' -m perilune {command}"
    process = subprocess.run(line, cwd=folder, env=environment(folder), shell=True, check=False, capture_output=True)
    return process.returncode, process.stderr.decode()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("redirection", "reason"), [(">&-", CLOSED), ("> /dev/full", FULL)])
def test_an_output_that_cannot_be_written_is_told(folder: Path, command: str, redirection: str, reason: str) -> None:
    status, errors = shell(folder, f"{command} {redirection}")
    assert status == 1
    assert errors.startswith(f"perilune: cannot write standard output: {reason}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "<&-", ">&- <&-"])
def test_programs_run_without_their_streams(folder: Path, redirection: str) -> None:
    (folder / "b.lua").write_text("print(1) io.read() print(2) io.open('seen', 'a'):write('x'):close()")
    for command in ("run b.lua", "profile -o b.txt b.lua", "asm --run a.pasm"):
        assert shell(folder, f"{command} {redirection}") == (0, "")
    assert (folder / "seen").read_text() == "xx"
    (folder / "seen").unlink()


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full", ">&- 2>&-"])
def test_messages_that_nobody_can_read_change_no_status(folder: Path, redirection: str) -> None:
    assert shell(folder, f"run -e 'error()' {redirection}") == (1, "")
    assert shell(folder, f"check none.lua {redirection}") == (2, "")
    assert shell(folder, f"check-budget none.lua {redirection}") == (1, "")
    assert shell(folder, f"check a.lua {redirection}") == (0, "")
    assert shell(folder, f"zzz {redirection}") == (2, "")
    assert shell(folder, f"profile {redirection}") == (2, "")


def test_nothing_else_is_opened_in_the_place_of_a_closed_stream(folder: Path) -> None:
    (folder / "b.lua").write_text("local f = io.open('f', 'w') print('to nobody') f:write('x') f:close()")
    assert shell(folder, "run b.lua >&-") == (0, "")
    assert (folder / "f").read_text() == "x"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_who_has_seen_enough_ends_the_command_quietly(folder: Path, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [sys.executable, "-m", "perilune", *command.split()]
    process = subprocess.run(
        arguments, cwd=folder, env=environment(folder), check=False, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert process.stderr == b""
    assert process.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)


@pytest.mark.parametrize(("redirection", "reason"), [(">&-", CLOSED), ("> /dev/full", FULL)])
def test_a_language_server_whose_client_cannot_hear_ends(folder: Path, redirection: str, reason: str) -> None:
    message = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
    (folder / "messages").write_bytes(f"Content-Length: {len(message)}\r\n\r\n{message}".encode())
    status, errors = shell(folder, f"lsp < messages {redirection}")
    assert (status, errors) == (1, f"perilune: cannot write to the client: {reason}\n")


def test_what_replaces_a_file_takes_over_its_permissions_and_its_links(folder: Path) -> None:
    (folder / "real").mkdir(exist_ok=True)
    (folder / "real/p.txt").write_text("old")
    (folder / "real/p.txt").chmod(0o640)
    (folder / "link").symlink_to("real/p.txt")
    assert shell(folder, "report -o link p.json") == (0, "")
    assert (folder / "link").is_symlink()
    assert (folder / "real/p.txt").read_text().startswith("Profile of a.lua")
    assert stat.S_IMODE((folder / "real/p.txt").stat().st_mode) == 0o640
    assert [path.name for path in (folder / "real").iterdir()] == ["p.txt"]


@pytest.mark.parametrize(
    "command",
    [
        "report --format html",
        "export --format lcov",
        "asm a.pasm",
        "profile --format html a.lua",
    ],
)
def test_a_write_that_is_cut_is_told_and_the_old_file_kept(folder: Path, command: str) -> None:
    (folder / "old").write_text("old")
    files = "-o old p.json"
    if command.startswith(("asm", "profile")):
        files = ""
        command = command.replace(" a.", " -o old a.")
    status, errors = shell(folder, f"{command} {files}", before="ulimit -f 0")
    assert (status, errors.partition("; the temporary folder cannot keep it")[0].rstrip("\n")) == (
        1,
        "perilune: cannot write old: File too large",
    )
    assert (folder / "old").read_text() == "old"
    assert not list(folder.glob(".perilune-*"))


def test_a_comparison_that_has_no_place_for_the_programs_output_says_so(folder: Path) -> None:
    status, errors = shell(folder, "compare a.lua a.lua", before="ulimit -f 0")
    assert status == 1
    assert errors.startswith("perilune: the temporary folder cannot keep the programs' output: ")


@pytest.mark.parametrize("path", ["/dev/stdout", "out.txt"])
def test_a_file_that_the_output_goes_to_anyway_is_not_written_over(folder: Path, path: str) -> None:
    (folder / "b.lua").write_text("print('of the program')")
    assert shell(folder, f"profile -o {path} b.lua > out.txt") == (0, "")
    assert (folder / "out.txt").read_text().startswith("of the program\nProfile of b.lua")


def test_devices_and_pipes_are_written_as_they_stand(folder: Path) -> None:
    assert shell(folder, "report -o /dev/null p.json") == (0, "")
    assert Path("/dev/null").is_char_device()
    os.mkfifo(folder / "pipe")
    assert shell(folder, "report -o pipe p.json & cat pipe > read; wait $!") == (0, "")
    assert (folder / "read").read_text().startswith("Profile of a.lua")
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("path", "reason"),
    [("none/p.json", "No such file or directory"), ("a.lua/p.json", "Not a directory"), (".", "Is a directory")],
)
@pytest.mark.parametrize("command", ["profile -o PATH b.lua", "compare -o PATH b.lua b.lua"])
def test_a_place_that_cannot_be_written_is_told_before_the_program_runs(
    folder: Path, command: str, path: str, reason: str
) -> None:
    (folder / "b.lua").write_text("io.open('ran', 'w')")
    assert shell(folder, command.replace("PATH", path)) == (1, f"perilune: cannot write {path}: {reason}\n")
    assert not (folder / "ran").exists()


def test_an_error_of_our_own_is_told_without_a_page_of_python(
    perilune: RunPerilune, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("nothing\nof use")

    write_file("a.lua", "")
    monkeypatch.setattr("perilune.cli.check.check_source", fail)
    result = perilune("check", "a.lua")
    assert (result.status, result.output) == (70, "")
    assert result.errors.startswith("perilune: internal error at test_destinations.py:")
    assert result.errors.count("\n") == 1
    monkeypatch.setenv("PERILUNE_TRACEBACK", "1")
    with pytest.raises(KeyError):
        perilune("check", "a.lua")
