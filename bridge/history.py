"""
History: what a pass recalls of earlier passes, and how far it only repeats what they have done.

The twin of this file is `history.js`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .calls import IDLE, PENDING, RecordedFuture, StepFuture
from .delivery import Delivery, Outcome

if TYPE_CHECKING:
    from asyncio import Future
    from typing import Any

    from .batch import Message
    from .calls import Call, Read
    from .link import Link, Loop
    from .session import Session

__all__ = ["History"]


class History:
    """The history that a session began with. Its calls are known by kind, name and count."""

    def __init__(self, start: Message, session: Session, link: Link[Session], loop: Loop[Session]) -> None:
        """Take the history of a ``start`` message."""
        self._session = session
        self._link = link
        self._loop = loop
        history = start["history"]
        self.entries = {(entry["kind"], entry["name"], entry["count"]): entry for entry in history}
        recorded = [entry for entry in history if entry["outcome"] != "open"]
        for rank, entry in enumerate(recorded):
            entry["rank"] = rank
        self.delivery = Delivery(len(recorded), loop.time())
        """Gives the outcomes in order; those that become known in this pass come after those of the history."""
        self.repeating = bool(history)
        """Whether ``run()`` does what an earlier pass has done."""
        self.may_be_refused = False
        """Whether a call was made that the log does not have: the engine may refuse it."""
        self._uncalled = len(history) - len(recorded)
        """How many of the calls that are open in the history have not been made."""
        self.seen: int = start.get("seen", len(recorded))
        """How many outcomes an earlier pass was given."""
        self.was_cut: bool = start.get("cut", False)
        """Whether the earlier pass may not have done all that it could."""

    def recall(self, entry: Message | None, read: Read) -> Future[Any] | None:
        """
        Get what the log has of a call.

        Returns:
            A future that is settled when its turn comes, or None where the engine is to be asked. In a rollback's
            replay a call without an outcome stays pending, as it was when the run failed.
        """
        outcome = "new" if entry is None else entry["outcome"]
        if outcome == "new" and self.delivery.behind:
            self.may_be_refused = True
        is_known = outcome in {"value", "error"}
        if outcome == "stored" or not (is_known or self._session.rolling_back):
            return None
        if entry is None or not is_known:
            return StepFuture(loop=self._loop)
        future = RecordedFuture(loop=self._loop)
        future.count = entry["count"]
        future.on_await = self._session.give_awaited
        self.delivery.expect(entry["rank"], Outcome(future, read, entry.get("value"), entry.get("error"), True))  # noqa: FBT003 - keywords take time
        self._link.outcome_due(self._session)
        return future

    def adopt(self, call: Call, entry: Message) -> None:
        """Continue a call whose outcome is not in the history."""
        entry["call"] = call
        if entry["outcome"] == "open":
            call.state = IDLE
            self._uncalled -= 1
            self._end_repetition_after_crash()
        else:
            call.state = PENDING
            call.stored = Outcome(call.future, call.read)
            self.delivery.expect(entry["rank"], call.stored)

    def record(self, message: Message) -> None:
        """An outcome has become known of a call that the history has as open, and that has not been made yet."""
        entry = self.entries.get((message["kind"], message["name"], message["count"]))
        if entry is None or entry["outcome"] != "open":
            return
        entry.update({key: message[key] for key in ("outcome", "value", "error") if key in message})
        entry["rank"] = rank = self.delivery.record()
        call: Call | None = entry.get("call")
        if call is None:
            self._uncalled -= 1
        else:
            # The call is on its way to the engine, which answers it.
            call.stored = Outcome(call.future, call.read)
            self.delivery.expect(rank, call.stored)
        self._link.outcome_due(self._session)

    def note_given(self, turn: int) -> None:
        """Take notice that ``run()`` gets the outcome whose turn is *turn*."""
        if turn >= self.seen:
            self.repeating = False
        else:
            self._end_repetition_after_crash()

    def _end_repetition_after_crash(self) -> None:
        """How far an interrupted pass came is unknown. It printed nothing that follows an outcome it did not get."""
        if self.was_cut and not self._uncalled and self.delivery.turn >= self.seen:
            self.repeating = False

    def clear(self) -> None:
        """Forget everything: the pass is over."""
        self.entries.clear()
        self.delivery.clear()
