"""The project's own C modules for tests, compiled against its own headers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADERS = ROOT / "vm/core/capi/include"
COMPILER = shutil.which("gcc") or shutil.which("cc") or ""

needs_compiler = pytest.mark.skipif(not COMPILER or sys.platform == "win32", reason="no C compiler, or no C modules")


def compile_module(folder: Path, name: str) -> Path:
    """The library of tests/c/NAME.c."""
    library = folder / f"{name}.so"
    options = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", str(HEADERS)]
    subprocess.run([COMPILER, *options, str(ROOT / f"tests/c/{name}.c"), "-o", str(library)], check=True, timeout=120)
    return library
