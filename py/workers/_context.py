"""Work that goes on beside what an entrypoint does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

_going_on: set[asyncio.Future[Any]] = set()


def wait_until(awaitable: Awaitable[Any], /) -> None:
    """
    Let *awaitable* go on, although nobody awaits it here.

    It is not durable: if the process dies, it is gone. What it raises is logged.
    """
    future = asyncio.ensure_future(awaitable)
    # The loop holds tasks weakly.
    _going_on.add(future)
    future.add_done_callback(_settle)


def _settle(future: asyncio.Future[Any]) -> None:
    _going_on.discard(future)
    if not future.cancelled() and (error := future.exception()):
        message = "Exception in work given to wait_until()"
        future.get_loop().call_exception_handler({"message": message, "exception": error, "future": future})


class ExecutionContext:
    """What an entrypoint has as ``self.ctx``."""

    def waitUntil(self, other: Awaitable[Any], /) -> None:  # noqa: N802 - upstream's name
        """Let *other* go on, although nobody awaits it here."""
        wait_until(other)

    def wait_until(self, other: Awaitable[Any], /) -> None:
        """Let *other* go on, although nobody awaits it here."""
        wait_until(other)

    def passThroughOnException(self) -> None:  # noqa: N802 - upstream's name
        """Do nothing: there is no origin behind this host."""
