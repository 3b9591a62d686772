"""
aiohttp's connections over the platform's ``fetch``: an interpreter in WebAssembly has no sockets.

A connection takes what aiohttp would send, one request in HTTP/1.1, fetches, and gives the answer in the same form.
Proxies, certificates and pools are the platform's affair, so options about them have no effect.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from pyodide.ffi import JsException, to_js

from _workflows_bridge.proxies import js
from _workflows_bridge.trace_context import HEADER, traceparent

from .blocking_fetch import DECODED, PLATFORMS, WITHOUT_BODY
from .fetch_errors import text_of
from .http_request import HttpRequest

if TYPE_CHECKING:
    from types import ModuleType


def connect(module: ModuleType) -> None:
    """Let the connectors of *module*, ``aiohttp.connector``, fetch."""
    connector: Any = module.TCPConnector
    connector._create_connection = _create_connection  # noqa: SLF001 - where connections are made


async def _create_connection(self: Any, request: Any, _traces: object, _timeout: object) -> Any:  # noqa: ANN401 - of aiohttp
    protocol = self._factory()
    protocol.connection_made(FetchTransport(protocol, request))
    return protocol


class FetchTransport(asyncio.Transport):
    """One request and its answer, to a *protocol* of aiohttp's."""

    def __init__(self, protocol: Any, request: Any) -> None:  # noqa: ANN401 - of aiohttp
        super().__init__()
        self._protocol = protocol
        self._url = str(request.url.with_fragment(None))
        self._key = request.connection_key
        self._request = HttpRequest()
        self._controller: Any = None
        self._answer: asyncio.Task[None] | None = None
        self._is_closing = False
        self._may_give = asyncio.Event()
        self._may_give.set()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take what belongs to the request. When it is complete, it is sent."""
        if self._is_closing or self._answer:
            return
        if self._request.add(bytes(data)):
            self._answer = asyncio.ensure_future(self._fetch())
        elif self._request.take_expectation():
            self._protocol.data_received(b"HTTP/1.1 100 Continue\r\n\r\n")

    def is_closing(self) -> bool:
        """Whether nothing is sent and received any more."""
        return self._is_closing

    def close(self) -> None:
        """Give up what has not come."""
        if self._is_closing:
            return
        self._is_closing = True
        self._may_give.set()
        if self._controller:
            self._controller.abort()
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def pause_reading(self) -> None:
        """Hold parts of the body back until `resume_reading`."""
        self._may_give.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._may_give.set()

    async def _fetch(self) -> None:
        try:
            response = await self._send()
            body = response.body
            whole = body is None or self._request.method == "HEAD"
            self._give(_head_of(response, is_empty=whole))
            if whole:
                return
            reader = body.getReader()
            while not (part := await reader.read()).done:
                data = part.value.to_bytes()
                self._give(b"%x\r\n%b\r\n" % (len(data), data) if data else b"")
                await self._may_give.wait()
            self._give(b"0\r\n\r\n")
        except JsException as error:
            if self._is_closing:
                return
            aiohttp: Any = sys.modules["aiohttp"]
            self._protocol.set_exception(aiohttp.ClientConnectorError(self._key, OSError(0, text_of(error))))
            self.close()
        except ValueError as error:
            aiohttp = sys.modules["aiohttp"]
            self._protocol.set_exception(aiohttp.ClientConnectionError(str(error)))
            self.close()

    async def _send(self) -> Any:  # noqa: ANN401 - a Response of JavaScript's
        method, headers, body = self._request.method, self._request.headers, self._request.body
        names = {name.lower() for name, _ in headers}
        if "upgrade" in names:
            msg = "aiohttp cannot open a WebSocket here, because there are no sockets."
            raise ValueError(msg)
        if (parent := traceparent()) and HEADER not in names:
            headers = [*headers, (HEADER, parent)]
        self._controller = js().AbortController.new()
        init = {
            "method": method,
            "headers": [[name, value] for name, value in headers if name.lower() not in PLATFORMS],
            "redirect": "manual",
            "signal": self._controller.signal,
        }
        if body and method not in WITHOUT_BODY:
            init["body"] = to_js(body)
        return await js().fetch(self._url, to_js(init, dict_converter=js().Object.fromEntries))

    def _give(self, data: bytes) -> None:
        if data and not self._is_closing:
            self._protocol.data_received(data)


def _head_of(response: Any, *, is_empty: bool) -> bytes:  # noqa: ANN401 - a Response of JavaScript's
    """Status and headers as a server sends them. The connection serves one request."""
    lines = [f"HTTP/1.1 {response.status} {response.statusText}"]
    lines += [f"{name}: {value}" for name, value in response.headers.entries() if name not in DECODED]
    lines += ["connection: close", "content-length: 0" if is_empty else "transfer-encoding: chunked", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")
