"""What a session asks of the runtime that it lives in."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextvars import Context

    from .batch import Message
    from .calls import Call
    from .session import Session

__all__ = ["Link", "Loop"]


class Link(Protocol):
    """The way to the engine."""

    def post(self, message: Message) -> None:
        """Send *message* with the batch of this turn."""

    def post_text(self, text: str) -> None:
        """As `post`, of a message that is JSON text."""

    def post_value(self, head: str, value: str) -> None:
        """As `post_text`, of a message that ends with *value*, which is canonical text; *head* is all before it."""

    def begin(self, session: Session, call: Call, attempt: int) -> None:
        """Have `Session.attempt` called in this turn, after all messages posted so far have left the interpreter."""

    def ended(self, session: Session, ref: int, attempt: int) -> None:
        """The callback of an attempt that had timed out has ended: whoever watches it can stop."""

    def touch(self, session: Session) -> None:
        """*session* may have come to rest: look at it at the end of this turn."""

    def js_was_notified(self, session: Session) -> None:
        """JavaScript has been told of an outcome: look at *session* when it has had its turn."""


class Loop(AbstractEventLoop):
    """An event loop that knows which tasks belong to which session."""

    def begin_now(self, coro: Coroutine[Any, Any, None], session: Session, context: Context) -> None:
        """Run *coro*, of *session*, in a task: up to its first wait at once, where Python can do so."""
        raise NotImplementedError
