"""
Skips: recorded outcomes that the code does not call any more, and what must be known before one is passed over.

The twin of this file is `skips.js`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle
    from typing import Any

    from .history import History
    from .link import Link
    from .session import Session

__all__ = ["Skips"]


class Skips:
    """The skips of one session."""

    __slots__ = ("_delivery", "_history", "_link", "_session")

    def __init__(self, session: Session, history: History, link: Link[Session]) -> None:
        """Skip outcomes of *history*."""
        self._session = session
        self._history = history
        self._delivery = history.delivery
        self._link = link

    @property
    def is_stalled(self) -> bool:
        """Whether the next outcome is one that the code has not called, and may not call any more."""
        return self._delivery.is_stalled

    @property
    def may_call(self) -> bool:
        """Whether a timer of the code may make it go on before the next outcome that is known here."""
        if self._session.searching or not self._delivery.is_stalled:
            return self._delivery.has_timer()
        return self._delivery.has_timer_before_next()

    def ask_before(self) -> None:
        """Ask the engine for what must be known before an outcome is skipped, if there is anything."""
        is_skip = self._delivery.is_stalled and not self._session.searching
        if self._history.may_be_refused or (is_skip and self._delivery.times is None and self._delivery.has_timer()):
            self._history.may_be_refused = False
            self._read_times()

    def _read_times(self) -> None:
        """
        Ask when the recorded outcomes became known: timers of the code may have fired before.

        The answer comes after the refusals of calls that were made before.
        """

        def keep(future: Future[Any]) -> None:
            if not future.cancelled():
                self._delivery.times = [time / 1000 for time in future.result()]

        self._session.exchange({"type": "readTimes"}).add_done_callback(keep)

    @property
    def count(self) -> int:
        """How many outcomes have been skipped."""
        return self._delivery.skipped

    def skip(self) -> None:
        """Skip recorded outcomes that the code does not call, up to the next that it has called."""
        self._delivery.skip()
        self._link.outcome_due(self._session)

    def note_timer(self, timer: TimerHandle) -> None:
        """Take notice of a timer that code of ``run()`` has set."""
        if self._delivery.behind or self._session.searching:
            self._delivery.note_timer(timer)
