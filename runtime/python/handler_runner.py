"""Calls of handlers in an interpreter: each is a task of its own, whose output and whose `wait_until` are its own."""

from __future__ import annotations

import asyncio
import json
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.errors import to_wire
from _workflows_bridge.handler_call import HandlerCall, current_call

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Coroutine, Sequence

    HandlerName = Sequence[Any]
    """
    The name of the entrypoint's class, or None for the default one; the name of the method; and the key of the Durable
    Object that is called, if it is one.
    """


class Answer(Protocol):
    """Takes what becomes of a call."""

    def resolve(self, result: Any) -> None:  # noqa: ANN401 - as JavaScript has it
        """The handler has given *result*."""

    def reject(self, error: str) -> None:
        """The handler has raised: a wire error as JSON."""

    def settle(self) -> None:
        """Nothing of the call goes on any more."""


class HandlerRunner:
    """See the module."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        """Run calls on *loop*."""
        self._loop = loop
        self._tasks: dict[int, Task[None]] = {}

    def begin(self, number: int, work: Coroutine[Any, Any, Any], answer: Answer) -> None:
        """Run *work*, which is call *number*, in a task of its own."""
        call = HandlerCall(number)
        own = copy_context()
        own.run(current_call.set, call)
        self._tasks[number] = self._loop.create_task(self._run(work, call, answer), context=own)

    def cancel(self, number: int) -> None:
        """The caller has gone: cancel the handler, unless it has answered."""
        if task := self._tasks.get(number):
            task.cancel()

    async def _run(self, work: Coroutine[Any, Any, Any], call: HandlerCall, answer: Answer) -> None:
        try:
            answer.resolve(await work)
        except BaseException as error:  # noqa: BLE001 - user code, and nothing of it may pass
            answer.reject(json.dumps(to_wire(error)))
        finally:
            del self._tasks[call.number]
        while call.pending:
            await asyncio.wait(call.pending)
        answer.settle()
