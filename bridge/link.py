"""What a session asks of the runtime that it lives in."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Coroutine
    from contextvars import Context

    from .batch import Message
    from .calls import Call

__all__ = ["Link", "Loop"]

# The session itself, which is described in terms of these.
SessionT_contra = TypeVar("SessionT_contra", contravariant=True)


class Link(Protocol[SessionT_contra]):
    """The way to the engine, and to the event loop that decides when code runs. The twin is `link.d.ts`."""

    def post(self, message: Message) -> None:
        """Send *message* with the batch of this turn."""

    def post_text(self, text: str) -> None:
        """As `post`, of a message that is JSON text."""

    def post_value(self, head: str, value: str) -> None:
        """As `post_text`, of a message that ends with *value*, which is canonical text; *head* is all before it."""

    def begin(self, session: SessionT_contra, call: Call, attempt: int) -> None:
        """Have `AttemptRunner.run` called in this turn, after all messages posted so far have left the interpreter."""

    def ended(self, session: SessionT_contra, ref: int, attempt: int) -> None:
        """The callback of a timed-out attempt has ended: the pool stops watching it."""

    def touch(self, session: SessionT_contra) -> None:
        """*session* may be quiet now: check it at the end of this turn."""

    def outcome_due(self, session: SessionT_contra) -> None:
        """Call `Session.give_outcome` when the code of *session* has done all that it could."""

    def is_all_waiting(self, now: float) -> bool:
        """Whether all code waits once the task that runs *now* does, and the turn has time left."""

    def js_was_notified(self, session: SessionT_contra) -> None:
        """JavaScript has an outcome of *session*, and has done what it can with it one turn later."""


class Loop(AbstractEventLoop, Generic[SessionT_contra]):
    """An event loop that knows which tasks belong to which session."""

    drains = 0
    """How often all that was runnable has run."""
    rounds = 0
    """In a round all runs that was runnable when it began."""
    busy_rounds = 0
    """Rounds since nothing was runnable, or since an outcome was given."""

    def begin_now(
        self, coro: Coroutine[Any, Any, None], session: SessionT_contra, context: Context
    ) -> Task[None] | None:
        """Run *coro*, of *session*, up to its first wait at once where Python can. Gives its task if it continues."""
        raise NotImplementedError
