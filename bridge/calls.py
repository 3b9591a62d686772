"""A call of `step.do`, `step.sleep` or `step.wait_for_event`, and how far it has come."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .values import JsDict, decode

if TYPE_CHECKING:
    from contextvars import Context

    from .batch import Message

PENDING = "pending"
"""The engine owes an answer, which is on its way."""
RUNNING = "running"
"""A callback runs."""
IDLE = "idle"
"""Nothing happens before a time or an event: a sleep, a wait, the pause before a retry."""

Perform = Callable[..., Any]
"""
Calls a callback once, and gives what that gives: a coroutine, or a result. Is given what makes the context, a
``Callable[[], JsDict]``; a bare one is given nothing, for the callback wants no context.
"""

Write = Callable[[Any, str], "str | Awaitable[str]"]
"""Makes canonical text of the result of a callback; takes the step's name besides."""

Read = Callable[[str], Any]

Delay = Callable[[JsDict, BaseException, dict[str, Any]], Awaitable[object]]
"""Says how long to wait before the next attempt: takes the context, and the error itself and as data."""


class RollbackContext(NamedTuple):
    """What a rollback handler is told of the step that it undoes."""

    context: JsDict
    error: dict[str, Any]
    """What the instance rolls back for, as data."""
    output: str | None
    """Canonical text of what the step gave; None if it gave nothing."""


class RollbackHandler(NamedTuple):
    """A rollback handler."""

    config: str | None
    """JSON text of what the user configured."""
    perform: Callable[[RollbackContext], Awaitable[str]]
    """Runs it once; gives canonical text."""


class JsFailure(Exception):  # noqa: N818 - a carrier
    """What a callback in JavaScript threw, as data."""

    def __init__(self, wire: dict[str, Any]) -> None:
        """Carry *wire*."""
        super().__init__(wire["message"])
        self.wire = wire


class StepFuture(Future[Any]):
    """What a call of a step gives; the engine settles it."""

    wire: Message | None = None
    """The error that it was rejected with, as data."""


class Call:
    """One call; `Session` alone changes it."""

    # Most calls leave most of it as it is: an instance has what differs.

    context: Context
    future: StepFuture
    perform: Perform
    bare = False
    """Whether `perform` is bare."""
    write: Write | None = None
    """Absent where what the callback gives is canonical text already."""
    user_config: str | None = None
    delay: Delay | None = None
    told: dict[str, Any]
    """Of a rollback handler: the engine's last order."""
    ref = 0
    state = PENDING
    attempt = 0
    """The attempt that runs and has not timed out; 0 if none does."""
    config = ""
    """JSON text of the full configuration of the last attempt."""
    value: str | None = None
    failure: tuple[BaseException, dict[str, Any]] | None = None

    def __init__(self, kind: str, name: str, count: int, read: Read = decode) -> None:
        """Describe a call that has not been sent yet."""
        self.kind = kind
        self.name = name
        self.count = count
        self.read = read
        """What makes of canonical text what the caller gets."""
