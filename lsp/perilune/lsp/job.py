"""What is run, and how: everything that a run needs, settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perilune.lsp.settings import MODES


@dataclass(frozen=True, slots=True)
class Job:
    """A program to profile: its real path, its arguments, how it is measured, and the directory that it runs in.

    `input` is the file that its standard input comes from, `preload` are files that run before it; all are real paths.
    What is None is as the settings have it. With `sandbox` it has nothing of the machine but the files of that folder. `request` is what it was made
    from, to be made again when comments say something else, as `launch.py` writes it.
    """

    path: str
    arguments: tuple[str, ...]
    mode: str
    directory: str
    input: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    lua_path: str | None = None
    preload: tuple[str, ...] = ()
    repeat: str | None = None
    precision: float | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    sandbox: str | None = None
    request: str = ""

    def to_json(self) -> dict[str, Any]:
        """The job as plain values."""
        return {
            "path": self.path,
            "arguments": list(self.arguments),
            "mode": self.mode,
            "directory": self.directory,
            "input": self.input,
            "environment": dict(self.environment),
            "luaPath": self.lua_path,
            "preload": list(self.preload),
            "repeat": self.repeat,
            "precision": self.precision,
            "timeLimit": self.time_limit,
            "memoryLimit": self.memory_limit,
            "sandbox": self.sandbox,
            "request": self.request,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Job:
        """Reads what `to_json` made. Raises ValueError, KeyError or TypeError for anything else."""
        job = cls(
            path=_of(str, value["path"]),
            arguments=tuple(_of(str, word) for word in _of(list, value["arguments"])),
            mode=_of(str, value["mode"]),
            directory=_of(str, value["directory"]),
            input=_optional(str, value["input"]),
            environment=tuple((name, _of(str, text)) for name, text in _of(dict, value["environment"]).items()),
            lua_path=_optional(str, value["luaPath"]),
            preload=tuple(_of(str, path) for path in _of(list, value["preload"])),
            repeat=_optional(str, value["repeat"]),
            precision=_optional(float, value.get("precision")),
            time_limit=_optional(float, value["timeLimit"]),
            memory_limit=_optional(int, value["memoryLimit"]),
            sandbox=_optional(str, value["sandbox"] or None),
            request=_of(str, value["request"]),
        )
        if job.mode not in MODES:
            raise ValueError(f"mode {job.mode!r}")
        return job


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {value!r}")
    return value


def _optional(kind: type, value: Any) -> Any:
    return None if value is None else _of(kind, value)
