"""What a name is: how it is declared or called, where it is defined, what its comment or the library says."""

from __future__ import annotations

from perilune.compiler import nodes
from perilune.lsp.features.hover import Explanation
from perilune.lsp.features.signatures import (
    comment_above,
    definitions_of,
    entry_of,
    function_signature,
    library_method,
    path_text,
    readable,
)
from perilune.lsp.occurrences import UNKNOWN, Kind, Occurrence, Role
from perilune.lsp.syntax import Syntax

_LONGEST_VALUE = 80


def describe(syntax: Syntax, offset: int) -> Explanation | None:
    """What the name at an offset is."""
    occurrence = syntax.occurrence_at(offset)
    if occurrence is None:
        return None
    markdown = describe_occurrence(syntax, occurrence)
    return Explanation(occurrence.start, occurrence.end, markdown) if markdown else None


def joined(figures: Explanation | None, symbol: Explanation | None) -> Explanation | None:
    """What a hover shows: the line's figures first, what the name is below."""
    if figures is None or symbol is None:
        return figures or symbol
    return Explanation(figures.start, figures.end, f"{figures.markdown}\n\n---\n\n{symbol.markdown}")


def describe_occurrence(syntax: Syntax, occurrence: Occurrence) -> str:
    """The Markdown about a name."""
    if occurrence.kind is Kind.ATTRIBUTE:
        said = {
            "const": "The variable cannot be assigned to.",
            "close": "The value's metamethod `__close` is called when the variable goes out of scope.",
        }
        return said.get(occurrence.name, "")
    places = definitions_of(syntax, occurrence)
    entry = entry_of(syntax, occurrence)
    if not places and entry is None:
        entry = library_method(occurrence)
    if entry is not None and not places:
        return _block(f"{entry.signature}") + f"\n\n{entry.documentation}\n\n*{_kind(occurrence)} · Lua 5.4*"
    place = places[0] if places else occurrence
    parts = [_block(_declaration(syntax, occurrence, place))]
    comment = comment_above(syntax, place.start)
    if comment:
        parts.append(comment)
    elif entry is not None:
        parts.append(entry.documentation)
    where = f"*{_kind(occurrence)}"
    if places and place.start != occurrence.start:
        where += f", {'defined' if place.role is Role.DECLARATION else 'set'} on line {syntax.source.line(place.start)}"
    if not places and occurrence.kind in (Kind.GLOBAL, Kind.FIELD, Kind.METHOD):
        where += ", not set in this file"
    elif len(places) > 1:
        where += f" and {len(places) - 1} more"
    uses = sum(other.role is Role.READ for other in syntax.occurrences_of(occurrence.symbol))
    return "\n\n".join([*parts, f"{where} · {uses} use{'' if uses == 1 else 's'} here*"])


def _kind(occurrence: Occurrence) -> str:
    words = {Kind.LOCAL: "local variable", Kind.UPVALUE: "upvalue", Kind.GLOBAL: "global variable"}
    return words.get(occurrence.kind, occurrence.kind.value)


def _declaration(syntax: Syntax, occurrence: Occurrence, place: Occurrence) -> str:
    value = place.value
    symbol = occurrence.symbol
    if occurrence.kind is Kind.LABEL:
        return f"::{occurrence.name}::"
    name = path_text(symbol) if isinstance(symbol, tuple) and symbol[0] != UNKNOWN else occurrence.name
    variable = occurrence.variable
    if isinstance(value, nodes.Function):
        label = function_signature(syntax, place, value).label
        return f"local function {label}" if variable is not None else f"function {label}"
    if variable is None:
        return f"{name}{_value(syntax, value)}"
    if occurrence.kind is Kind.PARAMETER or place.kind is Kind.PARAMETER or variable.declaration is None:
        return f"{name}  -- parameter"
    attribute = f" <{variable.attribute}>" if variable.attribute else ""
    return f"local {name}{attribute}{_value(syntax, value)}"


def _value(syntax: Syntax, value: nodes.Node | None) -> str:
    if value is None:
        return ""
    text = " ".join(readable(syntax.text[value.start : value.end]).split())
    if isinstance(value, nodes.Table) and len(text) > _LONGEST_VALUE:
        text = "{...}"
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + "..."
    return f" = {text}"


def _block(text: str) -> str:
    return f"```lua\n{text}\n```"
