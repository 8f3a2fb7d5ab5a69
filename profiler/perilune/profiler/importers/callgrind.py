"""Callgrind's format: costs by line and function, and calls with what they cost in all.

Of calls is read how many they are. What they cost in all matters where C functions are called: that time belongs to the
lines that call them too.
"""

from __future__ import annotations

import re
from collections import Counter

from perilune.profiler.exporters.stacks import UNKNOWN, Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import NS_PER_UNIT, clean_path, count, expected, line_number, text_lines
from perilune.profiler.model import COLLECTOR, COMPILER, OUTSIDE, Profile, Program
from perilune.profiler.origin import Origin

_FIGURES = {
    "Ir": "instructions",
    "Instructions": "instructions",
    "AllocBytes": "allocated_bytes",
    "Allocs": "allocations",
}
_NO_FILE = ("???", "")
_HEADER = re.compile(r"(?P<key>[A-Za-z]+): ?(?P<value>.*)")
_POSITION = re.compile(r"(?P<key>c?(?:fl|fi|fe|fn|ob)|cfi)=(?P<value>.*)")
_COMPRESSED = re.compile(r"\((?P<id>\d+)\)(?: (?P<name>.+))?", re.ASCII)
_TEN_NS = "Time_(10ns)"
_ELSEWHERE = {f"[{name[1:-1]}]": name for name in (COLLECTOR, COMPILER, OUTSIDE)}
"""Our own export writes brackets for what stands for the time outside of lines."""


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A time among the events leads; of the others those are read that are counts of instructions or allocations."""
    reading = _Reading(name)
    for number, line in text_lines(content):
        reading.line(line, f"line {number}")
    if not reading.events:
        raise expected("the file", "a line `events: ...`")
    return reading.profile()


class _Reading:
    """Where the reader is: the function and file of the lines that follow, and the names that were given numbers."""

    def __init__(self, name: str) -> None:
        self.origin = Origin("callgrind", "exact")
        self.builder = ForeignProfile(self.origin, Program(name))
        self.events: list[str] = []
        self._names: dict[tuple[str, str], str] = {}
        self._columns = 1
        self._file = self._function_file = self._function = ""
        self._callee_file: str | None = None
        self._callee = ""
        self._last: list[int] = []
        self._last_costs: list[int] = []
        self._is_inclusive = False
        self._called_c: str | None = None
        self._costs: list[tuple[Frame, dict[str, int]]] = []
        self._calls: list[tuple[str | None, str, int]] = []
        self._times_of_c: Counter[str] = Counter()
        self._callers_of_c: dict[str, Counter[Frame]] = {}
        self._first_lines: dict[tuple[str | None, str], int] = {}

    def profile(self) -> Profile:
        """What was read. Only calls tell where a function begins, and they may come after its costs."""
        for function, costs in self._costs:
            self._add(function._replace(function_line=self._first_line(function.path, function.function)), costs)
        for name, ns in self._times_of_c.items():
            self._add_c_function(name, ns)
        for path, name, calls in self._calls:
            if path is None:
                self.builder.add_builtin(name, calls)
            else:
                self.builder.add_function(path, name, self._first_line(path, name), calls)
        return self.builder.profile()

    def _add_c_function(self, name: str, ns: int) -> None:
        """Divides the time of a C function among the lines that call it, by what these calls cost."""
        callers = self._callers_of_c.get(name, Counter())
        whole, below, given = sum(callers.values()), 0, 0
        frame = Frame(name, None, 0, 0)
        for caller, cost in callers.items():
            below += cost
            part = ns * below // (whole or 1) - given
            given += part
            if part:
                first = self._first_line(caller.path, caller.function)
                stack = (caller._replace(function_line=first), frame) if caller.path is not None else (frame,)
                self.builder.add_stack(stack, part)
        if ns > given:
            self.builder.add_stack((frame,), ns - given)

    def _first_line(self, path: str | None, name: str) -> int:
        return self._first_lines.get((path, name), 0)

    def line(self, line: str, place: str) -> None:
        """Reads one line."""
        text = line.strip()
        if text.startswith("#"):
            return
        position = _POSITION.fullmatch(text)
        if position is not None:
            self._read_position(position["key"], self._name(position["key"], position["value"], place))
        elif text.startswith("calls="):
            self._read_call(text.removeprefix("calls=").split(), place)
        elif text.startswith(("jump=", "jcnd=", "jfi=", "jfn=")):
            pass
        elif text[0].isdigit() or text[0] in "+-*":
            self._read_costs(text.split(), place)
        else:
            header = _HEADER.fullmatch(text)
            if header is None:
                raise expected(place, "a header, a position (fl=, fn=, calls=, ...) or costs")
            self._read_header(header["key"], header["value"], place)

    def _read_header(self, key: str, value: str, place: str) -> None:
        if key == "events":
            self.events = value.split()
        elif key == "positions":
            self._columns = len(value.split())
            if "line" not in value.split():
                raise expected(place, "positions by line")
        elif key == "cmd" and value.split():
            self.builder.program.path, *self.builder.program.args = value.split()
        elif key == "creator" and value.startswith("callgrind"):
            self.origin.notes.append("Instructions are those of the machine that ran the interpreter, not of Lua.")

    def _name(self, key: str, value: str, place: str) -> str:
        """The name behind a position, which may be short for one that was given before."""
        match = _COMPRESSED.fullmatch(value.strip())
        if match is None:
            return value
        kind = "fn" if key.endswith("fn") else "ob" if key.endswith("ob") else "fl"
        if match["name"] is not None:
            self._names[kind, match["id"]] = match["name"]
        found = self._names.get((kind, match["id"]))
        if found is None:
            raise expected(place, f"a name for ({match['id']}) before it is used")
        return found

    def _read_position(self, key: str, name: str) -> None:
        if key == "fl":
            self._file = self._function_file = name
        elif key in ("fi", "fe"):
            self._file = name
        elif key == "fn":
            self._function, self._function_file = name, self._file
        elif key in ("cfi", "cfl"):
            self._callee_file = name
        elif key == "cfn":
            self._callee = name

    def _read_call(self, fields: list[str], place: str) -> None:
        if len(fields) < 1 + self._columns:
            raise expected(place, "calls=COUNT and the place of what is called")
        calls = count(fields[0], place)
        first = count(fields[self._columns], place, "a line number") if fields[self._columns].isdecimal() else 0
        path = _path(self._function_file if self._callee_file is None else self._callee_file)
        callee = self._callee if path is not None else _elsewhere(self._callee)
        self._calls.append((path, callee, calls))
        if path is not None:
            self._first_lines.setdefault((path, callee), line_number(first, place))
        self._callee_file = None
        self._called_c = callee if path is None else None
        self._is_inclusive = True

    def _read_costs(self, fields: list[str], place: str) -> None:
        if not self.events:
            raise expected(place, "a line `events: ...` before costs")
        positions = [
            _relative(self._last, at, field, place, "a line number") for at, field in enumerate(fields[: self._columns])
        ]
        if len(positions) < self._columns or len(fields) > self._columns + len(self.events):
            raise expected(place, f"a line number and up to {len(self.events)} costs")
        self._last = positions
        given = fields[self._columns :]
        amounts = [_relative(self._last_costs, at, field, place, "a cost") for at, field in enumerate(given)]
        if any(amount < 0 for amount in amounts):
            raise expected(place, "costs that are not negative")
        self._last_costs = amounts
        costs = dict(zip(self.events, amounts, strict=False))
        line = line_number(positions[-1], place)
        path = _path(self._file)
        name = self._function or UNKNOWN
        function = Frame(name, path, 0, line) if path is not None else Frame(_elsewhere(name), None, 0, 0)
        if not self._is_inclusive:
            self._costs.append((function, costs))
        elif self._called_c is not None:
            self._callers_of_c.setdefault(self._called_c, Counter())[function] += self._time(costs) or 0
        self._is_inclusive = False

    def _add(self, function: Frame, costs: dict[str, int]) -> None:
        counts = {figure: costs.get(event, 0) for event, figure in _FIGURES.items() if event in self.events}
        self.builder.add_line(function.path, function.line, function=function, **counts)
        ns = self._time(costs)
        if ns and function.path is not None:
            self.builder.add_stack((function,), ns)
        elif ns:
            self._times_of_c[function.function] += ns

    def _time(self, costs: dict[str, int]) -> int | None:
        """The nanoseconds among some costs, None where none of the events is a time."""
        for event in self.events:
            unit_ns = 10 if event == _TEN_NS else NS_PER_UNIT.get(event.lower())
            if unit_ns is not None:
                return costs.get(event, 0) * unit_ns
        return None


def _relative(last: list[int], at: int, field: str, place: str, what: str) -> int:
    """A number that may be short for the last one in its column, or for how far it is from that."""
    before = last[at] if at < len(last) else 0
    if field == "*":
        return before
    if field[:1] in "+-":
        return before + (1 if field[0] == "+" else -1) * count(field[1:], place, what)
    if field.startswith("0x"):
        try:
            return int(field, 16)
        except ValueError:
            raise expected(place, what) from None
    return count(field, place, what)


def _path(name: str) -> str | None:
    return None if name in _NO_FILE else clean_path(name)


def _elsewhere(name: str) -> str:
    return _ELSEWHERE.get(name, name)
