"""The formats of other tools that a profile can be written in; one module for each, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module

from perilune.profiler.model import Profile
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.sources import Sources


class ProfileExportError(ValueError):
    """The profile lacks what the format is made of; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format. `suffix` is the usual end of its files' names, `tools` says what opens them.

    A format with `needs_time` holds nothing but times, so it needs a profile of sample or trace mode; the others can
    also be made from counts.
    """

    name: str
    suffix: str
    tools: str
    needs_time: bool = False
    is_binary: bool = False

    def export(self, profile: Profile, sources: Sources) -> bytes:
        """The content of a file. The same profile always gives the same bytes. Raises ProfileExportError."""
        if self.needs_time and profile.totals.run_ns is None:
            if profile.origin is not None:
                raise ProfileExportError(f"{self.name} holds times, and this profile has none")
            raise ProfileExportError(
                f"{self.name} holds times, and a profile of {profile.mode} mode has none: "
                "profile with --mode sample or --mode trace"
            )
        content: bytes = import_module(f"perilune.profiler.exporters.{self.name}").export(profile, sources)
        return content


EXPORTERS = {
    exporter.name: exporter
    for exporter in (
        Exporter("speedscope", ".speedscope.json", "speedscope"),
        Exporter("cpuprofile", ".cpuprofile", "VS Code, Chrome, speedscope", needs_time=True),
        Exporter("pprof", ".pb.gz", "go tool pprof, speedscope", is_binary=True),
        Exporter("callgrind", ".callgrind", "KCachegrind, callgrind_annotate"),
        Exporter("collapsed", ".collapsed.txt", "flamegraph.pl, speedscope"),
        Exporter("lcov", ".lcov", "genhtml, editors, coverage services"),
        Exporter("firefox", ".firefox.json", "Firefox Profiler"),
    )
}
"""Every format by its name."""
