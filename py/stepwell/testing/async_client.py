"""The test kit for asynchronous tests: the same objects, whose methods are awaited."""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import TYPE_CHECKING, Any

from stepwell.testing.clock import Clock
from stepwell.testing.instance_introspector import InstanceIntrospector
from stepwell.testing.modifier import Modifier
from stepwell.testing.worker import Bindings, Worker, WorkflowBinding
from stepwell.testing.workflow_introspector import WorkflowIntrospector
from stepwell.testing.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

_WRAPPED = (
    Bindings,
    Clock,
    InstanceIntrospector,
    Modifier,
    Worker,
    WorkflowBinding,
    WorkflowIntrospector,
    Workflows,
)


class AsyncClient:
    """
    An object of the test kit whose methods are awaited. The event loop of the test runs meanwhile.

    Each call runs in a thread, so it works with every event loop and forces no mode on a plugin.
    """

    def __init__(self, wrapped: object) -> None:
        self._wrapped = wrapped

    def __repr__(self) -> str:
        return f"<AsyncClient of {self._wrapped!r}>"

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the object has
        found = getattr(self._wrapped, name)
        if isinstance(found, _WRAPPED):
            return AsyncClient(found)
        return _awaited(found) if callable(found) else found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await _in_thread(functools.partial(getattr(self._wrapped, "__exit__"), kind, error, traceback))  # noqa: B009 - any of them


def _awaited(method: Callable[..., object]) -> Callable[..., Any]:
    async def call(*args: object, **kwargs: object) -> object:
        return _wrap(await _in_thread(functools.partial(method, *args, **kwargs)))

    return call


def _wrap(result: object) -> object:
    if isinstance(result, list):
        return [_wrap(each) for each in result]
    return AsyncClient(result) if isinstance(result, _WRAPPED) else result


async def _in_thread(run: Callable[[], object]) -> object:
    # In a loop of trio's, which asyncio's threads do not know.
    if (anyio := sys.modules.get("anyio")) and "trio" in sys.modules:
        return await anyio.to_thread.run_sync(run)
    return await asyncio.to_thread(run)
