"""Loads and runs chunks that were spoiled at random: whatever they hold, the machine must survive.

python fuzz_chunks.py FIRST_SEED COUNT      prints the seed it stands at, so that a crash names its chunk
python fuzz_chunks.py --show SEED           writes the spoiled chunk of a seed to standard output
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.opcodes import OPCODES
from perilune.compiler.proto import Proto, dump, undump
from perilune.vm import State

PROGRAMS = Path(__file__).parents[1] / "lua"
LARGEST_PROGRAM = 3000
MEMORY_LIMIT = 64 << 20
RUN_SECONDS = 0.05
STUCK_SECONDS = 10
STUCK = 42

# A spoiled program may call anything that it can name.
HARMLESS = b"io, os, package, require, dofile, loadfile, debug, print, collectgarbage = nil"


class Watchdog:
    """Interrupts a program that runs too long; ends the process if that does not help."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.since = 0.0
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self) -> None:
        while True:
            time.sleep(RUN_SECONDS / 2)
            state, elapsed = self.state, time.monotonic() - self.since
            if state is not None and elapsed > RUN_SECONDS:
                state.interrupt()
            if state is not None and elapsed > STUCK_SECONDS:
                os._exit(STUCK)


def programs() -> list[Path]:
    return sorted(path for path in PROGRAMS.rglob("*.lua") if path.stat().st_size <= LARGEST_PROGRAM)


def functions(proto: Proto) -> list[Proto]:
    return [proto, *(inner for nested in proto.protos for inner in functions(nested))]


def spoil_word(proto: Proto, pick: random.Random) -> None:
    """Changes one instruction so that it often still passes for one."""
    code = proto.code
    pc = pick.randrange(len(code))
    kind = pick.randrange(6)
    if kind == 0:
        code[pc] = code[pc] & ~0xFF | pick.randrange(len(OPCODES))
    elif kind == 1:
        shift = pick.choice((8, 16, 24))
        code[pc] = code[pc] & ~(0xFF << shift) | pick.randrange(max(proto.slots, 1) + 2) << shift
    elif kind == 2:
        code[pc] = (code[pc] + pick.choice((-1, 1)) * (1 << pick.choice((0, 8, 16, 24)))) & 0xFFFFFFFF
    elif kind == 3:
        code[pc] = code[pick.randrange(len(code))]
    elif kind == 4:
        other = pick.randrange(len(code))
        code[pc], code[other] = code[other], code[pc]
    else:
        code[pc] = pick.getrandbits(32)


def spoil_proto(proto: Proto, pick: random.Random) -> None:
    kind = pick.randrange(12)
    if kind == 0:
        proto.slots = pick.choice((proto.slots - 1, proto.slots + 1, 254)) & 0xFF
    elif kind == 1:
        proto.parameters = pick.randrange(5)
    elif kind == 2:
        proto.is_vararg = not proto.is_vararg
    elif kind == 3 and proto.constants:
        proto.constants[pick.randrange(len(proto.constants))] = pick.choice((None, True, 1, 0.5, b"x", b"y" * 60))
    elif kind == 4 and proto.upvalues:
        upvalue = pick.choice(proto.upvalues)
        upvalue.in_stack, upvalue.index = not upvalue.in_stack, pick.randrange(8)
    elif kind == 5 and proto.locals:
        pick.choice(proto.locals).slot = pick.randrange(256)
    else:
        for _ in range(pick.choice((1, 1, 1, 2, 4))):
            spoil_word(proto, pick)


def spoiled_chunk(seed: int, paths: list[Path]) -> bytes:
    pick = random.Random(seed)
    while True:
        path = pick.choice(paths)
        try:
            chunk = dump(compile_chunk(path.read_bytes(), b"@" + path.name.encode(), is_file=True))
            break
        except LuaSyntaxError:
            continue
    if pick.random() < 0.2:
        spoiled = bytearray(chunk)
        for _ in range(pick.choice((1, 1, 2, 8))):
            spoiled[pick.randrange(17, len(spoiled))] = pick.choice((0, 1, 0xFF, pick.randrange(256)))
        return bytes(spoiled[: pick.randrange(len(spoiled))] if pick.random() < 0.1 else spoiled)
    proto = undump(chunk)
    spoil_proto(pick.choice(functions(proto)), pick)
    return dump(proto)


def refuse(text: bytes, name: bytes) -> bytes:
    raise ValueError("no compiler here")


def try_chunk(chunk: bytes, watchdog: Watchdog, profiled: bool) -> bool:
    """Runs a chunk if the machine takes it; returns whether it did."""
    state = State(refuse)
    state.set_memory_limit(MEMORY_LIMIT)
    state.run(dump(compile_chunk(HARMLESS, b"=harmless")), b"=harmless").check()
    taken = state.check(chunk, b"=spoiled") is None
    if taken:
        watchdog.since = time.monotonic()
        watchdog.state = state
        if profiled:
            state.profile_start("oracle")
        state.run(chunk, b"=spoiled")
        if profiled:
            state.profile_stop()
            state.profile_data()
        state.close()
        watchdog.state = None
    return taken


def main() -> int:
    paths = programs()
    if sys.argv[1] == "--show":
        sys.stdout.buffer.write(spoiled_chunk(int(sys.argv[2]), paths))
        return 0
    first, count = int(sys.argv[1]), int(sys.argv[2])
    watchdog = Watchdog()
    taken = 0
    for seed in range(first, first + count):
        print(seed, flush=True)
        taken += try_chunk(spoiled_chunk(seed, paths), watchdog, profiled=seed % 4 == 0)
    print(f"taken {taken}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
