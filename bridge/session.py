"""
A session: the guest's half of one pass.

It numbers the calls, answers what the log already knows, runs attempts, and tells the engine. It decides nothing else:
retries, limits, time and storage are the engine's. How callbacks run is in `attempt_runner.py`, what the log knows in
`history.py`, and which of its outcomes are passed over in `skips.py`. Both transports go through the session, so they
share counters and messages: `workers` calls it directly, and JavaScript through `step.js`.
"""

from __future__ import annotations

import json
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from .attempt_runner import AttemptRunner, retryable
from .batch import to_json
from .calls import IDLE, RUNNING, UNORDERED, Call, StepFuture
from .contexts import rollback_context
from .delivery import Outcome
from .errors import from_wire, message_of, to_wire
from .history import History
from .json_text import quote, well_formed
from .origin import Origin, SessionClosed, origin
from .plain import UnsendableError, check_depth
from .skips import Skips
from .traces import release_frames
from .values import decode

if TYPE_CHECKING:
    from asyncio import Future
    from contextvars import Context

    from .batch import Message
    from .calls import Delay, Perform, Read, RollbackHandler, Write
    from .link import Link, Loop

__all__ = ["Session"]


class Session:
    """The calls of one pass. See the module."""

    def __init__(self, start: Message, link: Link[Session], loop: Loop[Session]) -> None:
        """Begin from a ``start`` message."""
        self.pass_ = start["pass"]
        self.workflow: str = start["event"]["workflowName"]
        self.instance: str = start["event"]["instanceId"]
        self.trace: str | None = start.get("trace")
        """The id of the instance's trace, where traces are sent."""
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
        self._history = History(start, self, link, loop)
        self._delivery = self._history.delivery
        self.skips = Skips(self, self._history, link)
        self.attempts = AttemptRunner(self, link, loop)
        self.js_is_due = False
        """Whether JavaScript has been told of an outcome, and has not had its turn since."""
        self._given_in: int | None = None
        """`Loop.drains` when the latest outcome was given: one at a time."""
        self._open_outputs = 0
        """How many stored outputs are on their way."""
        self._open_answers = 0
        """How many answers of bindings, and for chunks, are on their way."""
        self.defaults: str = json.dumps(start["defaults"])
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
        return self._history.repeating or self.searching

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
            config: The user's configuration as JSON text, one line.
            perform: Calls the callback once.
            bare: Whether *perform* takes nothing, for it wants no context.
            read: Decodes the stored result into the caller's value.
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
        if self._history.entries or self.rolling_back:
            if rollback is not None and self.rolling_back:
                self._register(name, count, rollback)
            entry = self._history.entries.get(("do", name, count))
            if known := self._history.recall(entry, read):
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
            self._history.adopt(call, entry)
        elif (
            not self.held
            and (rollback is None or rollback.config is None)
            and (self._default_limit if config is None else (self.defaults, config) in retryable)
        ):
            # It must not begin where there is only one attempt: the engine has it on disk first. Nor where the engine
            # can refuse the rollback's configuration: what the callback does would not be undone.
            call.state = RUNNING
            call.attempt = 1
            call.config = self.defaults if config is None else retryable[self.defaults, config]
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
        entry = self._history.entries.get((kind, name, count))
        if known := self._history.recall(entry, read):
            return known
        call = self._add(Call(kind, name, count, read))
        call.state = IDLE
        self._send(call, {**message, "count": count}, f"The arguments of {kind} {name!r}")
        if entry is not None:
            self._history.adopt(call, entry)
        self._track(call)
        return call.future

    def call(self, workflow: str, method: str, args: Message, read: Read = decode) -> Future[Any]:
        """Call *method* of another workflow, or of one of its instances."""
        if self.closed:
            self.check_open()
        call = self._add(Call("call", workflow, 0, read))
        message: Message = {"type": "call", "workflow": workflow, "method": method, "args": args}
        if self.trace and (caller := origin.get()) and caller.ref is not None:
            message["step"] = caller.ref
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

        The pass gets no outcome before it: the code continues as if the output had been at hand.
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

    def _register(self, name: str, count: int, rollback: RollbackHandler) -> None:
        call = self._add(Call("rollback", name, count))
        call.state = IDLE
        call.perform = lambda _make_context: rollback.perform(rollback_context(call))
        self._track(call)
        message = {"type": "rollback", "pass": self.pass_, "ref": call.ref, "name": name, "count": count}
        self._link.post({**message, **_config_of(rollback)})

    @property
    def progress(self) -> int:
        """A number that grows with each message of the engine and with each call."""
        return self.seen + self._last_ref

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

    def move(self, call: Call, state: str) -> None:
        """Change the state of *call*."""
        self._idle += (state is IDLE) - (call.state is IDLE)
        call.state = state

    def has(self, call: Call) -> bool:
        """Whether *call* has not come to its end yet."""
        return self._calls.get(call.ref) is call

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
            self._history.record(message)
            return
        call = self._calls.get(message["ref"])
        if call is None:
            return
        if kind == "reject":
            self._reject(call, message)
        elif kind == "attempt":
            self.attempts.start(call, message)
        elif kind == "delay":
            self.attempts.ask_delay(call, message)
        else:
            self.attempts.expire(call, message["attempt"])
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
            self._history.repeating = False
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
                return  # no code awaits it
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

    # Outcomes ---------------------------------------------------------------------------------------------------------

    def give_outcome(self) -> bool:
        """Give the code its next outcome, if it is here. To be called when the code has done all that it could."""
        # Code that reads a stored output continues before any other outcome is delivered.
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
        history = self._history
        if history.repeating and (turn >= history.seen or history.was_cut):
            history.note_given(turn)
        self._tell(outcome.future, outcome.read, outcome.text, outcome.error)

    def give_awaited(self, future: StepFuture) -> None:
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
    def has_open_answers(self) -> bool:
        """Whether answers are on their way that are in no log."""
        return self._open_answers > 0

    def end_repetition(self) -> None:
        """``run()`` has done all that it can without a new outcome, and so all that an earlier pass has done."""
        self._history.repeating = False

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
        """Name the steps that still run, because no code will see their outcomes. A sleep may have lost a race."""
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

    def check_open(self) -> None:
        """Refuse, if the pass is over."""
        if self.closed:
            msg = f"This run of workflow {self.workflow!r} is over: {self.closed}"
            raise SessionClosed(msg)
        if self._refusing:
            message = "Cannot execute steps during rollback phase"
            raise from_wire({"name": "WorkflowFatalError", "message": message})


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
