"""Whose code is running: what output, tasks and interrupts are attributed by."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .session import Session

__all__ = ["AttemptExpired", "Origin", "SessionClosed", "origin"]


class Origin(NamedTuple):
    """Whose code is running: a pass and, inside a step, its ref."""

    session: Session
    ref: int | None
    attempt: int = 0


origin: ContextVar[Origin | None] = ContextVar("origin", default=None)
"""What output, tasks and interrupts are attributed by; inherited by all that user code starts."""


class SessionClosed(BaseException):
    """The pass is over. A `BaseException`, so that ``except Exception`` does not swallow it."""


class AttemptExpired(BaseException):
    """The attempt has timed out and keeps the interpreter from everybody else."""
