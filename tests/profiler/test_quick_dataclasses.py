"""Quick dataclasses do what those of the module dataclasses do, whose functions work on them."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable

import pytest

from perilune.profiler import quick_dataclasses as quick


@quick.dataclass(slots=True)
class Row:
    """With fields of every kind."""

    name: str
    count: int = quick.field(default=0, metadata={"count": True})
    parts: list[int] = quick.field(default_factory=list)
    note: str | None = None

    @property
    def first(self) -> str:
        """Methods stay."""
        return self.name[0]


@quick.dataclass(frozen=True, slots=True)
class Place:
    """One that cannot be changed."""

    path: str
    line: int = 1
    marks: tuple[str, ...] = quick.field(default_factory=tuple)


def test_fields_have_their_values_and_defaults() -> None:
    row, other = Row("a"), Row("b", 2, parts=[3], note="n")
    assert (row.name, row.count, row.parts, row.note, row.first) == ("a", 0, [], None, "a")
    assert (other.name, other.count, other.parts, other.note) == ("b", 2, [3], "n")
    assert row.parts is not Row("a").parts
    assert repr(other) == "Row(name='b', count=2, parts=[3], note='n')"
    assert repr(Place("p")) == "Place(path='p', line=1, marks=())"


def test_equality_is_of_values_and_of_the_class() -> None:
    assert Row("a", 1) == Row("a", 1) != Row("a", 2)
    assert Place("a") == Place("a", 1) and hash(Place("a")) == hash(Place("a", 1))
    values: object = ("a", 0, [], None)
    assert Row("a") != values
    with pytest.raises(TypeError):
        hash(Row("a"))


@pytest.mark.parametrize("make", [lambda: Row(), lambda: Row("a", other=1), lambda: Row("a", 1, [], None, 5)])  # type: ignore[call-arg]
def test_wrong_arguments_are_told(make: Callable[[], Row]) -> None:
    with pytest.raises(TypeError):
        make()


def test_nothing_changes_what_is_frozen_or_adds_a_field() -> None:
    place = Place("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.line = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.line
    with pytest.raises(AttributeError):
        Row("a").other = 1  # type: ignore[attr-defined]
    assert place.line == 1


def test_a_copy_has_other_values() -> None:
    assert quick.replace(Row("a", 1), count=2) == Row("a", 2) == dataclasses.replace(Row("a", 1), count=2)
    assert quick.replace(Place("a"), path="b") == Place("b")
    with pytest.raises(TypeError):
        quick.replace(Row("a"), other=1)  # type: ignore[call-arg]


def test_the_functions_of_dataclasses_know_them() -> None:
    assert dataclasses.is_dataclass(Row) and dataclasses.is_dataclass(Place("a"))
    assert [field.name for field in dataclasses.fields(Row)] == ["name", "count", "parts", "note"]
    assert [dict(field.metadata) for field in dataclasses.fields(Row)] == [{}, {"count": True}, {}, {}]
    assert dataclasses.fields(Row)[2].default_factory is list
    assert dataclasses.asdict(Row("a", 1, [2])) == {"name": "a", "count": 1, "parts": [2], "note": None}


@pytest.mark.parametrize("value", [Row("a", 1, [2]), Place("a", 2, ("m",))])
def test_they_are_pickled_and_matched(value: Row | Place) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    match value:
        case Row(name, _):
            assert name == "a"
        case Place(path, line):
            assert (path, line) == ("a", 2)
