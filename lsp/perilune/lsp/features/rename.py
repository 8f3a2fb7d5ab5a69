"""Renaming: exact for locals, upvalues and labels; for fields and globals as far as this text shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perilune.lsp.features.navigation import Span
from perilune.lsp.features.signatures import also_known_as, library_entry, path_text
from perilune.lsp.occurrences import GLOBAL, UNKNOWN, Kind, Occurrence
from perilune.lsp.standard_library import KEYWORDS
from perilune.lsp.syntax import Syntax

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class RenameError(Exception):
    """Why something cannot be renamed, in words for the user."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """The places to be changed. `warning` says what cannot be seen from here; None: there is nothing else."""

    places: tuple[Span, ...]
    warning: str | None = None
    doubtful: tuple[Span, ...] = ()  # fields of the same name, perhaps of another table


def renamable(syntax: Syntax, offset: int) -> tuple[Span, str]:
    """The name at an offset, and its text. Raises RenameError where nothing can be renamed."""
    occurrence = _renamed(syntax, offset)
    return Span(occurrence.start, occurrence.end), occurrence.name


def rename(syntax: Syntax, offset: int, name: str) -> Renaming:
    """The changes that give what stands at an offset another name. Raises RenameError if that cannot be done."""
    occurrence = _renamed(syntax, offset)
    if not _NAME.fullmatch(name):
        raise RenameError(f"'{name}' is not a name: names are letters, digits and _, and do not begin with a digit")
    if name in KEYWORDS:
        raise RenameError(f"'{name}' is a keyword")
    places = tuple(Span(place.start, place.end) for place in syntax.occurrences_of(occurrence.symbol))
    if name == occurrence.name:
        return Renaming(())
    if occurrence.kind is Kind.LABEL or occurrence.variable is not None:
        _check_meaning(syntax, places, name)
        return Renaming(places)
    if occurrence.kind is Kind.GLOBAL:
        _check_global(syntax, places, name)
        return Renaming(
            places,
            _warning(
                "global", occurrence.name, "other files, `load`ed text, and keys of `_G` or `_ENV` that are computed"
            ),
        )
    return _rename_field(syntax, occurrence, places)


def _renamed(syntax: Syntax, offset: int) -> Occurrence:
    occurrence = syntax.occurrence_at(offset)
    if occurrence is None or occurrence.kind is Kind.ATTRIBUTE:
        raise RenameError("there is no name here")
    variable = occurrence.variable
    if variable is not None and variable.declaration is None:
        raise RenameError(f"'{occurrence.name}' is not declared in the text and cannot be renamed")
    if library_entry(occurrence.symbol) is not None:
        raise RenameError(f"'{path_text(occurrence.symbol)}' is of the standard library")  # type: ignore[arg-type]
    if occurrence.kind is Kind.LABEL and isinstance(occurrence.symbol, tuple):
        raise RenameError(f"there is no label '{occurrence.name}'")
    return occurrence


def _rename_field(syntax: Syntax, occurrence: Occurrence, places: tuple[Span, ...]) -> Renaming:
    symbol = occurrence.symbol
    assert isinstance(symbol, tuple)
    certain = {*places}
    doubtful: list[Span] = []
    known = set(also_known_as(syntax, symbol))
    for other, found in syntax.names.by_symbol.items():
        if other == symbol or not isinstance(other, tuple) or other[-1] != occurrence.name or len(other) < 2:
            continue
        if found[0].kind not in (Kind.FIELD, Kind.METHOD):
            continue
        spans = [Span(place.start, place.end) for place in found]
        if other in known or not known.isdisjoint(also_known_as(syntax, other)):
            certain.update(spans)
        elif UNKNOWN in (other[0], symbol[0]):
            doubtful += spans
    ordered = tuple(sorted(certain, key=lambda span: span.start))
    unseen = "other files, and keys that are computed"
    if doubtful:
        unseen += f", and whether {len(doubtful)} more of that name in this file are the same field"
    return Renaming(ordered, _warning("field", occurrence.name, unseen), tuple(doubtful))


def _warning(what: str, name: str, unseen: str) -> str:
    return f"The {what} '{name}' is renamed in this file only. What cannot be seen from here: {unseen}."


def renamed_text(text: str, places: tuple[Span, ...], name: str) -> str:
    """The text with another name in some places."""
    parts: list[str] = []
    end = 0
    for place in places:
        parts += [text[end : place.start], name]
        end = place.end
    return "".join([*parts, text[end:]])


def _check_meaning(syntax: Syntax, places: tuple[Span, ...], name: str) -> None:
    """Refuses a new name under which some name would mean something else: the renamed text is resolved and compared."""
    after = Syntax(syntax.source.name, renamed_text(syntax.text, places, name).encode("latin-1"))
    clash = _first_difference(syntax, after, {place.start for place in places})
    if clash is not None:
        line = syntax.source.line(clash.start)
        raise RenameError(
            f"'{name}' has another meaning there: '{clash.name}' on line {line} would mean something else"
        )
    if len(after.resolution.errors) > len(syntax.resolution.errors):
        raise RenameError(f"'{name}' cannot be used there: {after.resolution.errors[-1][1].message}")


def _first_difference(before: Syntax, after: Syntax, renamed: set[int]) -> Occurrence | None:
    old, new = before.names.occurrences, after.names.occurrences
    meanings_before, meanings_after = _meanings(before), _meanings(after)
    for index, occurrence in enumerate(old):
        if index >= len(new):
            return occurrence
        if meanings_before[index] != meanings_after[index]:
            return occurrence
        if occurrence.start not in renamed and occurrence.name != new[index].name:
            return occurrence
    return None


def _meanings(syntax: Syntax) -> list[object]:
    """What every name means, in terms that do not change when names do: the number of the place that declares it."""
    declared: dict[object, int] = {}
    for index, occurrence in enumerate(syntax.names.occurrences):
        declared.setdefault(occurrence.symbol if occurrence.variable or occurrence.kind is Kind.LABEL else None, index)
    found: list[object] = []
    for occurrence in syntax.names.occurrences:
        if occurrence.variable is not None or occurrence.kind is Kind.LABEL:
            found.append(declared[occurrence.symbol])
        else:
            found.append(occurrence.kind.value)
    return found


def _check_global(syntax: Syntax, places: tuple[Span, ...], name: str) -> None:
    if library_entry((GLOBAL, name)) is not None:
        raise RenameError(f"'{name}' is of the standard library")
    for place in places:
        if name in syntax.visible(place.start):
            raise RenameError(f"on line {syntax.source.line(place.start)} '{name}' is a local variable")
