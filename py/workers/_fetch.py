"""Fetching."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, Any, cast

from _workflows_bridge.proxies import ffi, http, js, kind_of
from _workflows_bridge.trace_context import HEADER, traceparent

from ._request import Request, to_js_init
from ._response import Response

if TYPE_CHECKING:
    from typing import Unpack

    from ._types import FetchKwargs, JSObject


async def fetch(resource: str | Request | JSObject, **other_options: Unpack[FetchKwargs]) -> Response:
    """
    Send a request and get the response when its headers have come.

    Cancelling the task that waits here gives the request up.

    Raises:
        OSError: No response came.
        TimeoutError: The signal, of ``AbortSignal.timeout()``, ended it.
    """
    controller = None
    if other_options.get("signal") is None and not isinstance(resource, Request) and kind_of(resource) != "Request":
        controller = js().AbortController.new()
        other_options["signal"] = controller.signal
    send: Any = other_options.get("fetcher") or js().fetch
    source = resource.js_object if isinstance(resource, Request) else resource
    arguments: tuple[Any, ...] = (source, to_js_init(other_options))
    if not other_options.get("fetcher") and (parent := traceparent()):
        arguments = (_traced(source, arguments[1], parent),)
    try:
        return Response(await send(*arguments))
    except CancelledError:
        if controller:
            controller.abort()
        raise
    except ffi().JsException as error:
        # The cause is there for bindings, whose errors may be another Worker's.
        raise _to_os_error(error) from (error if other_options.get("fetcher") else None)


def _traced(source: Any, init: Any, parent: str) -> Any:  # noqa: ANN401 - as `fetch` takes them
    """The request that they stand for, with the trace that the running code belongs to."""
    request = js().Request.new(source, init)
    if not request.headers.has(HEADER):
        request.headers.set(HEADER, parent)
    return request


def _to_os_error(error: Any) -> OSError:  # noqa: ANN401 - a JsException
    if error.name == "TimeoutError":
        return TimeoutError(error.message)
    if error.name == "AbortError":
        return cast("OSError", http().AbortError(error))
    # Node says "fetch failed" and keeps the reason in the cause.
    reason = getattr(getattr(error, "cause", None), "message", "") or getattr(getattr(error, "cause", None), "code", "")
    return OSError(f"{error.message}: {reason}" if reason else error.message)
