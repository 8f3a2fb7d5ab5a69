"""What an editor gives with the commands that are about figures, read from JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.commands import only_object, unexpected, uri_in
from perilune.lsp.display import FILTERS, METRICS
from perilune.lsp.features.spots import MAX_SPOTS, SORTS
from perilune.profiler.paths import Frame

METRIC_COMMAND = "perilune.server.metric"
FILTER_COMMAND = "perilune.server.filter"
TOGGLE_COMMAND = "perilune.server.toggle"
NEXT_HOT_COMMAND = "perilune.server.nextHot"
PREVIOUS_HOT_COMMAND = "perilune.server.previousHot"
HOTSPOTS_COMMAND = "perilune.server.hotspots"
HEAT_COMMAND = "perilune.server.heat"
SUMMARY_COMMAND = "perilune.server.summary"
SHOW_COMMAND = "perilune.server.show"
CALL_PATH_COMMAND = "perilune.server.callPath"
SET_BUDGET_COMMAND = "perilune.server.setBudget"
EXPLAIN_BUDGET_COMMAND = "perilune.server.explainBudget"


def metric_from_json(values: Sequence[Any]) -> str:
    """The metric to show. Raises CommandArgumentError, as all of these do."""
    return _one_of(METRICS, "metric", only_object(values, "{metric}"))


def filter_from_json(values: Sequence[Any]) -> str:
    """Which files to show."""
    return _one_of(FILTERS, "filter", only_object(values, "{filter}"))


def shown_from_json(values: Sequence[Any]) -> bool | None:
    """Whether to show figures, None for the contrary of now."""
    fields = only_object(values, "{shown?}") if values else {}
    shown = fields.get("shown")
    if shown is not None and not isinstance(shown, bool):
        raise unexpected("shown", "a boolean", shown)
    return shown


@dataclass(frozen=True)
class Place:
    """A line of a document, from 0 as the protocol counts."""

    uri: str
    line: int

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Place:
        """Reads the command's only argument."""
        fields = only_object(values, "{uri, line}")
        return cls(uri_in(fields), _natural(fields.get("line"), "line"))


@dataclass(frozen=True)
class HotspotArguments:
    """Which lists to give; `uri` names the file that the filter "file" is about, and the run to look at."""

    sort: str | None = None
    limit: int = MAX_SPOTS
    filter: str | None = None
    uri: str | None = None

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> HotspotArguments:
        """Reads the command's argument, which may be left out."""
        fields = only_object(values, "{sort?, limit?, filter?, uri?}") if values else {}
        sort = _one_of(SORTS, "sort", fields) if fields.get("sort") is not None else None
        chosen = _one_of(FILTERS, "filter", fields) if fields.get("filter") is not None else None
        limit = _natural(fields["limit"], "limit") if fields.get("limit") is not None else MAX_SPOTS
        uri = uri_in(fields) if fields.get("uri") is not None else None
        if chosen == "file" and uri is None:
            raise unexpected("uri", 'a string, with filter "file"', None)
        return cls(sort, limit, chosen, uri)


@dataclass(frozen=True)
class Span:
    """A range of a document, in the protocol's positions: (line, character) from 0."""

    uri: str
    start: tuple[int, int]
    end: tuple[int, int]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Span:
        """Reads the command's only argument."""
        fields = only_object(values, "{uri, range}")
        span = fields.get("range")
        if not isinstance(span, Mapping):
            raise unexpected("range", "a range {start, end}", span)
        start, end = (_position(span.get(name), f"range.{name}") for name in ("start", "end"))
        if end < start:
            raise unexpected("range.end", "a position behind range.start", span.get("end"))
        return cls(uri_in(fields), start, end)


@dataclass(frozen=True)
class CallPathArguments:
    """The call to limit figures to, as the place of it and perhaps the function called, or a frame of the flame graph, as
    the frames on the way to it; neither takes the limit away."""

    uri: str | None
    position: tuple[int, int] | None = None
    callee: str | None = None
    frames: tuple[Frame, ...] = ()

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> CallPathArguments:
        """Reads the command's only argument."""
        fields = only_object(values, "{uri, position, callee?}, {uri?, frames} or {uri?, clear: true}")
        clear, callee, frames = fields.get("clear"), fields.get("callee"), fields.get("frames")
        if clear is not None and not isinstance(clear, bool):
            raise unexpected("clear", "a boolean", clear)
        if callee is not None and not isinstance(callee, str):
            raise unexpected("callee", "a string", callee)
        if clear or frames is not None:
            uri = uri_in(fields) if fields.get("uri") is not None else None
            return cls(uri, frames=() if clear else _frames(frames))
        return cls(uri_in(fields), _position(fields.get("position"), "position"), callee)


def _frames(value: object) -> tuple[Frame, ...]:
    """Frames of the flame graph; their lines are the profile's, from 1."""
    if not isinstance(value, list) or not value:
        raise unexpected("frames", "a list of frames, the outermost first", value)
    return tuple(_frame(frame) for frame in value)


def _frame(value: object) -> Frame:
    if not isinstance(value, Mapping):
        raise unexpected("frames", "frames {name, path, functionLine, line?}", value)
    name, path, line = value.get("name"), value.get("path"), value.get("line")
    if not isinstance(name, str):
        raise unexpected("frames.name", "a string", name)
    if path is not None and not isinstance(path, str):
        raise unexpected("frames.path", "a string", path)
    function_line = _natural(value.get("functionLine"), "frames.functionLine")
    return Frame(name, path, function_line, None if line is None else _natural(line, "frames.line"))


def _position(value: object, name: str) -> tuple[int, int]:
    if not isinstance(value, Mapping):
        raise unexpected(name, "a position {line, character}", value)
    return _natural(value.get("line"), f"{name}.line"), _natural(value.get("character"), f"{name}.character")


def _natural(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise unexpected(name, "a number from 0", value)
    return value


def _one_of(allowed: Sequence[str], name: str, fields: Mapping[str, Any]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise unexpected(name, f"one of {', '.join(allowed)}", value)
    return value
