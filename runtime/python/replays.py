"""
Replays that wait for their code: passes whose next outcome is one that the code has not called.

The code may call it after a timer of its own, or not at all any more: where a step ran inside another one, or the code
has been changed. It is skipped once nothing but an outcome can make the code go on.
"""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING

from .quiescence import Quiescence, code_quiescence

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from _workflows_bridge.session import Session

    from .loop import GuestLoop

MAX_LOOKS = 100
"""So often code is looked at that waits for something unknown, before it is taken for code that calls no step."""
MAX_BUSY_ROUNDS = 100_000
"""Rounds of the loop in which code that keeps it busy may call a step."""
POLL_INTERVAL_S = 0.02
"""Seconds between two looks. A machine that is slow takes longer for them, as it does for the code."""
MAX_POLL_INTERVAL_S = 2.0
MANY_SKIPS = 32
"""A pass that has skipped so many outcomes runs changed code: its tasks are not checked any more, for it takes long."""


class WatchedReplay:
    """What is known of one of them since its code has called a step or was given an outcome."""

    def __init__(self, since: float) -> None:
        """Begin at the time *since*."""
        self.since = since
        self.looks = 0
        """How often it was found to wait for something unknown."""
        self.busy_from: int | None = None
        """The round of the loop since which its code keeps the loop busy."""


class Replays:
    """See the module. Those of one interpreter."""

    def __init__(self, loop: GuestLoop) -> None:
        """Watch the passes of *loop*."""
        self._loop = loop
        self.watched: dict[Session, WatchedReplay] = {}
        self._timer: TimerHandle | None = None
        self._look_is_due = False
        """Whether the timer has fired since the replays were last looked at."""

    def watch(self, session: Session) -> None:
        """See to it that *session* goes on."""
        self.watched.setdefault(session, WatchedReplay(self._loop.time()))

    def note_progress(self, session: Session) -> None:
        """*session* goes on."""
        if not session.searching:
            self.watched.pop(session, None)
        elif session in self.watched:
            self.watched[session] = WatchedReplay(self._loop.time())

    def forget(self, session: Session) -> None:
        """*session* is over."""
        self.watched.pop(session, None)

    def advance(self, drained: bool) -> bool:  # noqa: FBT001 - one argument
        """
        Skip the outcomes that no code calls, and end searches for handlers that find no more.

        Args:
            drained: Whether all that was runnable has run.

        Returns:
            Whether a pass has something to do.
        """
        advanced = False
        look_is_due, self._look_is_due = self._look_is_due, False
        for session, watched in list(self.watched.items()):
            if session.js_is_due or (session.has_outcome and not session.skips.is_stalled):
                continue
            if not session.has_open_answers:
                session.skips.ask_before()
            if session.has_open_answers or session.skips.may_call:
                watched.looks = 0
                # Later for one that has been watched for long.
                self._poll((self._loop.time() - watched.since) / 8)
                continue
            watched.looks += look_is_due
            if not self._is_idle(session, watched, drained):
                self._poll(POLL_INTERVAL_S)
                continue
            del self.watched[session]
            advanced = True
            if session.skips.is_stalled:
                session.skips.skip()
                if session.searching:
                    self.watch(session)
            else:
                session.end_search()
        return advanced

    def _is_idle(self, session: Session, watched: WatchedReplay, drained: bool) -> bool:  # noqa: FBT001 - likewise
        """Whether nothing but an outcome can make the code of *session* go on."""
        if not drained and self._loop.is_ready(session):
            if watched.busy_from is None:
                watched.busy_from = self._loop.rounds
            return self._loop.rounds - watched.busy_from >= MAX_BUSY_ROUNDS
        watched.busy_from = None
        if session.skips.count >= MANY_SKIPS and session.skips.is_stalled:
            return True
        quiescence = code_quiescence(session, self._loop)
        return quiescence is Quiescence.YES or watched.looks >= MAX_LOOKS

    def _poll(self, delay: float) -> None:
        """Have a look after *delay* seconds, or sooner."""
        when = self._loop.time() + min(max(POLL_INTERVAL_S, delay), MAX_POLL_INTERVAL_S)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        # In a context of its own, so that it is no pass's timer.
        self._timer = self._loop.call_at(when, self._look, context=Context())

    def _look(self) -> None:
        self._timer = None
        self._look_is_due = True
