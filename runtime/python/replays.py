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

PATIENCE_S = 2.0
"""How long code that waits for something unknown, or keeps the loop busy, may take to call a step."""
POLL_INTERVAL_S = 0.02
MANY_SKIPS = 32
"""A pass that has skipped so many outcomes runs changed code: its tasks are not checked any more, for it takes long."""


class Replays:
    """See the module. Those of one interpreter."""

    def __init__(self, loop: GuestLoop) -> None:
        """Watch the passes of *loop*."""
        self._loop = loop
        self.watched: dict[Session, float] = {}
        """Since when each has been watched."""
        self._timer: TimerHandle | None = None

    def watch(self, session: Session) -> None:
        """See to it that *session* goes on."""
        self.watched.setdefault(session, self._loop.time())

    def note_progress(self, session: Session) -> None:
        """*session* goes on."""
        if not session.searching:
            self.watched.pop(session, None)
        elif session in self.watched:
            self.watched[session] = self._loop.time()

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
        for session in list(self.watched):
            if session.js_is_due or (session.has_outcome and not session.is_stalled):
                continue
            if not self._is_idle(session, drained):
                self._poll(self.watched[session])
                continue
            del self.watched[session]
            advanced = True
            if session.is_stalled:
                session.skip_outcome()
                if session.searching:
                    self.watch(session)
            else:
                session.end_search()
        return advanced

    def _is_idle(self, session: Session, drained: bool) -> bool:  # noqa: FBT001 - likewise
        """Whether nothing but an outcome can make the code of *session* go on."""
        if session.may_call:
            return False
        if drained or not self._loop.is_ready(session):
            if session.skipped >= MANY_SKIPS and session.is_stalled:
                return True
            quiescence = code_quiescence(session, self._loop)
            if quiescence is not Quiescence.UNKNOWN:
                return quiescence is Quiescence.YES
        return self._loop.time() - self.watched[session] >= PATIENCE_S

    def _poll(self, since: float) -> None:
        """Have a turn soon; later for a pass that has been watched *since* long ago."""
        now = self._loop.time()
        if self._timer is None or self._timer.when() <= now:
            delay = min(max(POLL_INTERVAL_S, (now - since) / 8), PATIENCE_S)
            # In a context of its own, so that it is no pass's timer.
            self._timer = self._loop.call_later(delay, _nothing, context=Context())


def _nothing() -> None:
    pass
