"""WebSockets of applications for ASGI."""

from __future__ import annotations

from asyncio import Queue, create_task
from typing import TYPE_CHECKING, Any

from _workflows_bridge.proxies import ffi, is_proxy, js, to_uint8_array

from ._context import wait_until
from ._response import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Application = Callable[[Message, Callable[..., Any], Callable[..., Any]], Awaitable[None]]

_NORMAL = 1000
_INTERNAL_ERROR = 1011


async def answer_socket(app: Application, scope: Message) -> Response:
    """Accept a WebSocket, let *app* exchange messages with the client, and get the response that opens the socket."""
    client, server = js().WebSocketPair.new().object_values()
    server.accept()
    server.binaryType = "arraybuffer"
    socket = _Socket(server)
    wait_until(create_task(socket.run(app, scope)))
    return Response(js().Response.new(None, status=101, webSocket=client))


class _Socket:
    def __init__(self, server: Any) -> None:  # noqa: ANN401 - JavaScript's
        self._server = server
        self._received: Queue[Message] = Queue()
        self._received.put_nowait({"type": "websocket.connect"})
        self._closed = False
        self._listeners = {
            "message": ffi().create_proxy(self._on_message),
            "close": ffi().create_proxy(self._on_close),
        }
        for name, listener in self._listeners.items():
            server.addEventListener(name, listener)

    async def run(self, app: Application, scope: Message) -> None:
        """Run the application until it ends. A socket that it leaves open is closed."""
        try:
            await app(scope, self._received.get, self._send)
        except BaseException:
            self._close(_INTERNAL_ERROR)
            raise
        else:
            self._close(_NORMAL)
        finally:
            for name, listener in self._listeners.items():
                self._server.removeEventListener(name, listener)
                listener.destroy()

    def _on_message(self, event: Any) -> None:  # noqa: ANN401 - JavaScript's
        data = event.data
        body = {"bytes": data.to_bytes()} if is_proxy(data) else {"text": data}
        self._received.put_nowait({"type": "websocket.receive", **body})

    def _on_close(self, event: Any) -> None:  # noqa: ANN401 - JavaScript's
        self._closed = True
        self._received.put_nowait({"type": "websocket.disconnect", "code": event.code, "reason": event.reason})

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            return  # it is accepted before the application is asked
        if kind == "websocket.close":
            self._close(message.get("code", _NORMAL), message.get("reason") or "")
        elif kind == "websocket.send":
            if (data := message.get("bytes")) is not None:
                self._server.send(to_uint8_array(data))
            elif (text := message.get("text")) is not None:
                self._server.send(text)
        else:
            raise RuntimeError(f"The application has sent {kind!r}, which no WebSocket has.")

    def _close(self, code: int, reason: str = "") -> None:
        if not self._closed:
            self._closed = True
            self._server.close(code, reason)
