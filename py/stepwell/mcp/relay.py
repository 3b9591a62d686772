"""Between the streams and the server: what cannot be read or written is answered with an error of JSON-RPC."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["answering_errors"]


@asynccontextmanager
async def answering_errors(incoming: Any, outgoing: Any) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ANN401 - streams of the SDK
    """
    Stand between a client's streams and the server.

    The SDK drops a message that is not JSON-RPC, and its client would wait without end. It ends when an answer cannot
    be written, such as one with half of a surrogate pair in it.

    Gives:
        The streams for the server.
    """
    to_server, read = anyio.create_memory_object_stream[Any](0)
    write, from_server = anyio.create_memory_object_stream[Any](0)

    async def relay_requests(answers: Any) -> None:  # noqa: ANN401 - a stream
        async with to_server, answers:
            async for message in incoming:
                if isinstance(message, Exception):
                    await answers.send(_error(None, types.PARSE_ERROR, "The message is no message of JSON-RPC."))
                else:
                    await to_server.send(message)

    async def relay_answers() -> None:
        # The streams of the SDK end when the one that it is given here is closed.
        async with from_server, outgoing:
            async for message in from_server:
                await outgoing.send(_writable(message))

    async with anyio.create_task_group() as answers, anyio.create_task_group() as requests:
        answers.start_soon(relay_answers)
        requests.start_soon(relay_requests, write.clone())
        try:
            yield read, write
        finally:
            requests.cancel_scope.cancel()
            # Answers that are there already are written first.
            write.close()


def _writable(message: SessionMessage) -> SessionMessage:
    """The message, or an error in its place where it cannot be written."""
    try:
        message.message.model_dump_json(by_alias=True, exclude_unset=True)
    except Exception:  # noqa: BLE001 - whatever the serializer raises
        request = getattr(message.message, "id", None)
        return _error(request, types.INTERNAL_ERROR, "The answer holds text that is not Unicode, and cannot be sent.")
    return message


def _error(request: Any, code: int, text: str) -> SessionMessage:  # noqa: ANN401 - an id of JSON-RPC
    return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=request, error=types.ErrorData(code=code, message=text)))
