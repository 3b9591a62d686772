"""
Applications for WSGI, such as Django's and Flask's, as handlers of a Worker.

``Default = wsgi.entrypoint(app)`` is a Worker. ``await wsgi.fetch(app, request, env)`` answers one request in the
handler of a Worker. The application runs without a break until its response begins.
"""

from __future__ import annotations

import io
import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from ._context import wait_until
from ._entrypoints import WorkerEntrypoint
from ._gateway_response import BodyWriter, ResponseHead
from .asgi import to_request
from .gateway import BaseOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ._request import Request
    from ._response import Response
    from ._types import Context, JSObject

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

__all__ = ["Options", "build_environ", "entrypoint", "fetch"]

logger = logging.getLogger("wsgi")


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
            return await fetch(app, request, self.env, options=options)

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
        req: The request, also JavaScript's. Its body is read before the application is called.
        env: What the application finds as ``environ["workers.env"]``.
        ctx: The context of the handler.
        options: Of the adapter.

    Raises:
        Exception: What the application has raised before it began to answer.
    """
    request = to_request(req)
    body = b"" if request.body is None else await request.bytes()
    started = _Start()
    result = app(build_environ(request, env, body), started)
    chunks = _Chunks(result, started)
    return _respond(chunks, started, options or DEFAULT_OPTIONS)


def _respond(chunks: _Chunks, started: _Start, options: Options) -> Response:
    first = chunks.first()
    code, _, reason = started.status.partition(" ")
    head = ResponseHead(int(code), started.headers, options, reason)
    # A list is whole; anything else may go on for long.
    if chunks.is_whole:
        return head.whole(b"".join([first, *chunks.rest()]))
    response, writer = head.streamed()
    if writer is None:
        chunks.close()
    else:
        wait_until(_write(writer, first, chunks))
    return response


async def _write(writer: BodyWriter, first: bytes, chunks: _Chunks) -> None:
    try:
        await writer.write(first)
        for chunk in chunks.rest():
            await writer.write(chunk)
        await writer.close()
    except BaseException as error:
        writer.fail(error)
        raise
    finally:
        chunks.close()


class _Start:
    """``start_response``, and what the application has called it with."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []
        """What the application has given to the ``write`` that it got."""

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:  # noqa: ANN401
        if self.status and exc_info is None:
            raise AssertionError("start_response() has been called before.")
        if self.written and exc_info is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = status, list(headers)
        return self.written.append


class _Chunks:
    """What the application returns, which is closed at its end."""

    def __init__(self, result: Iterable[bytes], started: _Start) -> None:
        self._result = result
        self._chunks = iter(result)
        self._started = started
        self.is_whole = isinstance(result, list | tuple)

    def first(self) -> bytes:
        """The first that is not empty: an application has to have begun its response by then."""
        try:
            chunk = next((chunk for chunk in self._chunks if chunk), b"")
        except BaseException:
            self.close()
            raise
        if not self._started.status:
            self.close()
            raise RuntimeError("The application has not called start_response().")
        return b"".join([*self._started.written, chunk])

    def rest(self) -> Iterator[bytes]:
        """Those after the first."""
        yield from self._chunks
        self.close()

    def close(self) -> None:
        """Tell the application that its response is over."""
        close, self._result = getattr(self._result, "close", None), ()
        if close is not None:
            close()


def build_environ(req: Request | JSObject, env: Any, body: bytes | io.IOBase) -> dict[str, Any]:  # noqa: ANN401
    """Get the environment by which the application knows a request."""
    request = to_request(req)
    url = urlsplit(request.url)
    given = io.BytesIO(body) if isinstance(body, bytes | bytearray) else body
    method = request.method
    environ: dict[str, Any] = {
        "REQUEST_METHOD": getattr(method, "value", method),
        "SCRIPT_NAME": "",
        # As WSGI has text: one character for each byte.
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or {"https": 443}.get(url.scheme, 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": given,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "workers.env": env,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if isinstance(body, bytes | bytearray) and body:
        environ.setdefault("CONTENT_LENGTH", str(len(body)))
    return environ
