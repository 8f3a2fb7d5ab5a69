"""The signature of the function whose call the cursor is in, and which parameter is being written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.lsp.features.completion import in_text_or_comment, mapped_offset
from perilune.lsp.features.receiver import receiver
from perilune.lsp.features.signatures import (
    Signature,
    also_known_as,
    entry_signature,
    function_signature,
    library_entry,
)
from perilune.lsp.occurrences import GLOBAL, Path, Role
from perilune.lsp.standard_library import FILE, members
from perilune.lsp.syntax import Syntax

_SKIPPED = re.compile(
    r"--\[(=*)\[(?s:.*?)\]\1\]|--[^\n\r]*|\[(=*)\[(?s:.*?)\]\2\]|\"(?:[^\"\\\n]|\\(?s:.))*\"|'(?:[^'\\\n]|\\(?s:.))*'"
)
_CALLED = re.compile(r"(?P<string>[\"']\s*\)?\s*:\s*)?(?P<path>[A-Za-z_]\w*(?:\s*[.:]\s*[A-Za-z_]\w*)*)\s*\Z", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z_]\w*|(?s:.)", re.ASCII)
_LOOK_BACK = 20_000
_WORDS_THAT_CALL_NOTHING = frozenset(("and", "or", "not", "if", "while", "until", "return", "in", "elseif", "function"))


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """A signature and the index of the parameter at the cursor."""

    signature: Signature
    active: int


def signature_help(syntax: Syntax, text: str, offset: int) -> SignatureHelp | None:
    """What is being called around an offset of a text; `syntax` is of that text or of one a little older."""
    inside = in_text_or_comment(text, offset)
    if inside is not None and inside[1].startswith("--"):
        return None
    end = inside[0] if inside is not None else offset
    call = _open_call(text, end)
    if call is None:
        return None
    opened, commas = call
    match = _CALLED.search(text, max(0, opened - 300), opened)
    if match is None or match["path"] in _WORDS_THAT_CALL_NOTHING:
        return None
    if re.search(r"\bfunction\s+\Z", text[max(0, match.start("path") - 20) : match.start("path")]):
        return None
    signature = _signature(syntax, mapped_offset(syntax, text, opened), match["path"], bool(match["string"]))
    if signature is None:
        return None
    last = len(signature.parameters) - 1
    return SignatureHelp(
        signature, min(commas, last) if last >= 0 and signature.parameters[last].strip("[]") == "..." else commas
    )


def _open_call(text: str, end: int) -> tuple[int, int] | None:
    """The innermost parenthesis that is open at an offset, and the commas behind it."""
    begin = text.rfind("\nfunction ", max(0, end - _LOOK_BACK), end) + 1
    begin = begin or max(0, end - _LOOK_BACK)
    code = _SKIPPED.sub(lambda match: " " * len(match[0]), text[begin:end])
    opened: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(code):
        token = match[0]
        if token in "([{":
            opened.append((token, match.start(), 0))
        elif token in ")]}":
            while opened and opened.pop()[0] != {")": "(", "]": "[", "}": "{"}[token]:
                pass
        elif token in ("function", "do", "then", "repeat"):
            opened.append(("block", match.start(), 0))
        elif token in ("end", "until"):
            while opened and opened.pop()[0] != "block":
                pass
        elif token == "elseif" and opened and opened[-1][0] == "block":
            opened.pop()
        elif token == "," and opened:
            kind, start, commas = opened[-1]
            opened[-1] = (kind, start, commas + 1)
        elif token in ("local", "if", "for", "while", "return"):
            # A statement begins: a parenthesis before it was never closed.
            while opened and opened[-1][0] != "block":
                opened.pop()
    for index in range(len(opened) - 1, -1, -1):
        kind, start, commas = opened[index]
        if kind == "(" and code[:start].rstrip()[-1:] not in ("", "=", ",", "(", "{", "+", "-", "*", "/", ";"):
            before = re.search(r"(\w+)\s*(?:[\w.:]*\s*)?\Z", code[max(0, start - 100) : start])
            if before and before[1] == "function":
                return None
            return begin + start, commas
        if kind != "(":
            return None if kind == "block" else _none_unless_argument(opened, index, begin)
    return None


def _none_unless_argument(opened: list[tuple[str, int, int]], index: int, begin: int) -> tuple[int, int] | None:
    """Inside a table or an index that is itself an argument the call around it is still the one being written."""
    for kind, start, commas in reversed(opened[:index]):
        if kind == "(":
            return begin + start, commas
        if kind == "block":
            return None
    return None


def _signature(syntax: Syntax, at: int, path_text: str, of_string: bool) -> Signature | None:
    as_method = ":" in path_text or of_string
    name = re.split(r"\s*[.:]\s*", path_text)[-1]
    path = None if of_string else receiver(syntax, at, path_text)
    if path is not None:
        found = _of_path(syntax, path, as_method)
        if found is not None:
            return found
    if as_method:
        entry = members("string").get(name) or members(FILE).get(name)
        best = syntax.names.field_names.get(name)
        if not of_string and best is not None and isinstance(best.value, nodes.Function):
            return function_signature(syntax, best, best.value)
        return entry_signature(entry, as_method=True) if entry is not None else None
    best = syntax.names.field_names.get(name)
    is_field = path is not None and len(path) > 1 and path[0] != GLOBAL
    if is_field and best is not None and isinstance(best.value, nodes.Function):
        return function_signature(syntax, best, best.value)
    return None


def _of_path(syntax: Syntax, path: Path, as_method: bool) -> Signature | None:
    for known in also_known_as(syntax, path):
        for place in syntax.occurrences_of(known):
            if place.role is not Role.READ and isinstance(place.value, nodes.Function):
                return function_signature(syntax, place, place.value)
        entry = library_entry(known)
        if entry is not None:
            return entry_signature(entry, as_method)
    return None
