"""What stands around a program that is profiled: files before it, texts in place of files, output as it comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import RunPerilune, WriteFile


def saved(folder: Path) -> dict[str, Any]:
    profile: dict[str, Any] = json.loads((folder / "p.json").read_text())
    return profile


def test_a_preloaded_file_runs_first_and_is_not_measured(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("host.lua", "for i = 1, 1000 do end\nfunction host() return 42 end\nprint('host', ...)")
    write_file("a.lua", "print(host(), ...)")
    result = perilune("profile", "--preload", "host.lua", "--mode=count", "-o", "p.json", "a.lua", "1")
    assert result.output == "host\n42\t1\n"
    (host,) = [file for file in saved(tmp_path)["files"] if file["path"] == "host.lua"]
    assert [line["line"] for line in host["lines"] if line["hits"]] == [2]  # what the program calls of it is measured


def test_a_preloaded_file_that_fails_ends_the_command(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("host.lua", "error('no host')")
    write_file("a.lua", "print('never')")
    result = perilune("profile", "--preload=host.lua", "a.lua")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith("perilune: host.lua:1: no host\nstack traceback:\n")
    assert result.errors.endswith("perilune: what --preload names failed\n")
    assert perilune("profile", "--preload", "nowhere.lua", "a.lua").status == 1


def test_a_text_stands_in_for_the_program_and_for_a_module(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", "print('as saved')")
    write_file("m.lua", "return 'as saved'")
    write_file("a.text", "#!/usr/bin/lua\nprint(arg[0], require 'm', ...)\nerror('here')")
    write_file("m.text", "#!/usr/bin/lua\nreturn 'as written'")
    texts = ["--text", "a.lua=a.text", "--text=./m.lua=m.text"]
    result = perilune("profile", *texts, "--mode", "count", "-o", "p.json", "a.lua", "7")
    assert result.output == "a.lua\tas written\t7\n"
    assert result.errors.startswith("perilune: a.lua:3: here\n")
    lines = {file["path"]: [line["line"] for line in file["lines"]] for file in saved(tmp_path)["files"]}
    assert lines == {"a.lua": [2, 3], "./m.lua": [2]}


def test_a_text_without_a_file_is_refused(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print('never')")
    result = perilune("profile", "--text", "a.lua", "a.lua")
    assert (result.status, result.errors) == (2, "perilune: --text: 'a.lua' is not FILE=COPY\n")


def test_flushed_output_comes_while_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("io.write('begun') repeat local f = io.open('go') until f")
    command = [sys.executable, "-m", "perilune", "profile", "--flush", "-o", "p.json", "a.lua"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 100) == b"begun"  # it waits for what comes next
        (tmp_path / "go").touch()
        assert process.wait() == 0


@pytest.mark.parametrize("command", ["run", "profile"])
def test_a_program_has_its_buffers_where_python_has_none(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.lua").write_text("io.write('first') io.stderr:write('second') io.write(io.read())")
    process = subprocess.run(
        [sys.executable, "-m", "perilune", command, "a.lua"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        input=b"line\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    assert process.stdout.startswith(b"secondfirstline")
