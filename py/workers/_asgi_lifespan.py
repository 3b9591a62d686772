"""The lifespan of an application for ASGI: it starts before a request, and stops after it."""

from __future__ import annotations

import logging
from asyncio import Future, Queue, ensure_future, get_running_loop
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Application = Callable[[Message, Callable[..., Any], Callable[..., Any]], Awaitable[None]]

logger = logging.getLogger("asgi")


class Lifespan:
    """
    One lifespan of an application.

    The protocol is optional: an application that raises or ends before it says that it has started has none.
    """

    def __init__(self, app: Application) -> None:
        """Prepare the lifespan of *app*."""
        self.state: dict[str, Any] = {}
        """What the application shares among its requests."""
        self._app = app
        self._orders: Queue[Message] = Queue()
        self._started: Future[bool] = get_running_loop().create_future()
        self._stopped: Future[None] = get_running_loop().create_future()

    async def start(self) -> None:
        """
        Start the application.

        Raises:
            RuntimeError: It says that it cannot start.
        """
        self._orders.put_nowait({"type": "lifespan.startup"})
        self._task = ensure_future(self._run())
        await self._started

    async def stop(self) -> None:
        """
        Stop the application, if it has started.

        Raises:
            RuntimeError: It says that stopping has failed.
        """
        if self._started.done() and not self._started.exception() and self._started.result():
            self._orders.put_nowait({"type": "lifespan.shutdown"})
            await self._stopped

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._orders.get, self._send)
        except Exception as error:
            if self._started.done():
                logger.exception("Exception in the lifespan of an ASGI application")
            else:
                logger.debug("The ASGI application has no lifespan: it raised.", exc_info=error)
        finally:
            # Also after a cancellation: requests wait for it.
            _settle(self._started, result=False)
            _settle(self._stopped, result=None)

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete":
            _settle(self._started, result=True)
        elif kind == "lifespan.startup.failed":
            _fail(self._started, message.get("message") or "ASGI lifespan startup failed")
        elif kind == "lifespan.shutdown.complete":
            _settle(self._stopped, result=None)
        elif kind == "lifespan.shutdown.failed":
            _fail(self._stopped, message.get("message") or "ASGI lifespan shutdown failed")
        else:
            raise RuntimeError(f"Unexpected lifespan event {kind}")


def _settle(future: Future[Any], *, result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: Future[Any], message: str) -> None:
    if not future.done():
        future.set_exception(RuntimeError(message))
