"""The formats of other profilers that can be read as a profile; one module for each, loaded when a file is of its format.

Every module has `read(content, name, interval_ns)`, which makes a Profile of a file's content or raises
ProfileFormatError with the place in the file and what was expected there. `name` is the file's, for the profile's
program; `interval_ns` is the time that a sample stands for where the format does not tell it, None for its default.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from perilune.profiler.model import FORMAT, Profile, ProfileFormatError
from perilune.profiler.renderers.json import parse, parse_value

_MOST_UNPACKED = 512_000_000  # bytes
_GZIP = b"\x1f\x8b"
_JSON = re.compile(rb"\s*(?:\{|\[\s*(?:[\[{\]]|\Z))")  # which no text begins with: `[C]` is a frame
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PPROF_FIELDS = b"\x0a\x12\x1a\x22\x2a\x32\x38\x40\x48\x50\x5a\x60\x70"  # with which pprof's message may begin
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENDING_OF_JSON = ".json"
_HEAD = 4096  # bytes from which a text is known


@dataclass(frozen=True, slots=True)
class Importer:
    """One format: its name, what writes it, and whether the beginning of a text is its, None for what is no text."""

    name: str
    written_by: str
    is_text: Callable[[str], bool] | None = None

    def read(self, content: bytes, name: str, interval_ns: int | None = None) -> Profile:
        """The profile in a file's content. Raises ProfileFormatError."""
        profile: Profile = import_module(f"perilune.profiler.importers.{self.name}").read(content, name, interval_ns)
        return profile


def _begins(pattern: str) -> Callable[[str], bool]:
    return re.compile(pattern, re.MULTILINE).match  # type: ignore[return-value]


_COMMENTS = r"(?:[ \t]*(?:#.*)?\r?\n)*"

IMPORTERS = {
    importer.name: importer
    for importer in (
        Importer("pprof", "pprof tools"),
        Importer("memprof", "Tarantool's memory profiler"),
        Importer("speedscope", "speedscope and what exports to it"),
        Importer("cpuprofile", "V8, VS Code"),
        Importer("chrome_trace", "profile.nvim, AppleCake, and others that write Chrome's trace events"),
        Importer(
            "callgrind",
            "Valgrind, Luau's benchmarks, KCachegrind's tools",
            _begins(r"# callgrind format|" + _COMMENTS + r"(?:version|creator|events|positions|cmd|pid): ?\S"),
        ),
        Importer("lcov", "Luau --coverage, luacov's lcov reporter", _begins(r"\s*(?:TN:|SF:)")),
        Importer("luacov", "luacov's statistics", _begins(r"\d+:.+\r?\n(?:\d+ ?)+\r?$")),
        Importer("luau", "Luau --profile", _begins(r"\d+ (?:[^,;\n]*,[^,;\n]*,-?\d*)(?:;|\r?$)")),
        Importer(
            "luajit",
            "LuaJIT -jp",
            _begins(r"\s*(?:\d+%  \S|\d+  \S|====== .+ ======|\[No samples collected\])"),
        ),
        Importer("recording", "perilune record, in its temporary folder", _begins(r"perilune-recording 1$")),
        Importer("collapsed", "flame graph tools, LuaJIT -jp=G", _begins(_COMMENTS + r".*\S \d+(?:\.\d+)?[ \t]*\r?$")),
    )
}
"""Every format by its name; a text is of the first that knows it."""


def read_profile(content: bytes, name: str, interval_ns: int | None = None) -> Profile:
    """The profile in a file's content, saved by Perilune or written by another profiler. Raises ProfileFormatError."""
    if content.startswith(_GZIP):
        content = _unpacked(content)
    if content.startswith(_UTF_16):  # as PowerShell's `>` writes texts
        content = content.decode("utf-16", "replace").encode()
    try:
        if _JSON.match(content):
            return _read_json(content, name, interval_ns)
        importer = importer_of(content)
        if importer is None:
            if name.endswith(_ENDING_OF_JSON):
                parse(content)  # which says why it is none of ours
            raise ProfileFormatError(_unknown())
        return importer.read(content, name, interval_ns)
    except RecursionError as error:
        raise ProfileFormatError("nested too deeply") from error


def importer_of(content: bytes) -> Importer | None:
    """What reads an unpacked content that is not JSON, None if nothing does."""
    if content.startswith((b"ljs", b"ljm")):
        return IMPORTERS["memprof"]
    head = content[:_HEAD]
    if _NO_TEXT.search(head):
        return IMPORTERS["pprof"] if head[:1] in _PPROF_FIELDS else None
    text = head.decode("utf-8", "replace")
    if len(content) > _HEAD:
        text = text.rpartition("\n")[0] or text
    return next((each for each in IMPORTERS.values() if each.is_text is not None and each.is_text(text)), None)


def is_foreign(content: bytes) -> bool:
    """Whether a file, by its content, is a profile of another profiler, or perhaps one of ours."""
    return content.startswith((_GZIP, *_UTF_16)) or _JSON.match(content) is not None or importer_of(content) is not None


def _read_json(content: bytes, name: str, interval_ns: int | None) -> Profile:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise ProfileFormatError(f"not JSON: {error}") from error
    found = _json_format(value)
    if found is not None:
        return IMPORTERS[found].read(content, name, interval_ns)
    if isinstance(value, dict) and value and "format" not in value:
        raise ProfileFormatError(
            f'not a Perilune profile: "format" is None, not {FORMAT!r}; nor has it "shared" and "profiles" (speedscope), '
            '"nodes" and "samples" (.cpuprofile) or "traceEvents" (Chrome trace)'
        )
    return parse_value(value)


def _json_format(value: object) -> str | None:
    """The name of the foreign format that a JSON value is in."""
    if isinstance(value, list):
        return "chrome_trace" if value and isinstance(value[0], dict) and "ph" in value[0] else None
    if not isinstance(value, dict) or "format" in value:
        return None
    marks = (("speedscope", ("shared", "profiles")), ("cpuprofile", ("nodes", "samples")))
    for format, names in marks:
        if all(name in value for name in names):
            return format
    return "chrome_trace" if "traceEvents" in value else None


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(content, _MOST_UNPACKED)
    except zlib.error as error:
        raise ProfileFormatError(f"not gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise ProfileFormatError(f"more than {_MOST_UNPACKED:,} bytes when unpacked")
    if not unpacker.eof:
        raise ProfileFormatError(f"the gzip stream ends too early, behind {len(found):,} bytes")
    return found


def _unknown() -> str:
    return f"in no known format: expected one of {', '.join(sorted(IMPORTERS))}, or Perilune's JSON"
