"""
httpx's transports over the platform's ``fetch``: an interpreter in WebAssembly has no sockets.

Proxies, certificates, pools and protocols are the platform's affair, so options about them have no effect. httpx2
brings transports like these along.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from pyodide.ffi import JsException, to_js

from _workflows_bridge.proxies import js
from _workflows_bridge.trace_context import HEADER, traceparent

from .blocking_fetch import DECODED, PLATFORMS, WITHOUT_BODY, FetchError, FetchTimeoutError, blocking_fetch
from .fetch_errors import text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import ModuleType

    from .blocking_fetch import BlockingResponse


def connect(module: ModuleType) -> None:
    """Let the transports of *module*, ``httpx._transports.default``, fetch."""
    asynchronous: Any = module.AsyncHTTPTransport
    asynchronous.__init__ = _ignore_options
    asynchronous.__aenter__ = _enter
    asynchronous.__aexit__ = _leave
    asynchronous.aclose = _leave
    asynchronous.handle_async_request = _handle
    synchronous: Any = module.HTTPTransport
    synchronous.__init__ = _ignore_options
    synchronous.__enter__ = lambda self: self
    synchronous.__exit__ = synchronous.close = lambda *_arguments: None
    synchronous.handle_request = _handle_blocking


def _ignore_options(_self: object, *_arguments: object, **_options: object) -> None:
    pass


async def _enter(self: Any) -> Any:  # noqa: ANN401 - a transport
    return self


async def _leave(*_arguments: object) -> None:
    pass


def _handle_blocking(_self: object, request: Any) -> Any:  # noqa: ANN401 - of httpx
    httpx: Any = sys.modules["httpx"]
    limit = request.extensions.get("timeout", {}).get("read")
    try:
        got = blocking_fetch(request.method, str(request.url), request.headers.multi_items(), request.read(), limit)
    except FetchTimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from None
    except FetchError as error:
        raise httpx.ConnectError(str(error), request=request) from None
    stream = _make_blocking_stream(httpx.SyncByteStream, got, request)
    return httpx.Response(got.status, headers=got.headers, stream=stream, extensions={"http_version": b"HTTP/1.1"})


def _make_blocking_stream(base: Any, got: BlockingResponse, request: Any) -> Any:  # noqa: ANN401 - of httpx
    httpx: Any = sys.modules["httpx"]

    class BlockingStream(base):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            try:
                yield from got.parts()
            except FetchTimeoutError as error:
                raise httpx.ReadTimeout(str(error), request=request) from None
            except FetchError as error:
                raise httpx.ReadError(str(error), request=request) from None

        def close(self) -> None:
            got.close()

    return BlockingStream()


async def _handle(_self: object, request: Any) -> Any:  # noqa: ANN401 - of httpx
    httpx: Any = sys.modules["httpx"]
    controller = js().AbortController.new()
    body = await request.aread()
    if (parent := traceparent()) and HEADER not in request.headers:
        request.headers[HEADER] = parent
    init = {
        "method": request.method,
        "headers": [[name, value] for name, value in request.headers.multi_items() if name.lower() not in PLATFORMS],
        "redirect": "manual",
        "signal": controller.signal,
    }
    if body and request.method not in WITHOUT_BODY:
        init["body"] = to_js(body)
    limits = request.extensions.get("timeout", {})
    sent = js().fetch(str(request.url), to_js(init, dict_converter=js().Object.fromEntries))
    try:
        response = await _within(sent, limits.get("read"), httpx.ReadTimeout, controller, request)
    except JsException as error:
        raise httpx.ConnectError(text_of(error), request=request) from None
    headers = [(name, value) for name, value in response.headers.entries() if name not in DECODED]
    stream = _make_stream(httpx.AsyncByteStream, response.body, limits.get("read"), controller, request)
    return httpx.Response(response.status, headers=headers, stream=stream, extensions={"http_version": b"HTTP/1.1"})


async def _within(awaited: Any, seconds: float | None, error: Any, controller: Any, request: Any) -> Any:  # noqa: ANN401
    """What *awaited* gives. After *seconds*, or when the caller is cancelled, the request is given up."""
    try:
        return await asyncio.wait_for(awaited, seconds)
    except TimeoutError:
        controller.abort()
        msg = f"No answer within {seconds} s."
        raise error(msg, request=request) from None
    except asyncio.CancelledError:
        controller.abort()
        raise


def _make_stream(base: Any, body: Any, seconds: float | None, controller: Any, request: Any) -> Any:  # noqa: ANN401
    """The body of a response, by the class that httpx asks for."""
    httpx: Any = sys.modules["httpx"]

    class FetchStream(base):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            if body is None:
                return
            reader = body.getReader()
            while True:
                part = await _within(reader.read(), seconds, httpx.ReadTimeout, controller, request)
                if part.done:
                    return
                yield part.value.to_bytes()

        async def aclose(self) -> None:
            controller.abort()

    return FetchStream()
