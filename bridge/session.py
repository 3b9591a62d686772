"""
A session: the guest's half of one pass.

It numbers the calls, answers what the log already knows, runs attempts, and tells the engine. It decides nothing else:
retries, limits, time and storage are the engine's. Both transports go through it, so they share counters and messages:
`workers` calls it directly, and JavaScript through `step.js`.
"""

from __future__ import annotations

import json
from contextvars import ContextVar, copy_context
from functools import partial
from traceback import clear_frames
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from .batch import to_json
from .calls import IDLE, PENDING, RUNNING, UNORDERED, Call, JsFailure, RecordedFuture, StepFuture
from .contexts import ask_delay, rollback_context, to_context
from .delivery import Delivery, Outcome
from .errors import from_wire, message_of, to_wire
from .json_text import quote, well_formed
from .plain import UnsendableError, check_depth
from .traces import release_frames
from .values import JsDict, decode

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle
    from contextvars import Context

    from .batch import Message
    from .calls import Delay, Perform, Read, RollbackHandler, Write
    from .link import Link, Loop

__all__ = ["AttemptExpired", "Origin", "Session", "SessionClosed", "origin"]


class Origin(NamedTuple):
    """Whose code is running: a pass and, inside a step, its ref."""

    session: Session
    ref: int | None
    attempt: int = 0


origin: ContextVar[Origin | None] = ContextVar("origin", default=None)
"""What output, tasks and interrupts are attributed by; inherited by all that user code starts."""


class SessionClosed(BaseException):
    """The pass is over. A `BaseException`, so that ``except Exception`` does not swallow it."""


class AttemptExpired(BaseException):
    """The attempt has timed out and keeps the interpreter from everybody else."""


class Session:
    """The calls of one pass. See the module."""

    def __init__(self, start: Message, link: Link[Session], loop: Loop[Session]) -> None:
        """Begin from a ``start`` message."""
        self.pass_ = start["pass"]
        self.workflow: str = start["event"]["workflowName"]
        self.instance: str = start["event"]["instanceId"]
        self.closed: str | None = None
        self.held = False
        self.rolling_back: bool = start.get("rollback", False)
        """Whether ``run()`` is called only to find the rollback handlers again. No callback runs then."""
        self._refusing = False
        """Whether handlers run, and no step may be called any more."""
        self.seen = 1
        self._idle = 0
        """How many calls are idle."""
        self._link = link
        self._loop = loop
        history = start["history"]
        self._history = {(entry["kind"], entry["name"], entry["count"]): entry for entry in history}
        recorded = [entry for entry in history if entry["outcome"] != "open"]
        for rank, entry in enumerate(recorded):
            entry["rank"] = rank
        self._delivery = Delivery(len(recorded), loop.time())
        self.js_is_due = False
        """Whether JavaScript has been told of an outcome, and has not had its turn since."""
        self._given_in: int | None = None
        """`Loop.drains` when the latest outcome was given: one at a time."""
        self._open_outputs = 0
        """How many stored outputs are on their way."""
        self._open_answers = 0
        """How many answers of bindings, and for chunks, are on their way."""
        self._may_be_refused = False
        """Whether a call was made that the log does not have: the engine may refuse it."""
        self._repeating = bool(history)
        """Whether ``run()`` does what an earlier pass has done."""
        self._uncalled = len(history) - len(recorded)
        """How many of the calls that are open in the history have not been made."""
        self._seen_outcomes: int = start.get("seen", len(recorded))
        """How many outcomes an earlier pass was given."""
        self._was_cut: bool = start.get("cut", False)
        """Whether the earlier pass may not have done all that it could."""
        self._defaults: str = json.dumps(start["defaults"])
        self._default_limit = start["defaults"]["retries"]["limit"]
        self._step_limit: int = start["stepLimit"]
        self._steps = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._calls: dict[int, Call] = {}
        self._last_ref = 0
        self._stream_limits: Message | None = None
        self._head = f'{{"type":"do","pass":{self.pass_},"ref":'

    @property
    def replaying(self) -> bool:
        """Whether ``run()`` repeats what an earlier pass has done, and printed."""
        return self._repeating or self.searching

    @property
    def searching(self) -> bool:
        """Whether ``run()`` is being replayed to find the rollback handlers."""
        return self.rolling_back and not self._refusing

    @property
    def idle(self) -> bool:
        """Whether all calls wait for a time, an event or a retry; on hold, what the engine owes does not count."""
        if self._delivery.waiting:
            return False
        if not self._idle or self._idle == len(self._calls):
            return bool(self._idle)
        return self.held and all(call.state is not RUNNING for call in self._calls.values())

    # Calls ------------------------------------------------------------------------------------------------------------

    def do(  # noqa: PLR0913 - what a step consists of
        self,
        name: str,
        config: str | None,
        perform: Perform,
        read: Read = decode,
        *,
        bare: bool = False,
        write: Write | None = None,
        delay: Delay | None = None,
        rollback: RollbackHandler | None = None,
    ) -> Future[Any]:
        """
        Call a step.

        Args:
            name: The step's name.
            config: JSON text, one line, of what the user configured.
            perform: Calls the callback once.
            bare: Whether *perform* takes nothing, for it wants no context.
            read: Makes of the encoded result what the caller gets.
            write: Encodes what the callback gives; None where it gives canonical text.
            delay: Stands behind the delay ``"[dynamic]"`` of *config*.
            rollback: The step's rollback handler.
        """
        if self.closed or self._refusing:
            self.check_open()
        self._steps += 1
        if self._steps > self._step_limit:
            raise from_wire(_limit_reached(self._step_limit))
        name = name if name.isascii() else well_formed(name)
        count = self._next_count("do", name)
        entry = None
        if self._history or self.rolling_back:
            if rollback is not None and self.rolling_back:
                self._register(name, count, rollback)
            entry = self._history.get(("do", name, count))
            if known := self._recall(entry, read):
                return known
        call = self._add(Call("do", name, count, read))
        call.future.count = count
        call.perform = perform
        call.bare = bare
        call.write = write
        # As text, and not by way of a dict: there is one of these for every step.
        message = f'{self._head}{call.ref},"name":{quote(name)},"count":{count}'
        if config is not None:
            call.user_config = config
            call.delay = delay
            message += f',"config":{config}'
        if rollback is not None:
            message += f',"rollback":{to_json(_config_of(rollback))}'
        if entry is not None:
            self._adopt(call, entry)
        elif not self.held and (self._default_limit if config is None else (self._defaults, config) in _merged):
            # It must not begin where there is only one attempt: the engine has it on disk first.
            call.state = RUNNING
            call.attempt = 1
            call.config = self._defaults if config is None else _merged[self._defaults, config]
            self._link.post_text(message + ',"started":true}')
            self._link.begin(self, call, 1)
            return call.future
        self._track(call)
        self._link.post_text(message + "}")
        return call.future

    def sleep(self, name: str, *, duration: object = None, until: object = None) -> Future[Any]:
        """Sleep for *duration* (ms or text) or until *until* (ms since 1970)."""
        timing = {"until": until} if duration is None else {"duration": duration}
        return self._ask({"type": "sleep", "name": name, **timing}, _nothing)

    def wait_for_event(self, name: str, event_type: str, timeout: object = None, read: Read = decode) -> Future[Any]:
        """Wait for an event."""
        message: Message = {"type": "waitForEvent", "name": name, "eventType": event_type}
        if timeout is not None:
            message["timeout"] = timeout
        return self._ask(message, read)

    def _ask(self, message: Message, read: Read = decode) -> Future[Any]:
        self.check_open()
        kind = message["type"]
        message["name"] = name = well_formed(message["name"])
        count = self._next_count(kind, name)
        entry = self._history.get((kind, name, count))
        if known := self._recall(entry, read):
            return known
        call = self._add(Call(kind, name, count, read))
        call.state = IDLE
        self._send(call, {**message, "count": count}, f"The arguments of {kind} {name!r}")
        if entry is not None:
            self._adopt(call, entry)
        self._track(call)
        return call.future

    def call(self, workflow: str, method: str, args: Message, read: Read = decode) -> Future[Any]:
        """Call *method* of another workflow, or of one of its instances."""
        if self.closed:
            self.check_open()
        call = self._add(Call("call", workflow, 0, read))
        message = {"type": "call", "workflow": workflow, "method": method, "args": args}
        self._send(call, message, f"The arguments of {method}()")
        # The engine owes the answer: meanwhile the pass is not quiet.
        self._open_answers += 1
        self._track(call)
        return call.future

    def exchange(self, message: Message, read: Read = decode) -> Future[Any]:
        """Send *message* and give what the engine answers. Meanwhile the pass is not quiet."""
        if self.closed:
            self.check_open()
        call = self._add(Call("exchange", message["type"], 0, read))
        self._open_answers += 1
        self._track(call)
        self._link.post({**message, "pass": self.pass_, "ref": call.ref})
        return call.future

    async def stream_limits(self) -> Message:
        """Get `StreamLimits` of `protocol.d.ts`. The first call asks the engine: most passes have no stream."""
        if self._stream_limits is None:
            self._stream_limits = json.loads(await self.exchange({"type": "readStreamLimits"}, str))
        return self._stream_limits

    def identity(self, ref: int) -> tuple[str, int]:
        """Name and count of the step that is called *ref*."""
        call = self._calls[ref]
        return call.name, call.count

    def fetch_output(self, name: str, count: int) -> Future[Any]:
        """
        Get the stored output of a step of this pass that has ended, as canonical text.

        The pass gets no outcome before it: the code goes on as if the output had been at hand.
        """
        call = self._add(Call("output", name, count, str))
        self._open_answers += 1
        self._open_outputs += 1
        self._track(call)
        self._link.post({"type": "do", "pass": self.pass_, "ref": call.ref, "name": name, "count": count})
        return call.future

    def _send(self, call: Call, message: Message, what: str) -> None:
        """Send *message*, which has something of the user's in it. If it cannot be sent, *call* has not been made."""
        try:
            check_depth(message, what)
            self._link.post({**message, "pass": self.pass_, "ref": call.ref})
        except Exception as error:
            del self._calls[call.ref]
            if isinstance(error, UnsendableError):
                raise
            raise UnsendableError(what, message_of(error)) from error

    def _next_count(self, kind: str, name: str) -> int:
        """Count a call: which one of its kind and name it is."""
        key = kind, name
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return count

    def _recall(self, entry: Message | None, read: Read) -> Future[Any] | None:
        """
        Get what the log has of a call.

        Returns:
            A future that is settled when its turn comes, or None where the engine is to be asked. In a rollback's
            replay a call without an outcome stays pending, as it was when the run failed.
        """
        outcome = "new" if entry is None else entry["outcome"]
        if outcome == "new" and self._delivery.behind:
            self._may_be_refused = True
        is_known = outcome in {"value", "error"}
        if outcome == "stored" or not (is_known or self.rolling_back):
            return None
        if entry is None or not is_known:
            return StepFuture(loop=self._loop)
        future = RecordedFuture(loop=self._loop)
        future.count = entry["count"]
        future.on_await = self._give_awaited
        self._delivery.expect(entry["rank"], Outcome(future, read, entry.get("value"), entry.get("error"), True))  # noqa: FBT003 - likewise
        self._link.outcome_due(self)
        return future

    def _adopt(self, call: Call, entry: Message) -> None:
        """Continue a call whose outcome is not in the history."""
        entry["call"] = call
        if entry["outcome"] == "open":
            call.state = IDLE
            self._uncalled -= 1
            self._end_repetition_after_crash()
        else:
            call.state = PENDING
            call.stored = Outcome(call.future, call.read)
            self._delivery.expect(entry["rank"], call.stored)

    def _register(self, name: str, count: int, rollback: RollbackHandler) -> None:
        call = self._add(Call("rollback", name, count))
        call.state = IDLE
        call.perform = lambda _make_context: rollback.perform(rollback_context(call))
        self._track(call)
        message = {"type": "rollback", "pass": self.pass_, "ref": call.ref, "name": name, "count": count}
        self._link.post({**message, **_config_of(rollback)})

    def _add(self, call: Call) -> Call:
        self._last_ref = ref = self._last_ref + 1
        call.ref = ref
        call.future = StepFuture(loop=self._loop)
        call.context = copy_context()
        self._calls[ref] = call
        return call

    def _track(self, call: Call) -> None:
        if call.state is IDLE:
            self._idle += 1
        self._link.touch(self)

    def _move(self, call: Call, state: str) -> None:
        self._idle += (state is IDLE) - (call.state is IDLE)
        call.state = state

    # Attempts ---------------------------------------------------------------------------------------------------------

    def attempt(self, call: Call, attempt: int) -> None:
        """Run the callback of *call* once."""
        if not self.closed and call.attempt == attempt:
            # Set before the task is made: a loop goes by it to know whose code it begins.
            context = call.context.copy()
            context.run(origin.set, _new_tuple(Origin, (self, call.ref, attempt)))
            # Most callbacks need no turn of the loop of their own.
            call.task = self._loop.begin_now(self._attempt(call, attempt), self, context)

    async def _attempt(self, call: Call, attempt: int) -> None:
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
            if self.closed:
                raise
            if isinstance(error, AttemptExpired):
                self._expire(call, attempt)
            self._fail_attempt(call, attempt, error)
            if isinstance(error, MemoryError):
                # The frames that it has been through hold what has filled the memory.
                clear_frames(error.__traceback__)
        else:
            if self._is_current(call, attempt):
                call.attempt = 0
                call.value = value
                call.state = PENDING
                head = f'{{"type":"done","pass":{self.pass_},"ref":{call.ref},"attempt":{attempt}'
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
        self._move(call, IDLE)
        self._link.touch(self)
        self._link.post({"type": "failed", "pass": self.pass_, "ref": call.ref, "attempt": attempt, "error": wire})

    def _is_current(self, call: Call, attempt: int) -> bool:
        """Whether the outcome of *attempt* is that of *call*: it has not timed out."""
        return not self.closed and call.attempt == attempt

    def _report_late_end(self, call: Call, attempt: int) -> None:
        """An attempt that had timed out runs no more: whoever watches it can stop."""
        if not self.closed:
            self._link.ended(self, call.ref, attempt)

    def _expire(self, call: Call, attempt: int) -> None:
        """The engine has given the attempt up. Its callback may go on, but its outcome no longer counts."""
        is_done = call.state is PENDING and call.value is not None
        if is_done or call.attempt == attempt:
            call.attempt = 0
            call.value = None
            self._move(call, IDLE)
            self._link.touch(self)

    def _context(self, call: Call, attempt: int) -> JsDict:
        return to_context(call, attempt, call.config)

    # Delays -----------------------------------------------------------------------------------------------------------

    def _ask_delay(self, call: Call, message: Message) -> None:
        context = call.context.copy()
        context.run(origin.set, Origin(self, call.ref, message["attempt"]))
        self._move(call, RUNNING)
        self._loop.create_task(self._answer_delay(call, message), context=context)

    async def _answer_delay(self, call: Call, message: Message) -> None:
        try:
            answer = await ask_delay(call, message)
        except BaseException as raised:
            if self.closed:
                raise
            answer = {"failure": f"threw an error: {to_wire(raised)['message']}"}
        # The engine may have stopped waiting, and settled the call.
        if self._calls.get(call.ref) is call:
            self._move(call, IDLE)
            self._link.touch(self)
            self._link.post(
                {"type": "delay", "pass": self.pass_, "ref": call.ref, "attempt": message["attempt"], **answer}
            )

    # Messages of the engine -------------------------------------------------------------------------------------------

    def receive(self, message: Message) -> None:
        """Take a message of the engine for this pass."""
        kind = message["type"]
        if kind == "resolve":
            self.resolve(message["ref"], message.get("value"))
            return
        self.seen += 1
        if kind == "hold":
            self.held = message["on"]
            self._link.touch(self)
            return
        if kind == "recorded":
            self._record(message)
            return
        call = self._calls.get(message["ref"])
        if call is None:
            return
        if kind == "reject":
            self._reject(call, message)
        elif kind == "attempt":
            self._start_attempt(call, message)
        elif kind == "delay":
            self._ask_delay(call, message)
        else:
            self._expire(call, message["attempt"])
            call.cancel_attempt()
        if self._idle:
            self._link.touch(self)

    def _reject(self, call: Call, message: Message) -> None:
        del self._calls[call.ref]
        self._idle -= call.state is IDLE
        error = message.get("error") or call.failure or {"name": "Error", "message": "The step failed."}
        if "refused" in message:
            # It is in no log: a replay makes the same call, and is refused again.
            self._settle(call, None, error)
        else:
            self._finish(call, None, error)

    def resolve(self, ref: int, value: str | None = None) -> None:
        """Take the engine's word that a call has come to *value*, or to what its last attempt has given."""
        self.seen += 1
        call = self._calls.pop(ref, None)
        if call is None:
            return
        if call.state is IDLE:
            self._idle -= 1
        self._finish(call, call.value if value is None else value, None)
        if self._idle:
            self._link.touch(self)

    def _finish(self, call: Call, text: str | None, error: Message | None) -> None:
        """*call* has come to its end: its caller is told when all that became known before has been given."""
        if call.kind in UNORDERED:
            self._settle(call, text, error)
        elif call.stored is not None:
            call.stored.arrive(text, error)
            self._link.outcome_due(self)
        elif self._given_in == self._loop.drains or self.js_is_due or self._open_outputs or self._delivery.behind:
            # Other outcomes come first, or the code has not done yet all that it can.
            outcome = Outcome(call.future, call.read)
            outcome.arrive(text, error)
            self._delivery.add(outcome)
            self._link.outcome_due(self)
        else:
            self._repeating = False
            self._given_in = self._loop.drains
            future = call.future
            if error is None and call.read is str and not future.done():
                # A step of the SDK: nothing is made of its text here.
                future.set_result(text)
            else:
                self._tell(future, call.read, text, error)

    def _settle(self, call: Call, text: str | None, error: Message | None) -> None:
        """Tell the caller now."""
        if call.kind in UNORDERED:
            if call.kind == "rollback":
                return  # nobody waits for it
            self._open_answers -= 1
            self._open_outputs -= call.kind == "output"
            if self._delivery.waiting:
                self._link.outcome_due(self)
        else:
            self._given_in = self._loop.drains
        self._tell(call.future, call.read, text, error)

    def _tell(self, future: StepFuture, read: Read, text: str | None, error: Message | None) -> None:
        if future.done():
            return
        try:
            if error is not None:
                future.wire = error
                future.set_exception(_raisable(self._context_of_run().run(from_wire, error)))
            elif text is None or read is str or _ERROR_TAG not in text:
                future.set_result(None if text is None else read(text))
            else:
                future.set_result(self._context_of_run().run(read, text))
        except BaseException as failure:  # noqa: BLE001 - making an exception anew runs the user's code
            future.set_exception(_unreadable(failure))

    def _context_of_run(self) -> Context:
        """A context in which code is taken for that of ``run()``."""
        context = copy_context()
        context.run(origin.set, Origin(self, None))
        return context

    def _record(self, message: Message) -> None:
        """An outcome has become known of a call that the history has as open, and that has not been made yet."""
        entry = self._history.get((message["kind"], message["name"], message["count"]))
        if entry is None or entry["outcome"] != "open":
            return
        entry.update({key: message[key] for key in ("outcome", "value", "error") if key in message})
        entry["rank"] = rank = self._delivery.record()
        call: Call | None = entry.get("call")
        if call is None:
            self._uncalled -= 1
        else:
            # The call is on its way to the engine, which answers it.
            call.stored = Outcome(call.future, call.read)
            self._delivery.expect(rank, call.stored)
        self._link.outcome_due(self)

    # Outcomes ---------------------------------------------------------------------------------------------------------

    def give_outcome(self) -> bool:
        """Give the code its next outcome, if it is here. To be called when the code has done all that it could."""
        # Code that reads a stored output goes on before anything else becomes known to it.
        if self._open_outputs:
            return False
        turn = self._delivery.turn
        outcome = self._delivery.take(self._loop.time())
        if outcome is not None:
            self._give(outcome, turn)
        return outcome is not None

    def _give(self, outcome: Outcome, turn: int) -> None:
        self._given_in = self._loop.drains
        self._loop.busy_rounds = 0
        if self._repeating:
            if turn >= self._seen_outcomes:
                self._repeating = False
            elif self._was_cut:
                self._end_repetition_after_crash()
        self._tell(outcome.future, outcome.read, outcome.text, outcome.error)

    def _give_awaited(self, future: StepFuture) -> None:
        """
        Give the code the recorded outcome of *future*, which it begins to await, if it would get it next in any case.

        So steps that are awaited one by one are replayed without a turn of the loop for each.
        """
        now = self._loop.time()
        if not self.js_is_due and not self._open_outputs and self._link.is_all_waiting(now):
            turn = self._delivery.turn
            outcome = self._delivery.take(now, future)
            if outcome is not None:
                self._give(outcome, turn)

    @property
    def has_outcome(self) -> bool:
        """Whether an outcome is known that has not been given."""
        return self._delivery.waiting

    @property
    def is_stalled(self) -> bool:
        """Whether the next outcome is one that the code has not called, and may not call any more."""
        return self._delivery.is_stalled

    @property
    def has_open_answers(self) -> bool:
        """Whether answers are on their way that are in no log."""
        return self._open_answers > 0

    @property
    def may_call(self) -> bool:
        """Whether a timer of the code may make it go on before the next outcome that is known here."""
        if self.searching or not self._delivery.is_stalled:
            return self._delivery.has_timer()
        return self._delivery.has_timer_before_next()

    def ask_before_skip(self) -> None:
        """Ask the engine for what must be known before an outcome is skipped, if there is anything."""
        is_skip = self._delivery.is_stalled and not self.searching
        if self._may_be_refused or (is_skip and self._delivery.times is None and self._delivery.has_timer()):
            self._may_be_refused = False
            self._read_times()

    def _read_times(self) -> None:
        """
        Ask when the recorded outcomes became known: timers of the code may have fired before.

        The answer comes after the refusals of calls that were made before.
        """

        def keep(future: Future[Any]) -> None:
            if not future.cancelled():
                self._delivery.times = [time / 1000 for time in future.result()]

        self.exchange({"type": "readTimes"}).add_done_callback(keep)

    @property
    def skipped(self) -> int:
        """How many outcomes have been skipped."""
        return self._delivery.skipped

    def skip_outcome(self) -> None:
        """Skip recorded outcomes that the code does not call, up to the next that it has called."""
        self._delivery.skip()
        self._link.outcome_due(self)

    def note_timer(self, timer: TimerHandle) -> None:
        """Take notice of a timer that code of ``run()`` has set."""
        if self._delivery.behind or self.searching:
            self._delivery.note_timer(timer)

    def end_repetition(self) -> None:
        """``run()`` has done all that it can without a new outcome, and so all that an earlier pass has done."""
        self._repeating = False

    def _end_repetition_after_crash(self) -> None:
        """Nobody knows how far a pass came that was cut: what it has not been given, it has not printed."""
        if self._was_cut and not self._uncalled and self._delivery.turn >= self._seen_outcomes:
            self._repeating = False

    def _start_attempt(self, call: Call, message: Message) -> None:
        call.config = json.dumps(message["config"])
        call.attempt = message["attempt"]
        call.order = message
        if call.user_config is not None and message["config"]["retries"]["limit"] != 0:
            _merged[self._defaults, call.user_config] = call.config
        self._move(call, RUNNING)
        self._link.begin(self, call, call.attempt)

    def js_was_notified(self) -> None:
        """JavaScript is being told of an outcome: what it does next is not known before its turn."""
        self.js_is_due = True
        self._link.js_was_notified(self)

    # The end ----------------------------------------------------------------------------------------------------------

    def end(self, value: str) -> None:
        """`run()` has returned *value*."""
        if not self._end_replay():
            self._warn_of_forgotten()
            self._link.post({"type": "end", "pass": self.pass_, "value": value})

    def _warn_of_forgotten(self) -> None:
        """Name the steps that still run: nobody will see what becomes of them. A sleep may have lost a race."""
        for call in self._calls.values():
            if call.kind == "do":
                text = f"step.do({call.name!r}) was not awaited: run() has returned without its result"
                self._link.post({"type": "log", "pass": self.pass_, "level": "warning", "text": text})

    def fail(self, error: BaseException) -> None:
        """`run()` has raised *error*."""
        if not self._end_replay():
            self._link.post({"type": "fail", "pass": self.pass_, "error": to_wire(error)})
            release_frames(error)

    def _end_replay(self) -> bool:
        self.end_search()
        return self.rolling_back

    def end_search(self) -> None:
        """All rollback handlers have been found: ``run()`` is over, or can do no more."""
        if self.searching:
            self._refusing = True
            self._link.post({"type": "replayed", "pass": self.pass_})

    def close(self, reason: str) -> None:
        """Take no more calls. Late outcomes of attempts are ignored."""
        self.closed = reason
        self._calls.clear()
        self._idle = 0
        self._history.clear()
        self._delivery.clear()

    def check_open(self) -> None:
        """Refuse, if the pass is over."""
        if self.closed:
            msg = f"This run of workflow {self.workflow!r} is over: {self.closed}"
            raise SessionClosed(msg)
        if self._refusing:
            message = "Cannot execute steps during rollback phase"
            raise from_wire({"name": "WorkflowFatalError", "message": message})


# Of a tuple: what `Origin` has of its own is a function in Python.
_new_tuple = tuple.__new__

_merged: dict[tuple[str, str], str] = {}
"""Configurations (defaults, user's) that the engine has shown to allow a retry, and what they come to."""


def _nothing(_value: str | None) -> None:
    """Read what a sleep gives."""


_ERROR_TAG = '"$":"error"'
"""In canonical text: it holds an exception, and to make that anew is to run the user's code."""


def _raisable(error: Exception) -> Exception:
    """*error*, or what stands for one that no coroutine can raise."""
    if not isinstance(error, StopIteration):
        return error
    substitute = RuntimeError("the step raised StopIteration")
    substitute.__cause__ = error
    return substitute


def _unreadable(failure: BaseException) -> Exception:
    """What a caller gets whose outcome cannot be made anew."""
    error = RuntimeError(f"The outcome of the step cannot be read: {message_of(failure)}")
    error.__cause__ = failure
    return error


def _config_of(rollback: RollbackHandler) -> Message:
    return {} if rollback.config is None else {"config": json.loads(rollback.config)}


def _limit_reached(limit: int) -> Message:
    message = f"The limit of {limit} steps has been reached. This limit can be changed in your worker configuration."
    return {"name": "WorkflowFatalError", "message": message}
