"""What can be written at a place: locals in scope, fields seen, globals, keywords, the standard library.

The names come from a tree of the text, or of a text a few edits older: what is being typed is read from the characters
before the cursor. So an answer never waits for a large text to be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.compiler.common_ends import reach
from perilune.compiler.symbols import Variable
from perilune.lsp.features.receiver import receiver
from perilune.lsp.features.signatures import (
    also_known_as,
    comment_above,
    entry_signature,
    library_entry,
    parameters_of,
    readable,
)
from perilune.lsp.occurrences import EXPORTS, GLOBAL, Kind, Occurrence, Path, Role
from perilune.lsp.standard_library import FILE, KEYWORDS, Entry, members, metamethods
from perilune.lsp.syntax import Syntax

_WORD = re.compile(r"[A-Za-z_0-9]*\Z")
_RECEIVER = re.compile(
    r"(?P<path>[A-Za-z_]\w*(?:\s*[.:]\s*[A-Za-z_]\w*)*)\s*\Z|(?P<string>[\"']\s*\)?\s*\Z)|(?P<other>[\w)\]}]\s*\Z)",
    re.ASCII,
)
_NOT_CODE = re.compile(
    r"--\[(=*)\[(?s:.*?)(?:\]\1\]|\Z)|--[^\n\r]*|\[(=*)\[(?s:.*?)(?:\]\2\]|\Z)"
    r"|\"(?:[^\"\\\n]|\\(?s:.))*\"?|'(?:[^'\\\n]|\\(?s:.))*'?"
)
_DECLARES = re.compile(
    r"\b(?:local(?:\s+function)?|for|function|goto)\s+[\w\s,]*\Z|::\s*\w*\Z|\bfunction\b[^(\n]*\([\w ,\t]*\Z", re.ASCII
)
_DECLARED = re.compile(
    r"\blocal\s+function\s+(\w+)(?:\s*\(([\w\s,]*))?|\blocal\s+(?!function\b)([\w\s,]+)|\bfunction\b[^(\n]*\(([\w\s,]*)|\bfor\s+([\w\s,]+)",
    re.ASCII,
)
_REQUIRE = re.compile(r"\brequire\s*\(?\s*(?P<quote>[\"'])(?P<name>[\w.\-/]*)\Z", re.ASCII)
_LOOK_BACK = 2000


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that could be written. `order` sorts: smaller comes first."""

    name: str
    kind: str  # a Kind's value, "function", "keyword", "constant", "library", "module"
    detail: str = ""
    documentation: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """The proposals for the word that begins at `start`."""

    start: int
    proposals: list[Proposal]


def in_text_or_comment(text: str, offset: int) -> tuple[int, str] | None:
    """Where the string or comment begins that an offset is in, and its text up to there; None in code."""
    last = None
    for match in _NOT_CODE.finditer(text, 0, offset):
        last = match
    if last is None or last.end() < offset:
        return None
    found = last[0]
    if found[0] in "\"'" and len(found) > 1 and found[-1] == found[0] and not _escaped_end(found):
        return None
    if found[0] == "[" and found.endswith("]" * 2 if not last[2] else f"]{last[2]}]") and len(found) > 3:
        return None
    if found.startswith("--[") and last[1] is not None and found.endswith(f"]{last[1]}]"):
        return None
    return last.start(), found


def _escaped_end(text: str) -> bool:
    body = text[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def requiring(text: str, offset: int) -> tuple[int, str] | None:
    """Where the module's name begins that is being written in a `require`, and what of it is there."""
    match = _REQUIRE.search(text, max(0, offset - 200), offset)
    return (match.start("name"), match["name"]) if match else None


def complete(syntax: Syntax, text: str, offset: int) -> Completion:
    """The proposals at an offset of a text. `syntax` is of that text or of one a little older."""
    word = _WORD.search(text, max(0, offset - 200), offset)
    start = word.start() if word else offset
    nothing = Completion(start, [])
    if (word and word[0][:1].isdigit()) or in_text_or_comment(text, offset) is not None:
        return nothing
    before = text[max(0, start - _LOOK_BACK) : start]
    stripped = before.rstrip()
    if stripped.endswith("<") and re.search(r"\blocal\s+[\w\s,<>]*<\s*\Z", stripped[-200:], re.ASCII):
        return Completion(start, [Proposal("const", "keyword"), Proposal("close", "keyword")])
    if stripped[-1:] in (".", ":") and not stripped.endswith(("..", "::")):
        return Completion(start, list(_members(syntax, text, offset, stripped[:-1], stripped[-1] == ":")))
    if re.search(r"\bgoto\s+\Z", before):
        return Completion(start, list(_labels(syntax, mapped_offset(syntax, text, offset))))
    if _DECLARES.search(before):
        return nothing
    if stripped.endswith("::"):
        return nothing
    if re.search(r"[{,;]\s*\Z", before) and _in_metatable(before):
        fields = [
            Proposal(entry.short_name, "field", entry.signature, entry.documentation, 1)
            for entry in metamethods().values()
        ]
    else:
        fields = []
    return Completion(start, fields + list(_words(syntax, text, offset, start)))


def _in_metatable(before: str) -> bool:
    opened = before.rfind("setmetatable")
    return opened >= 0 and before.count("{", opened) > before.count("}", opened)


def mapped_offset(syntax: Syntax, text: str, offset: int) -> int:
    """The offset in the syntax's own text that stands for an offset of a text that was edited since."""
    old = syntax.text
    if old is text or old == text:
        return offset
    common = reach(old, 0, text, 0, min(len(old), len(text)))
    if offset <= common:
        return offset
    # Behind the last edit the offset is counted from the end.
    behind = len(text) - offset
    if behind <= len(old) - common and old.endswith(text[offset:]):
        return len(old) - behind
    return common


# --- words


def _words(syntax: Syntax, text: str, offset: int, start: int) -> Iterator[Proposal]:
    at = mapped_offset(syntax, text, offset)
    if at >= offset - start:
        at -= offset - start
    seen: set[str] = set()
    for name, variable in syntax.visible(at).items():
        seen.add(name)
        yield _local(syntax, variable)
    for function in syntax.resolution.functions:
        for parameter in function.parameters:
            if parameter.declaration is None and parameter.start <= at <= parameter.end and "self" not in seen:
                seen.add("self")
                yield Proposal("self", "parameter", "self", order=0)
    for name in _fresh_names(syntax, text, at, start):
        if name not in seen:
            seen.add(name)
            yield Proposal(name, "local", order=0)
    for name, occurrence in syntax.names.fields.get((GLOBAL,), {}).items():
        if name in seen or library_entry((GLOBAL, name)) is not None:
            continue
        if occurrence.role is not Role.READ or occurrence.is_call or len(syntax.occurrences_of((GLOBAL, name))) > 1:
            seen.add(name)
            yield _of_occurrence(syntax, occurrence, 2)
    for name, entry in members("").items():
        if name not in seen:
            yield _of_entry(entry, 3)
    for keyword in KEYWORDS:
        yield Proposal(keyword, "keyword", order=4)


def _fresh_names(syntax: Syntax, text: str, at: int, start: int) -> Iterator[str]:
    """Names that were declared in what the tree does not know yet, or could not read."""
    begin = start
    for node in syntax.path_at(at):
        if isinstance(node, nodes.ErrorStatement):
            begin = min(begin, start - max(0, at - node.start))
    if syntax.text != text:
        begin = min(begin, reach(syntax.text, 0, text, 0, min(len(syntax.text), len(text))))
    # Where an error is just there, what the lines before it declare may not be in the tree.
    near = [error.shown[0] for error in syntax.errors if error.shown[0] - 1 <= at <= error.end + 1]
    if begin == start and not near:
        return
    begin = min([begin, *(start - max(0, at - shown) for shown in near)])
    begin = text.rfind("\n", 0, max(0, begin)) + 1
    for match in _DECLARED.finditer(text, max(begin, start - 20 * _LOOK_BACK), start):
        for group in match.groups():
            for name in re.split(r"[\s,]+", group or ""):
                if name and name not in KEYWORDS and not name[0].isdigit():
                    yield name


def _local(syntax: Syntax, variable: Variable) -> Proposal:
    places = syntax.occurrences_of((variable,))
    place = places[0] if places else None
    if place is not None and isinstance(place.value, nodes.Function):
        return _of_occurrence(syntax, place, 0)
    kind = place.kind.value if place is not None else "local"
    detail = f"local {variable.name}" + (f" <{variable.attribute}>" if variable.attribute else "")
    return Proposal(variable.name, "constant" if variable.attribute == "const" else kind, detail, order=0)


# --- members


def _members(syntax: Syntax, text: str, offset: int, before: str, as_method: bool) -> Iterator[Proposal]:
    match = _RECEIVER.search(before)
    if match is None:
        return
    if match["string"]:
        yield from (_of_entry(entry, 1, as_method) for entry in members("string").values() if entry.parameters)
        return
    seen: set[str] = set()
    is_known = False
    path = receiver(syntax, mapped_offset(syntax, text, offset), match["path"]) if match["path"] else None
    if path is not None:
        for proposal in _members_of(syntax, path, as_method):
            if proposal.name not in seen:
                seen.add(proposal.name)
                yield proposal
            is_known = is_known or proposal.order <= 1
    if is_known:
        return
    # Whatever else is a field somewhere in this text may be one here.
    for name, occurrence in syntax.names.field_names.items():
        if name not in seen and (not as_method or _is_called(occurrence)):
            seen.add(name)
            yield _of_occurrence(syntax, occurrence, 6)
    if as_method:
        for library in ("string", FILE):
            for name, entry in members(library).items():
                if name not in seen and entry.parameters is not None:
                    seen.add(name)
                    yield _of_entry(entry, 7, as_method=True)


def _members_of(syntax: Syntax, path: Path, as_method: bool) -> Iterator[Proposal]:
    for known in also_known_as(syntax, path):
        for occurrence in syntax.names.fields.get(known, {}).values():
            if not as_method or _is_called(occurrence):
                yield _of_occurrence(syntax, occurrence, 1 if _is_set(occurrence) else 2)
        if known[0] == GLOBAL:
            library = ".".join(str(key) for key in known[1:])
            for entry in members(library).values():
                yield _of_entry(entry, 1)


def _is_set(occurrence: Occurrence) -> bool:
    return occurrence.role is not Role.READ


def _is_called(occurrence: Occurrence) -> bool:
    return occurrence.is_call or occurrence.kind is Kind.METHOD or isinstance(occurrence.value, nodes.Function)


def _labels(syntax: Syntax, at: int) -> Iterator[Proposal]:
    functions = [node for node in syntax.path_at(at) if isinstance(node, nodes.Function)]
    inside = functions[-1].scope if functions else syntax.chunk.scope
    for label in syntax.resolution.labels:
        if label.scope.function is inside:
            yield Proposal(label.name, "label")


# --- proposals


def _of_occurrence(syntax: Syntax, occurrence: Occurrence, order: int) -> Proposal:
    value = occurrence.value
    if isinstance(value, nodes.Function):
        kind = "method" if value.is_method else "function"
        detail = f"{occurrence.name}({', '.join(parameters_of(value))})"
        return Proposal(occurrence.name, kind, detail, comment_above(syntax, occurrence.start), order)
    kind = "function" if occurrence.is_call and occurrence.kind is not Kind.METHOD else occurrence.kind.value
    detail = ""
    if value is not None and value.end - value.start <= 40:
        detail = " ".join(readable(syntax.text[value.start : value.end]).split())
    return Proposal(occurrence.name, kind, detail, order=order)


def _of_entry(entry: Entry, order: int, as_method: bool = False) -> Proposal:
    signature = entry_signature(entry, as_method)
    if signature is None:
        kind = "library" if entry.documentation.startswith("The library `") else "constant"
        return Proposal(entry.short_name, kind, entry.name, entry.documentation, order)
    kind = "method" if as_method else "function"
    return Proposal(entry.short_name, kind, entry.signature, entry.documentation, order)


def of_module(module: Syntax, keys: Iterable[str], as_method: bool) -> Iterator[Proposal]:
    """The fields of what a module returns, or of a field of it."""
    for export in [*module.names.exports, (EXPORTS,)]:
        yield from _members_of(module, (*export, *keys), as_method)
