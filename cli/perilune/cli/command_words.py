"""How the words of a command that runs a program divide: its own options, the program, the program's arguments."""

from __future__ import annotations

from collections.abc import Collection

from perilune.profiler.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandWords:
    """The options of a command: those that a value follows, and the others."""

    value_options: Collection[str]
    switches: Collection[str]

    def split(self, arguments: list[str]) -> tuple[list[str], str | None, list[str]]:
        """Our options, the program, and its arguments.

        Ours stand before or directly behind the program's name. The first argument behind it that is not one of ours, or
        `--`, begins the program's own.
        """
        ours: list[str] = []
        path: str | None = None
        rest = list(arguments)
        while rest:
            argument = rest[0]
            if argument == "--":
                if path is None:
                    return ours, rest[1] if len(rest) > 1 else None, rest[2:]
                return ours, path, rest[1:]
            if not argument.startswith("-") or argument == "-":
                if path is not None:
                    break
                path = rest.pop(0)
                continue
            if path is not None and not self._are_ours(argument):
                break
            ours.append(rest.pop(0))
            if argument in self.value_options and rest:
                ours.append(rest.pop(0))
        return ours, path, rest

    def misplaced(self, arguments: list[str], program_arguments: list[str]) -> str | None:
        """An option of ours that went to the program, though nothing says that it was meant for it."""
        if "--" in arguments[: len(arguments) - len(program_arguments)]:
            return None
        return next(
            (argument for argument in program_arguments if argument.startswith("--") and self._are_ours(argument)), None
        )

    def _are_ours(self, argument: str) -> bool:
        name = argument.partition("=")[0]
        return name in self.value_options or name in self.switches or (argument.startswith("-o") and argument != "-o")
