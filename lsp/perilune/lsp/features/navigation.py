"""Where a name is defined and used, within one text and, for what `require` gives, in another."""

from __future__ import annotations

from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.lsp.features.signatures import also_known_as, definitions_of
from perilune.lsp.occurrences import Kind, Occurrence, Role
from perilune.lsp.syntax import Syntax


@dataclass(frozen=True, slots=True)
class Span:
    """The text between two offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Highlight:
    """A use of the name at the cursor, and whether it is set there."""

    start: int
    end: int
    writes: bool


def definitions(syntax: Syntax, offset: int) -> list[Span]:
    """Where the name at an offset is defined in this text."""
    occurrence = syntax.occurrence_at(offset)
    if occurrence is None:
        return _loop_of_break(syntax, offset)
    return [Span(place.start, place.end) for place in definitions_of(syntax, occurrence)]


def declarations(syntax: Syntax, offset: int) -> list[Span]:
    """The first place where the name at an offset is declared or set."""
    return definitions(syntax, offset)[:1]


def references(syntax: Syntax, offset: int, with_declaration: bool) -> list[Span]:
    """Every place of this text that names what is named at an offset."""
    occurrence = syntax.occurrence_at(offset)
    if occurrence is None or occurrence.kind is Kind.ATTRIBUTE:
        return []
    defined = set() if with_declaration else {id(place) for place in _declaring(syntax, occurrence)}
    return [
        Span(place.start, place.end) for place in syntax.occurrences_of(occurrence.symbol) if id(place) not in defined
    ]


def _declaring(syntax: Syntax, occurrence: Occurrence) -> list[Occurrence]:
    places = syntax.occurrences_of(occurrence.symbol)
    declared = [place for place in places if place.role is Role.DECLARATION]
    return declared or [place for place in places if isinstance(place.value, nodes.Function)]


def highlights(syntax: Syntax, offset: int) -> list[Highlight]:
    """The uses of the name at an offset."""
    occurrence = syntax.occurrence_at(offset)
    if occurrence is None or occurrence.kind is Kind.ATTRIBUTE:
        return []
    return [
        Highlight(place.start, place.end, place.role is not Role.READ)
        for place in syntax.occurrences_of(occurrence.symbol)
    ]


@dataclass(frozen=True, slots=True)
class ModuleMember:
    """What a name means that comes from a module: the module, and the field of what it returns, if any."""

    module: str
    keys: tuple[str, ...]


def module_member(syntax: Syntax, offset: int) -> ModuleMember | None:
    """The module, and what of it, that the name or the `require` at an offset is about."""
    for text, name in syntax.names.requires:
        if text.start <= offset <= text.end:
            return ModuleMember(name, ())
    occurrence = syntax.occurrence_at(offset)
    return member_of_module(syntax, occurrence) if occurrence is not None else None


def member_of_module(syntax: Syntax, occurrence: Occurrence) -> ModuleMember | None:
    """The module that a name or field of this text comes from."""
    if not isinstance(occurrence.symbol, tuple):
        return None
    for path in also_known_as(syntax, occurrence.symbol):
        for length in range(len(path), 0, -1):
            module = syntax.names.modules.get(path[:length])
            if module is not None:
                return ModuleMember(module, tuple(str(key) for key in path[length:]))
    return None


def exported(syntax: Syntax, keys: tuple[str, ...]) -> list[Occurrence]:
    """Where a module sets a field of what it returns; without keys where what it returns is declared."""
    for export in syntax.names.exports:
        for path in also_known_as(syntax, (*export, *keys)):
            places = [place for place in syntax.occurrences_of(path) if place.role is not Role.READ]
            if places:
                return [place for place in places if isinstance(place.value, nodes.Function)] or places[:1]
    return []


def _loop_of_break(syntax: Syntax, offset: int) -> list[Span]:
    """A `break` leads to its loop."""
    path = syntax.path_at(offset)
    if not isinstance(path[-1], nodes.Break):
        return []
    for node in reversed(path):
        if isinstance(node, nodes.While | nodes.Repeat | nodes.NumericFor | nodes.GenericFor):
            keyword = 5 if isinstance(node, nodes.While) else 6 if isinstance(node, nodes.Repeat) else 3
            return [Span(node.start, node.start + keyword)]
        if isinstance(node, nodes.Function):
            break
    return []
