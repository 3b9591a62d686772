"""
Applications for ASGI, such as FastAPI's and Starlette's, as handlers of a Worker.

``Default = asgi.entrypoint(app)`` is a Worker. ``await asgi.fetch(app, request, env, ctx)`` answers one request in the
handler of a Worker.
"""

from __future__ import annotations

import logging
from asyncio import Event, Future, create_task, get_running_loop
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from _workflows_bridge.proxies import kind_of

from ._asgi_lifespan import Lifespan
from ._asgi_socket import answer_socket
from ._context import wait_until
from ._entrypoints import WorkerEntrypoint
from ._gateway_response import BodyWriter, ResponseHead
from ._request import Request
from .gateway import BaseOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ._response import Response
    from ._types import Context, JSObject

    Message = MutableMapping[str, Any]
    Application = Callable[
        [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
    ]

__all__ = ["Options", "entrypoint", "fetch", "request_to_scope", "websocket"]

logger = logging.getLogger("asgi")


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of the adapter."""


DEFAULT_OPTIONS = Options()


def entrypoint(app: Application, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """
    Get the Worker that an application is: a class to be called ``Default``.

    Args:
        app: The application.
        options: Of the adapter.
    """

    class Default(WorkerEntrypoint):
        async def fetch(self, request: Request) -> Response:
            if (request.headers.get("upgrade") or "").lower() == "websocket":
                return await websocket(app, request, self.env)
            return await fetch(app, request, self.env, self.ctx, options=options)

    return Default


async def fetch(
    app: Application,
    req: Request | JSObject,
    env: Any,  # noqa: ANN401 - whatever the Worker has
    ctx: Context | None = None,  # noqa: ARG001 - upstream's signature
    *,
    options: Options | None = None,
) -> Response:
    """
    Answer a request by an application.

    Args:
        app: The application.
        req: The request, also JavaScript's.
        env: What the application finds as ``scope["env"]``.
        ctx: The context of the handler.
        options: Of the adapter.

    Raises:
        Exception: What the application has raised before it began to answer.
    """
    request = to_request(req)
    lifespan = Lifespan(app)
    await lifespan.start()
    exchange = _Exchange(request, options or DEFAULT_OPTIONS)
    task = create_task(exchange.run(app, request_to_scope(request, env, state=lifespan.state)))
    try:
        response = await exchange.response
    except BaseException:
        # The caller has gone, or the application has failed.
        task.cancel()
        await lifespan.stop()
        raise
    wait_until(_finish(task, lifespan))
    return response


async def _finish(task: Awaitable[None], lifespan: Lifespan) -> None:
    try:
        await task
    finally:
        await lifespan.stop()


async def websocket(app: Application, req: Request | JSObject, env: Any = None) -> Response:  # noqa: ANN401
    """Answer the request of a WebSocket: the application accepts it and exchanges messages with the client."""
    request = to_request(req)
    scope = request_to_scope(request, {} if env is None else env, ws=True)
    return await answer_socket(app, scope)


def to_request(req: Request | JSObject) -> Request:
    """Get a request, which may be JavaScript's, as this package has it."""
    return Request(req) if kind_of(req) == "Request" else req  # type: ignore[return-value]  # else it is one


def request_to_scope(
    req: Request | JSObject,
    env: Any,  # noqa: ANN401 - whatever the Worker has
    ws: bool = False,  # noqa: FBT001, FBT002 - upstream's signature
    state: dict[str, Any] | None = None,
) -> Message:
    """Get the scope by which the application knows a request."""
    request = to_request(req)
    url = urlsplit(request.url)
    method = request.method
    scope: Message = {
        "type": "websocket" if ws else "http",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "http_version": "1.1",
        "method": getattr(method, "value", method),
        "scheme": {"http": "ws", "https": "wss"}[url.scheme] if ws else url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()
        ],
        "server": (url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)),
        "env": env,
    }
    if ws:
        offered = request.headers.get("sec-websocket-protocol") or ""
        scope["subprotocols"] = [each.strip() for each in offered.split(",") if each.strip()]
    if state is not None:
        # Each request has a copy of its own.
        scope["state"] = dict(state)
    return scope


class _Exchange:
    """One request and its response, as the application exchanges them in messages."""

    def __init__(self, request: Request, options: Options) -> None:
        self.response: Future[Response] = get_running_loop().create_future()
        self._options = options
        self._body = request.body
        self._chunks: Any = None
        self._all_received = False
        self._head: ResponseHead | None = None
        self._writer: BodyWriter | None = None
        self._all_sent = Event()

    async def run(self, app: Application, scope: Message) -> None:
        """Run the application until it ends. What it raises before it answers is the outcome of `response`."""
        try:
            await app(scope, self._receive, self._send)
            if not self.response.done():
                self.response.set_exception(RuntimeError("The application has ended without a response."))
            await self._end()
        except Exception as error:  # noqa: BLE001 - whoever reads the response gets it
            self._fail(error)
        except BaseException as error:
            # The caller has gone, or a cancellation has come out of the application, whose client would wait for ever.
            if not self.response.cancelled():
                self._fail(RuntimeError(f"The application has ended by {type(error).__name__}."))
            raise

    def _fail(self, error: Exception) -> None:
        if not self.response.done():
            self.response.set_exception(error)
            return
        logger.error("Exception in ASGI application after the response began", exc_info=error)
        self._all_sent.set()
        if self._writer:
            self._writer.fail(error)

    async def _receive(self) -> Message:
        if not self._all_received:
            return await self._next_chunk()
        await self._all_sent.wait()
        return {"type": "http.disconnect"}

    async def _next_chunk(self) -> Message:
        if self._chunks is None and self._body is not None:
            self._chunks = aiter(self._body)
        chunk = None if self._chunks is None else await anext(self._chunks, None)
        if chunk is None:
            self._all_received = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": chunk.to_bytes(), "more_body": True}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", [])]
            self._head = ResponseHead(message["status"], headers, self._options)
        elif message["type"] == "http.response.body":
            await self._send_body(bytes(message.get("body", b"")), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"The application has sent {message['type']!r}, which no response has.")

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        if self._head is None:
            raise RuntimeError("The application has sent a body before status and headers.")
        if self.response.done():
            if self._writer:
                await self._writer.write(body)
            if not more:
                await self._end()
        elif more:
            response, self._writer = self._head.streamed()
            self._answer(response)
            if self._writer:
                await self._writer.write(body)
        else:
            self._answer(self._head.whole(body))
            self._all_sent.set()

    def _answer(self, response: Response) -> None:
        if not self.response.cancelled():
            self.response.set_result(response)

    async def _end(self) -> None:
        writer, self._writer = self._writer, None
        self._all_sent.set()
        if writer:
            await writer.close()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - FastAPI's
    """``env``, a dependency for FastAPI: the ``env`` of the Worker."""
    if name != "env":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    fastapi = import_module("fastapi")

    async def read_env(request: Any) -> Any:  # noqa: ANN401 - FastAPI's Request, as it is told below
        return request.scope["env"]

    read_env.__annotations__["request"] = fastapi.Request
    return fastapi.Depends(read_env)
