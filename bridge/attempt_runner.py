"""
Attempts: how the callbacks of a pass are run, and its functions that say how long to wait before the next attempt.

Which attempts there are is the engine's decision. The twin of this file is `attempt_runner.js`.
"""

from __future__ import annotations

import json
from functools import partial
from traceback import clear_frames
from types import CoroutineType
from typing import TYPE_CHECKING

from .calls import IDLE, PENDING, RUNNING, Call, JsFailure
from .contexts import ask_delay, step_context
from .errors import to_wire
from .origin import AttemptExpired, Origin, origin
from .traces import release_frames

if TYPE_CHECKING:
    from .batch import Message
    from .link import Link, Loop
    from .session import Session
    from .values import JsDict

__all__ = ["AttemptRunner", "retryable"]

retryable: dict[tuple[str, str], str] = {}
"""Configurations (defaults, user's) that the engine has shown to allow a retry, and what they come to."""

# Of a tuple: what `Origin` has of its own is a function in Python.
_new_tuple = tuple.__new__


class AttemptRunner:
    """The attempts of one session."""

    __slots__ = ("_link", "_loop", "_session")

    def __init__(self, session: Session, link: Link[Session], loop: Loop[Session]) -> None:
        """Run callbacks of *session* in *loop*."""
        self._session = session
        self._link = link
        self._loop = loop

    def start(self, call: Call, message: Message) -> None:
        """Begin the attempt that the engine asks for."""
        call.config = json.dumps(message["config"])
        call.attempt = message["attempt"]
        call.order = message
        if call.user_config is not None and message["config"]["retries"]["limit"] != 0:
            retryable[self._session.defaults, call.user_config] = call.config
        self._session.move(call, RUNNING)
        self._link.begin(self._session, call, call.attempt)

    def run(self, call: Call, attempt: int) -> None:
        """Run the callback of *call* once."""
        if not self._session.closed and call.attempt == attempt:
            # Set before the task is made: a loop goes by it to know whose code it begins.
            context = call.context.copy()
            context.run(origin.set, _new_tuple(Origin, (self._session, call.ref, attempt)))
            # Most callbacks need no turn of the loop of their own.
            call.task = self._loop.begin_now(self._run(call, attempt), self._session, context)

    async def _run(self, call: Call, attempt: int) -> None:
        """Run the callback once. Whatever it raises is the outcome of the attempt, never that of the interpreter."""
        try:
            value = call.perform() if call.bare else call.perform(partial(self._context, call, attempt))
            if isinstance(value, CoroutineType):
                value = await value
            if call.write is not None:
                value = call.write(value, call.name)
                if not isinstance(value, str):
                    value = await value
        except BaseException as error:
            if self._session.closed:
                raise
            if isinstance(error, AttemptExpired):
                self.expire(call, attempt)
            self._fail_attempt(call, attempt, error)
            if isinstance(error, MemoryError):
                # The frames that it has been through hold what has filled the memory.
                clear_frames(error.__traceback__)
        else:
            if self._is_current(call, attempt):
                call.attempt = 0
                call.value = value
                call.state = PENDING
                head = f'{{"type":"done","pass":{self._session.pass_},"ref":{call.ref},"attempt":{attempt}'
                self._link.post_value(head, value)
            else:
                self._report_late_end(call, attempt)

    def _fail_attempt(self, call: Call, attempt: int, error: BaseException) -> None:
        if not self._is_current(call, attempt):
            self._report_late_end(call, attempt)
            return
        call.attempt = 0
        wire = error.wire if isinstance(error, JsFailure) else to_wire(error)
        release_frames(error)
        call.failure = wire
        self._session.move(call, IDLE)
        self._link.touch(self._session)
        self._link.post(
            {"type": "failed", "pass": self._session.pass_, "ref": call.ref, "attempt": attempt, "error": wire}
        )

    def _is_current(self, call: Call, attempt: int) -> bool:
        """Whether the outcome of *attempt* is that of *call*: it has not timed out."""
        return not self._session.closed and call.attempt == attempt

    def _report_late_end(self, call: Call, attempt: int) -> None:
        """Report that the callback of a timed-out attempt has ended, so that the pool stops watching it."""
        if not self._session.closed:
            self._link.ended(self._session, call.ref, attempt)

    def expire(self, call: Call, attempt: int) -> None:
        """The engine has given the attempt up. Its callback may go on, but its outcome no longer counts."""
        is_done = call.state is PENDING and call.value is not None
        if is_done or call.attempt == attempt:
            call.attempt = 0
            call.value = None
            self._session.move(call, IDLE)
            self._link.touch(self._session)

    def _context(self, call: Call, attempt: int) -> JsDict:
        return step_context(self._session, call, attempt)

    def ask_delay(self, call: Call, message: Message) -> None:
        """Call the delay function of *call*, and tell the engine what it gives."""
        context = call.context.copy()
        context.run(origin.set, Origin(self._session, call.ref, message["attempt"]))
        self._session.move(call, RUNNING)
        self._loop.create_task(self._answer_delay(call, message), context=context)

    async def _answer_delay(self, call: Call, message: Message) -> None:
        try:
            answer = await ask_delay(call, message)
        except BaseException as raised:
            if self._session.closed:
                raise
            answer = {"failure": f"threw an error: {to_wire(raised)['message']}"}
        # The engine may have stopped waiting, and settled the call.
        if self._session.has(call):
            self._session.move(call, IDLE)
            self._link.touch(self._session)
            self._link.post(
                {"type": "delay", "pass": self._session.pass_, "ref": call.ref, "attempt": message["attempt"], **answer}
            )
