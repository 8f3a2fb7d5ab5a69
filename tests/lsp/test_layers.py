"""What the language server's own architecture forbids, and what the extension and the server must agree on."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from perilune.lsp import server
from perilune.lsp.settings import MEGABYTE, Settings

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "vscode-extension"


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def extension_manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return manifest


def extension_source() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((EXTENSION / "src").glob("*.ts")))


def test_only_the_edge_knows_the_protocol() -> None:
    edge = {"server.py", "protocol.py", "editor.py"}
    for path in sorted((REPOSITORY / "lsp").rglob("*.py")):
        protocol = {name for name in imported_modules(path) if name.split(".")[0] in ("lsprotocol", "pygls")}
        assert not protocol or path.name in edge, f"{path.name} imports {protocol}"


def test_every_command_of_the_extension_is_registered() -> None:
    declared = {command["command"] for command in extension_manifest()["contributes"]["commands"]}
    registered = set(re.findall(r"registerCommand\('([\w.]+)'", extension_source()))
    assert declared == registered


def test_the_extension_calls_commands_that_the_server_has() -> None:
    called = set(re.findall(r"'(perilune\.server\.\w+)'", extension_source()))
    assert called == {server.PROFILE_COMMAND, server.RERUN_COMMAND, server.CANCEL_COMMAND, server.CLEAR_COMMAND}


def test_the_settings_have_the_servers_defaults() -> None:
    properties = extension_manifest()["contributes"]["configuration"]["properties"]
    defaults = {name: entry["default"] for name, entry in properties.items() if not name.startswith("perilune.server.")}
    settings = Settings()
    assert defaults == {
        "perilune.profile.command": [],
        "perilune.profile.mode": settings.mode,
        "perilune.profile.timeLimit": settings.time_limit,
        "perilune.profile.memoryLimit": settings.memory_limit // MEGABYTE,
        "perilune.hints.enabled": settings.hints,
        "perilune.hints.threshold": settings.threshold * 100,
    }
    sections: dict[str, dict[str, object]] = {"profile": {}, "hints": {}}
    for name, value in defaults.items():
        _, section, key = name.split(".")
        sections[section][key] = value
    assert Settings.from_json(sections) == settings
