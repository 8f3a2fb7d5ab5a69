"""The machine refuses chunks that could take it out of its memory, and survives all others."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.opcodes import BY_NAME, OPCODES
from perilune.compiler.proto import LocalVariable, Proto, UpvalueDescription, dump, undump
from perilune.vm import State

FUZZER = Path(__file__).parent / "fuzz_chunks.py"
FUZZ_BATCHES = 4
FUZZ_BATCH = 400
STUCK = 42


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    with State() as state:
        yield state


def word(name: str, a: int = 0, b: int = 0, c: int = 0) -> int:
    return BY_NAME[name].code | a << 8 | b << 16 | c << 24


def jump(name: str, distance: int) -> int:
    return BY_NAME[name].code | (distance & 0xFFFFFF) << 8


RETURN = word("RETURN0")


def function(*code: int, slots: int = 4, parameters: int = 0) -> Proto:
    proto = Proto(b"=test", None, 0, 0)
    proto.code.extend(number & 0xFFFFFFFF for number in code)
    proto.slots = slots
    proto.parameters = parameters
    proto.upvalues = [UpvalueDescription(b"_ENV", True, 0)]
    proto.constants = [1, b"name", None]
    return proto


def capturing(slot: int) -> Proto:
    nested = function(RETURN)
    nested.upvalues = [UpvalueDescription(b"x", True, slot)]
    return nested


def refusal(state: State, proto: Proto) -> str | None:
    message = state.check(dump(proto), b"=test")
    if message is None:
        return None
    prefix = "test: bad binary format ("
    text = message.decode()
    assert text.startswith(prefix)
    return text.removeprefix(prefix).removesuffix(")")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ((), "function without code"),
        ((0xFF,), "unknown opcode"),
        ((word("LOADNIL", 0, 1),), "code without an end"),
        ((RETURN, word("GETFIELD", 0, 1)), "truncated instruction"),
        ((word("MOVE", 4, 0), RETURN), "slot out of range"),
        ((word("MOVE", 0, 4), RETURN), "slot out of range"),
        ((word("LOADNIL", 2, 2), RETURN), "slot out of range"),
        ((word("SWAP", 0), RETURN), "slot out of range"),
        ((word("OVER2", 1), RETURN), "slot out of range"),
        ((word("FORPREP", 1), 0, RETURN), "slot out of range"),
        ((word("CALL", 0, 6, 1), RETURN), "slot out of range"),
        ((word("CALL", 0, 1, 6), RETURN), "slot out of range"),
        ((word("LOADK", 0, 3), RETURN), "constant out of range"),
        ((word("ADDK", 0, 1, 1), RETURN), "number constant expected"),
        ((word("GETFIELD", 0, 1), 0, RETURN), "key constant expected"),
        ((word("GETUPVAL", 0, 1), RETURN), "upvalue out of range"),
        ((word("CLOSURE", 0, 0), RETURN), "nested function out of range"),
        ((word("CONCAT", 0, 1), RETURN), "too few operands"),
        ((word("NEWTABLE", 0, 26), 0, RETURN), "table too large"),
        ((word("NEWTABLE", 0, 0), 1 << 31, RETURN), "table too large"),
        ((word("VARARG", 0, 0, 2), RETURN), "no extra arguments here"),
        ((jump("JMP", 1), RETURN), "jump out of range"),
        ((jump("JMP", -2), RETURN), "jump out of range"),
        ((word("JT", 0), 1 << 31, RETURN), "jump out of range"),
        ((jump("JMP", 1), word("GETFIELD", 0, 0), 1, RETURN), "jump out of range"),
        ((word("CALL", 0, 1, 0), RETURN), "open results out of place"),
        ((word("CALL", 0, 0, 1), RETURN), "open results out of place"),
        ((word("CALL", 0, 1, 0), word("CALL", 0, 0, 1), RETURN), "open results out of place"),
        ((word("CALL", 0, 1, 0), word("RETURN", 1, 0)), "open results out of place"),
        ((word("JT", 0), 1, word("CALL", 0, 1, 0), word("RETURN", 0, 0)), "jump to open results"),
        ((word("TFORPREP", 1), 0, RETURN), "slot out of range"),
        ((word("TFORPREP", 0), 0, RETURN), "broken loop"),
        ((word("TBC", 0), RETURN), "variables left open"),
        ((word("TBC", 0), word("TAILCALL", 1, 1)), "variables left open"),
    ],
)
def test_unsafe_code_is_refused(state: State, code: tuple[int, ...], reason: str) -> None:
    assert refusal(state, function(*code)) == reason


@pytest.mark.parametrize(
    "code",
    [
        (RETURN,),
        (word("CALL", 0, 1, 0), word("RETURN", 0, 0)),
        (word("CALL", 1, 1, 0), word("CALL", 0, 0, 1), RETURN),
        (word("TBC", 0), word("CLOSE", 0), RETURN),
        (word("TBC", 0), word("CLOSE", 0), jump("JMP", -3)),
        (word("TBC", 0), word("RETURNC", 0, 1)),
        (jump("JMP", -1),),
    ],
)
def test_safe_code_is_taken(state: State, code: tuple[int, ...]) -> None:
    assert refusal(state, function(*code)) is None


def test_loops_keep_their_parts_together(state: State) -> None:
    for_call = (word("TFORCALL", 0, 0, 1), word("TFORLOOP", 0), -3 & 0xFFFFFFFF)
    assert refusal(state, function(word("TFORPREP", 0), 0, *for_call, word("RETURNC", 0, 1), slots=8)) is None
    assert refusal(state, function(word("TFORPREP", 1), 0, *for_call, word("RETURNC", 0, 1), slots=8)) == "broken loop"
    assert refusal(state, function(word("TFORCALL", 0, 0, 1), RETURN, slots=8)) == "broken loop"


def test_a_captured_variable_is_closed_before_its_frame_goes(state: State) -> None:
    make = word("CLOSURE", 1, 0)
    for code, reason in (
        ((make, RETURN), "variables left open"),
        ((make, word("RETURN1", 1)), "variables left open"),
        ((make, word("CLOSE", 1), RETURN), "variables left open"),
        ((make, word("CLOSE", 0), RETURN), None),
        ((make, word("RETURNC", 1, 2)), None),
        ((RETURN, make, RETURN), None),
    ):
        proto = function(*code)
        proto.protos = [capturing(0)]
        assert refusal(state, proto) == reason


def test_headers_are_checked(state: State) -> None:
    proto = function(RETURN, slots=255)
    assert refusal(state, proto) == "too many slots"
    proto = function(RETURN, slots=2, parameters=3)
    assert refusal(state, proto) == "too many slots"
    proto = function(RETURN)
    proto.protos = [capturing(4)]
    assert refusal(state, proto) == "upvalue out of range"
    proto = function(RETURN)
    proto.locals = [LocalVariable(b"x", 0, 2, 0)]
    assert refusal(state, proto) == "local variable out of range"
    proto = function(RETURN)
    for _ in range(199):
        outer = function(RETURN)
        outer.protos = [proto]
        proto = outer
    assert refusal(state, proto) is None
    for _ in range(2):
        outer = function(RETURN)
        outer.protos = [proto]
        proto = outer
    assert refusal(state, proto) == "functions nested too deep"


def test_a_count_that_lies_allocates_nothing(state: State) -> None:
    chunk = bytearray(dump(function(RETURN)))
    at = chunk.index(struct.pack("<I", RETURN)) - 4
    chunk[at : at + 4] = b"\xff\xff\xff\x7f"
    state.set_memory_limit(1 << 20)
    assert state.check(bytes(chunk), b"=test") == b"test: bad binary format (truncated chunk)"
    state.set_memory_limit(None)


def test_every_cut_chunk_is_refused(state: State) -> None:
    chunk = dump(
        compile_chunk(b"local a <close> = nil; return function(...) for k in pairs(a) do local b = k end end", b"=x")
    )
    assert state.check(chunk, b"=x") is None
    for length in range(1, len(chunk)):
        message = state.check(chunk[:length], b"@x.lua")
        assert message == b"x.lua: bad binary format (truncated chunk)"
    assert state.check(chunk + b"\0", b"=x") == b"x: bad binary format (bytes behind the end)"


def test_a_chunk_of_another_version_is_refused(state: State) -> None:
    chunk = bytearray(dump(function(RETURN)))
    chunk[10] ^= 1
    assert state.check(bytes(chunk), b"=x") == b"x: bad binary format (version mismatch)"


def test_what_string_dump_writes_is_what_the_compiler_wrote(state: State) -> None:
    text = b"local a, b = 1.5, 'x'; return function(...) local c = a; return c .. b, {...}, function() return c end end"
    chunk = dump(compile_chunk(text, b"=x"))
    assert dump(undump(chunk)) == chunk
    state.run(b"assert(string.dump(load(...)) == ...)", b"=t", [chunk]).check()
    stripped = b"local once = string.dump(load(...), true); assert(string.dump(load(once)) == once and #once < #...)"
    state.run(stripped, b"=t", [chunk]).check()


@pytest.mark.parametrize("batch", range(FUZZ_BATCHES))
def test_spoiled_chunks_do_no_harm(batch: int) -> None:
    first, last = batch * FUZZ_BATCH, (batch + 1) * FUZZ_BATCH
    while first < last:
        finished = subprocess.run(
            [sys.executable, str(FUZZER), str(first), str(last - first)], capture_output=True, timeout=250, check=False
        )
        lines = finished.stdout.decode().split()
        if finished.returncode != STUCK:
            assert finished.returncode == 0, f"seed {lines[-1]}: {finished.stderr.decode()[-2000:]}"
            break
        first = int(lines[-1]) + 1


INSTRUCTIONS = st.builds(
    lambda opcode, a, b, c, x: [word(opcode.name, a, b, c), x][: opcode.words],
    st.sampled_from(OPCODES),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(-6, 6).map(lambda distance: distance & 0xFFFFFFFF),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(INSTRUCTIONS, max_size=12))
def test_any_code_is_judged(instructions: list[list[int]]) -> None:
    with State() as state:
        refusal(state, function(*(number for one in instructions for number in one), RETURN, slots=10))
