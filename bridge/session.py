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

from .batch import quote, to_json
from .calls import IDLE, PENDING, RUNNING, Call, JsFailure, StepFuture
from .contexts import ask_delay, rollback_context, to_context
from .errors import from_wire, to_wire
from .values import JsDict, decode

if TYPE_CHECKING:
    from asyncio import Future

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

    def __init__(self, start: Message, link: Link, loop: Loop) -> None:
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
        self._history = {(entry["kind"], entry["name"], entry["count"]): entry for entry in start["history"]}
        self._unreplayed = sum(entry["outcome"] in {"value", "error"} for entry in start["history"])
        self._defaults: str = json.dumps(start["defaults"])
        self._default_limit = start["defaults"]["retries"]["limit"]
        self._step_limit: int = start["stepLimit"]
        self._steps = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._calls: dict[int, Call] = {}
        self._last_ref = 0
        self._head = f'{{"type":"do","pass":{self.pass_},"ref":'

    @property
    def replaying(self) -> bool:
        """Whether the log holds results that this pass has yet to come to. A call that is new ends it."""
        return self._unreplayed > 0 or (self.rolling_back and not self._refusing)

    @property
    def idle(self) -> bool:
        """Whether all calls wait for a time, an event or a retry; on hold, what the engine owes does not count."""
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
        count, entry = self._look_up("do", name)
        if entry is not None or self.rolling_back:
            if rollback is not None and self.rolling_back:
                self._register(name, count, rollback)
            if settled := self._replay(entry, read):
                return settled
        call = self._add(Call("do", name, count, read))
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
            call.state = IDLE if entry["outcome"] == "open" else PENDING
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
        kind, name = message["type"], message["name"]
        count, entry = self._look_up(kind, name)
        if settled := self._replay(entry, read):
            return settled
        call = self._add(Call(kind, name, count, read))
        call.state = IDLE
        self._track(call)
        self._link.post({**message, "pass": self.pass_, "ref": call.ref, "count": count})
        return call.future

    def call(self, workflow: str, method: str, args: Message, read: Read = decode) -> Future[Any]:
        """Call *method* of another workflow, or of one of its instances."""
        if self.closed:
            self.check_open()
        call = self._add(Call("call", workflow, 0, read))
        # The engine owes the answer: meanwhile the pass is not at rest.
        self._track(call)
        self._link.post(
            {"type": "call", "pass": self.pass_, "ref": call.ref, "workflow": workflow, "method": method, "args": args}
        )
        return call.future

    def exchange(self, message: Message, read: Read = decode) -> Future[Any]:
        """Send *message* and give what the engine answers. Meanwhile the pass is not at rest."""
        if self.closed:
            self.check_open()
        call = self._add(Call("exchange", message["type"], 0, read))
        self._track(call)
        self._link.post({**message, "pass": self.pass_, "ref": call.ref})
        return call.future

    def identity(self, ref: int) -> tuple[str, int]:
        """Name and count of the step that is called *ref*."""
        call = self._calls[ref]
        return call.name, call.count

    def _look_up(self, kind: str, name: str) -> tuple[int, Message | None]:
        key = kind, name
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if self._history and (entry := self._history.get((kind, name, count))):
            return count, entry
        self._unreplayed = 0
        return count, None

    def _replay(self, entry: Message | None, read: Read) -> Future[Any] | None:
        """What the log says of the call, or None where the engine has to be asked."""
        outcome = "open" if entry is None else entry["outcome"]
        if outcome == "stored" or (outcome == "open" and not self.rolling_back):
            return None
        future = StepFuture(loop=self._loop)
        if entry is None or outcome == "open":
            future.set_result(None)
            return future
        if outcome == "value":
            future.set_result(read(entry["value"]))
        else:
            future.wire = entry["error"]
            future.set_exception(from_wire(entry["error"]))
        self._unreplayed -= 1
        return future

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
        if not self.closed:
            # Set before the task is made: a loop goes by it to know whose code it begins.
            context = call.context.copy()
            context.run(origin.set, _new_tuple(Origin, (self, call.ref, attempt)))
            # Most callbacks need no turn of the loop of their own.
            self._loop.begin_now(self._attempt(call, attempt), self, context)

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
                # The frames that it has been through hold what has filled the memory, and the error is kept.
                clear_frames(error.__traceback__)
        else:
            if self._counts_still(call, attempt):
                call.value = value
                call.state = PENDING
                head = f'{{"type":"done","pass":{self.pass_},"ref":{call.ref},"attempt":{attempt}'
                self._link.post_value(head, value)

    def _fail_attempt(self, call: Call, attempt: int, error: BaseException) -> None:
        if self._counts_still(call, attempt):
            wire = error.wire if isinstance(error, JsFailure) else to_wire(error)
            call.failure = error, wire
            self._move(call, IDLE)
            self._link.touch(self)
            self._link.post({"type": "failed", "pass": self.pass_, "ref": call.ref, "attempt": attempt, "error": wire})

    def _counts_still(self, call: Call, attempt: int) -> bool:
        """Whether the outcome of *attempt*, which has ended, is that of *call*. It is not, if it had timed out."""
        if self.closed:
            return False
        if call.attempt != attempt:
            self._link.ended(self, call.ref, attempt)
            return False
        call.attempt = 0
        return True

    def _expire(self, call: Call, attempt: int) -> None:
        """The engine has given the attempt up. Its callback may go on, but its outcome no longer counts."""
        given = call.state is PENDING and call.value is not None
        if given or call.attempt == attempt:
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
        call = self._calls.get(message["ref"])
        if call is None:
            return
        if kind == "reject":
            del self._calls[call.ref]
            self._idle -= call.state is IDLE
            if not call.future.done():
                self._reject(call, message.get("error"))
        elif kind == "attempt":
            self._start_attempt(call, message)
        elif kind == "delay":
            self._ask_delay(call, message)
        else:
            self._expire(call, message["attempt"])
        if self._idle:
            self._link.touch(self)

    def resolve(self, ref: int, value: str | None = None) -> None:
        """Take the engine's word that a call has come to *value*, or to what its last attempt has given."""
        self.seen += 1
        call = self._calls.pop(ref, None)
        if call is None:
            return
        if call.state is IDLE:
            self._idle -= 1
        future = call.future
        if not future.done():
            text = call.value if value is None else value
            future.set_result(None if text is None else call.read(text))
        if self._idle:
            self._link.touch(self)

    def _start_attempt(self, call: Call, message: Message) -> None:
        call.config = json.dumps(message["config"])
        call.attempt = message["attempt"]
        call.told = message
        if call.user_config is not None and message["config"]["retries"]["limit"] != 0:
            _merged[self._defaults, call.user_config] = call.config
        self._move(call, RUNNING)
        self._link.begin(self, call, call.attempt)

    def _reject(self, call: Call, wire: Message | None) -> None:
        error: BaseException | None = None
        if wire is None and call.failure is not None:
            error, wire = call.failure
        call.future.wire = wire = wire or {"name": "Error", "message": "The step failed."}
        # A SystemExit or a cancellation inside a step is an error to those who wait for the step. A future takes no
        # StopIteration.
        raisable = isinstance(error, Exception) and not isinstance(error, StopIteration)
        call.future.set_exception(error if error is not None and raisable else from_wire(wire))
        if call.kind == "rollback":
            call.future.exception()  # nobody waits for it

    def js_was_notified(self) -> None:
        """JavaScript is being told of an outcome: what it does next is not known before its turn."""
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

    def _end_replay(self) -> bool:
        if self.rolling_back:
            self._refusing = True
            self._link.post({"type": "replayed", "pass": self.pass_})
        return self.rolling_back

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


# Of a tuple: what `Origin` has of its own is a function in Python.
_new_tuple = tuple.__new__

_merged: dict[tuple[str, str], str] = {}
"""Configurations (defaults, user's) that the engine has shown to allow a retry, and what they come to."""


def _nothing(_value: str | None) -> None:
    """Read what a sleep gives."""


def _config_of(rollback: RollbackHandler) -> Message:
    return {} if rollback.config is None else {"config": json.loads(rollback.config)}


def _limit_reached(limit: int) -> Message:
    message = f"The limit of {limit} steps has been reached. This limit can be changed in your worker configuration."
    return {"name": "WorkflowFatalError", "message": message}
