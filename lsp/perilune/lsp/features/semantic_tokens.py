"""What kind of thing every name is: for editors that colour by meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.lsp.features.signatures import library_entry
from perilune.lsp.occurrences import Kind, Occurrence, Role
from perilune.lsp.syntax import Syntax

VARIABLE, PARAMETER, FIELD, FUNCTION, METHOD, LABEL, LIBRARY, ATTRIBUTE = (
    *("variable", "parameter", "property", "function", "method", "label", "namespace", "modifier"),
)
DECLARATION, READ_ONLY, MODIFICATION, DEFAULT_LIBRARY, UPVALUE, GLOBAL = (
    *("declaration", "readonly", "modification", "defaultLibrary", "upvalue", "global"),
)


@dataclass(frozen=True, slots=True)
class Token:
    """A name between two offsets with its type and modifiers."""

    start: int
    end: int
    type: str
    modifiers: tuple[str, ...] = ()


def semantic_tokens(syntax: Syntax, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The names between two offsets, by default all, in order."""
    occurrences = syntax.names.occurrences
    if start > 0 or end is not None:
        occurrences = syntax.occurrences(start, len(syntax.text) if end is None else end)
    last_end = -1
    for occurrence in occurrences:
        if occurrence.start >= last_end:
            yield Token(occurrence.start, occurrence.end, _type(syntax, occurrence), _modifiers(syntax, occurrence))
            last_end = occurrence.end


def _type(syntax: Syntax, occurrence: Occurrence) -> str:
    kind = occurrence.kind
    if kind is Kind.LABEL:
        return LABEL
    if kind is Kind.ATTRIBUTE:
        return ATTRIBUTE
    if kind is Kind.METHOD:
        return METHOD
    entry = library_entry(occurrence.symbol)
    if entry is not None:
        return (
            FUNCTION if entry.parameters is not None else LIBRARY if "The library" in entry.documentation else VARIABLE
        )
    variable = occurrence.variable
    if variable is not None and (kind is Kind.PARAMETER or _is_parameter(variable)):
        return PARAMETER
    if occurrence.is_call or isinstance(occurrence.value, nodes.Function) or _holds_function(syntax, occurrence):
        return FUNCTION
    return FIELD if kind is Kind.FIELD else VARIABLE


def _is_parameter(variable: object) -> bool:
    scope = getattr(variable, "scope", None)
    return scope is not None and variable in scope.function.parameters


def _holds_function(syntax: Syntax, occurrence: Occurrence) -> bool:
    places = syntax.names.by_symbol.get(occurrence.symbol, [])
    return bool(places) and isinstance(places[0].value, nodes.Function)


def _modifiers(syntax: Syntax, occurrence: Occurrence) -> tuple[str, ...]:
    found: list[str] = []
    if occurrence.role is Role.DECLARATION:
        found.append(DECLARATION)
    elif occurrence.role is Role.WRITE:
        found.append(MODIFICATION)
    variable = occurrence.variable
    if variable is not None and variable.attribute is not None:
        found.append(READ_ONLY)
    if occurrence.kind is Kind.UPVALUE:
        found.append(UPVALUE)
    if occurrence.kind is Kind.GLOBAL:
        found.append(GLOBAL)
    if library_entry(occurrence.symbol) is not None:
        found.append(DEFAULT_LIBRARY)
    return tuple(found)
