"""What profiling costs: the time of a run beside that of the same program without a profile."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from perilune.compiler.cache import compile_cached
from perilune.profiler.instructions import source_path
from perilune.vm import State

_BINARY = b"\x1b"


def plain_run_ns(text: bytes, chunkname: bytes, args: Sequence[str] = (), state: State | None = None) -> int | None:
    """Nanoseconds that a program runs in a machine of its own, unprofiled; None where it did not run to its end.

    The arguments are those of `Session` and its `run`. Whatever the program does it does again.
    """
    chunk = text
    if not text.startswith(_BINARY):
        chunk = compile_cached(text, chunkname, is_file=chunkname[:1] in (b"@", b"="))
    with state or State() as machine:
        script = os.fsencode(source_path(chunkname))
        started = time.perf_counter_ns()
        outcome = machine.run(chunk, chunkname, [os.fsencode(argument) for argument in args], script)
        passed = time.perf_counter_ns() - started
    return None if outcome.kind in ("interrupted", "limit") else passed
