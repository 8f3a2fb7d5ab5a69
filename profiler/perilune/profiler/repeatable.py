"""What the library functions that a program called say of running it again: what it reads, and what it changes."""

from __future__ import annotations

from collections.abc import Iterable

from perilune.profiler.model import Profile

_CHANGING = ("os.remove", "os.rename", "os.execute", "io.popen", "lfs.mkdir", "lfs.rmdir", "lfs.touch", "lfs.link")
_OPENING = ("io.open", "io.output")
_WRITING = ("file:write", "io.write")
_READING_INPUT = ("io.read", "io.lines")
_READING_FILES = ("file:read", "file:lines", "io.lines iterator")
_OUTSIDE = (
    "io.open",
    "io.lines",
    "io.input",
    "io.popen",
    "os.execute",
    "os.getenv",
    "os.remove",
    "os.rename",
    "loadfile",
    "package.loadlib",
    "lfs.attributes",
    "lfs.symlinkattributes",
    "lfs.dir",
    "lfs.chdir",
    "lfs.currentdir",
)
_INPUTS = {
    "os.time": "the clock",
    "os.clock": "the clock",
    "os.date": "the clock",
    "math.random": "random numbers",
    "math.randomseed": "random numbers",
    "os.tmpname": "names of temporary files",
    "io.read": "input",
    "io.lines": "input",
    "file:read": "input",
    "file:lines": "input",
    "io.popen": "other programs",
    "os.execute": "other programs",
    "lfs.dir": "the file system",
    "lfs.attributes": "the file system",
}


def _called(profile: Profile) -> set[str]:
    return {row.name for row in profile.builtins if row.calls}


def changes(profile: Profile) -> str | None:
    """The library function by which the program changed, or may have changed, what is outside of it."""
    called = _called(profile)
    for name in _CHANGING:
        if name in called:
            return name
    opened = [name for name in _OPENING if name in called]
    return opened[0] if opened and called.intersection(_WRITING) else None


def reads_standard_input(profile: Profile) -> str | None:
    """The library function by which the program may have read its standard input."""
    called = _called(profile)
    for name in _READING_INPUT:
        if name in called:
            return name
    opens = called.intersection(("io.open", "io.popen", "io.tmpfile"))
    return next((name for name in _READING_FILES if name in called and not opens), None)


def outside_calls(profile: Profile) -> list[str]:
    """The library functions that the program called that read, or ask other programs, what its files and input do not say."""
    called = _called(profile)
    return [name for name in _OUTSIDE if name in called]


def inputs(profile: Profile) -> list[str]:
    """The library functions that the program called whose results do not follow from it."""
    called = _called(profile)
    return [name for name in _INPUTS if name in called]


def inputs_text(names: Iterable[str]) -> str:
    """`the clock (os.clock, os.time), random numbers (math.random)`."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(_INPUTS.get(name, "other input"), []).append(name)
    return ", ".join(f"{kind} ({', '.join(of_kind)})" for kind, of_kind in kinds.items())
