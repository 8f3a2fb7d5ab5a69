"""How names are described: a function's signature, what a field or a global may be, what the comment above says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.lsp.occurrences import GLOBAL, UNKNOWN, Kind, Occurrence, Path, Role, Symbol
from perilune.lsp.standard_library import FILE, Entry, library, members, metamethods
from perilune.lsp.syntax import Syntax

_COMMENT = re.compile(r"[ \t]*--+(?!\[=*\[)(.*)")
_MOST_COMMENT_LINES = 20
_MOST_ALIASES = 6


@dataclass(frozen=True, slots=True)
class Signature:
    """A function as it is called: its name, its parameters as they are written, and what is known of it."""

    name: str
    parameters: tuple[str, ...]
    documentation: str = ""

    @property
    def label(self) -> str:
        """`name(a, b)`"""
        return f"{self.name}({', '.join(self.parameters)})"


def parameters_of(function: nodes.Function) -> tuple[str, ...]:
    """The parameters of a function as they are written; the `self` of a method is not."""
    names = [parameter.name for parameter in function.parameters]
    return (*names, "...") if function.vararg is not None else tuple(names)


def path_text(path: Path) -> str:
    """A symbol as one would write it: `M.add`, `string.format`."""
    root, *keys = path
    if root in (GLOBAL, UNKNOWN, "exports"):
        return ".".join(map(str, keys))
    return ".".join([str(getattr(root, "name", "")), *map(str, keys)])


def library_entry(symbol: Symbol) -> Entry | None:
    """What the standard library has under a global name or a field of one."""
    if not isinstance(symbol, tuple) or symbol[0] != GLOBAL:
        return None
    return library().get(".".join(str(key) for key in symbol[1:])) if len(symbol) > 1 else None


def library_method(occurrence: Occurrence) -> Entry | None:
    """The method of a string or a file that a call of a method may mean, where nothing better is known."""
    if occurrence.kind is not Kind.METHOD:
        return None
    return members("string").get(occurrence.name) or members(FILE).get(occurrence.name)


def described_entry(occurrence: Occurrence) -> Entry | None:
    """What the standard library says about a name, a metamethod's included."""
    if occurrence.kind in (Kind.FIELD, Kind.METHOD) and occurrence.name.startswith("__"):
        return metamethods().get(occurrence.name)
    return library_entry(occurrence.symbol)


def definitions_of(syntax: Syntax, occurrence: Occurrence) -> list[Occurrence]:
    """Where a name gets its meaning in this text: its declaration, or what sets the field or global, functions first."""
    symbol = occurrence.symbol
    places = syntax.occurrences_of(symbol)
    declared = [place for place in places if place.role is Role.DECLARATION]
    if declared and (not isinstance(symbol, tuple) or len(symbol) == 1):
        return declared
    if not isinstance(symbol, tuple):
        return []
    if len(symbol) == 1:
        return []
    for path in also_known_as(syntax, symbol):
        found = [place for place in syntax.occurrences_of(path) if place.role is not Role.READ]
        if found:
            functions = [place for place in found if isinstance(place.value, nodes.Function)]
            return functions or found
    if symbol[0] == GLOBAL:
        return []
    best = syntax.names.field_names.get(occurrence.name)
    if best is not None and best.role is not Role.READ and occurrence.kind in (Kind.FIELD, Kind.METHOD):
        same = [place for place in syntax.occurrences_of(best.symbol) if place.role is not Role.READ]
        return [place for place in same if isinstance(place.value, nodes.Function)] or same
    return []


def also_known_as(syntax: Syntax, symbol: Path) -> list[Path]:
    """A symbol, and what it is called through other names of the same table, the likeliest first."""
    found = [symbol]
    for path in found:
        if len(found) > _MOST_ALIASES:
            break
        for length in range(len(path), 0, -1):
            for alias in syntax.names.aliases.get(path[:length], ()):
                other = (*alias, *path[length:])
                if other not in found:
                    found.append(other)
    return found


def signature_of(syntax: Syntax, occurrence: Occurrence) -> Signature | None:
    """The function that a name means, as far as this text or the library says."""
    for place in definitions_of(syntax, occurrence):
        if isinstance(place.value, nodes.Function):
            return function_signature(syntax, place, place.value)
    entry = described_entry(occurrence) or _aliased_entry(syntax, occurrence) or library_method(occurrence)
    return entry_signature(entry, occurrence.kind is Kind.METHOD) if entry is not None else None


def _aliased_entry(syntax: Syntax, occurrence: Occurrence) -> Entry | None:
    """`local format = string.format`: the library's function under a name of this text."""
    if isinstance(occurrence.symbol, tuple):
        for path in also_known_as(syntax, occurrence.symbol):
            entry = library_entry(path)
            if entry is not None:
                return entry
    return None


def entry_of(syntax: Syntax, occurrence: Occurrence) -> Entry | None:
    """What the library says about a name, followed through other names."""
    return described_entry(occurrence) or _aliased_entry(syntax, occurrence)


def function_signature(syntax: Syntax, place: Occurrence, function: nodes.Function) -> Signature:
    """The signature of a function of this text that is given a name at a place."""
    symbol = place.symbol
    name = path_text(symbol) if isinstance(symbol, tuple) else place.name
    if function.is_method:
        owner, _, method = name.rpartition(".")
        name = f"{owner}:{method}" if owner else method
    return Signature(name or place.name, parameters_of(function), comment_above(syntax, place.start))


def entry_signature(entry: Entry, as_method: bool = False) -> Signature | None:
    """The signature of a library function; called as a method it has its first parameter before the colon."""
    if entry.parameters is None:
        return None
    parameters = split_parameters(entry.parameters)
    if as_method and not entry.name.startswith("file:"):
        parameters = parameters[1:]
    return Signature(entry.name, parameters, entry.documentation)


def split_parameters(text: str) -> tuple[str, ...]:
    """`s, n [, separator]` as its parameters, an optional one in brackets."""
    found: list[str] = []
    depth = 0
    for part in re.findall(r"\[|\]|[^\[\],]+", text):
        name = part.strip()
        if name == "[":
            depth += 1
        elif name == "]":
            depth -= 1
        elif name:
            found.append(f"[{name}]" if depth else name)
    return tuple(found)


def comment_above(syntax: Syntax, offset: int) -> str:
    """The comment lines right above a line, without their dashes."""
    source = syntax.source
    line = source.line(offset) - 1
    found: list[str] = []
    while line > 0 and len(found) < _MOST_COMMENT_LINES:
        match = _COMMENT.fullmatch(source.line_text(line))
        if match is None:
            break
        found.append(match[1].strip())
        line -= 1
    return readable("\n".join(reversed(found)).strip())


def readable(text: str) -> str:
    """Text of a source, which is bytes, in characters."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
