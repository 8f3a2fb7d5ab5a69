"""The server's wire: what is written to it and read from it, without a client that knows the protocol."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_session import SERVER

BEGINNING: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class Wire:
    """A server, and what is written to it and read from it."""

    def __init__(self, log: Path, server: Sequence[str] = SERVER) -> None:
        self._log = log.open("wb")
        self._server = subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        self._requests = 0

    def write(self, content: bytes) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._server.stdin.flush()

    def tell(self, method: str, parameters: Any) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": parameters}).encode())

    def read(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while (header := self._server.stdout.readline()) != b"\r\n":
            assert header, "the server has ended"
            name, _, value = header.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message

    def ask(self, method: str, parameters: Any = None) -> dict[str, Any]:
        """The answer to a request; what the server says meanwhile is passed over."""
        self._requests += 1
        request = {"jsonrpc": "2.0", "id": self._requests, "method": method}
        self.write(json.dumps(request if parameters is None else {**request, "params": parameters}).encode())
        while (message := self.read()).get("id") != self._requests or "method" in message:
            pass
        return message

    def error(self, method: str, parameters: Any = None) -> tuple[int, str]:
        refused = self.ask(method, parameters)["error"]
        return refused["code"], refused["message"]

    def send_signal(self, number: int) -> None:
        self._server.send_signal(number)

    def wait(self) -> int:
        """The server's exit status, once it has ended by itself."""
        return self._server.wait(20)

    def end(self) -> int:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._log.close()
        return self._server.wait(20)

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "lua", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def execute(self, command: str, argument: Any) -> Any:
        """What a command answers that goes well."""
        parameters = {"command": f"perilune.server.{command}", "arguments": [argument]}
        return self.ask("workspace/executeCommand", parameters)["result"]
