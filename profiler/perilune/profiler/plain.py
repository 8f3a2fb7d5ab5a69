"""Dataclasses as plain values, such as JSON has them, and back: one object a class, a member a field.

A member may be left out, or be null, if its field may be None, or is marked `LATER`: then the field has its default. One
that is marked `COUNT` may be null, and is 0 then.
Members that the class does not know are ignored. A class may not have fields of other types than str, int, float,
classes like it, and lists and optional ones of these.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}

# Beyond all that is counted; what is no number at all is beyond it too.
_LIMIT = 1 << 64

_Class = TypeVar("_Class")
_Read = Callable[[object, str], Any]
"""(plain value, where it stands) -> the value."""


class PlainError(ValueError):
    """A plain value is not of the type that it should be; the message says where it stands and what was expected."""


def to_plain(value: Any, unknown: Container[str] = ()) -> Any:
    """The value made of dicts, lists, strings, numbers and None, which stands for `unknown` counts, by name of field."""
    if isinstance(value, list):
        return [to_plain(item, unknown) for item in value]
    if is_dataclass(value):
        return {
            member.name: None
            if member.name in unknown and member.metadata.get("count")
            else to_plain(getattr(value, member.name), unknown)
            for member in fields(value)
        }
    return value


def from_plain(kind: type[_Class], value: object, path: str = "") -> _Class:
    """An object of a dataclass. `path` says in errors where the value stands. Raises PlainError."""
    read: Callable[[object, str], _Class] = _class_reader(kind)
    return read(value, path)


_class_readers: dict[Any, _Read] = {}


def _class_reader(kind: Any) -> _Read:
    if kind in _class_readers:
        return _class_readers[kind]
    members: list[tuple[str, _Read, Callable[[], Any] | None]] = []

    def read(value: object, path: str) -> Any:
        if not isinstance(value, dict):
            raise PlainError(f"{path or 'profile'}: expected an object")
        found = {}
        for name, read_member, default in members:
            member = value.get(name)
            if member is not None or default is None:
                found[name] = read_member(member, f"{path}.{name}" if path else name)
            else:
                found[name] = default()
        return kind(**found)

    _class_readers[kind] = read  # before its members: a class may have some of its own kind
    hints = get_type_hints(kind)
    for member in fields(kind):
        members.append((member.name, _reader(hints[member.name]), _default(member, hints[member.name])))
    return read


def _default(member: Field[Any], hint: Any) -> Callable[[], Any] | None:
    """What makes the value of a field whose member is left out; None if it may not be."""
    if member.metadata.get("count"):
        return int
    if not (member.metadata.get("later") or NoneType in get_args(hint)):
        return None
    if member.default_factory is not MISSING:
        return member.default_factory
    return lambda: None if member.default is MISSING else member.default


def _reader(hint: Any) -> _Read:
    if isinstance(hint, UnionType):  # an optional one: from_plain has dealt with None
        (hint,) = (kind for kind in get_args(hint) if kind is not NoneType)
    if get_origin(hint) is list:
        return _list_reader(*get_args(hint))
    return _value_reader(hint) if hint in _NAMES else _class_reader(hint)


def _list_reader(item: Any) -> _Read:
    read_item = _reader(item)

    def read(value: object, path: str) -> Any:
        if not isinstance(value, list):
            raise PlainError(f"{path}: expected a list")
        found = []  # no comprehension: call trees are deep, and it would be one more Python frame a level
        for index, element in enumerate(value):
            found.append(read_item(element, f"{path}[{index}]"))
        return found

    return read


def _value_reader(kind: type[Any]) -> _Read:
    accepted = (int, float) if kind is float else kind

    def read(value: object, path: str) -> Any:
        if isinstance(value, bool) is not (kind is bool) or not isinstance(value, accepted):
            raise PlainError(f"{path}: expected {_NAMES[kind]}")
        if isinstance(value, int | float) and not -_LIMIT < value < _LIMIT:
            raise PlainError(f"{path}: {_NAMES[kind]} out of range")
        return kind(value)

    return read
