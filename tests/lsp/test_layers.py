"""What the language server's own architecture forbids, and what the extension and the server must agree on."""

from __future__ import annotations

import ast
import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from perilune.lsp.language_settings import FEATURES
from perilune.lsp.run_options import OPTIONS
from perilune.lsp.server import server
from perilune.lsp.settings import MEGABYTE, Settings
from perilune.profiler.budgets import PROGRAM_FIGURES
from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.importers import IMPORTERS

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "vscode-extension"
EXTENSIONS_OWN = ("perilune.server.", "perilune.heat.", "perilune.watch.")  # settings that the server does not read


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
    return "".join(path.read_text(encoding="utf-8") for path in sorted((EXTENSION / "src").rglob("*.ts")))


def test_only_the_edge_knows_the_protocol() -> None:
    edge = {"server.py", "session.py", "answers.py", "protocol.py", "protocol_language.py", "editor.py", "announcer.py"}
    for path in sorted((REPOSITORY / "lsp").rglob("*.py")):
        protocol = {name for name in imported_modules(path) if name.split(".")[0] in ("lsprotocol", "pygls")}
        assert not protocol or path.name in edge or path.parent.name == "handlers", f"{path.name} imports {protocol}"


def test_every_command_of_the_extension_is_registered() -> None:
    declared = {command["command"] for command in extension_manifest()["contributes"]["commands"]}
    registered = set(re.findall(r"register\('([\w.]+)'", extension_source()))
    assert declared == registered


def test_the_extension_knows_every_command_of_the_server() -> None:
    called = set(re.findall(r"'(perilune\.server\.\w+)'", extension_source()))
    assert set(server.protocol.fm.commands) <= called


def test_the_extension_completes_the_keys_that_are_read() -> None:
    text = (EXTENSION / "src" / "automatic" / "configurationKeys.ts").read_text(encoding="utf-8")
    of_runs, of_budgets = (re.findall(r"^ *key\('(\w+)'", part, re.MULTILINE) for part in text.split("BUDGET_KEYS"))
    assert of_runs == [option.names[0] for option in OPTIONS]
    assert of_budgets == list(PROGRAM_FIGURES)


def test_the_settings_have_the_servers_defaults() -> None:
    properties = extension_manifest()["contributes"]["configuration"]["properties"]
    defaults = {name: entry["default"] for name, entry in properties.items() if not name.startswith(EXTENSIONS_OWN)}
    settings = Settings()
    assert defaults == {
        "perilune.profile.command": [],
        "perilune.profile.mode": settings.mode,
        "perilune.profile.timeLimit": settings.time_limit,
        "perilune.profile.memoryLimit": settings.memory_limit // MEGABYTE,
        "perilune.profile.repeat": settings.repeat,
        "perilune.profile.precision": settings.precision,
        "perilune.profile.onSave": settings.on_save,
        "perilune.profile.unsaved": settings.unsaved,
        "perilune.profile.pathMap": dict(settings.path_map),
        "perilune.profile.announce": settings.announces,
        "perilune.hints.enabled": settings.hints,
        "perilune.hints.threshold": settings.threshold * 100,
        "perilune.hints.maximumLength": settings.hint_length,
        "perilune.hints.metric": settings.metric,
        "perilune.hints.change": settings.compared_with,
        "perilune.hints.asDiagnostics": settings.hot_diagnostics,
        "perilune.lenses.enabled": settings.lenses,
        "perilune.language.enabled": settings.language.enabled,
        "perilune.language.globals": sorted(settings.language.globals),
        **{f"perilune.language.{name}": name not in settings.language.off for name in FEATURES},
    }
    sections: dict[str, dict[str, object]] = {}
    for name, value in defaults.items():
        _, section, key = name.split(".")
        sections.setdefault(section, {})[key] = value
    assert Settings.from_json(sections) == settings


def test_files_of_other_profilers_can_be_opened_as_a_report() -> None:
    editors = {each["viewType"]: each for each in extension_manifest()["contributes"]["customEditors"]}
    assert editors["perilune.foreignProfile"]["priority"] == "option"  # the names of texts may be others'
    selectors = [selector for editor in editors.values() for selector in editor["selector"]]
    patterns = [pattern for each in selectors for pattern in _alternatives(each["filenamePattern"])]
    for name, exporter in EXPORTERS.items():
        if name in IMPORTERS:
            assert any(fnmatch(f"run{exporter.suffix}", pattern) for pattern in patterns), name


def _alternatives(pattern: str) -> list[str]:
    """What the braces of a pattern stand for."""
    before, brace, rest = pattern.partition("{")
    inner, _, after = rest.partition("}")
    return [before + each + after for each in inner.split(",")] if brace else [pattern]
