"""The event loop of a guest process: asyncio's own, in turns, with the host's socket beside those of user code."""

from __future__ import annotations

import heapq
import threading
from asyncio import Handle, SelectorEventLoop, TimerHandle
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any

from _stepwell_runtime.loop import SLICE_S, GuestLoop
from _stepwell_runtime.quiescence import awaits_unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from _stepwell_process.control import Control

_CLOCK_STEP_S = 0.001
_LONGEST_WAIT_S = 3600.0
_MANY_CANCELLED = 100
_OWN_FILES = 2
"""The files that each loop watches: the socket to the host, and asyncio's own pipe."""


class ProcessLoop(GuestLoop, SelectorEventLoop):  # type: ignore[misc]  # `create_task`: see there
    """See the module."""

    _ready: Any
    _scheduled: list[TimerHandle]
    _selector: Any
    _timer_cancelled_count: int

    def __init__(self, connection: int, control: Control, *, in_virtual_time: bool = False) -> None:
        """
        Make it; `run_forever` runs it.

        Args:
            connection: The file descriptor of the socket to the host.
            control: Is told of every turn.
            in_virtual_time: The host moves the clock, and says when it has: no timer waits for real time.
        """
        super().__init__()
        self.on_turn: Callable[[], None] = lambda: None
        """Called where something other than the host has made code runnable; runs a turn."""
        self.on_message: Callable[[], None] = lambda: None
        """Called where the host has said something."""
        self._in_virtual_time = in_virtual_time
        self._connection = connection
        self._control = control
        self._thread = threading.get_ident()
        self._wake_asked = False
        # Neither reader nor writer of asyncio's: it is looked at below.
        self._selector.register(connection, EVENT_READ, (None, None))

    # Scheduling -------------------------------------------------------------------------------------------------------

    def call_soon_threadsafe(  # type: ignore[override]
        self,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> Handle:
        """Call *callback* in a turn, from any thread."""
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        self.note_wake(handle)
        return handle

    def end(self) -> None:
        """Have `run_forever` return."""
        super().stop()

    def stop(self) -> None:
        """Refuse: other passes run in this loop, too."""
        raise RuntimeError("The event loop of a workflow cannot be stopped by its code.")

    def wake(self) -> None:
        """See `GuestLoop`."""
        self._wake_asked = True
        if threading.get_ident() != self._thread:
            self._write_to_self()  # type: ignore[attr-defined]

    def set_timers(self) -> list[TimerHandle]:
        """See `GuestLoop`."""
        return self._scheduled

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> TimerHandle:
        """Call *callback* at *when*."""
        timer: TimerHandle = super().call_at(when, callback, *args, context=context)
        self.note_timer(timer)
        return timer

    # Rest -------------------------------------------------------------------------------------------------------------

    def next_due_ms(self) -> float | None:
        """In how many ms the next timer is due; None where none is set."""
        self._prune_timers()
        return max(0.0, (self._scheduled[0].when() - self.time()) * 1000) if self._scheduled else None

    @property
    def is_busy(self) -> bool:
        """Whether code is runnable, or waits for something real: a socket, a thread, another process."""
        if self._ready or self._wake_asked:
            return True
        return self._may_be_woken() and any(awaits_unknown(session, self) for session in self.tasks)

    def _may_be_woken(self) -> bool:
        """Whether there is anything real that could wake code, besides the host."""
        return len(self._selector.get_map()) > _OWN_FILES or threading.active_count() > 1

    # Turns ------------------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """One round: wait, then a turn for what has become runnable, then one for each batch of the host."""
        events = self._selector.select(self._patience())
        self._process_events(events)  # type: ignore[attr-defined]
        self._release_timers()
        if self._ready or self._wake_asked:
            self.on_turn()
        if any(key.fd == self._connection for key, _ in events):
            self.on_message()

    def _patience(self) -> float | None:
        if self._ready or self._wake_asked or self._stopping:  # type: ignore[attr-defined]
            return 0
        self._prune_timers()
        if not self._scheduled:
            return None
        if self._in_virtual_time:
            return 0 if self._scheduled[0].when() <= self.time() + _CLOCK_STEP_S else None
        return min(max(0, self._scheduled[0].when() - self.time()), _LONGEST_WAIT_S)

    def _prune_timers(self) -> None:
        scheduled = self._scheduled
        if self._timer_cancelled_count > max(_MANY_CANCELLED, len(scheduled) // 2):
            scheduled[:] = [timer for timer in scheduled if not timer.cancelled()]
            heapq.heapify(scheduled)
            self._timer_cancelled_count = 0
        while scheduled and scheduled[0].cancelled():
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)

    def _release_timers(self) -> None:
        scheduled = self._scheduled
        due = self.time() + _CLOCK_STEP_S
        while scheduled and scheduled[0].when() <= due:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001 - as asyncio's own loops do
            if timer.cancelled():
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(timer)

    def begin_turn(self) -> float:
        """See `GuestLoop`."""
        self.turning = True
        self._wake_asked = False
        self._control.begin_turn()
        return self.time() + SLICE_S

    def run_handle(self, handle: Handle) -> None:
        """See `GuestLoop`."""
        # Threads and sockets wake code by ways that nobody sees but here.
        self.note_wake(handle)
        handle._run()  # noqa: SLF001

    def end_turn(self) -> None:
        """See `GuestLoop`."""
        self.turning = False
        self._control.end_turn()
