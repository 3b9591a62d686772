"""
Delivery: which outcome a pass gets next.

A replay gives the outcomes of the log in the order in which they became known, whatever the order of the calls is; an
outcome that becomes known meanwhile comes after them. The twin of this file is `delivery.js`.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from .batch import Message
    from .calls import Read, StepFuture

__all__ = ["Delivery", "Outcome"]

MARGIN_S = 0.25
"""A timer may have fired a little before the outcome that the log has before it."""


_MANY_TIMERS = 64


class Outcome:
    """What becomes of one call, and the future of its caller."""

    __slots__ = ("error", "future", "is_here", "read", "text")

    def __init__(
        self,
        future: StepFuture,
        read: Read,
        text: str | None = None,
        error: Message | None = None,
        is_here: bool = False,  # noqa: FBT001, FBT002 - there is one for every replayed step, and keywords take time
    ) -> None:
        """Stand for an outcome that is not here yet; with *is_here* for one that is."""
        self.future = future
        self.read = read
        self.is_here = is_here
        self.text = text
        """Canonical text of the value; None for nothing."""
        self.error = error
        """The error as data, in place of a value."""

    def arrive(self, text: str | None, error: Message | None) -> None:
        """Take what the call has come to."""
        self.text = text
        self.error = error
        self.is_here = True


class Delivery:
    """
    The outcomes of one pass, in order.

    An outcome has a rank: its place in the log. The pass gets the outcome whose turn it is, once its call is made and
    the outcome is here.
    """

    def __init__(self, recorded: int, now: float) -> None:
        """Begin a pass at the time *now*, in seconds, with so many *recorded* outcomes."""
        self.times: list[float] | None = None
        """Seconds from the start of the instance to each recorded outcome, where that has been asked for."""
        self._recorded = recorded
        self.turn = 0
        """The rank whose turn it is: how many recorded outcomes have been given or skipped."""
        self._called: list[tuple[int, Outcome]] = []
        """A heap: calls whose outcomes are recorded, and not given yet."""
        self._live: deque[Outcome] = deque()
        """Outcomes that have become known in this pass, after those of the log."""
        self.behind = recorded > 0
        """Whether an outcome that becomes known now has to wait for others."""
        self._given: tuple[int, float] = (-1, now)
        """The rank of the latest outcome that was given in its turn, and when: the two clocks are set by it."""
        self._timers: list[tuple[TimerHandle, int, float]] = []
        """Timers of code that waits, and `_given` when they were set."""
        self.skipped = 0
        """How many outcomes were skipped because their calls were missing."""

    def _is_behind(self) -> bool:
        return self.turn < self._recorded or bool(self._called) or bool(self._live)

    @property
    def waiting(self) -> bool:
        """Whether a caller waits for an outcome that is known."""
        return bool(self._called) or bool(self._live)

    def expect(self, rank: int, outcome: Outcome) -> None:
        """Note that the call with the recorded *outcome* has been made."""
        heappush(self._called, (rank, outcome))
        self.behind = True

    def add(self, outcome: Outcome) -> None:
        """Note an outcome that has become known in this pass."""
        self._live.append(outcome)
        self.behind = True

    def record(self) -> int:
        """Add an outcome to the recorded ones that has become known before its call; gives its rank."""
        # Those that wait in `_live` have become known before it, and are given a rank that is lower.
        while self._live:
            heappush(self._called, (self._recorded, self._live.popleft()))
            self._recorded += 1
        self._recorded += 1
        self.behind = True
        return self._recorded - 1

    def take(self, now: float, future: StepFuture | None = None) -> Outcome | None:
        """
        The outcome whose turn it is.

        Returns:
            None where its call has not been made, the outcome is on its way, or it is not that of *future*.
        """
        if self._called:
            rank, outcome = self._called[0]
            # A lower rank was skipped, and its call came late.
            if rank > self.turn or not outcome.is_here or (future is not None and outcome.future is not future):
                return None
            heappop(self._called)
            if rank == self.turn:
                self.turn = rank + 1
                self._given = rank, now
            if self.turn >= self._recorded:
                self.behind = self._is_behind()
            return outcome
        if self._live and self.turn >= self._recorded and future is None:
            outcome = self._live.popleft()
            self.behind = self._is_behind()
            return outcome
        return None

    @property
    def is_stalled(self) -> bool:
        """Whether outcomes wait for an outcome whose call is missing."""
        if self._called:
            rank, outcome = self._called[0]
            return rank > self.turn and outcome.is_here
        return bool(self._live) and self.turn < self._recorded

    def note_timer(self, timer: TimerHandle) -> None:
        """Note that code has set *timer*."""
        if len(self._timers) >= _MANY_TIMERS and not len(self._timers) & (len(self._timers) - 1):
            self._timers = [each for each in self._timers if is_set(each[0])]
        self._timers.append((timer, *self._given))

    def has_timer(self) -> bool:
        """Whether a timer of the code is set."""
        self._timers = [each for each in self._timers if is_set(each[0])]
        return bool(self._timers)

    def has_timer_before_next(self) -> bool:
        """Whether a timer is set that could have fired before the outcome became known that a skip would lead to."""
        latest = self._time_of(self._called[0][0] if self._called else self._recorded - 1) + MARGIN_S
        return self.has_timer() and any(
            self._time_of(rank) + timer.when() - at <= latest for timer, rank, at in self._timers
        )

    def _time_of(self, rank: int) -> float:
        """When a recorded outcome became known, in seconds; the start of the instance for -1."""
        if rank < 0 or not self.times:
            return 0.0
        return self.times[min(rank, len(self.times) - 1)]

    def skip(self) -> None:
        """Go on to the next outcome that can be given: the code does not call those before it, or only later."""
        rank = self._called[0][0] if self._called else self._recorded
        self.skipped += rank - self.turn
        self.turn = rank
        self.behind = self._is_behind()

    def clear(self) -> None:
        """Forget everything: the pass is over."""
        self._called.clear()
        self._live.clear()
        self.turn = self._recorded
        self.behind = False


def is_set(timer: TimerHandle) -> bool:
    """Whether *timer* is still to come."""
    return timer._scheduled and not timer.cancelled()  # type: ignore[attr-defined]  # noqa: SLF001
