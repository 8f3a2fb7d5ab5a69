"""Where a foreign profile comes from: one that another profiler, or a recorder in another host, made of Lua code."""

from __future__ import annotations

from perilune.profiler.field_marks import LATER
from perilune.profiler.quick_dataclasses import dataclass, field

MEASURED = ("sampled", "exact", "sampled and exact")
"""How the figures of a foreign profile were found: times by samples, everything counted, or times by samples and counts."""

NULL_WITHOUT = {
    "hits": ("hits",),
    "calls": ("calls",),
    "instructions": ("instructions",),
    "allocations": ("allocated_bytes", "allocations"),
    "heap": ("current_bytes", "peak_bytes"),
    "stack": ("current_depth", "peak_depth"),
}
"""The figures that a foreign profile may hold besides times, and the fields that are null in its JSON if it does not."""


@dataclass(slots=True)
class Origin:
    """What made a foreign profile, and which figures it holds.

    `format` is the file format or the recorder, one word of a few: "luajit", "pprof", "record". `measured` is one of
    MEASURED. `figures` are the keys of NULL_WITHOUT that the profile holds; a field of another figure is 0 in the model,
    null in JSON, and nobody shows it. `host` is the program that Lua ran in, `interpreter` the Lua ("LuaJIT 2.1"),
    `recorded_at` when, in UTC as ISO 8601 has it; None where that is not known. `notes` are sentences on what a
    reader must know to understand the figures.
    """

    format: str
    measured: str
    figures: list[str] = field(default_factory=list, metadata=LATER)
    host: str | None = None
    interpreter: str | None = None
    recorded_at: str | None = None
    notes: list[str] = field(default_factory=list, metadata=LATER)

    @property
    def is_sampled(self) -> bool:
        """Whether its times are estimates from samples."""
        return self.measured.startswith("sampled")

    @property
    def text(self) -> str:
        """`sampled in love by LuaJIT 2.1, 2026-11-28 11:25, read from luajit`: what marks a figure as foreign."""
        where = f" in {self.host}" if self.host else ""
        interpreter = f" by {self.interpreter}" if self.interpreter else ""
        when = f", {self.recorded_at.replace('T', ' ').rstrip('Z')}" if self.recorded_at else ""
        how = {"exact": "measured", "sampled and exact": "sampled and counted"}.get(self.measured, self.measured)
        made = "recorded" if self.format == "record" else f"read from {self.format}"
        return f"{how}{where}{interpreter}{when}, {made}"
