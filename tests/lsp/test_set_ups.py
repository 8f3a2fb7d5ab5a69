"""The set-ups that the documentation has for editors which no test starts: they parse, and have the editors' own keys."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perilune.lsp.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
HELIX_SERVER = {"command", "args", "environment", "config", "timeout", "required-root-patterns"}
SUBLIME_CLIENT = {"enabled", "command", "selector", "initializationOptions", "settings", "env", "schemes"}
SUBLIME_COMMAND = {"session_name", "command_name", "command_args"}


def blocks(heading: str, language: str) -> list[Any]:
    """The blocks of a language below a heading of the page, parsed."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading)]
    found = re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    parse = tomllib.loads if language == "toml" else json.loads
    return [parse(block) for block in found]


def says_something(options: Any) -> bool:
    """Whether the server takes something from these options, so that no key of them is misspelled."""
    return bool(Settings.from_json(options) != Settings())


def test_helix() -> None:
    (languages,) = blocks("Helix", "toml")
    server = languages["language-server"]["perilune"]
    assert server.keys() <= HELIX_SERVER and [server["command"], *server["args"]] == ["perilune", "lsp"]
    (language,) = languages["language"]
    assert language["name"] == "lua" and "perilune" in language["language-servers"]
    config = server["config"]
    assert Settings.from_json(config) == replace(Settings(), mode=config["profile"]["mode"])


def test_zed() -> None:
    (settings,) = blocks("Zed", "json")
    (server,) = settings["lsp"].values()
    assert server.keys() == {"binary", "initialization_options"}
    assert [server["binary"]["path"], *server["binary"]["arguments"]] == ["perilune", "lsp"]
    assert says_something(server["initialization_options"])


def test_kate() -> None:
    (settings,) = blocks("Kate", "json")
    server = settings["servers"]["lua"]
    assert server["command"] == ["perilune", "lsp"] and says_something(server["initializationOptions"])


def test_sublime_text() -> None:
    settings, palette = blocks("Sublime Text", "json")
    client = settings["clients"]["perilune"]
    assert client.keys() <= SUBLIME_CLIENT and client["command"] == ["perilune", "lsp"]
    for entry in palette:
        assert entry["command"] == "lsp_execute" and entry["args"].keys() <= SUBLIME_COMMAND


@pytest.mark.parametrize("command", sorted(set(re.findall(r"perilune\.server\.(\w+)", PAGE))))
def test_every_command_of_the_page_is_one_of_the_server(command: str) -> None:
    from perilune.lsp.server import server

    assert f"perilune.server.{command}" in server.protocol.fm.commands
