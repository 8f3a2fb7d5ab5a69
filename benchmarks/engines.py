"""What runs a Lua program: this machine in its modes, and the Luas that it is measured beside, where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import NamedTuple

from measuring import perilune_command

BASELINE = "lua5.4"


class Engine(NamedTuple):
    """A way to run a program: its arguments and the program's stand behind the command."""

    name: str
    command: list[str]
    description: str


def installed_engines() -> tuple[list[Engine], list[str]]:
    """The engines of this machine, the one that others are compared with first, and a sentence for each that is missing."""
    found, missing = [], []
    reference = shutil.which("lua5.4")
    if reference is None:
        missing.append("lua5.4 is not on the path: nothing is compared with it")
    else:
        found.append(Engine(BASELINE, [reference], _version([reference, "-v"], reference)))
    perilune = perilune_command()
    version = _version([*perilune, "--version"], perilune[-1])
    found += [
        Engine("run", [*perilune, "run"], f"perilune run: {version}"),
        Engine("sample", [*perilune, "profile"], "perilune profile, with its report"),
        Engine("count", [*perilune, "profile", "--mode", "count"], "perilune profile --mode count, with its report"),
    ]
    luajit = shutil.which("luajit")
    if luajit is None:
        missing.append("luajit is not on the path: nothing is compared with it")
    else:
        version = _version([luajit, "-v"], luajit)
        found.append(Engine("luajit -joff", [luajit, "-joff"], f"LuaJIT's interpreter: {version}"))
        found.append(Engine("luajit", [luajit], f"LuaJIT with its compiler: {version}"))
    return found, missing


def _version(command: list[str], path: str) -> str:
    """What a command says of its version, and the package that it is of where dpkg knows."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    text = f"{re.split('  | -- ', done.stdout.strip())[0]} at {path}"
    dpkg = shutil.which("dpkg-query")
    if dpkg is None:
        return text
    known = subprocess.run(
        [dpkg, "-W", "-f", ", package ${Package} ${Version}", *command[0].split("/")[-1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return text + known.stdout
