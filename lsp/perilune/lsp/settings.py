"""What the user can set. The names are those of the section `perilune` in an editor's settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perilune.lsp.display import METRICS
from perilune.lsp.features.inlay_hints import MAX_LENGTH
from perilune.lsp.language_settings import LanguageSettings

MEGABYTE = 1_000_000
UNSAVED = ("save", "run")
COMPARED_WITH = ("last", "baseline", "off")  # the chosen run or else the run before; the chosen one alone; nothing
AUTO = "auto"
_SECTIONS = ("profile", "hints", "lenses", "language")
LEAST_PRECISION, MOST_PRECISION = 0.05, 50.0  # percentage points
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
    on_save: bool = False  # profile.onSave
    repeat: str = AUTO  # profile.repeat: how often a program runs, AUTO or a number
    precision: float = 2.0  # profile.precision, percentage points of error at which AUTO is content
    unsaved: str = "save"  # profile.unsaved: what is done with text that is not saved, one of UNSAVED
    path_map: tuple[tuple[str, str], ...] = ()  # profile.pathMap: where folders of foreign profiles are
    announces: bool = True  # profile.announce: says where a run was hottest, if that is in another file
    hints: bool = True  # hints.enabled
    threshold: float = 0.005  # hints.threshold, there in percent
    hint_length: int = MAX_LENGTH  # hints.maximumLength, characters
    metric: str = "time"  # hints.metric
    compared_with: str = "last"  # hints.change, one of COMPARED_WITH
    hot_diagnostics: bool = False  # hints.asDiagnostics
    lenses: bool = True  # lenses.enabled
    language: LanguageSettings = field(default_factory=LanguageSettings)  # the section `language`

    @classmethod
    def from_json(cls, value: object, trusted: bool = True) -> Settings:
        """Reads the section, or an object that holds it under `perilune`; what is missing or senseless is left out.

        In a workspace that is not trusted the settings may be the workspace's own, and no command is taken from them.
        """
        section = value.get("perilune", value) if isinstance(value, Mapping) else None
        profile, hints, lenses = (_object(section, name) for name in ("profile", "hints", "lenses"))
        command, mode, threshold = profile.get("command"), profile.get("mode"), _number(hints.get("threshold"))
        seconds, enabled = _number(profile.get("timeLimit")), hints.get("enabled")
        metric, change, length = hints.get("metric"), hints.get("change"), _number(hints.get("maximumLength"))
        megabytes = _number(profile.get("memoryLimit"))
        repeat, precision = number_of_runs(profile.get("repeat")), _number(profile.get("precision"))
        on_save, unsaved, announces = (profile.get(name) for name in ("onSave", "unsaved", "announce"))
        path_map = _object(profile, "pathMap")
        words = (
            command
            if trusted and isinstance(command, list) and all(isinstance(word, str) for word in command)
            else None
        )
        return cls(
            command=tuple(words) if words else cls.command,
            mode=mode if isinstance(mode, str) and mode in MODES else cls.mode,
            time_limit=seconds if seconds is not None and seconds > 0 else cls.time_limit,
            memory_limit=int(megabytes * MEGABYTE) if megabytes is not None and megabytes >= 0 else cls.memory_limit,
            on_save=on_save if isinstance(on_save, bool) else cls.on_save,
            repeat=repeat or cls.repeat,
            precision=precision
            if precision is not None and LEAST_PRECISION <= precision <= MOST_PRECISION
            else cls.precision,
            unsaved=unsaved if isinstance(unsaved, str) and unsaved in UNSAVED else cls.unsaved,
            path_map=tuple(
                (before, now) for before, now in path_map.items() if before and isinstance(now, str) and now
            ),
            announces=announces if isinstance(announces, bool) else cls.announces,
            hints=enabled if isinstance(enabled, bool) else cls.hints,
            threshold=threshold / 100 if threshold is not None and 0 <= threshold <= 100 else cls.threshold,
            hint_length=int(length) if length is not None and length >= 1 else cls.hint_length,
            metric=metric if isinstance(metric, str) and metric in METRICS else cls.metric,
            compared_with=change if isinstance(change, str) and change in COMPARED_WITH else cls.compared_with,
            hot_diagnostics=_boolean(hints.get("asDiagnostics"), cls.hot_diagnostics),
            lenses=_boolean(lenses.get("enabled"), cls.lenses),
            language=LanguageSettings.from_json(_object(section, "language")),
        )


def number_of_runs(value: object) -> str | None:
    """How often a program is to run, AUTO or a number above 0, as the profiler takes it; None for anything else."""
    if value == AUTO:
        return AUTO
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        return None
    return str(number)


def has_settings(value: object) -> bool:
    """Whether the client says anything about settings, and not only what `_of_client` reads."""
    return isinstance(value, Mapping) and any(name in value for name in ("perilune", *_SECTIONS))


def said_trust(options: object) -> bool | None:
    """Whether the workspace may be trusted, if the client speaks of it."""
    trusted = _of_client(options, "trusted")
    return trusted if isinstance(trusted, bool) else None


def wants_notifications(options: object) -> bool:
    """Whether the client understands the server's own notifications."""
    return _of_client(options, "notifications") is True


def _of_client(options: object, name: str) -> object:
    """What an initialization option says that is no setting, by itself or under `perilune`."""
    outer = options if isinstance(options, Mapping) else {}
    inner = outer.get("perilune")
    return outer.get(name, inner.get(name) if isinstance(inner, Mapping) else None)


def _object(section: object, name: str) -> Mapping[str, Any]:
    value = section.get(name) if isinstance(section, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: object, default: bool) -> bool:
    return value if isinstance(value, bool) else default
