"""Stands in for `perilune profile` where only the server is tested: does what a program's first line says.

    -- stub: sleep 100       writes its process id into the files that its arguments name, and sleeps; an interrupt ends
                             it with a profile, as it does the real one
    -- stub: stubborn 100    the same, but no interrupt ends it
    -- stub: fail MESSAGE    ends with this error and a profile
    -- stub: exit 3          ends with this status, no error, and a profile
    -- stub: crash           ends without a profile
    -- stub: junk            writes a profile that is none
    -- stub: flood           writes a lot of output
    -- stub: leave           leaves a process behind that holds the output open

The figures are those that the program's `--=` comments give, as in lsp_fixtures.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

MEASURED = re.compile(r"--= *([\d.]+)%(?: +(\d+))?[ \t]*$")


SAMPLES = 1000


def lines(text: str, mode: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := MEASURED.search(line):
            share, hits = float(match[1]) / 100, int(match[2] or 1)
            self_ns = None if mode == "count" else int(share * 1e9)
            error = 1.96 * (share * (1 - share) / SAMPLES) ** 0.5 if mode == "sample" else None
            opcodes = [{"name": "ADD", "count": hits, "self_ns": self_ns}]
            row = {
                "line": number,
                "hits": hits,
                "instructions": hits,
                "share": share,
                "self_ns": self_ns,
                "error": error,
            }
            rows.append({**row, "allocated_bytes": 64, "allocations": 1, "opcodes": opcodes})
    return rows


def profile(path: str, arguments: list[str], mode: str) -> dict[str, Any]:
    content = Path(path).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    rows = lines(content.decode("utf-8", "replace"), mode)
    memory = {"current_bytes": 0, "peak_bytes": 0, "allocated_bytes": 0, "allocations": 0}
    totals: dict[str, Any] = {"instructions": 1000, "memory": memory, "stack": {"current_depth": 0, "peak_depth": 3}}
    if mode != "count":
        totals["run_ns"] = 10**9
    if mode == "sample":
        totals["samples"] = SAMPLES
    return {
        "format": "perilune-profile",
        "version": 1,
        "mode": mode,
        "program": {"path": path, "args": arguments, "sha256": sha256},
        "totals": totals,
        "opcodes": [],
        "builtins": [],
        "files": [{"path": path, "sha256": sha256, "lines": rows, "functions": []}],
    }


def main() -> int:
    parser = ArgumentParser()
    parser.add_argument("command", choices=["profile"])
    parser.add_argument("--mode", choices=["sample", "count", "trace"])
    parser.add_argument("--format", choices=["json"])
    parser.add_argument("-o", type=Path)
    parser.add_argument("--flush", action="store_true")
    for option in ("--repeat", "--precision", "--progress", "--sandbox-root"):
        parser.add_argument(option)
    parser.add_argument("--preload", action="append", default=[])
    parser.add_argument("--text", action="append", default=[])
    parser.add_argument("file")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    try:
        report = profile(options.file, options.arguments, options.mode)
        first_line = Path(options.file).read_text(errors="replace").partition("\n")[0]
    except OSError as error:
        print(f"perilune: cannot open {options.file}: {error.strerror}", file=sys.stderr)
        return 1
    match = re.match(r"-- stub: (\w+) ?(.*)", first_line)
    order, detail = match.groups() if match else ("", "")
    print("running", *options.arguments, flush=True)
    status = 0
    if order == "crash":
        print("Traceback:\nImportError: no core", file=sys.stderr)
        return 70
    if order == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if order in ("sleep", "stubborn"):
        for mark in options.arguments:
            Path(mark).write_text(str(os.getpid()))
        try:
            time.sleep(float(detail))
        except KeyboardInterrupt:
            print(f"perilune: {options.file}:2: interrupted!", file=sys.stderr)
            status = 130
    elif order == "fail":
        print(f"a warning\nperilune: {detail}\nstack traceback:\n\t[C]: in ?", file=sys.stderr)
        status = 1
    elif order == "exit":
        status = int(detail)
    elif order == "flood":
        for _ in range(200):
            print("x" * 9_999)
        print("the end")
    elif order == "leave":
        subprocess.Popen(["sleep", "100"])
    options.o.write_text("{]" if order == "junk" else json.dumps(report))
    return status


if __name__ == "__main__":
    sys.exit(main())
