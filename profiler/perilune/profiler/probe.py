"""What the probes of trace mode add to a run, and what is left of its times without them.

The processor works at a probe and at the instruction beside it at once. A probe takes longer than a cheap instruction, so
that it hides it: each of them takes a probe's period, and what it takes without is not in the stamps. It is taken to be
what such instructions took when the machine was calibrated (`calibration.c`), or, where the program was run without a
profile too, what makes the sum equal to the time of that run.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from perilune.compiler.opcodes import OPCODES
from perilune.profiler.quick_dataclasses import dataclass, replace

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

_LEAST_PART = 0.5
"""An instruction takes at least this part of what a hidden one is taken to take."""
_LARGEST_FACTOR = 2.0
"""What the hidden instructions of a program take differs by no more, either way, from what those of the calibration took."""
RUN_NOISE = 0.1
"""How far the times of two runs of one program are apart on a machine that is not quiet: this part of the time."""
_STEPS = 30


class PlainRun(NamedTuple):
    """What a program took without a profile: nanoseconds by the clock, and of the processor."""

    wall_ns: int
    cpu_ns: int


@dataclass(frozen=True, slots=True)
class Probe:
    """Nanoseconds of an instruction that the probe hides: `period` with its probe, `hidden` without it.

    `scale` is less than 1 where the stamps hold time that a run without a profile did not take, of other processes.
    """

    period: float
    hidden: float
    scale: float = 1.0

    def corrected(self, raw_ns: float, count: int) -> float:
        """The time of so many executions without their probes; never below 0, and never above that with them."""
        return self.scale * min(raw_ns, max(self.least(count), raw_ns - count * (self.period - self.hidden)))

    def least(self, count: int) -> float:
        """What so many executions take at the least."""
        return count * self.hidden * _LEAST_PART

    def hiding(self, hidden: float) -> Probe:
        """The same probe, if the instructions that it hides take so long."""
        return replace(self, hidden=min(hidden, self.period))

    def bounds(self) -> tuple[Probe, Probe]:
        """The probes between which the truth lies."""
        return self.hiding(self.hidden / _LARGEST_FACTOR), self.hiding(self.hidden * _LARGEST_FACTOR)


def probe_of(raw: RawProfile, plain_ns: int | None = None) -> Probe:
    """The probe of a traced run; `plain_ns` is what the program took without a profile, where that was measured."""
    ns_per_tick, hidden_ticks = raw["ns_per_tick"], raw["hidden_ticks"]
    probe = Probe((raw["probe_ticks"] + hidden_ticks) * ns_per_tick, hidden_ticks * ns_per_tick)
    return probe if plain_ns is None else _fitted(probe, raw, plain_ns)


def _fitted(probe: Probe, raw: RawProfile, plain_ns: int) -> Probe:
    """The probe with which the corrected times add up to the time of the run without a profile.

    They are never larger than they were measured, so that they may add up to less.
    """
    elsewhere_ns = (raw["gc_ticks"] + raw["compile_ticks"] + raw["outside_ticks"]) * raw["ns_per_tick"]
    times = list(_times(raw))

    def whole(tried: Probe) -> float:
        return elsewhere_ns + sum(tried.corrected(raw_ns, count) for raw_ns, count in times)

    least = whole(probe.hiding(0.0))
    if least > plain_ns:
        return replace(probe, hidden=0.0, scale=plain_ns / least)
    low, high = 0.0, probe.period
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if whole(probe.hiding(middle)) > plain_ns else (middle, high)
    return probe.hiding((low + high) / 2)


def _times(raw: RawProfile) -> Iterator[tuple[float, int]]:
    """Of every instruction that ran: its time as measured, and its count."""
    for function in raw["functions"]:
        code = array("I", function["code"])
        counts, ticks = array("Q", function["counts"]), array("Q", function["ticks"] or b"")
        pc = 0
        while pc < len(ticks):
            end = pc + OPCODES[code[pc] & 0xFF].words
            if counts[pc]:
                yield sum(ticks[pc:end]) * raw["ns_per_tick"], counts[pc]
            pc = end
