"""
Calls of fetch handlers as data: Python makes the request of it, and gives most responses as data too.

To ask JavaScript for each part of a request, and to make JavaScript's objects of a response, takes longer than many a
handler.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextvars import copy_context
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.errors import to_wire
from _workflows_bridge.handler_call import HandlerCall, current_call
from workers._request import Request
from workers._response import Response

if TYPE_CHECKING:
    from .loop import GuestLoop
    from .module_handlers import ModuleHandlers

AT_ONCE_S = 0.002
"""Seconds for which calls are begun one after the other. Then JavaScript sends what has been answered."""


class FetchHost(Protocol):
    """What takes the answers."""

    def fetch_answered(self, number: int, status: int, headers: str, body: Any) -> None:  # noqa: ANN401 - text or bytes
        """Call *number* has a response: data, with its *headers* as JSON."""

    def fetch_answered_by(self, number: int, response: Any) -> None:  # noqa: ANN401 - JavaScript's
        """Call *number* has a response, which is JavaScript's."""

    def fetch_failed(self, number: int, error: str) -> None:
        """The handler has raised: a wire error as JSON."""

    def fetch_settled(self, number: int) -> None:
        """Nothing of the call goes on any more."""

    def exports(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """What ``ctx.exports`` has."""

    def make_request(self, number: int, data: str, used: bool) -> Any:  # noqa: ANN401, FBT001 - JavaScript's own
        """Make JavaScript's request of its data (JSON). *used*: its body has been read."""


class FetchCalls:
    """See the module."""

    def __init__(self, loop: GuestLoop, host: FetchHost) -> None:
        """Run calls on *loop*."""
        self._loop = loop
        # Each look for a method of JavaScript's makes an object.
        self._answered = host.fetch_answered
        self._answered_by = host.fetch_answered_by
        self._failed = host.fetch_failed
        self._settled = host.fetch_settled
        self._make_request = host.make_request
        self._context = _Context(host)
        self._waiting: deque[dict[str, Any]] = deque()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take(self, calls: str) -> None:
        """Take *calls*, a list as JSON."""
        self._waiting.extend(json.loads(calls))

    @property
    def waits(self) -> bool:
        """Whether there are calls that have not begun."""
        return bool(self._waiting)

    def begin(self, handlers: ModuleHandlers) -> None:
        """Begin those that wait, or some of them, where they take long."""
        until = perf_counter() + AT_ONCE_S
        while self._waiting:
            self._begin(self._waiting.popleft(), handlers)
            if self._waiting and perf_counter() > until:
                self._loop.wake()
                return

    def _begin(self, call: dict[str, Any], handlers: ModuleHandlers) -> None:
        number = call["number"]
        current = HandlerCall(number)
        context = copy_context()
        context.run(current_call.set, current)
        work = self._run(current, call, handlers)
        task: asyncio.Task[None] = asyncio.Task(work, loop=self._loop, context=context, eager_start=True)  # type: ignore[call-arg, unused-ignore]
        if not task.done():
            self._tasks[number] = task

    def cancel(self, number: int) -> None:
        """The caller has gone: cancel the handler, unless it has answered."""
        if task := self._tasks.get(number):
            task.cancel()
            return
        for call in self._waiting:
            if call["number"] == number:
                self._waiting.remove(call)
                self._settled(number)
                return

    async def _run(self, current: HandlerCall, call: dict[str, Any], handlers: ModuleHandlers) -> None:
        number = current.number
        try:
            request = Request._of_data(call["request"], partial(self._make_request, number))  # noqa: SLF001 - our own
            self._answer(number, handlers, await handlers.fetch(call["entrypoint"], request, self._context))
        except BaseException as error:  # noqa: BLE001 - user code, and nothing of it may pass
            self._failed(number, json.dumps(to_wire(error)))
        finally:
            self._tasks.pop(number, None)
        while current.pending:
            await asyncio.wait(current.pending)
        self._settled(number)

    def _answer(self, number: int, handlers: ModuleHandlers, response: Any) -> None:  # noqa: ANN401 - what a handler has given
        data = response._data if isinstance(response, Response) else None  # noqa: SLF001 - our own
        if data is None:
            self._answered_by(number, handlers.to_js(response))
        else:
            self._answered(number, *data)


class _Context:
    """What JavaScript has as ``ctx`` of a call that no service binding makes."""

    def __init__(self, host: FetchHost) -> None:
        self._host = host

    @property
    def props(self) -> dict[str, object]:
        return {}

    @property
    def exports(self) -> Any:  # noqa: ANN401 - JavaScript's own
        return self._host.exports()
