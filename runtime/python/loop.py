"""
What every event loop of a guest is: one that runs in turns, and knows which tasks and timers belong to which pass.

A turn begins with what has made code runnable (a batch of the engine, a timer, a socket), runs it, and ends with the
batch that tells the engine.
"""

from __future__ import annotations

import logging
import sys
from asyncio import Handle, Task, TimerHandle, current_task
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from _workflows_bridge.link import Loop
from _workflows_bridge.origin import origin
from _workflows_bridge.traces import format_traceback

from .abandon import abandon_generator

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable

    from _workflows_bridge.session import Session

SLICE_S = 0.05
"""Seconds after which a turn gives way to what else wants to run: timers, sockets, the host."""
_BETWEEN_CHECKS = 64
"""Handles that run before somebody looks at the clock."""
MAX_ROUNDS = 1000
"""Code that is still runnable after so many rounds of the loop keeps itself busy."""
_PRUNE_FROM = 32
_HAS_EAGER_TASKS = sys.version_info >= (3, 12)

if sys.version_info >= (3, 12):
    ContextTask = Task
else:

    class ContextTask(Task[Any]):
        """A task that tells its context, as newer Pythons' do."""

        def __init__(self, coro: Coroutine[Any, Any, Any], *, context: Context, **options: Any) -> None:  # noqa: ANN401
            """Run *coro* in *context*."""
            super().__init__(coro, context=context, **options)
            self._own_context = context

        def get_context(self) -> Context:
            """The context that it runs in."""
            return self._own_context


class GuestLoop(Loop["Session"]):
    """To be mixed into an event loop."""

    plain_task: type[Task[Any]] = ContextTask
    """What a task is that does not begin at once."""

    task_ended: Callable[[Task[Any]], object] | None = None
    """Told of every task that has ended, where somebody wants to know."""

    def __init__(self) -> None:
        """Begin without passes."""
        super().__init__()
        self.tasks: dict[Session, list[Task[Any]]] = {}
        """Of each session that is open, its tasks; some may be done."""
        self.woken: set[Session] = set()
        """Sessions in which something other than a message of the engine has made code runnable."""

    # What each has in its own way -------------------------------------------------------------------------------------

    turning = False
    """Whether a turn is under way."""
    running: Handle | None = None
    """What runs now, where it is something that was runnable."""
    _ready: deque[Handle]
    """What is runnable."""

    run_handle = staticmethod(Handle._run)  # type: ignore[attr-defined, unused-ignore]  # noqa: SLF001
    """What runs a handle."""

    def begin_turn(self) -> float:
        """Make what is due runnable. Gives the time at which the turn should end."""
        raise NotImplementedError

    def end_turn(self) -> None:
        """Ask for what the next turn needs."""
        raise NotImplementedError

    def wake(self) -> None:
        """See to it that there will be a turn."""
        raise NotImplementedError

    def alone(self) -> bool | None:
        """Whether nothing but the engine can wake this interpreter; None where its host cannot tell."""
        return None

    def set_timers(self) -> Iterable[TimerHandle]:
        """All timers that are to come; cancelled ones may be among them."""
        raise NotImplementedError

    # What is the same for all -----------------------------------------------------------------------------------------

    def run_ready(self, until: float, rounds: int = MAX_ROUNDS) -> bool:
        """
        Run what is runnable until nothing is, until *until*, or for so many *rounds*. Gives whether nothing is.

        In a round all runs that was runnable when the round began.
        """
        ready = self._ready
        run = self.run_handle
        unchecked = 0
        for _ in range(rounds):
            if not ready:
                self.running = None
                self.drains += 1
                self.busy_rounds = 0
                return True
            self.busy_rounds += 1
            self.rounds += 1
            for _ in range(len(ready)):
                self.running = handle = ready.popleft()
                if not handle._cancelled:  # noqa: SLF001
                    try:
                        run(handle)
                    except (SystemExit, KeyboardInterrupt) as error:
                        # asyncio raises these through the loop. No user code may stop the interpreter it shares.
                        self.report_exit(error, handle)
                unchecked += 1
                if unchecked == _BETWEEN_CHECKS:
                    unchecked = 0
                    if self.time() > until:
                        self.running = None
                        return not ready
        self.running = None
        return not ready

    def is_all_waiting(self) -> bool:
        """Whether nothing is runnable, once the task that runs now begins to wait."""
        if self._ready or self.running is None:
            return False
        # A task that begins at once runs inside of other code, which goes on when the task waits. A task that has been
        # cancelled learns of it where it waits.
        task = current_task(self)
        if task is None or task.cancelling():
            return False
        return getattr(self.running._callback, "__self__", None) is task  # type: ignore[attr-defined]  # noqa: SLF001

    @property
    def is_spinning(self) -> bool:
        """Whether code keeps the loop busy, and has had its chance to do something else."""
        return self.busy_rounds >= MAX_ROUNDS

    def is_ready(self, session: Session) -> bool:
        """Whether code of *session* is runnable."""
        return any(_belongs(handle, session) for handle in self._ready)

    def note_timer(self, timer: TimerHandle) -> None:
        """Code has set *timer*."""
        found = context_of(timer).get(origin)
        if found and found.ref is None:
            found.session.skips.note_timer(timer)

    def note_wake(self, handle: Handle) -> None:
        """*handle* has become runnable, and no message of the engine has made it so."""
        found = context_of(handle).get(origin)
        if found:
            self.woken.add(found.session)

    def create_task(  # type: ignore[override]  # a generator is no coroutine any more
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
        eager_start: bool | None = None,
        **_options: object,
    ) -> Task[Any]:
        """Run *coro*. The task belongs to the pass whose code creates it."""
        if context is None:
            context = copy_context()
        found = context.get(origin)
        if found and found.session.closed and found.session not in self.tasks:
            coro.close()
            found.session.check_open()
        task: Task[Any]
        if eager_start and _HAS_EAGER_TASKS:
            task = Task(coro, loop=self, name=name, context=context, eager_start=True)  # type: ignore[call-arg, unused-ignore]
        else:
            task = self.plain_task(coro, loop=self, name=name, context=context)
        self._adopt(task, found.session if found else None)
        return task

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        """Close *agen*, whose reader is gone: at once if its pass is over, for a pass that is over runs no tasks."""
        found = copy_context().get(origin)
        if found and found.session.closed:
            self._asyncgens.discard(agen)  # type: ignore[attr-defined]
            abandon_generator(agen)
        else:
            super()._asyncgen_finalizer_hook(agen)  # type: ignore[misc]

    def begin_now(self, coro: Coroutine[Any, Any, None], session: Session, context: Context) -> Task[None] | None:
        """See `Loop`. As `create_task`, for a session that is known to be open."""
        if not _HAS_EAGER_TASKS:
            return self.create_task(coro, context=context)
        task = Task(coro, loop=self, context=context, eager_start=True)  # type: ignore[call-arg, unused-ignore]
        is_done = task.done()
        if self.task_ended is not None or not is_done:
            self._adopt(task, session)
        return None if is_done else task

    def _adopt(self, task: Task[Any], session: Session | None) -> None:
        if self.task_ended is not None:
            task.add_done_callback(self.task_ended)
        if session and not task.done():
            tasks = self.tasks.setdefault(session, [])
            tasks.append(task)
            if len(tasks) > _PRUNE_FROM and not len(tasks) & (len(tasks) - 1):
                tasks[:] = [each for each in tasks if not each.done()]

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report what nobody has caught, as output of the code that it comes from."""
        owner = context.get("task") or context.get("future")
        if not isinstance(owner, Task):
            super().call_exception_handler(context)
            return
        own_context = owner.get_context().copy()  # type: ignore[attr-defined, unused-ignore]
        found = own_context.get(origin)
        if found is None or not found.session.closed:
            own_context.run(super().call_exception_handler, context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log it, with the frames that are the user's."""
        error = context.get("exception")
        trace = f"\n{format_traceback(error)}" if error is not None else ""
        logging.getLogger("asyncio").error("%s%s", context["message"], trace)

    def report_failures(self, session: Session) -> None:
        """Report exceptions of tasks of *session* that are done and that nobody has looked at."""
        for task in self.tasks.get(session, ()):
            if task.done() and not task.cancelled() and task._log_traceback:  # noqa: SLF001
                message = "Task exception was never retrieved"
                self.call_exception_handler({"message": message, "exception": task.exception(), "task": task})

    def report_exit(self, error: BaseException, handle: Handle) -> None:
        """Report a SystemExit or KeyboardInterrupt that *handle* has raised, where no task has it."""
        owner = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]  # noqa: SLF001
        if isinstance(owner, Task) and owner.done():
            return  # the task has it, and whoever awaits the task
        self.call_exception_handler({"message": f"{type(error).__name__} in a callback", "exception": error})

    def timers_of(self, session: Session) -> list[TimerHandle]:
        """Timers that code of *session* has set and that are still to come."""
        return [timer for timer in self.set_timers() if not timer.cancelled() and _belongs(timer, session)]

    def forget(self, session: Session) -> list[Task[Any]]:
        """Let go of all that belongs to *session*. Gives its tasks that are not done."""
        for timer in self.timers_of(session):
            timer.cancel()
        self.woken.discard(session)
        return [task for task in self.tasks.pop(session, ()) if not task.done()]


def context_of(handle: Handle) -> Context:
    """The context that *handle* runs in."""
    return handle._context  # type: ignore[attr-defined, no-any-return]  # noqa: SLF001 - `get_context` is younger


def _belongs(handle: Handle, session: Session) -> bool:
    found = context_of(handle).get(origin)
    return found is not None and found.session is session
