"""What every instruction of a program's own chunk cost, by function and pc: for a listing of its bytecode."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perilune.compiler.opcodes import OPCODES
from perilune.profiler.model import Profile
from perilune.profiler.probe import Probe, probe_of

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile


@dataclass(frozen=True, slots=True)
class InstructionCost:
    """How often an instruction ran, and its time; None where no time was taken."""

    count: int
    self_ns: int | None = None


def program_costs(raw: RawProfile, profile: Profile) -> list[dict[int, InstructionCost]]:
    """The costs by pc of every function of the program's own chunk; `profile` is what was made from `raw`.

    The chunk's outermost function comes first, then those nested in it, each followed by its own.
    """
    probe = probe_of(raw, profile.totals.plain_ns)
    return [dict(_costs(function, raw, profile, probe)) for function in _program_functions(raw)]


def _program_functions(raw: RawProfile) -> Iterator[RawFunction]:
    """The functions of a chunk have consecutive ids; those of the program come first."""
    chunk: set[int] = set()
    for function in sorted(raw["functions"], key=lambda function: function["id"]):
        if not chunk or function["parent"] in chunk:
            chunk.add(function["id"])
            yield function


def _costs(
    function: RawFunction, raw: RawProfile, profile: Profile, probe: Probe
) -> Iterator[tuple[int, InstructionCost]]:
    code, counts = array("I", function["code"]), array("Q", function["counts"])
    samples, ticks = array("Q", function["samples"] or b""), array("Q", function["ticks"] or b"")
    waiting = array("Q", function["waiting"] or b"")
    pc = 0
    while pc < len(code):
        end = pc + OPCODES[code[pc] & 0xFF].words
        self_ns = None
        if samples:
            found = sum(samples[pc:end])
            if profile.clock == "cpu":
                found -= sum(waiting[pc:end])
            self_ns = (profile.totals.run_ns or 0) * found // (profile.totals.samples or 1)
        elif ticks:
            self_ns = round(probe.corrected(sum(ticks[pc:end]) * raw["ns_per_tick"], counts[pc]))
        yield pc, InstructionCost(counts[pc], self_ns)
        pc = end
