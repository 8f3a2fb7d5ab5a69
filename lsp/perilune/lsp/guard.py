"""Stands between the server and a program that it runs: `python guard.py BYTES COMMAND...`.

Limits the program's memory, 0 being no limit, and ends it with the server: the server holds the other end of the
standard input, and when that closes, however the server ended, the whole process group is killed.
Needs nothing but the standard library, so that it starts at once.
"""

import os
import signal
import subprocess
import sys
import threading

_CANNOT_RUN = 127  # as shells have it
_SIGNALLED = 128


def main() -> int:
    """Runs the command and gives its exit status."""
    # An interrupt is for the program. A handler, unlike an ignored signal, is not inherited by it.
    signal.signal(signal.SIGINT, lambda *_: None)
    limit, command = int(sys.argv[1]), sys.argv[2:]
    if limit and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"perilune: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return _CANNOT_RUN
    threading.Thread(target=_end_with_server, args=(process,), daemon=True).start()
    status = process.wait()
    return status if status >= 0 else _SIGNALLED - status


def _end_with_server(process: "subprocess.Popen[bytes]") -> None:
    # Not sys.stdin, whose lock a thread would hold while the interpreter ends.
    while os.read(0, 1):
        pass
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
