"""Work that goes on beside what an entrypoint does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from _workflows_bridge.handler_call import current_call
from _workflows_bridge.proxies import from_js

if TYPE_CHECKING:
    from collections.abc import Awaitable

_going_on: set[asyncio.Future[Any]] = set()


def wait_until(awaitable: Awaitable[Any], /) -> None:
    """
    Let *awaitable* go on, although nobody awaits it here.

    It is not durable: if the process dies, it is gone. What it raises is logged.
    """
    # A proxy that Python has made for JavaScript stands for what is Python's.
    unwrap = getattr(awaitable, "unwrap", None) if type(awaitable).__name__ == "JsDoubleProxy" else None
    future = asyncio.ensure_future(unwrap() if unwrap else awaitable)
    # The loop holds tasks weakly.
    _going_on.add(future)
    future.add_done_callback(_settle)
    if (call := current_call.get()) is not None:
        call.pending.add(future)
        future.add_done_callback(call.pending.discard)


def _settle(future: asyncio.Future[Any]) -> None:
    _going_on.discard(future)
    if not future.cancelled() and (error := future.exception()):
        message = "Exception in work given to wait_until()"
        future.get_loop().call_exception_handler({"message": message, "exception": error, "future": future})


class ExecutionContext:
    """What an entrypoint has as ``self.ctx``."""

    def __init__(self, js_context: Any = None) -> None:  # noqa: ANN401 - JavaScript's
        """Stand for *js_context*, if the entrypoint answers a call."""
        self._js_context = js_context

    @property
    def props(self) -> Any:  # noqa: ANN401 - as configured
        """The ``props`` of the service binding that calls; an empty dict if there are none."""
        return {} if self._js_context is None else from_js(self._js_context.props)

    @property
    def exports(self) -> Exports:
        """The Worker's own entrypoints, as service bindings by their names."""
        return Exports(None if self._js_context is None else self._js_context.exports)

    def waitUntil(self, other: Awaitable[Any], /) -> None:  # noqa: N802 - upstream's name
        """Let *other* go on, although nobody awaits it here."""
        wait_until(other)

    def wait_until(self, other: Awaitable[Any], /) -> None:
        """Let *other* go on, although nobody awaits it here."""
        wait_until(other)

    def passThroughOnException(self) -> None:  # noqa: N802 - upstream's name
        """Do nothing: there is no origin behind this host."""


class Exports:
    """The entrypoints of the Worker as attributes. A call of one gives it with other ``props``."""

    def __init__(self, js_exports: Any) -> None:  # noqa: ANN401 - JavaScript's
        """Show *js_exports*."""
        self._js_exports = js_exports

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a binding
        from .rpc import _ExportWrapper  # noqa: PLC0415 - which imports this module

        found = getattr(self._js_exports, name, None)
        if found is None:
            raise AttributeError(f"ctx.exports has no {name!r}.", name=name, obj=self)
        return _ExportWrapper(found)
