"""Writes the C code of the compiler's modules, which mypyc makes of them, and what CMake must know to build it.

python machine_code.py FOLDER

Modules that are imported at every start, or seldom used, stay Python. So does everything where this fails.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mypyc.build import mypycify

MODULES = (
    "actions",
    "assignments",
    "calls",
    "chunks",
    "codegen",
    "diagnostics",
    "emission",
    "expressions",
    "folding",
    "grammar",
    "jumps",
    "lexer",
    "literals",
    "nesting",
    "nodes",
    "operands",
    "operators",
    "parser",
    "proto",
    "resolver",
    "source",
    "stacks",
    "statements",
    "symbols",
    "tables",
)
"""What a text goes through on its way to a binary chunk."""

_GROUP = "perilune.compiler.machine"


def main(folder: Path) -> None:
    """Writes the C files, and `extensions.cmake`: for each extension its name and, behind `=`, its files."""
    os.chdir(Path(__file__).parent)
    os.environ["MYPYPATH"] = "."
    options = ["--namespace-packages", "--explicit-package-bases", "--config-file=", f"--cache-dir={folder / 'types'}"]
    extensions = mypycify(
        [*options, *(f"perilune/compiler/{module}.py" for module in MODULES)],
        opt_level="2",
        multi_file=True,  # so that they are compiled side by side
        target_dir=str(folder),
        group_name=_GROUP,
    )
    lines = []
    includes = {str(folder), str(folder.joinpath(*_GROUP.split(".")[:-1]))}
    for extension in extensions:
        lines.append(f'set(SOURCES_{extension.name} "{_listed(extension.sources)}")')
        includes.update(extension.include_dirs)
    lines.append(f'set(EXTENSIONS "{_listed([extension.name for extension in extensions])}")')
    lines.append(f'set(INCLUDES "{_listed(sorted(includes))}")')
    (folder / "extensions.cmake").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _listed(values: list[str]) -> str:
    return ";".join(value.replace("\\", "/") for value in values)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
