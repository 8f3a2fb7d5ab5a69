"""Generated programs do the same under Perilune and under lua5.4, or end with the same message.

Another `PERILUNE_DIFFERENTIAL_SEED` gives other programs; `PERILUNE_DIFFERENTIAL_PROGRAMS` is the number of programs of
each kind, `PERILUNE_REFERENCE` the reference implementation.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from differential import expressions, libraries, malformed, statements, tables
from differential.choices import Choices
from differential.reference import REFERENCE, Difference, differences
from perilune.compiler.chunks import check_source
from perilune.compiler.source import Source

SEED = int(os.environ.get("PERILUNE_DIFFERENTIAL_SEED") or 1)
PROGRAMS = int(os.environ.get("PERILUNE_DIFFERENTIAL_PROGRAMS") or 1000)
BATCH = 500
SHRINKING_SECONDS = 40
SYNTAX = b'"syntax" '  # with which the driver begins a message of the compiler

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(shutil.which(REFERENCE) is None, reason=f"no {REFERENCE} on PATH"),
]

Generator = Callable[[Choices], str]


def programs_of(generator: Generator) -> st.SearchStrategy[bytes]:
    @st.composite
    def program(draw: Any) -> bytes:
        return generator(Choices(draw)).encode()

    return program()


def drawn(generator: Generator, count: int, phases: tuple[Phase, ...], use: Callable[[bytes], None]) -> None:
    """Hands programs to `use`: the same ones for the same seed."""

    @seed(SEED)
    @settings(
        max_examples=count,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(programs_of(generator))
    def hand_over(program: bytes) -> None:
        use(program)

    hand_over()


@pytest.mark.parametrize(
    "generator", [expressions, libraries, statements, tables, malformed], ids=lambda m: m.__name__[13:]
)
def test_generated_programs_do_the_same(generator: Any) -> None:
    print(f"seed {SEED}, {PROGRAMS} programs")
    programs: list[bytes] = []
    drawn(generator.program, PROGRAMS, (Phase.generate,), programs.append)
    assert len(programs) > PROGRAMS / 2
    found = []
    for start in range(0, len(programs), BATCH):
        found += different(programs[start : start + BATCH])
    if found:
        pytest.fail(f"seed {SEED}: {len(found)} programs differ\n{smallest(generator.program, found[0].program)}")


def different(programs: list[bytes]) -> list[Difference]:
    """The differences that matter: of several mistakes in a program, the reference may name another one first."""
    return [found for found in differences(programs) if not found.perilune.startswith(SYNTAX) or not is_known(found)]


def is_known(difference: Difference) -> bool:
    """Whether the reference's message is among those that `perilune check` has."""
    messages = {
        f'{SYNTAX.decode()}"program:{found.line}: {found.message}"'.encode("latin-1")
        for found in check_source(Source.from_bytes("program", difference.program, is_file=False))
    }
    return difference.reference.replace(b'\\"', b'"').replace(b"\\\\", b"\\") in messages


class TimeIsUp(BaseException):
    """Ends hypothesis, which catches every Exception."""


def smallest(generator: Generator, failing: bytes) -> str:
    """Draws the programs again up to the failing one and shrinks it, as long as it alone shows a difference."""
    report = "the programs differ only where others run before them"
    least: int | None = None
    end = None

    def fail_if_different(program: bytes) -> None:
        nonlocal report, least, end
        if program == failing:
            end = time.monotonic() + SHRINKING_SECONDS
        if end is None:
            return
        if time.monotonic() > end:
            raise TimeIsUp
        if found := different([program]):
            if least is None or len(program) < least:
                report, least = str(found[0]), len(program)
            raise AssertionError

    with contextlib.suppress(AssertionError, TimeIsUp):
        drawn(generator, PROGRAMS, (Phase.generate, Phase.shrink), fail_if_different)
    return report
