"""Rest: whether a pass can move without the engine."""

from __future__ import annotations

from asyncio import Future, Task
from typing import TYPE_CHECKING, Any

from _workflows_bridge.calls import HOT, IDLE, RUNNING
from _workflows_bridge.session import Session, StepFuture

if TYPE_CHECKING:
    from types import FrameType

    from .loop import GuestLoop

_WAITING_ON_TASKS = frozenset(
    {"asyncio.tasks", "asyncio.taskgroups", "asyncio.locks", "asyncio.queues", "asyncio.timeouts"}
)
"""Modules whose coroutines wait for what other tasks do. `asyncio.sleep` is among them, but has a timer."""


AWAITS_STEP = "awaits_step"
"""Attribute of a future that a runtime has made of what a step gave elsewhere, such as JavaScript's promise of it."""


def is_at_rest(session: Session, loop: GuestLoop) -> bool:
    """Whether everything that *session* waits for is the engine's: a time, an event, a retry."""
    states = session.states
    if not states[IDLE] or states[RUNNING] or (states[HOT] and not session.held):
        return False
    return not loop.timers_of(session) and all(
        task.done() or _waits_for_engine(task) for task in loop.tasks.get(session, ())
    )


def _waits_for_engine(task: Task[Any]) -> bool:
    waiter = getattr(task, "_fut_waiter", None)
    if waiter is None:
        return False
    return _is_known(waiter) or _innermost_module(task) in _WAITING_ON_TASKS


def _is_known(waiter: Future[Any]) -> bool:
    # A task of this pass is looked at in its own turn.
    if isinstance(waiter, StepFuture | Task) or getattr(waiter, AWAITS_STEP, False):
        return True
    children = getattr(waiter, "_children", None)
    return children is not None and all(child.done() or _is_known(child) for child in children)


def _innermost_module(task: Task[Any]) -> str:
    """The module of the coroutine that waits, at the end of the chain of awaits."""
    awaited: Any = task.get_coro()
    frame: FrameType | None = None
    while (inner := getattr(awaited, "cr_frame", None)) is not None:
        frame = inner
        awaited = awaited.cr_await
    return str(frame.f_globals.get("__name__", "")) if frame is not None else ""
