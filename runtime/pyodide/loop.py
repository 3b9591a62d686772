"""
The event loop of a guest: Pyodide's, with a queue of its own.

Pyodide's loop crosses to JavaScript for every ``call_soon``. This one crosses once for all that a turn does: JavaScript
delivers a batch, everything that it makes runnable runs, and the batch of answers is the return value. Timers share
one JavaScript timer.
"""

from __future__ import annotations

import heapq
import logging
import math
from asyncio import Handle, Task, TimerHandle
from collections import deque
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from pyodide.webloop import PyodideFuture, PyodideTask, WebLoop

from _workflows_bridge.session import origin
from _workflows_bridge.traces import format_traceback

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from _workflows_bridge.session import Session

SLICE = 0.05
"""Seconds after which a turn gives way to JavaScript's own timers and promises."""
_CHECK_EVERY = 64
_MAX_DELAY_MS = 2**31 - 1
_CLOCK_STEP = 0.001
_CLOCK_SLACK = 0.005
_PRUNE_FROM = 32


class TurnLoop(WebLoop):  # type: ignore[misc]  # pyodide has no types here
    """See the module."""

    def __init__(self, wake: Callable[[], None], set_timer: Callable[[int], None]) -> None:
        """
        Make it the running loop.

        Args:
            wake: Asks JavaScript for a turn, soon. Called once between two turns.
            set_timer: Asks JavaScript for a turn in so many ms, in place of what was asked before.
        """
        super().__init__()
        self.turning = False
        self.tasks: dict[Session, list[Task[Any]]] = {}
        """Of each session that is open, its tasks; some may be done."""
        self.woken: set[Session] = set()
        """Sessions in which something other than a message of the engine has made code runnable."""
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[float, int, TimerHandle]] = []
        self._timer_number = 0
        self._timer_at = float("inf")
        self._wake_js = wake
        self._set_timer_js = set_timer
        self._wake_asked = False

    # Scheduling -------------------------------------------------------------------------------------------------------

    def call_soon(
        self,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> Handle:
        """Call *callback* in this turn, or in one that is asked for."""
        handle = Handle(callback, args, self, context)
        self._ready.append(handle)
        if not self.turning:
            self._note_wake(handle)
            self.wake()
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self,
        delay: float,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> Handle:
        """Call *callback* after *delay* seconds."""
        if delay <= 0:
            return self.call_soon(callback, *args, context=context)
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> Handle:
        """Call *callback* at *when*, by the clock of `time`."""
        timer = TimerHandle(when, callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 - as asyncio's own loops do
        if when != float("inf"):
            self._timer_number += 1
            heapq.heappush(self._timers, (when, self._timer_number, timer))
            if not self.turning:
                self._arm_timer()
        return timer

    def wake(self) -> None:
        """See to it that there will be a turn."""
        if not self._wake_asked:
            self._wake_asked = True
            self._wake_js()

    def _note_wake(self, handle: Handle) -> None:
        found = handle.get_context().get(origin)
        if found:
            self.woken.add(found.session)

    def _arm_timer(self) -> None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        when = self._timers[0][0] if self._timers else float("inf")
        if when < self._timer_at:
            self._timer_at = when
            self._set_timer_js(min(max(0, math.ceil((when - self.time()) * 1000)), _MAX_DELAY_MS))

    # Turns ------------------------------------------------------------------------------------------------------------

    def begin_turn(self) -> float:
        """Make what is due runnable. Gives the time at which the turn should end."""
        self.turning = True
        self._wake_asked = False
        self._install_running_loop()
        self._install_asyncgen_hooks()
        now: float = self.time()
        # JavaScript's timers may fire a little early. Then the one that has fired must be asked for again.
        if self._timer_at <= now + _CLOCK_SLACK:
            self._timer_at = float("inf")
        while self._timers and self._timers[0][0] <= now + _CLOCK_STEP:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled():
                self._note_wake(timer)
                self._ready.append(timer)
        return now + SLICE

    def run_ready(self, until: float) -> bool:
        """Run what is runnable until nothing is, or until *until*. Gives whether nothing is."""
        ready = self._ready
        count = 0
        while ready:
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001
                try:
                    handle._run()  # noqa: SLF001
                except (SystemExit, KeyboardInterrupt) as error:
                    # asyncio raises these through the loop. No user code may stop the interpreter it shares.
                    self._report(error, handle)
            count += 1
            if count % _CHECK_EVERY == 0 and self.time() > until:
                return not ready
        return True

    def _report(self, error: BaseException, handle: Handle) -> None:
        owner = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]  # noqa: SLF001
        if isinstance(owner, Task) and owner.done():
            return  # the task has it, and whoever awaits the task
        self.call_exception_handler({"message": f"{type(error).__name__} in a callback", "exception": error})

    def end_turn(self) -> None:
        """Ask for what the next turn needs."""
        self.turning = False
        if self._ready:
            self.wake()
        self._arm_timer()

    # Tasks ------------------------------------------------------------------------------------------------------------

    def create_task(
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
        # Pyodide's class has `then`, and is slower.
        kind = Task if eager_start else PyodideTask
        task: Task[Any] = kind(coro, loop=self, name=name, context=context, eager_start=bool(eager_start))
        if found and not task.done():
            tasks = self.tasks.setdefault(found.session, [])
            tasks.append(task)
            if len(tasks) > _PRUNE_FROM and not len(tasks) & (len(tasks) - 1):
                tasks[:] = [each for each in tasks if not each.done()]
        return task

    def create_future(self) -> PyodideFuture[Any]:
        """A future; Pyodide's, which also has `then`."""
        return PyodideFuture(loop=self)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report what nobody has caught, as output of the code that it comes from."""
        owner = context.get("task") or context.get("future")
        if not isinstance(owner, Task):
            super().call_exception_handler(context)
            return
        own_context = owner.get_context().copy()
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

    def timers_of(self, session: Session) -> list[TimerHandle]:
        """Timers that code of *session* has set and that are still to come."""
        return [timer for _, _, timer in self._timers if not timer.cancelled() and _belongs(timer, session)]

    def forget(self, session: Session) -> list[Task[Any]]:
        """Let go of all that belongs to *session*. Gives its tasks that are not done."""
        for timer in self.timers_of(session):
            timer.cancel()
        self.woken.discard(session)
        return [task for task in self.tasks.pop(session, ()) if not task.done()]


def _belongs(handle: Handle, session: Session) -> bool:
    found = handle.get_context().get(origin)
    return found is not None and found.session is session
