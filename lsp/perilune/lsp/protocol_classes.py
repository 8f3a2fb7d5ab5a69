"""Imports `lsprotocol.types` in a seventh of the time: each of its classes is built when it is first used.

The module declares 554 classes and has attrs write and compile the methods of every one as it is imported, which takes
longer than all else at the server's start; a session uses some fifty. Here a class gets its methods when an instance is
made or its attributes are asked for. It is the same class then, but that its instances have a dictionary.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

import attrs

_TYPES = "lsprotocol.types"
_ATTRIBUTES = "__attrs_attrs__"

_lock = threading.RLock()


def _import_types() -> None:
    """Unless somebody has imported them: then they are built."""
    if _TYPES in sys.modules:
        return
    original = attrs.define
    attrs.define = _declare  # type: ignore[assignment]
    try:
        types = importlib.import_module(_TYPES)
    finally:
        attrs.define = original
    hooks = importlib.import_module("lsprotocol._hooks")
    if isinstance(getattr(types, "ALL_TYPES_MAP", None), dict) and hasattr(hooks, "_resolved_forward_references"):
        vars(hooks)["_resolved_forward_references"] = True  # each class has its own resolved as it is built


class _Unbuilt:
    """Stands for a class's attributes until they are asked for."""

    def __get__(self, instance: object, owner: type) -> Any:
        _build(owner)
        return getattr(owner, _ATTRIBUTES)


def _declare(cls: type | None = None, **options: Any) -> Any:
    """Stands for `attrs.define`."""
    if cls is None or options or cls.__bases__ != (object,):
        make: Callable[..., Any] = attrs.define if attrs.define is not _declare else _define
        return make(cls, **options) if cls is not None else make(**options)
    setattr(cls, _ATTRIBUTES, _Unbuilt())
    cls.__init__ = _build_and_begin  # type: ignore[misc]
    return cls


def _build_and_begin(self: Any, *arguments: Any, **named: Any) -> None:
    _build(type(self))
    type(self).__init__(self, *arguments, **named)


def _build(cls: type) -> None:
    with _lock:
        if not isinstance(cls.__dict__.get(_ATTRIBUTES), _Unbuilt):
            return
        _define(cls, slots=False, init=True)  # init, though there is one: ours
        names = getattr(sys.modules[cls.__module__], "ALL_TYPES_MAP", None)
        if isinstance(names, dict):
            attrs.resolve_types(cls, names, {})


_define = attrs.define

_import_types()
