"""Measures the language server as an editor meets it, over its pipes: start, errors and hints while one types, memory.

    python benchmarks/editor.py [--edits N] [--keys N]

Times are by the clock, from the message that is sent to the one that answers it. Behind them stands the processor time of
one, where the system tells it (/proc): on a busy machine that alone says something. The server starts once before it is
measured, so that Python has its bytecode.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES = (100, 1_000, 10_000)
_IDLE_SECONDS = 4  # after which the server has looked for garbage
_MOST_UNDONE = 30  # edits that the text of the random ones has at most
FUNCTION = """-- function number {n}
function M.work_{n}(a, b)
  local sum, t = 0, {{}}
  for i = 1, a do
    if i % 2 == 0 then
      sum = sum + b * i - {n}
    else
      t[#t + 1] = tostring(sum)
    end
  end
  return sum, t
end
M.work_{n}(3, {n})
"""


class Server:
    """A server of its own, spoken to in JSON."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "perilune", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        )
        self._last = 0
        self._checked: dict[str, int] = {}  # the version whose errors were told last, by document
        hints = {"inlayHint": {"refreshSupport": False}}
        folders = [{"uri": folder.as_uri(), "name": "benchmark"}]
        root = {"processId": os.getpid(), "rootUri": folder.as_uri(), "workspaceFolders": folders}
        options = {"profile": {"mode": "count", "timeLimit": 900}, "hints": {"threshold": 0}}
        capabilities = {"workspace": hints}
        self.request("initialize", {**root, "capabilities": capabilities, "initializationOptions": options})
        self.notify("initialized", {})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})
        if message.get("method") == "textDocument/publishDiagnostics":
            self._checked[message["params"]["uri"]] = message["params"].get("version")
        return message

    def notify(self, method: str, params: Any) -> None:
        """Sends what has no answer."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        """Sends a request and gives its result."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        while "method" in (message := self._read()) or message.get("id") != self._last:
            pass
        if "error" in message:
            raise SystemExit(f"{method}: {message['error']['message']}")
        return message["result"]

    def open(self, uri: str, text: str) -> None:
        """Opens a document and waits for its errors."""
        document = {"uri": uri, "languageId": "lua", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        self.errors(uri, 1)

    def change(self, uri: str, text: str, version: int) -> None:
        """Sends a document's new text."""
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def errors(self, uri: str, version: int) -> None:
        """Waits for the errors of a version."""
        while self._checked.get(uri) != version:
            self._read()

    def hints(self, uri: str, line: int) -> Any:
        """The hints of a window of 60 lines."""
        window = {"start": {"line": line, "character": 0}, "end": {"line": line + 60, "character": 0}}
        return self.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": window})

    def processor_seconds(self) -> float | None:
        """What the process has used so far."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float | None:
        """The memory that the process holds."""
        try:
            return (
                int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
            )
        except OSError:
            return None

    def close(self) -> None:
        """Ends the session."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self.process.wait(20)


def program(lines: int) -> str:
    """A module of so many lines that calls what it defines."""
    count = max(1, lines // FUNCTION.count("\n"))
    return "local M = {}\n" + "".join(FUNCTION.format(n=n) for n in range(count)) + "return M\n"


def typed(text: str, key: int) -> str:
    """The text with the first characters of a statement, one more at each key, in the middle of it."""
    statement = "local total = sum + f(a, b) -- more\n"
    marker = "  return sum, t\n"
    place = text.index(marker, len(text) // 2)
    return f"{text[:place]}  {statement[: 1 + key % (len(statement) - 1)]}\n{text[place:]}"


def milliseconds(action: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


class Times:
    """How long one thing took, again and again, by the clock and by the server's processor time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clock: list[float] = []
        self._processor: float | None = 0.0

    def take(self, action: Callable[[], Any]) -> None:
        """Does the thing once more."""
        before = self._server.processor_seconds()
        self._clock.append(milliseconds(action))
        after = self._server.processor_seconds()
        if self._processor is not None:
            self._processor = None if before is None or after is None else self._processor + after - before

    def __str__(self) -> str:
        median, late = statistics.median(self._clock), sorted(self._clock)[int(len(self._clock) * 0.95)]
        used = "" if self._processor is None else f"  processor {self._processor * 1000 / len(self._clock):6.1f} ms"
        return f"{median:7.1f} ms  p95 {late:7.1f} ms{used}"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--edits", type=int, default=10_000, help="random edits over which memory is watched")
    parser.add_argument("--keys", type=int, default=70, help="keystrokes per figure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Server(folder).close()
        began = time.perf_counter()
        server = Server(folder)
        server.open((folder / "start.lua").as_uri(), "local x = = 1\n")
        used = server.processor_seconds()
        shown = "unknown" if used is None else f"{used * 1000:.0f} ms of processor time"
        print(f"start to first errors            {(time.perf_counter() - began) * 1000:7.1f} ms  {shown}")
        for lines in SIZES:
            path = folder / f"module_{lines}.lua"
            text = program(lines)
            path.write_text(text)
            uri = path.as_uri()
            server.open(uri, text)
            target = {"command": "perilune.server.profile", "arguments": [{"uri": uri}]}
            server.request("workspace/executeCommand", target)
            errors_times, unchanged, keystroke, completion = (Times(server) for _ in range(4))
            middle = lines // 2
            found = server.hints(uri, middle)
            version = 1
            for key in range(options.keys):
                unchanged.take(lambda: server.hints(uri, middle))  # noqa: B023
                version += 1
                changed = typed(text, key)

                def errors(changed: str = changed, version: int = version, uri: str = uri) -> None:
                    server.change(uri, changed, version)
                    server.errors(uri, version)

                def hints(changed: str = changed, version: int = version, uri: str = uri, line: int = middle) -> None:
                    server.change(uri, changed + "\n", version)
                    server.hints(uri, line)

                errors_times.take(errors)
                version += 1
                keystroke.take(lambda: hints(version=version))  # noqa: B023
                server.errors(uri, version)
                where = {"line": middle, "character": 2}
                request = {"textDocument": {"uri": uri}, "position": where}
                completion.take(lambda: server.request("textDocument/completion", request))  # noqa: B023
            print(f"{lines:>6} lines: keystroke to errors  {errors_times}")
            print(f"        hints, unchanged        {unchanged}   ({len(found)} in the window)")
            print(f"        hints after a keystroke {keystroke}")
            print(f"        completion              {completion}")
        server.close()
        watch_memory(folder, options.edits)
    return 0


def watch_memory(folder: Path, edits: int) -> None:
    """Prints what the server holds after a tenth of the edits, and after all: half of them undo what was typed."""
    generator = random.Random(1)
    server = Server(folder)
    text, uri = program(1_000), (folder / "edited.lua").as_uri()
    server.open(uri, text)
    texts = [text]
    held = [server.megabytes()]
    for version in range(2, edits + 2):
        if len(texts) > 1 and (len(texts) > _MOST_UNDONE or generator.random() < 0.5):
            texts.pop()
        else:
            text, place = texts[-1], generator.randrange(len(texts[-1]))
            texts.append(text[:place] + generator.choice(("x", " ", "\n", "end", "(", "--[[")) + text[place:])
        server.change(uri, texts[-1], version)
        if version % 50 == 0:
            server.errors(uri, version)
        if version in (edits // 10, edits + 1):
            server.errors(uri, version)
            time.sleep(_IDLE_SECONDS)
            held.append(server.megabytes())
    if None not in held:
        begin, tenth, end = held[0], held[1], held[-1]
        print(f"memory: {begin:.0f} MB, after {edits // 10:,} edits {tenth:.0f} MB, after {edits:,} {end:.0f} MB")
    server.close()


if __name__ == "__main__":
    sys.exit(main())
