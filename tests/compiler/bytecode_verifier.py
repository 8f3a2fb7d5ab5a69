"""Checks compiled functions as the virtual machine's verifier does, and more: that no operand is read before it is written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from perilune.compiler.effects import Effect
from perilune.compiler.opcodes import MAX_HINTED_KEY, MAX_SLOTS, OPCODES, Opcode
from perilune.compiler.proto import Proto

MAX_SHORT_STRING = 40


class Instruction:
    """One decoded instruction; `fields` holds signed values where the kind is signed."""

    def __init__(self, pc: int, opcode: Opcode, word: int, extra: int) -> None:
        self.pc = pc
        self.opcode = opcode
        self.name = opcode.name
        raw = {
            "A": word >> 8 & 0xFF,
            "B": word >> 16 & 0xFF,
            "C": word >> 24 & 0xFF,
            "Bx": word >> 16 & 0xFFFF,
            "J": word >> 8 & 0xFFFFFF,
            "X": extra,
        }
        bits = {"A": 8, "B": 8, "C": 8, "Bx": 16, "J": 24, "X": 32}
        self.fields: dict[str, int] = {"A": 0, "B": 0, "C": 0}
        for field, kind in opcode.operands:
            value = raw[field]
            if kind in ("i", "jump") and value >= 1 << (bits[field] - 1):
                value -= 1 << bits[field]
            self.fields[field] = value

    @property
    def next_pc(self) -> int:
        return self.pc + self.opcode.words

    @property
    def target(self) -> int | None:
        for field, kind in self.opcode.operands:
            if kind == "jump":
                return self.next_pc + self.fields[field]
        return None


def instructions(proto: Proto) -> list[Instruction]:
    """The decoded code of a function."""
    found = []
    pc = 0
    while pc < len(proto.code):
        word = proto.code[pc]
        opcode = OPCODES[word & 0xFF]
        extra = proto.code[pc + 1] if opcode.words == 2 else 0
        found.append(Instruction(pc, opcode, word, extra))
        pc += opcode.words
    return found


def functions(proto: Proto) -> Iterator[Proto]:
    """A function and all nested in it."""
    yield proto
    for nested in proto.protos:
        yield from functions(nested)


def verify(main: Proto) -> None:
    """Raises AssertionError where a function is not well formed."""
    for proto in functions(main):
        code = instructions(proto)
        by_pc = {instruction.pc: instruction for instruction in code}
        assert 2 <= proto.slots <= MAX_SLOTS
        assert len(proto.word_ranges) == len(proto.code)
        assert not len(proto.word_ranges) or max(proto.word_ranges) < len(proto.ranges)
        assert code[-1].opcode.flow in ("exit", "jump"), code[-1].name
        targets = {instruction.target for instruction in code} - {None}
        for target in targets:
            assert target in by_pc, f"jump into the middle: {target}"
        for instruction in code:
            _verify_operands(proto, instruction)
        _verify_open(code, targets)
        _verify_slots(proto, code, by_pc)
        _verify_closing(proto, code, by_pc)
        for local in proto.locals:
            assert local.first_pc <= local.end_pc <= len(proto.code), local.name
            assert local.slot < proto.slots


def _verify_operands(proto: Proto, instruction: Instruction) -> None:
    fields = instruction.fields
    for field, kind in instruction.opcode.operands:
        value = fields[field]
        where = f"{instruction.name} at {instruction.pc}"
        if kind in ("w", "r", "m", "a"):
            assert value < proto.slots, where
        elif kind in ("k", "num"):
            assert value < len(proto.constants), where
            if kind == "num":
                assert type(proto.constants[value]) in (int, float), where
        elif kind == "key":
            assert value <= MAX_HINTED_KEY, where
            key = proto.constants[value]
            assert isinstance(key, bytes) and len(key) <= MAX_SHORT_STRING, where
        elif kind == "u":
            assert value < len(proto.upvalues), where
        elif kind == "p":
            assert value < len(proto.protos), where
    effect = Effect(instruction.opcode)
    assert effect.lowest is None or effect.lowest.number(fields) >= 0
    for slot in effect.highest:
        assert slot.number(fields) < proto.slots, f"{instruction.name} at {instruction.pc}"


def is_open_producer(instruction: Instruction) -> bool:
    return instruction.name in ("CALL", "VARARG") and instruction.fields["C"] == 0


def is_open_consumer(instruction: Instruction) -> bool:
    names = ("CALL", "TAILCALL", "RETURN", "RETURNC", "SETLIST")
    return instruction.name in names and instruction.fields["B"] == 0


def _verify_open(code: list[Instruction], targets: set[int | None]) -> None:
    before: Instruction | None = None
    for instruction in code:
        produced = before is not None and is_open_producer(before)
        assert produced == is_open_consumer(instruction), f"open values at {instruction.pc}"
        if produced and before is not None:
            assert instruction.pc not in targets
            assert instruction.fields["A"] <= before.fields["A"]
        before = instruction
    assert before is None or not is_open_producer(before)


def _effect(instruction: Instruction, top: int) -> tuple[list[int], int, list[int]]:
    """Slots read, the first slot that is worthless afterwards, slots written."""
    a, b, c = (instruction.fields[field] for field in "ABC")
    name = instruction.name
    keep = 1 << 30
    if name == "CALL":
        return list(range(a, a + b if b else top)), a, list(range(a, a + c - 1 if c else a))
    if name in ("TAILCALL", "RETURN", "RETURNC"):
        count = b - (name != "TAILCALL")
        return list(range(a, a + count if b else top)), keep, []
    if name == "SETLIST":
        return list(range(a, a + b + 1 if b else top)), a + 1, []
    if name == "VARARG":
        return [], keep, list(range(a, a + c - 1 if c else a))
    if name == "LOADNIL":
        return [], keep, list(range(a, a + b + 1))
    if name == "SELF":
        return [b], a + 2, [a, a + 1]
    if name == "CONCAT":
        return list(range(a, a + b)), a, [a]
    if name == "FORPREP":
        return [a, a + 1, a + 2], a + 3, [a + 3]
    if name == "FORLOOP":
        return [a, a + 1, a + 2], a + 3, [a + 3]
    if name == "TFORPREP":
        return [a, a + 1, a + 2, a + 3], a + 4, []
    if name == "TFORCALL":
        return [a, a + 1, a + 2], a + 4, list(range(a + 4, a + 4 + c))
    if name == "TFORLOOP":
        return [a, a + 4], keep, [a + 2]
    if name == "CLOSE":
        return [], keep, []
    if len(instruction.opcode.operands) == 1 and instruction.opcode.operands[0] == ("A", "a"):
        # The classic stack operations: the effect lists the values before and after, the top last.
        before, _, after = instruction.opcode.effect.partition("--")
        first = a + 1 - len(before.split())
        end = first + len(after.split())
        return list(range(first, a + 1)), end, list(range(first, end))
    read = []
    written = []
    for field, kind in instruction.opcode.operands:
        assert kind != "a", name
        if kind in ("r", "m"):
            read.append(instruction.fields[field])
        if kind in ("w", "m"):
            written.append(instruction.fields[field])
    return read, keep, written


def _verify_slots(proto: Proto, code: list[Instruction], by_pc: dict[int, Instruction]) -> None:
    """Follows every path: a slot that is read was written since it last lost its value."""
    states: dict[int, int] = {0: (1 << proto.parameters) - 1}
    work = [0]
    before = {after.pc: instruction for instruction, after in itertools.pairwise(code)}
    while work:
        pc = work.pop()
        instruction = by_pc[pc]
        state = states[pc]
        producer = before.get(pc)
        top = producer.fields["A"] if producer is not None else 0
        read, lost, written = _effect(instruction, top)
        for slot in read:
            assert state >> slot & 1, f"{instruction.name} at {pc} reads slot {slot}, which holds nothing"
        after = state & ((1 << lost) - 1) if lost < 1 << 30 else state
        for slot in written:
            after |= 1 << slot
        following = []
        if instruction.opcode.flow in ("next", "branch"):
            following.append((instruction.next_pc, state if instruction.name in ("JTMOVE", "JFMOVE") else after))
        if instruction.target is not None:
            reached = state if instruction.name == "FORPREP" else after
            following.append((instruction.target, reached))
        for target, reached in following:
            known = states.get(target)
            if known is None or known & reached != known:
                states[target] = reached if known is None else known & reached
                work.append(target)


def _verify_closing(proto: Proto, code: list[Instruction], by_pc: dict[int, Instruction]) -> None:
    """Follows every path: what was captured or marked is closed before its slot is used again, and before a return."""
    nothing = 255
    states: dict[int, tuple[int, int]] = {
        0: (nothing, 0)
    }  # lowest slot that may be open, set of slots that may be marked
    work = [0]
    while work:
        pc = work.pop()
        instruction = by_pc[pc]
        opened, marked = states[pc]
        name, a = instruction.name, instruction.fields["A"]
        mark = -1
        if name == "CLOSURE":
            nested = proto.protos[instruction.fields["Bx"]]
            opened = min([opened, *(upvalue.index for upvalue in nested.upvalues if upvalue.in_stack)])
        elif name == "TBC":
            mark = a
        elif name == "TFORPREP":
            mark = a + 3
        elif name == "CLOSE":
            opened = nothing if opened >= a else opened
            marked &= (1 << a) - 1
        elif name in ("RETURN", "RETURN0", "RETURN1", "TAILCALL"):
            assert opened == nothing, f"{name} at {pc} leaves slot {opened} open"
        if mark >= 0:
            assert marked >> mark == 0, f"{name} at {pc} marks slot {mark} below another"
            marked |= 1 << mark
            opened = min(opened, mark)
        following = [instruction.next_pc] if instruction.opcode.flow in ("next", "branch") else []
        if instruction.target is not None:
            following.append(instruction.target)
        for target in following:
            known = states.get(target, (nothing, 0))
            merged = min(known[0], opened), known[1] | marked
            if target not in states or merged != known:
                states[target] = merged
                work.append(target)
