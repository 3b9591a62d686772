"""
An event loop for a guest whose host calls it: turns begin and end with a call of the host.

The host delivers a batch, everything that it makes runnable runs, and the batch of answers is what the call returns.
All timers share one of the host's.
"""

from __future__ import annotations

import heapq
import math
from asyncio import Handle, TimerHandle
from collections import deque
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from .loop import SLICE_S, GuestLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MAX_DELAY_MS = 2**31 - 1
_CLOCK_STEP_S = 0.001
_CLOCK_SLACK_S = 0.005


class _Handle(Handle):
    """One that is made faster: there is no debug mode, and every step takes some."""

    __slots__ = ()

    _repr = None
    _source_traceback = None

    def __init__(
        self, callback: Callable[..., Any], args: Sequence[Any], loop: TurnLoop, context: Context | None
    ) -> None:
        """See `Handle`."""
        self._context: Context = context or copy_context()
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False


class TurnLoop(GuestLoop):
    """To be mixed into an event loop that can report exceptions."""

    def __init__(
        self,
        wake: Callable[[], None],
        set_timer: Callable[[int], None],
        alone: Callable[[], bool | None] = lambda: None,
    ) -> None:
        """
        Make it the running loop.

        Args:
            wake: Asks the host for a turn, soon. Called once between two turns.
            set_timer: Asks the host for a turn in so many ms, in place of what was asked before.
            alone: Asks the host whether nothing but the engine, and this timer, can wake the interpreter.
        """
        super().__init__()
        self.turning = False
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[float, int, TimerHandle]] = []
        self._timer_number = 0
        self._timer_at = float("inf")
        self._ask_wake = wake
        self._ask_timer = set_timer
        self._is_alone = alone
        self._wake_asked = False

    # Scheduling -------------------------------------------------------------------------------------------------------

    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> Handle:
        """Call *callback* in this turn, or in one that is asked for."""
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        if not self.turning:
            self.note_wake(handle)
            self.wake()
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
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

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,  # noqa: ANN401 - as asyncio has it
        context: Context | None = None,
    ) -> TimerHandle:
        """Call *callback* at *when*, by the clock of `time`."""
        timer = TimerHandle(when, callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 - as asyncio's own loops do
        if when != float("inf"):
            self._timer_number += 1
            timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 - as asyncio's own loops do
            self.note_timer(timer)
            heapq.heappush(self._timers, (when, self._timer_number, timer))
            if not self.turning:
                self._arm_timer()
        return timer

    def wake(self) -> None:
        """See to it that there will be a turn."""
        if not self._wake_asked:
            self._wake_asked = True
            self._ask_wake()

    def alone(self) -> bool | None:
        """See `GuestLoop`."""
        return self._is_alone()

    def set_timers(self) -> Iterator[TimerHandle]:
        """See `GuestLoop`."""
        return (timer for _, _, timer in self._timers)

    def _arm_timer(self) -> None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        when = self._timers[0][0] if self._timers else float("inf")
        if when < self._timer_at:
            self._timer_at = when
            self._ask_timer(min(max(0, math.ceil((when - self.time()) * 1000)), _MAX_DELAY_MS))

    # Turns ------------------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Become the running loop of the thread that the host has called on."""
        raise NotImplementedError

    def begin_turn(self) -> float:
        """Make what is due runnable. Gives the time at which the turn should end."""
        self.turning = True
        self._wake_asked = False
        self.enter()
        now: float = self.time()
        # The host's timers may fire a little early. Then the one that has fired must be asked for again.
        if self._timer_at <= now + _CLOCK_SLACK_S:
            self._timer_at = float("inf")
        while self._timers and self._timers[0][0] <= now + _CLOCK_STEP_S:
            timer = heapq.heappop(self._timers)[2]
            timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001 - likewise
            if not timer.cancelled():
                self.note_wake(timer)
                self._ready.append(timer)
        return now + SLICE_S

    def end_turn(self) -> None:
        """Ask for what the next turn needs."""
        self.turning = False
        if self._ready:
            self.wake()
        self._arm_timer()
