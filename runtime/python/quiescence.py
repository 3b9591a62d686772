"""Quiescence: whether a pass can move without the engine."""

from __future__ import annotations

from asyncio import Future, Task
from contextvars import Context
from enum import Enum
from typing import TYPE_CHECKING, Any

from _workflows_bridge.calls import StepFuture
from _workflows_bridge.origin import origin

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from types import FrameType

    from _workflows_bridge.session import Session

    from .loop import GuestLoop

_WAITING_ON_TASKS = frozenset(
    {"asyncio.tasks", "asyncio.taskgroups", "asyncio.locks", "asyncio.queues", "asyncio.timeouts"}
)
"""Modules whose coroutines wait for what other tasks do. `asyncio.sleep` is among them, but has a timer."""


GRACE_S = 5 * 60
"""Upstream's grace period in seconds, after which a pass that nobody can tell of is taken for one at rest."""
POLL_INTERVAL_S = 0.02
"""Seconds after which such a pass is looked at again."""

AWAITS_STEP = "awaits_step"
"""Attribute of a future that a runtime has made of what a step gave elsewhere, such as JavaScript's promise of it."""


class Quiescence(Enum):
    """Whether a pass can move without the engine."""

    NO = 0
    YES = 1
    UNKNOWN = 2
    """It waits for something whose nature nobody can tell, such as a promise of JavaScript's own."""


def code_quiescence(session: Session, loop: GuestLoop) -> Quiescence:
    """Whether the code of ``run()``, steps left aside, waits for outcomes alone. Timers are not looked at."""
    quiescence = Quiescence.YES
    for task in loop.tasks.get(session, ()):
        if task.done() or _is_of_step(task):
            continue
        waiter = getattr(task, "_fut_waiter", None)
        if waiter is None or not (_is_known(waiter) or _innermost_module(task) in _WAITING_ON_TASKS):
            quiescence = Quiescence.UNKNOWN
    return quiescence


def _is_of_step(task: Task[Any]) -> bool:
    found = task.get_context().get(origin)  # type: ignore[attr-defined, unused-ignore]
    return found is not None and found.ref is not None


def awaits_unknown(session: Session, loop: GuestLoop) -> bool:
    """Whether a task of *session* waits for what is no timer, not the engine's, and no task of its own."""
    for task in loop.tasks.get(session, ()):
        waiter = None if task.done() else getattr(task, "_fut_waiter", None)
        if waiter is not None and not (_is_known(waiter) or _innermost_module(task) in _WAITING_ON_TASKS):
            return True
    return False


def quiescence_of(session: Session, loop: GuestLoop) -> Quiescence:
    """Whether everything that *session* waits for is the engine's: a time, an event, a retry."""
    if not session.idle or loop.timers_of(session):
        return Quiescence.NO
    rest = Quiescence.YES
    for task in loop.tasks.get(session, ()):
        if task.done():
            continue
        waiter = getattr(task, "_fut_waiter", None)
        if waiter is None:
            return Quiescence.NO
        if not (_is_known(waiter) or _innermost_module(task) in _WAITING_ON_TASKS):
            rest = Quiescence.UNKNOWN
    return rest


class UndecidedPasses:
    """
    Passes of which nobody can tell whether they are at rest.

    Where nothing but the engine can wake the interpreter, whatever they wait for is the engine's. Otherwise they are
    looked at again and again, and taken for resting when they have waited for as long as upstream waits.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._since: dict[Session, float] = {}
        self._calm: set[Session] = set()
        """Those that seemed to be at rest when they were last looked at."""
        self._timer: TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self._since)

    @property
    def sessions(self) -> set[Session]:
        """Those in doubt."""
        return set(self._since)

    def settle(self, session: Session, loop: GuestLoop, *, moved: bool) -> Quiescence:
        """
        Whether *session* is at rest; if that stays unknown, have a turn soon in which it is looked at again.

        *moved*: something has happened to it since it was last looked at. JavaScript may hand that on in several turns.
        """
        calm = loop.alone()
        if calm is None:
            return Quiescence.UNKNOWN
        now = loop.time()
        since = self._since.setdefault(session, now)
        if (calm and session in self._calm and not moved) or now - since >= GRACE_S:
            self.forget(session)
            return Quiescence.YES
        (self._calm.add if calm else self._calm.discard)(session)
        if self._timer is None or self._timer.when() <= now:
            # Seldom, for one that takes its time. In a context of its own, so that it is no pass's timer.
            self._timer = loop.call_later(max(POLL_INTERVAL_S, (now - since) / 8), _nothing, context=Context())
        return Quiescence.UNKNOWN

    def forget(self, session: Session) -> None:
        """*session* is in no doubt."""
        self._since.pop(session, None)
        self._calm.discard(session)


def _nothing() -> None:
    pass


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
