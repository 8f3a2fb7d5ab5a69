"""A program's bytecode as text with what its instructions cost: from a run's own counters, or from a profile alone.

A profile has counts by line and opcode. Which instruction each is of follows where a line has one instruction of an
opcode, and from there for all that run as often: those of a block. What does not follow stays without a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from perilune.compiler.disassembler import disassemble, fields
from perilune.compiler.opcodes import OPCODES
from perilune.compiler.proto import Proto
from perilune.profiler.model import FileProfile, Profile
from perilune.profiler.program_costs import InstructionCost
from perilune.profiler.renderers.figures import count_text, points_text, printable, share_text, time_text
from perilune.profiler.shares import sampling_error, time_share, times_lead
from perilune.profiler.sources import split_lines

_LEGEND = "; in the margin: how often the instruction ran, and its place in the function\n"
_LEGEND_WITH_TIMES = (
    "; in the margin: how often the instruction ran, its share of the run's time and the error of it, its time, its place "
    "in the function\n"
)
_LEGEND_OF_PANE = "; how often each ran, its place\n"
_LEGEND_OF_PANE_WITH_TIMES = "; how often each ran, share, time, place\n"
_COUNT_WIDTH = 15
_TIMED_WIDTH = _COUNT_WIDTH + 8 + 6 + 9
_PANE_COUNT_WIDTH = 6
_PANE_TIMED_WIDTH = _PANE_COUNT_WIDTH + 7 + 8

UNKNOWN = InstructionCost(-1)
"""The cost of an instruction that does not follow."""

_Key = tuple[int, str]
"""A line and the name of an opcode."""


@dataclass(frozen=True, slots=True)
class BytecodeText:
    """The listing, and in pairs which of its lines, from 0, is of which source line, from 1."""

    text: str
    places: list[tuple[int, int]]


def bytecode_text(proto: Proto, source: bytes, file: FileProfile | None, profile: Profile | None) -> BytecodeText:
    """The bytecode of a file's text for a pane beside it, with what a profile knows of it.

    Figures are short, so that the instructions behind them are seen.
    """
    places: list[tuple[int, int]] = []
    if file is None or profile is None:
        return BytecodeText(disassemble(proto, shown_source(source), (), places), places)
    head = _LEGEND_OF_PANE_WITH_TIMES if times_lead(profile) else _LEGEND_OF_PANE
    figures = [
        {pc: _short_margin(cost, profile) for pc, cost in function.items()} for function in costs_of_lines(proto, file)
    ]
    text = disassemble(proto, shown_source(source), figures, places)
    return BytecodeText(head + text, [(line + head.count("\n"), of_source) for line, of_source in places])


def legend(profile: Profile) -> str:
    """What the margin holds, as a comment."""
    return _LEGEND_WITH_TIMES if times_lead(profile) else _LEGEND


def margins(costs: Sequence[Mapping[int, InstructionCost]], profile: Profile) -> list[dict[int, str]]:
    """The margin by pc, for every function. An instruction whose cost is not known has an empty one as wide."""
    return [{pc: _margin(cost, profile) for pc, cost in function.items()} for function in costs]


def shown_source(text: bytes) -> str:
    """A source whose lines act on no terminal."""
    return "\n".join(printable(line) for line in split_lines(text))


def _margin(cost: InstructionCost, profile: Profile) -> str:
    if cost.count < 0:
        return " " * (_TIMED_WIDTH if times_lead(profile) else _COUNT_WIDTH)
    count = f"{cost.count:>{_COUNT_WIDTH},}"
    if not times_lead(profile):
        return count
    share = time_share(profile, cost.self_ns) if cost.self_ns else None
    points = points_text(sampling_error(profile, share))
    error = f"±{points}" if points else ""
    return f"{count}{share_text(share):>8} {error:<5}{time_text(cost.self_ns or None):>9}"


def _short_margin(cost: InstructionCost, profile: Profile) -> str:
    if cost.count < 0:
        return " " * (_PANE_TIMED_WIDTH if times_lead(profile) else _PANE_COUNT_WIDTH)
    count = f"{count_text(cost.count):>{_PANE_COUNT_WIDTH}}"
    if not times_lead(profile):
        return count
    share = time_share(profile, cost.self_ns) if cost.self_ns else None
    return f"{count}{share_text(share):>7}{time_text(cost.self_ns or None):>8}"


def costs_of_lines(proto: Proto, file: FileProfile) -> list[dict[int, InstructionCost]]:
    """The costs by pc of every function of a chunk, as far as they follow from the figures of its lines; else UNKNOWN."""
    functions = list(_nested(proto))
    blocks = [_blocks(function) for function in functions]
    members: dict[_Key, list[tuple[int, int]]] = {}
    for number, function in enumerate(functions):
        for pc, name in _instructions(function):
            members.setdefault((_charged_line(function, pc), name), []).append((number, pc))
    known = {(row.line, opcode.name): opcode for row in file.lines for opcode in row.opcodes}
    counts = {key: known[key].count if key in known else 0 for key in members}
    of_block = {(number, pc): (number, blocks[number][pc]) for places in members.values() for number, pc in places}
    solved = _solved({key: [of_block[place] for place in places] for key, places in members.items()}, counts)
    costs: list[dict[int, InstructionCost]] = [{} for _ in functions]
    for key, places in members.items():
        for number, pc in places:
            if len(places) == 1:
                times = known.get(key)
                costs[number][pc] = InstructionCost(counts[key], times.self_ns if times is not None else None)
            else:
                count = 0 if counts[key] == 0 else solved.get(of_block[number, pc])
                costs[number][pc] = UNKNOWN if count is None else InstructionCost(count)
    return costs


_Block = tuple[int, int]
"""A function by its number, and a block of it by the pc where it begins."""


def _solved(uses: Mapping[_Key, Sequence[_Block]], counts: Mapping[_Key, int]) -> dict[_Block, int]:
    """How often blocks ran: a sum of which all parts but one are known gives that one.

    An error that left a block in its middle shows as a contradiction; the blocks of such a sum are not known.
    """
    solved: dict[_Block, int] = {}
    while True:
        found = False
        for key, blocks in uses.items():
            unknown = [block for block in blocks if block not in solved]
            if unknown and len(set(unknown)) == 1:
                left = counts[key] - sum(solved[block] for block in blocks if block in solved)
                if left >= 0 and left % len(unknown) == 0:
                    solved[unknown[0]] = left // len(unknown)
                    found = True
        if not found:
            break
    doubtful = {
        block
        for key, blocks in uses.items()
        if all(block in solved for block in blocks) and sum(solved[block] for block in blocks) != counts[key]
        for block in blocks
    }
    return {block: count for block, count in solved.items() if block not in doubtful}


def _nested(proto: Proto) -> Iterator[Proto]:
    yield proto
    for inner in proto.protos:
        yield from _nested(inner)


def _instructions(proto: Proto) -> Iterator[tuple[int, str]]:
    pc = 0
    while pc < len(proto.code):
        opcode = OPCODES[proto.code[pc] & 0xFF]
        yield pc, opcode.name
        pc += opcode.words


def _charged_line(proto: Proto, pc: int) -> int:
    """The line that a profile charges an instruction to: making a function is of the line where that begins."""
    word = proto.code[pc]
    opcode = OPCODES[word & 0xFF]
    if opcode.name == "CLOSURE":
        return proto.protos[fields(opcode, word, 0)[1]].first_line
    return proto.line(pc)


def _blocks(proto: Proto) -> dict[int, int]:
    """By pc where the block around it begins: behind a jump or a return, or where one leads to."""
    starts = {0}
    for pc, _ in _instructions(proto):
        word = proto.code[pc]
        opcode = OPCODES[word & 0xFF]
        operands = fields(opcode, word, proto.code[pc + 1] if opcode.words == 2 else 0)
        jumps = [value for (_, kind), value in zip(opcode.operands, operands, strict=True) if kind == "jump"]
        if opcode.flow != "next":
            starts |= {pc + opcode.words, *(pc + opcode.words + value for value in jumps)}
    blocks = {}
    start = 0
    for pc, _ in _instructions(proto):
        start = pc if pc in starts else start
        blocks[pc] = start
    return blocks
