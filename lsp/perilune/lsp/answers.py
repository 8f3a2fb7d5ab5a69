"""Every request is answered: what is wrong with one, or comes at the wrong time, is told as an error."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

import cattrs
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol

_MOST_COMPLAINTS = 3

current_request: ContextVar[int | str | None] = ContextVar("current_request", default=None)
"""The request that whatever runs belongs to."""

logger = logging.getLogger(__name__)


class Protocol(LanguageServerProtocol):
    """The protocol as pygls has it, which logs a message that does not fit its type and leaves its sender waiting."""

    _is_initialized = False
    stop: Callable[[int | str], bool] | None = None
    """Stops what a request is about, so that it is answered soon; says whether it is about something that can be."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message of its type, None for one that has been refused. Called for every object inside a message too."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" not in data or "method" not in data:
                raise
            refusal = error
            if isinstance(error, JsonRpcInvalidParams):
                refusal = JsonRpcInvalidParams(_complaint(error.__cause__))
            self._refuse(data["id"], refusal)
            return None

    def handle_message(self, message: Any) -> None:
        """Hands a message on, unless it has been refused, or comes before the session, or after it, or a second time."""
        if message is None:
            return
        if not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidRequest("not a message of JSON-RPC 2.0")
        method, request = getattr(message, "method", None), getattr(message, "id", None)
        if method is not None and request is not None:
            refusal = self._reason_to_refuse(method)
            if refusal is not None:
                self._refuse(request, refusal)
                return
            self._is_initialized |= method == types.INITIALIZE
        current_request.set(request if method is not None else None)
        super().handle_message(message)

    def _execute_handler(
        self,
        msg_id: int | str,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Begins a message's work, and forgets it when that has ended: pygls keeps what notifications began for ever."""

        def conclude(future: Future[Any]) -> None:
            if not future.cancelled():  # else whoever cancels them may be going through them
                self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, conclude, args, kwargs)

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        """A run is stopped and answered with what is left of it; other requests end here."""
        if self.stop is None or not self.stop(msg_id):
            super()._handle_cancel_notification(msg_id)

    def tell_unreadable(self, error: Exception) -> None:
        """Answers what is no JSON, or cannot be read as it (too deep, numbers too long), whoever sent it."""
        self._send_data(
            {"jsonrpc": self.VERSION, "id": None, "error": JsonRpcParseError(str(error)).to_response_error()}
        )

    def _send_data(self, data: Any) -> None:
        """Sends a message. An answer that JSON cannot have becomes an error: whoever asked waits for one.

        Among that are numbers that are none, which pygls would write and no client reads.
        """
        try:
            body = json.dumps(data, default=self._serialize_message, allow_nan=False)
        except Exception as error:  # whatever a value's own code raises
            logger.exception("cannot write a message")
            request = data.get("id") if isinstance(data, dict) else getattr(data, "id", None)
            if request is not None and not hasattr(data, "method"):
                self._refuse(request, JsonRpcInternalError(f"the answer cannot be written: {error}"))
            return
        if self.writer is None:
            logger.error("there is nobody to write to")
            return
        self.writer.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii"))

    def _reason_to_refuse(self, method: str) -> JsonRpcException | None:
        if self._shutdown:
            return JsonRpcInvalidRequest("the server is shutting down")
        if method == types.INITIALIZE:
            return JsonRpcInvalidRequest("the session has begun already") if self._is_initialized else None
        return None if self._is_initialized else JsonRpcServerNotInitialized("initialize comes first")

    def _refuse(self, request: int | str, error: JsonRpcException) -> None:
        self._send_response(request, error=error.to_response_error())


def _complaint(error: BaseException | None) -> str:
    """What does not fit, and where, in one line."""
    if not isinstance(error, Exception):
        return "the parameters do not fit"
    found = cattrs.transform_error(error, path="request")
    return "; ".join(found[:_MOST_COMPLAINTS])
