"""PUC Lua as fast as a C compiler makes it: built from its source with -O3 and a profile of the programs that are measured.

That is more than any package does: what it was trained with is what it is measured with.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engines import Engine
from measuring import CommandFailed, usage_of

NAME = "puc -O3 pgo"
_FLAGS = ("-O3", "-std=gnu99", "-DLUA_COMPAT_5_3")
_NOT_OF_THE_INTERPRETER = {"luac.c", "onelua.c", "ltests.c"}


def build_puc(source: Path, folder: Path, training: Sequence[list[str]]) -> Engine:
    """Builds the interpreter in a folder of its own, trained by running programs. Raises CommandFailed.

    `source` is the folder of a release, or its `src`; `training` are programs with their arguments.
    """
    code = source / "src" if (source / "src").is_dir() else source
    files = sorted(path for path in code.glob("*.c") if path.name not in _NOT_OF_THE_INTERPRETER)
    if not any(path.name == "lua.c" for path in files):
        raise CommandFailed(f"{source}: no source of PUC Lua: lua.c is not there")
    compiler = shutil.which("gcc")
    if compiler is None:
        raise CommandFailed("gcc is not on the path: PUC Lua is not built")
    built = folder / "lua"
    system = ("-DLUA_USE_POSIX", "-DLUA_USE_DLOPEN")

    def compile_with(*flags: str) -> None:
        for path in files:
            _run([compiler, *_FLAGS, *system, *flags, "-c", str(path), "-o", f"{path.stem}.o"], folder)
        objects = [f"{path.stem}.o" for path in files]
        _run([compiler, *flags, "-Wl,-E", *objects, "-o", str(built), "-lm", "-ldl"], folder)

    compile_with("-fprofile-generate")
    for program in training:
        usage_of([str(built), *program])
    compile_with("-fprofile-use", "-Wno-missing-profile")
    version = subprocess.run([str(built), "-v"], stdout=subprocess.PIPE, text=True, check=False).stdout
    text = f"{version.partition('  ')[0]} from source, {Path(compiler).name} {' '.join(_FLAGS)}, profile-guided"
    return Engine(NAME, [str(built)], f"{text} by {len(training)} of the programs")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(command)}: {done.stderr.strip().partition(chr(10))[0]}")
