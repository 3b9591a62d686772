"""
The guest: all passes of one interpreter, driven by the batches of the engine.

`deliver` takes one batch in, and its result is the one batch out. In between, only messages that must leave before user
code runs are posted.
"""

from __future__ import annotations

import gc
import json
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.batch import Batch, unpack_batch

from . import interrupts
from .handler_runner import HandlerRunner
from .loop import MAX_ROUNDS
from .pass_run import PassRun
from .quiescence import Quiescence, UndecidedPasses, quiescence_of
from .replays import Replays
from .sdk import OwnSdk
from .slow_imports import watch_imports
from .user_module import UserModule

if TYPE_CHECKING:
    from collections.abc import Callable

    from _workflows_bridge.batch import Message
    from _workflows_bridge.calls import Call
    from _workflows_bridge.session import Session

    from .handler_runner import Answer, HandlerName
    from .loop import GuestLoop
    from .output import Output
    from .sdk import Sdk

MESSAGES_AT_ONCE = 12
"""Messages that are worked off at once. The engine writes down what came of one portion while we work on the next."""

FEW_ROUNDS = 32
"""Rounds of the loop after which passes are looked for whose own code has nothing to do."""

LONG_COMPUTATION_S = 0.02
"""Seconds for one attempt, or for a portion. Above it somebody computes, and others had better be elsewhere."""


class InterpreterHost(interrupts.InterruptSource, Protocol):
    """What the place gives that the interpreter runs in."""

    def post(self, text: str) -> None:
        """Send a batch now."""

    def computed(self) -> None:
        """Note that code has kept the interpreter to itself for long."""

    def post_handler_output(self, text: str) -> None:
        """Send what handlers have written: a list of calls' numbers, levels and texts as JSON."""


class PassRunner:
    """See the module. It is also the `Link` of its sessions."""

    def __init__(
        self, host: InterpreterHost, output: Output, loop: GuestLoop, open_sdk: Callable[[dict[str, Any]], Sdk] = OwnSdk
    ) -> None:
        """
        Guide the passes of this interpreter on *loop*.

        *open_sdk* gives what user code has as ``workers``, for the options of a deployment.
        """
        self.loop = loop
        self._open_sdk = open_sdk
        self.deployment: UserModule | None = None
        self._post = host.post
        self.took = 0.0
        """How long the code that `InterpreterHost.computed` was last called for has run, in ms."""
        self._computed = host.computed
        self._post_handler_output = getattr(host, "post_handler_output", None)
        self._handlers = HandlerRunner(loop)
        self._output = output
        self._passes: dict[int, PassRun] = {}
        self._touched: set[Session] = set()
        self._js_notified: set[Session] = set()
        """Sessions of which JavaScript has been told in this turn."""
        self._due: dict[Session, None] = {}
        """Sessions that may have an outcome to give."""
        self._traced = False
        """Whether requests carry the trace that the code belongs to."""
        self._replays = Replays(self.loop)
        self._undecided = UndecidedPasses()
        self._drained = True
        """Whether all has run that was runnable in this turn."""
        self._outbox = Batch()
        self._attempts: list[tuple[Session, Call, int]] = []
        self._until = 0.0
        """The time at which this turn should end."""

    def load(self, text: str) -> str:
        """Import the main module of a deployment (JSON). Gives ``{classes}`` or ``{error}``."""
        options = json.loads(text)
        interrupts.importing = True
        try:
            self.deployment = UserModule(options, self._open_sdk(options))
            loaded = self.deployment.load()
            watch_imports()
            if (options.get("runtime") or {}).get("checks"):
                from .determinism import install  # noqa: PLC0415 - only tests ask for it

                install(options["root"], self._report_finding)
        finally:
            interrupts.importing = False
        return json.dumps({**loaded, "output": self._output.take_unowned()})

    def _report_finding(self, pass_: int, kind: str, what: str, file: str, line: int) -> None:
        self.post({"type": "finding", "pass": pass_, "kind": kind, "what": what, "file": file, "line": line})

    def reload(self) -> None:
        """Import the modules of the deployment anew, as a new process would: what they keep in variables is gone."""
        if self.deployment is None:
            return
        interrupts.importing = True
        try:
            self.deployment.reload()
        finally:
            interrupts.importing = False
        self._output.take_unowned()

    # Turns ------------------------------------------------------------------------------------------------------------

    def deliver(self, text: str) -> str | None:
        """Take a batch of the engine, and give the one that answers it."""
        until = self._begin_turn()
        messages = unpack_batch(text)
        for first in range(0, len(messages), MESSAGES_AT_ONCE):
            if self._outbox.messages:
                self.flush()  # what the last portion came to
            for message in messages[first : first + MESSAGES_AT_ONCE]:
                if type(message) is list:
                    if found := self._passes.get(message[0]):
                        found.session.resolve(message[1])
                else:
                    self._receive(message)
            self._run(until)
        return self._end_turn()

    def _receive(self, message: Message) -> None:
        if message["type"] == "start":
            self._start(message)
        elif found := self._passes.get(message["pass"]):
            if message["type"] == "drop":
                found.drop(message.get("reason", "it has ended"))
            else:
                found.session.receive(message)

    def turn(self) -> str | None:
        """Run what timers and promises have made runnable."""
        self._run(self._begin_turn())
        return self._end_turn()

    def _begin_turn(self) -> float:
        # JavaScript has had its turn.
        if self._js_notified:
            for session in self._js_notified:
                session.js_is_due = False
            self._touched |= self._js_notified
            self._js_notified.clear()
        return self.loop.begin_turn()

    def handle(self, number: int, handler: HandlerName, args: Any, context: Any, answer: Answer) -> str | None:  # noqa: ANN401
        """Call a handler, see `ModuleHandlers.invoke`, and run what that makes runnable."""
        if self.deployment is None:
            msg = "A handler has been called before a deployment was loaded."
            raise RuntimeError(msg)
        until = self._begin_turn()
        self._output.serving = True
        entrypoint, method, *key = handler
        handlers = self.deployment.handlers
        work = (
            handlers.invoke_object(entrypoint, method, key[0], args, context)
            if key
            else handlers.invoke(entrypoint, method, args, context)
        )
        self._handlers.begin(number, work, answer)
        self._run(until)
        return self._end_turn()

    def cancel_call(self, number: int) -> str | None:
        """The caller no longer waits for the answer of the call."""
        until = self._begin_turn()
        self._handlers.cancel(number)
        self._run(until)
        return self._end_turn()

    def flush(self) -> None:
        """Send what there is to send, in the middle of a turn."""
        if text := self._take():
            self._post(text)

    def _run(self, until: float) -> None:
        began = perf_counter()
        self._until = until
        while True:
            self._drained = self.loop.run_ready(until, FEW_ROUNDS if self._due else MAX_ROUNDS)
            if self._attempts:
                began = self._begin_attempts(began)
            elif self._due and self._give_outcomes():
                if self.loop.time() > until:
                    # What has been given makes code runnable.
                    self._drained = False
                    self.loop.wake()
                    break
            elif (self._drained or self.loop.time() > until) and not (
                self._replays.watched and self._replays.advance(self._drained)
            ):
                break
        if perf_counter() - began > LONG_COMPUTATION_S:
            self._note_computation(began)

    def _begin_attempts(self, began: float) -> float:
        """Begin the attempts that are due. Gives the time since which no computation has been noted."""
        # The log must know of an attempt before the attempt can do anything.
        if self._outbox.messages:
            self.flush()
        attempts, self._attempts = self._attempts, []
        last = perf_counter()
        for session, call, number in attempts:
            session.attempts.run(call, number)
            now = perf_counter()
            if now - last > LONG_COMPUTATION_S:
                self._note_computation(last)
                began = now = perf_counter()
            last = now
        return began

    def _give_outcomes(self) -> bool:
        """Give each pass whose code has done all that it could one outcome. Gives whether there was one."""
        given = False
        settled = self._drained or self.loop.is_spinning
        for session in list(self._due):
            if session.js_is_due or not (settled or not self.loop.is_ready(session)):
                continue
            if session.give_outcome():
                given = True
            else:
                del self._due[session]
                if session.skips.is_stalled:
                    self._replays.watch(session)
        return given

    def _note_computation(self, began: float) -> None:
        """Code has run since *began*: tell the pool, and send what has come of it before other code runs."""
        self.took = (perf_counter() - began) * 1000
        self._computed()
        if self._outbox.messages:
            self.flush()

    def _end_turn(self) -> str | None:
        self._report_quiet()
        if self._output.written:
            for message in self._output.end_turn():
                self._outbox.add(message)
        if self._output.serving and self._post_handler_output and (written := self._output.take_of_calls()):
            self._post_handler_output(json.dumps(written))
        text = self._take()
        self.loop.end_turn()
        return text

    def _take(self) -> str | None:
        """The batch of what there is to say, if there is anything."""
        if self._output.pending:
            self._take_output()
        return self._outbox.pack() if self._outbox.messages else None

    def _take_output(self) -> None:
        for message in self._output.take():
            self._outbox.add(message)

    def _report_quiet(self) -> None:
        if not self._drained:
            return  # somebody has been woken, and has not run yet
        moved = self._touched | self.loop.woken
        looked = moved | self._undecided.sessions if self._undecided else moved
        if self._js_notified:
            # What an outcome makes JavaScript do, it does between this turn and the next.
            looked = looked - self._js_notified
        for session in looked:
            found = self._passes.get(session.pass_)
            reportable = found is not None and found.reported_quiet != session.progress
            quiescence = quiescence_of(session, self.loop) if reportable else Quiescence.NO
            if quiescence is Quiescence.UNKNOWN:
                quiescence = self._undecided.settle(session, self.loop, moved=session in moved)
            elif self._undecided:
                self._undecided.forget(session)
            if found and quiescence is Quiescence.YES:
                # JavaScript may hand an outcome on later than the next turn. The call that follows is looked at again.
                found.reported_quiet = session.progress
                session.end_repetition()
                self.post({"type": "quiet", "pass": session.pass_, "seen": session.seen})
        self._touched.clear()
        self.loop.woken.clear()

    # Link -------------------------------------------------------------------------------------------------------------

    def post(self, message: Message) -> None:
        """Send *message* with the batch of this turn."""
        # What user code printed before comes before.
        if self._output.pending:
            self._take_output()
        self._outbox.add(message)
        if not self.loop.turning:
            self.loop.wake()

    def post_text(self, text: str) -> None:
        """As `post`, of a message that is text already."""
        if self._output.pending:
            self._take_output()
        self._outbox.add_text(text)
        if not self.loop.turning:
            self.loop.wake()

    def post_value(self, head: str, value: str) -> None:
        """As `post_text`, of a message that ends with *value*."""
        if self._output.pending:
            self._take_output()
        self._outbox.add_value(head, value)
        if not self.loop.turning:
            self.loop.wake()

    def begin(self, session: Session, call: Call, attempt: int) -> None:
        """Have `Session.attempt` called in this turn, after all messages posted so far have left."""
        self._attempts.append((session, call, attempt))

    def ended(self, session: Session, ref: int, attempt: int) -> None:
        """Tell the pool, which keeps the message to itself: an attempt that had timed out runs no more."""
        self.post({"type": "ended", "pass": session.pass_, "ref": ref, "attempt": attempt})

    def touch(self, session: Session) -> None:
        """*session* may be quiet."""
        self._touched.add(session)

    def outcome_due(self, session: Session) -> None:
        """*session* may have an outcome to give."""
        self._due[session] = None
        if self._replays.watched:
            self._replays.note_progress(session)
        if not self.loop.turning:
            self.loop.wake()

    def is_all_waiting(self, now: float) -> bool:
        """See `Link`."""
        return not self._attempts and now <= self._until and self.loop.is_all_waiting()

    def js_was_notified(self, session: Session) -> None:
        """JavaScript has been told of an outcome: look at *session* when it has had its turn."""
        self._js_notified.add(session)
        self.loop.wake()

    # Passes -----------------------------------------------------------------------------------------------------------

    def _start(self, message: Message) -> None:
        if self.deployment is None:
            msg = "A pass has been started before a deployment was loaded."
            raise RuntimeError(msg)
        if not self._traced and message.get("trace"):
            self._traced = True
            self.trace_requests()
        started = PassRun(message, self, self.deployment, self._forget)
        self._passes[started.session.pass_] = started
        if started.session.searching:
            self._replays.watch(started.session)
        started.begin()

    def trace_requests(self) -> None:
        """Have HTTP clients send the trace that the code belongs to. Only where traces are sent: others pay nothing."""
        from .traced_requests import install  # noqa: PLC0415 - most interpreters never need it

        install()

    def _forget(self, pass_: int) -> None:
        session = self._passes.pop(pass_).session
        self._due.pop(session, None)
        self._replays.forget(session)

    def print(self, level: str, text: str) -> None:
        """Take output that JavaScript of the user's has written."""
        self._output.write(level, text + "\n")
        if not self.loop.turning:
            self.loop.wake()

    def census(self) -> str:
        """What is alive (JSON), for tests that look for leaks."""
        gc.collect()
        alive = {"passes": len(self._passes), "tasks": sum(map(len, self.loop.tasks.values()))}
        return json.dumps({**alive, "objects": len(gc.get_objects())})
