"""
urllib3's connections, which requests uses, over the platform's ``fetch``.

urllib3 brings connections for Emscripten, which need stack switching or a browser. Here their two ways to send a
request block the thread instead, where code cannot be suspended.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pyodide.ffi import can_run_sync

from .blocking_fetch import FetchError, FetchTimeoutError, blocking_fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType


def connect(module: ModuleType) -> None:
    """Let *module*, ``urllib3.contrib.emscripten.fetch``, block where it cannot suspend the code that called it."""
    fetch: Any = module
    # urllib3's connection expects them.
    timeout_error, request_error = fetch._TimeoutError, fetch._RequestError  # noqa: SLF001

    def sender(original: Callable[[Any], Any], *, streams: bool) -> Callable[[Any], Any]:
        def send(request: Any) -> Any:  # noqa: ANN401 - an EmscriptenRequest
            if can_run_sync():
                return original(request)
            try:
                got = blocking_fetch(
                    request.method,
                    request.url,
                    request.headers.items(),
                    _bytes_of(request.body),
                    request.timeout or None,
                )
                body = _Body(got.parts()) if streams else b"".join(got.parts())
            except FetchTimeoutError as error:
                raise timeout_error(str(error), request=request, response=None) from None
            except FetchError as error:
                raise request_error(str(error), request=request, response=None) from None
            return fetch.EmscriptenResponse(
                status_code=got.status, headers=dict(got.headers), body=body, request=request
            )

        return send

    fetch.send_request = sender(fetch.send_request, streams=False)
    fetch.send_streaming_request = sender(fetch.send_streaming_request, streams=True)


def _bytes_of(body: Any) -> bytes | None:  # noqa: ANN401 - what urllib3 takes
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _bytes_of(body.read())
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    return b"".join(_bytes_of(part) or b"" for part in body)


class _Body(io.RawIOBase):
    """The body of a response as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        while not self._left:
            try:
                part = next(self._parts, None)
            except FetchTimeoutError as error:
                raise TimeoutError(str(error)) from None
            except FetchError as error:
                raise OSError(str(error)) from None
            if part is None:
                return 0
            self._left = part
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        close = getattr(self._parts, "close", None)
        if close:
            close()
        super().close()
