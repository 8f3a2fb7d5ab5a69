"""Measures how long the commands take to start: mean times of interleaved runs over an empty program.

    python benchmarks/startup.py [--runs N] [--limit RATIO] [COMMAND...]

Beside them stand `python -c pass`, which no command can be quicker than, and `lua5.4` where that is installed. The programs
are in the cache. Exits with status 1 if `perilune run` exceeds the limit, as a multiple of `python -c pass`.
`python -X importtime -m perilune run empty.lua` shows what is imported. An editable install takes some milliseconds more,
as its finder of modules is imported first, and so does a script that an older pip has made, which imports `re`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from measuring import Usage, perilune_command, usage_of

NOTHING = "python -c pass"
RUN = "run"
COMMANDS = {
    RUN: ["run", "empty.lua"],
    "run -e": ["run", "-e", ""],
    "profile": ["profile", "empty.lua"],
    "profile --mode count": ["profile", "--mode", "count", "empty.lua"],
    "profile -o p.json": ["profile", "-o", "p.json", "empty.lua"],
    "check": ["check", "empty.lua"],
    "disasm": ["disasm", "empty.lua"],
    "--version": ["--version"],
    "--help": ["--help"],
}


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=f"of {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--limit", type=float, default=3.0, help="largest ratio of perilune run (default: 3)")
    options = parser.parse_args()
    unknown = [name for name in options.commands if name not in COMMANDS]
    if unknown:
        parser.error(f"no command {unknown[0]}: there are {', '.join(COMMANDS)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty.lua").write_text("")
        commands = {NOTHING: [sys.executable, "-c", "pass"]}
        lua = shutil.which("lua5.4")
        if lua is not None:
            commands["lua5.4"] = [lua, "empty.lua"]
        for command in options.commands or COMMANDS:
            commands[f"perilune {command}"] = [*perilune_command(), *COMMANDS[command]]
        used: dict[str, list[Usage]] = {command: [] for command in commands}
        for _ in range(options.runs + 2):
            for command, words in commands.items():
                used[command].append(usage_of(words, folder=folder))
    # The system may count user time in ticks of some milliseconds: only the mean of many runs means something.
    user = {command: sum(each.user_seconds for each in found[2:]) / options.runs for command, found in used.items()}
    processor = {
        command: sum(each.processor_seconds for each in found[2:]) / options.runs for command, found in used.items()
    }
    print(f"{'ms':<30}{'user':>8}{'with system':>14}{'beside python':>16}")
    for command, seconds in processor.items():
        ratio = f"{seconds / processor[NOTHING]:.2f} x"
        print(f"{command:<30}{1000 * user[command]:>8.1f}{1000 * seconds:>14.1f}{ratio:>16}")
    name = f"perilune {RUN}"
    if name not in processor:
        return 0
    is_kept = processor[name] <= options.limit * processor[NOTHING]
    print(f"limit of {name}, {options.limit:g} x: {'kept' if is_kept else 'exceeded'}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
