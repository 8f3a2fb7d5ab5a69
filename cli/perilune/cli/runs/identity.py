"""What makes results: the version of Perilune, and digests of all that the counts of a program depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import perilune.compiler
import perilune.profiler.model
from perilune import vm

_ROOMS = (perilune.compiler, vm, perilune.profiler.model)
_SUFFIXES = (".py", ".lark")
_DIGITS = 12


@cache
def code_identity() -> str:
    """`0.1.0 9f86d081884c`: equal on machines with the same version, as far as it is written in Python."""
    folders = [Path(room.__file__ or "").parent for room in _ROOMS]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES]
    return f"{version('perilune')} {_digest(files)}"


@cache
def identity() -> str:
    """As `code_identity`, and equal only where the machine was built from the same code, by the same compiler."""
    return f"{code_identity()} {_digest([Path(vm._core.__file__)])}"


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]
