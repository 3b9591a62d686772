"""Responses of applications for ASGI and WSGI: whole, or a body that the application goes on writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _workflows_bridge.proxies import js, to_js, to_uint8_array

from ._headers import to_js_headers
from ._response import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .gateway import BaseOptions

_WITHOUT_BODY = frozenset({101, 103, 204, 205, 304})
"""Statuses whose responses have no body."""


class ResponseHead:
    """Status and headers, and what they are made into."""

    def __init__(self, status: int, headers: Iterable[tuple[str, str]], options: BaseOptions, reason: str = "") -> None:
        """
        Keep them.

        Args:
            status: The status code.
            headers: Pairs; a name may come several times.
            options: Of the adapter.
            reason: What the application calls the status.
        """
        self.status = status
        self._init: dict[str, Any] = {
            "status": status,
            "headers": to_js_headers(headers),
            **({"statusText": reason} if reason else {}),
            **options.response_init(),
        }

    def whole(self, body: bytes) -> Response:
        """Get the response with *body*, which is all of it."""
        given = None if self.status in _WITHOUT_BODY or not body else to_uint8_array(body)
        return self._make(given)

    def streamed(self) -> tuple[Response, BodyWriter | None]:
        """Get the response, and what writes its body; None where it has none."""
        if self.status in _WITHOUT_BODY:
            return self._make(None), None
        stream = js().TransformStream.new()
        return self._make(stream.readable), BodyWriter(stream.writable.getWriter())

    def _make(self, body: Any) -> Response:  # noqa: ANN401 - JavaScript's
        return Response(js().Response.new(body, to_js(self._init)))


class BodyWriter:
    """Writes a body, as fast as the client reads it."""

    def __init__(self, writer: Any) -> None:  # noqa: ANN401 - JavaScript's
        self._writer = writer

    async def write(self, data: bytes) -> None:
        """Write *data*. Returns when the client is ready for more."""
        if data:
            await self._writer.write(to_uint8_array(data))

    async def close(self) -> None:
        """The body is complete."""
        await self._writer.close()

    def fail(self, error: BaseException) -> None:
        """The rest of the body does not come."""
        self._writer.abort(js().Error.new(str(error) or type(error).__name__))
