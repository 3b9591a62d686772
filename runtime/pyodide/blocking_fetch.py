"""The platform's ``fetch`` for code that cannot await: the thread blocks while the host fetches."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyodide.ffi import to_js

from _workflows_bridge.trace_context import HEADER, traceparent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_EMPTY, _HEAD, _BODY, _END, _FAILURE = range(5)
"""What the shared buffer holds. `runtime/pyodide/blocking_fetch.js` has the same numbers."""
_SLICE_S = 0.05
"""The interpreter sees an interrupt between two slices."""
PLATFORMS = frozenset({"accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding"})
"""Headers that the platform sets."""
DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of a response that say how its body was sent. The platform has decoded it."""
WITHOUT_BODY = frozenset({"GET", "HEAD"})

_open: list[Callable[[str, Any], Any]] = []
"""Empty, or what opens an exchange with the host."""


class FetchError(Exception):
    """The request failed."""


class FetchTimeoutError(FetchError):
    """No answer came in time."""


@dataclass
class BlockingResponse:
    """A response whose body is still on its way."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    _exchange: Any
    _timeout: float | None

    def parts(self) -> Iterator[bytes]:
        """The parts of the body, as they come."""
        try:
            while True:
                state = _wait(self._exchange, self._timeout)
                if state == _END:
                    return
                part: bytes = self._exchange.take().to_bytes()
                if state == _FAILURE:
                    raise FetchError(part.decode(errors="replace"))
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Give the request up, where it has not ended."""
        self._exchange.close()


def provide(open_exchange: Callable[[str, Any], Any] | None) -> None:
    """Let `blocking_fetch` use *open_exchange* of the host; None where the thread must not block."""
    _open[:] = [open_exchange] if open_exchange else []


def blocking_fetch(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes | None, timeout: float | None
) -> BlockingResponse:
    """
    Fetch *url*; *timeout* is how many seconds may pass without an answer, or without a part of the body.

    Raises:
        FetchError: It failed, or this thread must not block.
    """
    if not _open:
        msg = (
            "Code that cannot await cannot connect here: in a page, and while a snapshot is made. Use an async client."
        )
        raise FetchError(msg)
    sent = [[name, value] for name, value in headers if name.lower() not in PLATFORMS]
    if (parent := traceparent()) and not any(name.lower() == HEADER for name, _ in sent):
        sent.append([HEADER, parent])
    request = json.dumps({"method": method, "url": url, "headers": sent})
    content = to_js(body) if body and method.upper() not in WITHOUT_BODY else None
    exchange = _open[0](request, content)
    try:
        state = _wait(exchange, timeout)
        text = exchange.take().to_bytes().decode(errors="replace")
    except BaseException:
        exchange.close()
        raise
    if state == _FAILURE:
        exchange.close()
        raise FetchError(text)
    head = json.loads(text)
    kept = [(name, value) for name, value in head["headers"] if name not in DECODED]
    return BlockingResponse(head["status"], head["statusText"], kept, exchange, timeout)


def _wait(exchange: Any, timeout: float | None) -> int:  # noqa: ANN401 - a JsProxy
    end = None if timeout is None else time.monotonic() + timeout
    while (state := exchange.wait(_SLICE_S * 1000)) == _EMPTY:
        if end is not None and time.monotonic() > end:
            exchange.close()
            msg = f"No answer within {timeout} s."
            raise FetchTimeoutError(msg)
    return int(state)
