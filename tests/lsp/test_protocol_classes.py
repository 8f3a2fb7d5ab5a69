"""The protocol's classes are built when they are used, and then they are what they would have been."""

from __future__ import annotations

import subprocess
import sys

DESCRIBE = """
import inspect, attrs
from lsprotocol import types
from pygls.protocol import default_converter
default_converter()
for name, cls in sorted(types.ALL_TYPES_MAP.items()):
    if isinstance(cls, type) and attrs.has(cls):
        print(name, [(f.name, f.type, f.default, f.kw_only, f.validator, f.eq) for f in attrs.fields(cls)])
        print(inspect.signature(cls), sorted(n for n in vars(cls) if n in ("__eq__", "__lt__", "__hash__", "__repr__")))
place = types.Range(types.Position(1, 2), types.Position(line=3, character=4))
print(place, place == types.Range(types.Position(1, 2), types.Position(3, 4)), place.start < place.end)
message = {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
    "textDocument": {"uri": "file:///a.lua", "version": 2},
    "contentChanges": [{"range": {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 2}}, "text": "x"}]}}
structured = default_converter().structure(message, types.DidChangeTextDocumentNotification)
print(structured, default_converter().unstructure(structured))
for arguments in ((-1, 0), ("x", 0), (0,)):
    try:
        print(types.Position(*arguments))
    except Exception as error:
        print(type(error).__name__, error)
try:
    place.start.line = "x"
except Exception as error:
    print(type(error).__name__, error)
"""
LAZILY = "import perilune.lsp.protocol_classes\n"
BUILT = """
from perilune.lsp.server import server
import lsprotocol.types as types
classes = [cls for cls in types.ALL_TYPES_MAP.values() if isinstance(cls, type)]
print(sum(isinstance(vars(cls).get("__attrs_attrs__"), tuple) for cls in classes), len(classes))
"""


def output_of(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def test_a_class_built_late_is_what_it_would_have_been() -> None:
    late, early = output_of(LAZILY + DESCRIBE).splitlines(), output_of(DESCRIBE).splitlines()
    assert len(early) > 900
    for line, expected in zip(late, early, strict=True):
        assert _without_addresses(line) == _without_addresses(expected)


def test_few_classes_are_built_at_the_servers_start() -> None:
    built, classes = (int(word) for word in output_of(BUILT).split())
    assert 0 < built < classes / 4


def _without_addresses(line: str) -> str:
    return " ".join(word for word in line.split() if not word.startswith("0x"))
