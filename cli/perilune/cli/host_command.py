"""Running the command that hosts Lua, as if nothing stood before it, and finding out why there was no Lua in it."""

from __future__ import annotations

import os
import signal
import stat
import struct
import subprocess
from collections.abc import Sequence
from types import FrameType

from perilune.cli.errors import CommandError, describe

_NOT_FOUND, _NOT_RUN = 127, 126
_SIGNALLED = 128
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT")
_FROM_THE_TERMINAL = ("SIGINT", "SIGQUIT")
"""Which the terminal sends to the command itself."""

_LUA_TEXTS = (b"Lua.org, PUC-Rio", b"LuaJIT 2.", b"PUC-Rio")
_ELF = b"\x7fELF"
_PT_INTERP = 3
_LUA_LIBRARIES = (b"liblua", b"libluajit")


def run_host(command: Sequence[str], environment: dict[str, str]) -> int:
    """Runs the command to its end, passes signals on, and returns its exit status as shells have it."""
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        for process in running:
            process.send_signal(number)

    before = {}
    for name in (*_PASSED_ON, *_FROM_THE_TERMINAL):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:  # the command inherits that
            continue
        # A handler, and not to ignore it, which the command would inherit.
        before[number] = signal.signal(number, pass_on if name in _PASSED_ON else lambda *_: None)
    try:
        try:
            running.append(subprocess.Popen(command, env=environment))
        except OSError as error:
            status = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUN
            raise CommandError(f"cannot run {command[0]}: {describe(error)}", status) from error
        status = running[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else _SIGNALLED - status


def why_no_lua(programs: Sequence[str]) -> str:
    """Why no Lua state was seen in what ran, in one sentence, as far as the programs' files tell."""
    contents = {program: _content(program) for program in programs}
    with_lua = [program for program, content in contents.items() if any(text in content for text in _LUA_TEXTS)]
    program = (with_lua or list(programs))[0]
    return f"no Lua state was seen: {os.path.basename(program)} {_reason(program, contents[program])}"


def _reason(program: str, content: bytes) -> str:
    if os.path.exists(program) and os.stat(program).st_mode & (stat.S_ISUID | stat.S_ISGID):
        return "runs with another user's rights, and nothing may be loaded into it"
    if not content.startswith(_ELF):
        first_line = content[:200].split(b"\n")[0].decode("utf-8", "replace")
        return f"is a script for {first_line[2:].strip()}" if first_line.startswith("#!") else "is not of this system"
    if any(text in content for text in _LUA_TEXTS):
        how = "has its own Lua built in" if _is_dynamic(content) else "is linked statically"
        return f"{how}; its start-up file can load the recorder (perilune record --print-recorder, docs/hosts)"
    if not _is_dynamic(content):
        return "is linked statically, and shows no sign of Lua"
    if any(library in content for library in _LUA_LIBRARIES):
        return "loads Lua as a library, but made no state of it"
    return "shows no sign of Lua"


def _content(program: str) -> bytes:
    try:
        with open(program, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _is_dynamic(content: bytes) -> bool:
    """Whether an ELF file names a dynamic linker, which is what preloads."""
    try:
        is_64, order = content[4] == 2, "<" if content[5] == 1 else ">"
        at, size, count = (
            struct.unpack_from(order + "Q", content, 32) + struct.unpack_from(order + "HH", content, 54)
            if is_64
            else struct.unpack_from(order + "I", content, 28) + struct.unpack_from(order + "HH", content, 42)
        )
        return any(
            struct.unpack_from(order + "I", content, at + index * size)[0] == _PT_INTERP for index in range(count)
        )
    except (IndexError, struct.error):
        return False
