"""
Code outside passes: the call of a handler whose code runs, and how such code reaches the host.

It has no twin: JavaScript tells whose code runs by its own means.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable

    from .session import Session


class HandlerCall:
    """One call of a handler, for a request, an event of a schedule, a batch of a queue, or another Worker."""

    def __init__(self, number: int) -> None:
        """Begin the call that the host knows as *number*."""
        self.number = number
        self.pending: set[Future[Any]] = set()
        """Tasks that continue after the answer: see `wait_until`."""


current_call: ContextVar[HandlerCall | None] = ContextVar("current_call", default=None)
"""The call whose code runs; None in a pass, and while modules are imported."""


class WorkflowCaller(Protocol):
    """Calls a method of a workflow."""

    def __call__(self, workflow: str, method: str, args: dict[str, Any], /) -> Awaitable[Any]:
        """Give what the method gives."""


_caller: list[WorkflowCaller] = []


def connect(caller: WorkflowCaller) -> None:
    """Let *caller* make the calls of workflows for code outside passes."""
    _caller[:] = [caller]


def caller_of(session: Session | None) -> WorkflowCaller | None:
    """What makes the calls of workflows for the code that runs: *session* of its pass, or the interpreter's own."""
    if session is not None:
        return session.call
    return _caller[0] if _caller else None
