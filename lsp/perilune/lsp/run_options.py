"""How a program is to be run, as it is said in a command, in a comment or in `.perilune.toml`: one table of names for all.

What is nearer to the user wins: the command's arguments, then the comment in the file, then the workspace's file.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from perilune.lsp.settings import LEAST_PRECISION, MEGABYTE, MODES, MOST_PRECISION, number_of_runs
from perilune.profiler.growth.sizes import Sizes, WrongSizes


class WrongOption(ValueError):
    """What was said about a run makes no sense; `name` is the option as it was written."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was said about a run; None where nothing was. Paths are as they were written."""

    arguments: tuple[str, ...] | None = None
    mode: str | None = None
    directory: str | None = None
    input: str | None = None
    environment: Mapping[str, str] | None = None
    lua_path: str | None = None
    preload: tuple[str, ...] | None = None
    entry: str | None = None
    repeat: str | None = None
    precision: float | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    sizes: str | None = None
    over_arguments: str | None = None
    over_input: str | None = None
    over_generator: str | None = None

    def over(self, other: RunOptions) -> RunOptions:
        """These, and where nothing was said the other ones; of the environment each variable by itself."""
        chosen = {}
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            chosen[field.name] = theirs if mine is None else mine
        if self.environment is not None and other.environment is not None:
            chosen["environment"] = {**other.environment, **self.environment}
        return replace(self, **chosen)

    def to_json(self) -> dict[str, Any]:
        """What was said, as plain values that `read_options` reads."""
        megabytes = None if self.memory_limit is None else self.memory_limit / MEGABYTE
        said = {option.names[0]: getattr(self, option.field) for option in OPTIONS}
        said |= {"memoryLimit": megabytes}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class _Option:
    field: str
    read: Callable[[object], Any]  # ValueError says what was expected
    names: tuple[str, ...]  # the first is the one that is spoken of


def read_options(named: Iterable[tuple[str, object]]) -> RunOptions:
    """The options with these names and values. Raises WrongOption for the first that is wrong."""
    options = RunOptions()
    for name, value in named:
        options = replace(options, **read_option(name, value))
    return options


def read_option(name: str, value: object) -> dict[str, Any]:
    """The field of RunOptions that an option is about, with its value. Raises WrongOption."""
    option = _BY_NAME.get(name)
    if option is None:
        known = [option.names[0] for option in OPTIONS]
        close = get_close_matches(name, list(_BY_NAME), 1)
        meant = f"; did you mean {close[0]}?" if close else f": expected one of {', '.join(known)}"
        raise WrongOption(name, f"{name}: there is no such option{meant}")
    try:
        return {option.field: option.read(value)}
    except ValueError as error:
        raise WrongOption(name, f"{name}: expected {error}, not {_shown(value)}") from error


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)


def _words(value: object) -> tuple[str, ...]:
    """A list, or a string as a shell would split it."""
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError("words whose quotation marks are closed") from error
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError("a list of strings")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("a string")


def _path(value: object) -> str:
    text = _text(value)
    if not text or "\0" in text:
        raise ValueError("a path")
    return text


def _paths(value: object) -> tuple[str, ...]:
    paths = value if isinstance(value, list) else [value]
    if not all(isinstance(path, str) and path and "\0" not in path for path in paths):
        raise ValueError("a path or a list of paths")
    return tuple(paths)


def _mode(value: object) -> str:
    if not isinstance(value, str) or value not in MODES:
        raise ValueError(f"one of {', '.join(MODES)}")
    return value


def _environment(value: object) -> dict[str, str]:
    """A table of strings, or `NAME=VALUE NAME=VALUE`."""
    if isinstance(value, str):
        pairs = [word.partition("=") for word in _words(value)]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError("NAME=VALUE")
        value = {name: text for name, _, text in pairs}
    if not isinstance(value, Mapping) or not all(_is_variable(name, text) for name, text in value.items()):
        raise ValueError("variables with strings as their values")
    return dict(value)


def _is_variable(name: object, text: object) -> bool:
    if not (isinstance(name, str) and isinstance(text, str)):
        return False
    return bool(name) and "=" not in name and "\0" not in name + text


def _repeat(value: object) -> str:
    runs = number_of_runs(value)
    if runs is None:
        raise ValueError('"auto" or a number of runs above 0')
    return runs


def _precision(value: object) -> float:
    points = _amount(value)
    if not LEAST_PRECISION <= points <= MOST_PRECISION:
        raise ValueError(f"percentage points from {LEAST_PRECISION:g} to {MOST_PRECISION:g}")
    return points


def _amount(value: object) -> float:
    try:
        amount = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise ValueError("a number")
    return amount


def _seconds(value: object) -> float:
    seconds = _amount(value)
    if seconds == 0:
        raise ValueError("a number of seconds above 0")
    return seconds


def _sizes(value: object) -> str:
    text = _text(value)
    try:
        Sizes.parse(text)
    except WrongSizes as error:
        raise ValueError(f"sizes to run at, as in n=1000,2000,4000 ({error})") from error
    return text


def _megabytes(value: object) -> int:
    return int(_amount(value) * MEGABYTE)


OPTIONS = (
    _Option("arguments", _words, ("args", "arguments")),
    _Option("mode", _mode, ("mode",)),
    _Option("directory", _path, ("cwd", "directory")),
    _Option("input", _path, ("input",)),
    _Option("environment", _environment, ("env", "environment")),
    _Option("lua_path", _text, ("luaPath", "lua_path", "LUA_PATH")),
    _Option("preload", _paths, ("preload",)),
    _Option("entry", _path, ("entry",)),
    _Option("repeat", _repeat, ("repeat",)),
    _Option("precision", _precision, ("precision",)),
    _Option("time_limit", _seconds, ("timeLimit", "time_limit")),
    _Option("memory_limit", _megabytes, ("memoryLimit", "memory_limit")),
    _Option("sizes", _sizes, ("over",)),
    _Option("over_arguments", _text, ("overArgs", "over_args")),
    _Option("over_input", _text, ("overStdin", "over_stdin")),
    _Option("over_generator", _path, ("overGenerator", "over_generator")),
)
_BY_NAME = {name: option for option in OPTIONS for name in option.names}
