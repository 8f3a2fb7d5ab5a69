"""The limits that `run` and `profile` set to a program: their options, and the machine that has them."""

from __future__ import annotations

import os

from perilune.cli.errors import CommandError
from perilune.vm import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

VALUE_OPTIONS = ("--timeout", "--max-memory", "--max-instructions", "--sandbox-root")
SWITCHES = ("--sandbox",)

USAGE = """\
  --timeout SECONDS     end the program after that time
  --max-memory SIZE     let it hold so many bytes: 500K, 64M, 2G
  --max-instructions N  end it after so many instructions, 1e9 for a billion
  --sandbox             keep it from files, commands and the environment: it has
                        the standard streams of io, the times and exit of os,
                        traceback and getinfo of debug, and loads only files of
                        its own folder
  --sandbox-root FOLDER the same, and it loads only files of that folder

A program that a limit ends has the exit status 124.
"""

_SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_HELP = {
    "--timeout": ("SECONDS", "end the program after that time, and report"),
    "--max-memory": ("SIZE", "let it hold so many bytes: 500K, 64M, 2G"),
    "--max-instructions": ("N", "end it after so many instructions, 1e9 for a billion; it runs slower"),
    "--sandbox-root": (
        "FOLDER",
        "--sandbox, with this folder in place of the program's own as what it may load files of",
    ),
}


class Limits:
    """What the options say; None is no limit."""

    __slots__ = ("instructions", "memory", "sandbox", "sandbox_root", "seconds")

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.memory: int | None = None
        self.instructions: int | None = None
        self.sandbox = False
        self.sandbox_root: str | None = None

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> Limits:
        """The limits among the options that `add_options` added."""
        limits = cls()
        for name in VALUE_OPTIONS:
            value = getattr(options, _destination(name))
            if value is not None:
                limits._set(name, value)
        limits.sandbox |= options.sandbox
        return limits

    def take(self, arguments: list[str], index: int) -> int:
        """Reads the option at an index; gives the index behind it and its value, or the same if it is not one of these."""
        name, equals, value = arguments[index].partition("=")
        if name in SWITCHES and not equals:
            self.sandbox = True
            return index + 1
        if name not in VALUE_OPTIONS:
            return index
        if not equals:
            index += 1
            if index == len(arguments):
                raise CommandError(f"'{name}' needs argument", 2)
            value = arguments[index]
        self._set(name, value)
        return index + 1

    def new_state(self, program: str | None, *, keeps_texts: bool = True) -> State:
        """A machine with these limits for a program file; None or `-` is one without a file. `keeps_texts` as in State."""
        has_folder = program is not None and program != "-"
        root = os.path.dirname(program or "") or "." if has_folder else None
        state = State(sandbox=self.sandbox, sandbox_root=self.sandbox_root or root, keeps_texts=keeps_texts)
        state.set_memory_limit(self.memory)
        state.set_instruction_limit(self.instructions)
        if self.seconds is not None:
            state.set_timeout(self.seconds)
        return state

    def _set(self, name: str, value: str) -> None:
        if name == "--timeout":
            self.seconds = _seconds(value)
        elif name == "--max-memory":
            self.memory = size_in_bytes(value, name)
        elif name == "--sandbox-root":
            if not os.path.isdir(value):
                raise CommandError(f"--sandbox-root: '{value}' is no folder", 2)
            self.sandbox, self.sandbox_root = True, value
        else:
            self.instructions = _count(value)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to those of a command."""
    group = parser.add_argument_group("limits", "A program that one of these ends has the exit status 124.")
    for name, (metavar, text) in _HELP.items():
        group.add_argument(name, metavar=metavar, help=text)
    group.add_argument(
        "--sandbox",
        action="store_true",
        help="keep it from files, commands and the environment (see perilune run --help)",
    )


def _destination(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def _seconds(text: str) -> float:
    seconds = _number(text)
    if not 0.0 < seconds < float("inf"):
        raise CommandError(f"--timeout: '{text}' is not a number of seconds above 0", 2)
    return seconds


def _count(text: str) -> int:
    count = _number(text)
    if not 1.0 <= count < 1 << 63:
        raise CommandError(f"--max-instructions: '{text}' is not a number of instructions above 0", 2)
    return int(text) if text.isdecimal() else int(count)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def size_in_bytes(text: str, option: str) -> int:
    """The size that an option's value is: 500K, 64M, 2G. Ends the command where it is none."""
    digits = text.upper().removesuffix("B")
    unit = _SIZE_UNITS.get(digits[-1:], 1)
    if unit > 1:
        digits = digits[:-1]
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 19 or not 0 < int(digits) * unit < 1 << 63:
        raise CommandError(f"{option}: '{text}' is not a size like 500K, 64M or 2G", 2)
    return int(digits) * unit
