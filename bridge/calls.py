"""A call of `step.do`, `step.sleep` or `step.wait_for_event`, and how far it has come."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from .values import JsDict, decode

if TYPE_CHECKING:
    from asyncio import Task
    from contextvars import Context

    from .batch import Message
    from .delivery import Outcome

PENDING = "pending"
"""The engine owes an answer, which is on its way."""
RUNNING = "running"
"""A callback runs."""
IDLE = "idle"
"""Nothing happens before a time or an event: a sleep, a wait, the pause before a retry."""

UNORDERED = frozenset({"call", "exchange", "output", "rollback"})
"""Kinds of calls whose answers are in no log: they are given as soon as they are here."""

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
    """What a rollback handler gets: the step that it undoes, and why."""

    context: JsDict
    error: dict[str, Any]
    """What the instance rolls back for, as data."""
    output: str | None
    """The step's output as canonical text; None if it gave nothing."""


class RollbackHandler(NamedTuple):
    """A rollback handler."""

    config: str | None
    """The user's configuration as JSON text."""
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
    count = 0
    """Which call of its kind and name it is, where that is known."""


class RecordedFuture(StepFuture):
    """What a call gives of which the log has the outcome."""

    on_await: Callable[[StepFuture], None] | None = None
    """Told when code begins to await it: the outcome may be given right then."""

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the outcome."""
        if self.on_await is not None:
            on_await, self.on_await = self.on_await, None
            on_await(self)
        return _await(self)


_await = Future.__await__


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
    order: Message
    """The engine's last ``attempt`` message."""
    stored: Outcome | None = None
    """Where the log has the outcome: its place among the others."""
    task: Task[None] | None = None
    """The attempt that runs, or has run."""
    ref = 0
    state = PENDING
    attempt = 0
    """The attempt that runs and has not timed out; 0 if none does."""
    config = ""
    """JSON text of the full configuration of the last attempt."""
    value: str | None = None
    failure: Message | None = None
    """What its last attempt has raised, as data."""

    def __init__(self, kind: str, name: str, count: int, read: Read = decode) -> None:
        """Describe a call that has not been sent yet."""
        self.kind = kind
        self.name = name
        self.count = count
        self.read = read
        """Decodes the stored text into the caller's value."""

    def cancel_attempt(self) -> None:
        """Let the callback that runs know that its outcome no longer counts."""
        if self.task is not None and not self.task.done():
            self.task.cancel("The attempt has timed out.")
