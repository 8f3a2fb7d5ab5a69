"""Stands between the server and a program that it runs: `python guard.py BYTES INPUT COMMAND...`.

Limits the program's memory, 0 being no limit, gives it the file INPUT as its standard input, nothing if that is empty,
and ends it with the server: the server holds the other end of the guard's standard input, and when that closes, however
the server ended, the whole process group is killed. Under Linux no process outlives the guard that the program started,
in whatever session it is: what has lost its parent becomes the guard's child.
Needs nothing but the standard library, so that it starts at once.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

_CANNOT_RUN = 127  # as shells have it
_SIGNALLED = 128
_SET_CHILD_SUBREAPER = 36  # of prctl
_MOST_ROUNDS = 100  # against a program that starts processes faster than they are found


def main() -> int:
    """Runs the command and gives its exit status."""
    # Interrupts are for the program. A handler, unlike an ignored signal, is not inherited by it.
    for name in ("SIGINT", "SIGUSR1"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)
    limit, source, command = int(sys.argv[1]), sys.argv[2] or os.devnull, sys.argv[3:]
    if limit and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        standard_input = os.open(source, os.O_RDONLY)
    except OSError as error:
        print(f"perilune: cannot read {source}: {error.strerror}", file=sys.stderr)
        return _CANNOT_RUN
    try:
        process = subprocess.Popen(command, stdin=standard_input)
    except OSError as error:
        print(f"perilune: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return _CANNOT_RUN
    os.close(standard_input)
    _adopt_orphans()
    threading.Thread(target=_end_with_server, args=(process,), daemon=True).start()
    status = process.wait()
    _kill_descendants()
    return status if status >= 0 else _SIGNALLED - status


def _end_with_server(process: "subprocess.Popen[bytes]") -> None:
    # Not sys.stdin, whose lock a thread would hold while the interpreter ends.
    while os.read(0, 1):
        pass
    if sys.platform == "win32":
        process.kill()
    else:
        _kill_descendants()
        os.killpg(0, signal.SIGKILL)


def _adopt_orphans() -> None:
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError, MemoryError):  # a system without it
        import ctypes

        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_descendants() -> None:
    """Kills what is left of the program, again and again while something begins meanwhile."""
    for _ in range(_MOST_ROUNDS):
        found = _descendants() if sys.platform == "linux" else []
        for process in found:
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                os.kill(process, signal.SIGKILL)
        if not found:
            return


def _descendants() -> "list[int]":
    """The processes below this one that have not ended."""
    children: dict[int, list[int]] = {}
    ended = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        children.setdefault(int(parent), []).append(int(name))
        if state in (b"Z", b"X"):
            ended.add(int(name))
    found = [os.getpid()]
    for process in found:
        found += children.get(process, [])
    return [process for process in found[1:] if process not in ended]


if __name__ == "__main__":
    sys.exit(main())
