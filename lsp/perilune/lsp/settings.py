"""What the user can set. The names are those of the section `perilune` in an editor's settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1_000_000
MODES = ("sample", "count", "trace")

# -P: a module of the user's that lies beside the program must not stand in for one of Python's.
DEFAULT_COMMAND = (sys.executable, "-P", "-m", "perilune")


@dataclass(frozen=True)
class Settings:
    """The settings of a session; every one has a value that works."""

    command: tuple[str, ...] = DEFAULT_COMMAND  # profile.command: starts perilune
    mode: str = "sample"  # profile.mode
    time_limit: float = 60.0  # profile.timeLimit, seconds
    memory_limit: int = 4096 * MEGABYTE  # profile.memoryLimit, there in megabytes; 0: none
    hints: bool = True  # hints.enabled
    threshold: float = 0.005  # hints.threshold, there in percent

    @classmethod
    def from_json(cls, value: object) -> Settings:
        """Reads the section, or an object that holds it under `perilune`; what is missing or senseless is left out."""
        section = value.get("perilune", value) if isinstance(value, Mapping) else None
        profile, hints = _object(section, "profile"), _object(section, "hints")
        command, mode, threshold = profile.get("command"), profile.get("mode"), _number(hints.get("threshold"))
        seconds, enabled = _number(profile.get("timeLimit")), hints.get("enabled")
        megabytes = _number(profile.get("memoryLimit"))
        words = command if isinstance(command, list) and all(isinstance(word, str) for word in command) else None
        return cls(
            command=tuple(words) if words else cls.command,
            mode=mode if isinstance(mode, str) and mode in MODES else cls.mode,
            time_limit=seconds if seconds is not None and seconds > 0 else cls.time_limit,
            memory_limit=int(megabytes * MEGABYTE) if megabytes is not None and megabytes >= 0 else cls.memory_limit,
            hints=enabled if isinstance(enabled, bool) else cls.hints,
            threshold=threshold / 100 if threshold is not None and 0 <= threshold <= 100 else cls.threshold,
        )


def _object(section: object, name: str) -> Mapping[str, Any]:
    value = section.get(name) if isinstance(section, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
