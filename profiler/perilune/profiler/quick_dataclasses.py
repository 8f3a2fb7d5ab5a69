"""`dataclass`, `field` and `replace` as the module dataclasses has them, for what a command imports before it does anything.

To a type checker they are those of `dataclasses`. Here a class is made several times faster, and that module, which
imports much, is not imported until something asks for a class's fields: its functions work on these classes too. All
classes have slots; there is no inheritance among them, and no ordering.
"""

from __future__ import annotations

from types import CodeType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any

__all__ = ["dataclass", "field", "replace"]

_MISSING = object()


class _Field:
    """What `field` declares: a default or what makes one, and what readers of the class's fields find."""

    __slots__ = ("default", "factory", "metadata")

    def __init__(self, default: object, factory: Callable[[], object] | None, metadata: Any) -> None:
        self.default = default
        self.factory = factory
        self.metadata = metadata


class _FieldsOnDemand:
    """The attribute by which the module dataclasses knows its classes: made of a twin of the class when it is asked for."""

    __slots__ = ("_defaults",)

    def __init__(self, defaults: dict[str, object]) -> None:
        self._defaults = defaults

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        twin: dict[str, Any] = {"__annotations__": owner.__annotations__, "__module__": owner.__module__}
        for name, default in self._defaults.items():
            if not isinstance(default, _Field):
                twin[name] = default
            elif default.factory is not None:
                twin[name] = dataclasses.field(default_factory=default.factory, metadata=default.metadata)
            elif default.default is not _MISSING:
                twin[name] = dataclasses.field(default=default.default, metadata=default.metadata)
            else:
                twin[name] = dataclasses.field(metadata=default.metadata)
        fields = dataclasses.fields(dataclasses.dataclass(type(owner.__name__, (), twin)))
        owner.__dataclass_fields__ = {each.name: each for each in fields}  # type: ignore[attr-defined]
        return owner.__dataclass_fields__  # type: ignore[attr-defined]


def _class(cls: type, frozen: bool) -> type:
    namespace: dict[str, Any] = {key: value for key, value in vars(cls).items() if key not in _OWN_TO_EACH_CLASS}
    names = tuple(namespace.get("__annotations__", ()))
    defaults = {name: namespace.pop(name) for name in names if name in namespace}
    namespace["__slots__"] = namespace["__match_args__"] = names
    namespace["__init__"] = _initializer(names, defaults, frozen)
    namespace["__repr__"] = _describe
    namespace["__eq__"] = _equals
    namespace["__hash__"] = _hash if frozen else None
    namespace["__dataclass_fields__"] = _FieldsOnDemand(defaults)
    if frozen:
        namespace["__setattr__"] = namespace["__delattr__"] = _refuse
        namespace["__getstate__"] = _values
        namespace["__setstate__"] = _set_values
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


_OWN_TO_EACH_CLASS = ("__dict__", "__weakref__")


def _initializer(names: tuple[str, ...], defaults: dict[str, object], frozen: bool) -> FunctionType:
    known: dict[str, Any] = {"_missing": _MISSING, "_set": object.__setattr__}
    values, made = [], []
    for index, name in enumerate(names):
        default = defaults.get(name, _MISSING)
        if isinstance(default, _Field):
            if default.factory is not None:
                known[f"_make_{name}"] = default.factory
                values.append(_MISSING)
                made.append(index)
            default = default.default
        if default is not _MISSING:
            values.append(default)
    real = {}
    for index, name in enumerate(names):
        real[f"field{index}"], real[f"_make_field{index}"] = name, f"_make_{name}"

    def renamed(words: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(real.get(word, word) for word in words)

    shape = _code_of_initializer(len(names), tuple(made), frozen)
    code = shape.replace(
        co_varnames=("self", *names), co_names=renamed(shape.co_names), co_consts=renamed(shape.co_consts)
    )
    return FunctionType(code, known, "__init__", tuple(values))


_codes: dict[tuple[int, tuple[int, ...], bool], CodeType] = {}


def _code_of_initializer(count: int, made: tuple[int, ...], frozen: bool) -> CodeType:
    """That of a class with so many fields, some made for each object: compiled once, since to compile takes longest."""
    shape = count, made, frozen
    if shape not in _codes:
        names = [f"field{index}" for index in range(count)]
        body = []
        for index, name in enumerate(names):
            value = f"_make_{name}() if {name} is _missing else {name}" if index in made else name
            body.append(f" _set(self, {name!r}, {value})" if frozen else f" self.{name} = {value}")
        text = f"def __init__(self, {', '.join(names)}):\n" + "\n".join(body)
        module = compile(text, "<dataclass>", "exec")
        _codes[shape] = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    return _codes[shape]


def _values(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _set_values(self: Any, values: list[Any]) -> None:
    for name, value in zip(self.__slots__, values, strict=True):
        object.__setattr__(self, name, value)


def _describe(self: Any) -> str:
    parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({parts})"


def _equals(self: Any, other: Any) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(tuple(_values(self)))


def _refuse(self: Any, name: str, value: object = None) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r}")


if not TYPE_CHECKING:

    def dataclass(*, slots: bool, frozen: bool = False) -> Callable[[type], type]:
        """Makes a class of its annotated names."""
        assert slots
        return lambda cls: _class(cls, frozen)

    def field(*, default: object = _MISSING, default_factory: Any = None, metadata: Any = None) -> Any:
        """A default that is made for each object, or metadata."""
        return _Field(default, default_factory, metadata)

    def replace(item: Any, /, **changes: object) -> Any:
        """A copy with other values in some fields."""
        return type(item)(**{name: changes.pop(name, getattr(item, name)) for name in item.__slots__}, **changes)
