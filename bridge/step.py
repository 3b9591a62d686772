"""
The Python half of `step.js`: a session as JavaScript's ``WorkflowStep``, and as Python's steps on that.

Proxies: JavaScript is given one, of `JsStep.call`, for as long as the pass lasts; `close` destroys it. Functions that
JavaScript gives are held by the call they belong to. Everything else crosses as text.
"""

from __future__ import annotations

import json
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from .calls import JsFailure, RollbackHandler, StepFuture
from .errors import from_wire, to_wire
from .origin import origin
from .proxies import ffi, is_proxy, to_js
from .streams import is_stream, keep
from .values import JsDict, decode, encode

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable

    from .calls import Delay, Perform, Read, RollbackContext, Write
    from .session import Session

_make_step: Callable[[Any, bool], Any] | None = None


def install(make_step: Callable[[Any, bool], Any]) -> None:
    """Use *make_step* to make a ``WorkflowStep`` of a proxy of its port, and of whether values stay encoded."""
    global _make_step  # noqa: PLW0603 - one interpreter, one host
    _make_step = make_step


class JsStep:
    """A session as JavaScript sees it."""

    def __init__(self, session: Session, *, encoded: bool = False) -> None:
        """
        Make the JsProxy. The caller calls `close` when the pass is over.

        Args:
            session: Whose calls they are.
            encoded: Whether values stay canonical text on the JavaScript side.
        """
        if _make_step is None:
            msg = "This interpreter has no JavaScript beside it."
            raise RuntimeError(msg)
        self.failures: dict[int, BaseException] = {}
        """What failed, for the caller on this side to whom JavaScript passes the number."""
        self._session = session
        self._encoded = encoded
        self._open: dict[int, Callable[..., None]] = {}
        self._port = ffi().create_proxy(self.call)
        self.proxy = _make_step(self._port, encoded)

    def close(self) -> None:
        """
        Destroy what JavaScript was given.

        Calls under way are refused: a promise that is never settled would keep the code alive that awaits it.
        """
        self._port.destroy()
        closed, self._open = self._open, {}
        for settle in closed.values():
            settle("error", json.dumps({"name": "SessionClosed", "message": "The run is over."}), 0)
        self.failures.clear()

    def call(  # noqa: PLR0913, PLR0917 - what a call in JavaScript consists of
        self,
        kind: str,
        name: str,
        options: str,
        settle: Callable[..., None],
        callback: Any = None,  # noqa: ANN401 - of either language
        delay: Any = None,  # noqa: ANN401
        rollback: Any = None,  # noqa: ANN401
    ) -> None:
        """Make a call: `StepPort` of `step.js`."""
        session = self._session
        try:
            if kind == "do":
                parsed = json.loads(options)
                config, handler = parsed.get("config"), None
                if rollback is not None:
                    handler = RollbackHandler(_to_text(parsed.get("rollback")), self._rollback_runner(rollback))
                future = session.do(
                    name,
                    _to_text(config),
                    self._performer(callback),
                    read=str,
                    delay=None if delay is None else self._delayer(delay),
                    rollback=handler,
                )
            elif kind == "sleep":
                future = session.sleep(name, **json.loads(options))
            elif kind in {"writeChunk", "progress"}:
                parsed = json.loads(options)
                del parsed["count"]
                future = session.exchange({"type": kind, **parsed})
            elif kind == "readStreamLimits":
                future = session.exchange({"type": kind}, read=str)
            elif kind == "call":
                parsed = json.loads(options)
                future = session.call(name, parsed["method"], parsed["args"], read=str)
            elif kind == "readChunk":
                future = session.exchange({"type": kind, "name": name, **json.loads(options)}, read=str)
            else:
                future = session.wait_for_event(name, **json.loads(options), read=str)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._notify(settle, "error", json.dumps(to_wire(error)), self._hold_failure(error))
        else:
            self._open[id(future)] = settle
            future.add_done_callback(self._settle)

    def _settle(self, future: Future[Any]) -> None:
        settle = self._open.pop(id(future), None)
        if settle is None or future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._notify(settle, "value", future.result(), 0)
            return
        wire = getattr(future, "wire", None) or to_wire(error)
        self._notify(settle, "error", json.dumps(wire), self._hold_failure(error))

    def _notify(self, settle: Callable[..., None], outcome: str, text: str | None, failure: int) -> None:
        self._session.js_was_notified()
        settle(outcome, text, failure)

    def _hold_failure(self, error: BaseException) -> int:
        if not self._encoded:
            return 0
        self.failures[id(error)] = error
        return id(error)

    def _performer(self, callback: Any) -> Perform:  # noqa: ANN401 - of either language
        if is_proxy(callback):
            return lambda make_context: _perform_js(callback, make_context)
        return lambda make_context: _perform_python(callback, make_context, encoded=self._encoded)

    def _delayer(self, function: Any) -> Delay:  # noqa: ANN401 - of either language
        async def ask(context: JsDict, error: BaseException, wire: dict[str, Any]) -> object:
            if is_proxy(function):
                answer = json.loads(await function(json.dumps({"ctx": _as_json(context), "error": wire})))
                if "error" in answer:
                    raise JsFailure(answer["error"])
                return answer.get("delay")
            if self._encoded:
                return await function(context, error, wire)
            result = function(to_js({"ctx": context, "error": error}, "input"))
            return await result if hasattr(result, "__await__") else result

        return ask

    def _rollback_runner(self, function: Any) -> Callable[[RollbackContext], Awaitable[str]]:  # noqa: ANN401 - of either language
        async def run(rollback: RollbackContext) -> str:
            context, error, output = rollback
            if self._encoded and not is_proxy(function):
                return str(await function(rollback))
            target = f"{context.step.name}-{context.step.count}"
            arguments: dict[str, Any] = {"ctx": context, "error": error, "stepName": target}
            if is_proxy(function):
                text = json.dumps({**arguments, "ctx": _as_json(context), "output": output})
                outcome = json.loads(await function(text))
                if "error" in outcome:
                    raise JsFailure(outcome["error"])
                return str(outcome["value"])
            arguments.update(error=from_wire(error), output=None if output is None else decode(output))
            result = function(to_js(arguments, "input"))
            return encode(await result if hasattr(result, "__await__") else result)

        return run


def _as_json(context: JsDict) -> JsDict:
    """*context* with a retry limit without end written as JSON can; see `withInfinity` in `step.js`."""
    retries = context.config.retries
    if retries.limit == float("inf"):
        retries["limit"] = "Infinity"
    return context


async def _perform_js(attempt: Any, make_context: Callable[[], JsDict]) -> str:  # noqa: ANN401 - a JsProxy
    found = origin.get()
    outcome = json.loads(await attempt(json.dumps(_as_json(make_context())), found and found.ref))
    if "error" in outcome:
        raise JsFailure(outcome["error"])
    value: str = outcome["value"]
    return value


async def _perform_python(callback: Any, make_context: Callable[[], JsDict], *, encoded: bool) -> str:  # noqa: ANN401
    context = make_context()
    result = callback(context if encoded else to_js(context, "ctx"))
    if hasattr(result, "__await__"):
        result = await result
    if encoded:
        return str(result)
    return await keep(result, context.step.name) if is_stream(result) else encode(result)


class JsTransport:
    """Python's steps, call by call over ``WorkflowStep``. It means what the batched one means; tests run both."""

    def __init__(self, session: Session) -> None:
        """Make calls on *session*, each of which crosses."""
        self._session = session
        self._step = JsStep(session, encoded=True)
        self._plain: JsStep | None = None

    @property
    def js(self) -> Any:  # noqa: ANN401 - a JsProxy has no static type
        """Made when first asked for."""
        if self._plain is None:
            self._plain = JsStep(self._session)
        return self._plain.proxy

    def do(  # noqa: PLR0913 - what a step consists of
        self,
        name: str,
        config: str | None,
        perform: Perform,
        read: Read = decode,
        *,
        bare: bool = False,
        write: Write,
        delay: Delay | None = None,
        rollback: RollbackHandler | None = None,
    ) -> Future[Any]:
        """See `Session.do`."""

        async def run(context: JsDict) -> str:
            result = perform() if bare else perform(lambda: context)
            text = write(await result if iscoroutine(result) else result, name)
            return text if isinstance(text, str) else await text

        # The port takes the functions themselves, in the call: their proxies may go when it returns.
        proxies = [
            None if function is None else ffi().create_proxy(function, roundtrip=False)
            for function in (delay, rollback and rollback.perform)
        ]
        try:
            options = {} if config is None else json.loads(config)
            if delay is not None:
                options["retries"]["delay"] = proxies[0]
            arguments = [_to_object(options), run] if options else [run]
            if rollback is not None:
                more = {} if rollback.config is None else {"rollbackConfig": json.loads(rollback.config)}
                arguments.append(_to_object({"rollback": proxies[1], **more}))
            return self._await(self._step.proxy.do(name, *arguments), read)
        finally:
            for proxy in proxies:
                if proxy is not None:
                    proxy.destroy()

    def fetch_output(self, name: str, count: int) -> Future[Any]:
        """See `Session.fetch_output`."""
        return self._session.fetch_output(name, count)

    def sleep(self, name: str, *, duration: object = None, until: object = None) -> Future[Any]:
        """See `Session.sleep`."""
        step = self._step.proxy
        return self._await(step.sleep(name, duration) if until is None else step.sleepUntil(name, until), None)

    def wait_for_event(self, name: str, event_type: str, timeout: object = None) -> Future[Any]:
        """See `Session.wait_for_event`."""
        options = {"type": event_type} if timeout is None else {"type": event_type, "timeout": timeout}
        return self._await(self._step.proxy.waitForEvent(name, _to_object(options)), decode)

    def _await(self, promise: Any, read: Callable[[str], Any] | None) -> Future[Any]:  # noqa: ANN401 - a JsProxy
        # Not the promise itself: what waits for the engine is known by the class of the future.
        self._session.check_open()
        future: Future[Any] = StepFuture()

        def fulfil(value: str) -> None:
            if not future.done():
                future.set_result(None if read is None or value is None else read(value))

        def refuse(error: Any) -> None:  # noqa: ANN401 - a JsProxy
            failure = self._step.failures.pop(getattr(error, "failure", 0), None)
            if self._session.closed:
                future.cancel()
            elif not future.done():
                future.set_exception(failure or RuntimeError(str(error)))

        promise.then(fulfil, refuse)
        return future

    def close(self) -> None:
        """Release the proxies of both."""
        self._step.close()
        if self._plain is not None:
            self._plain.close()


def _to_text(config: object) -> str | None:
    return None if config is None else json.dumps(config, separators=(",", ":"))


def _to_object(options: dict[str, Any]) -> Any:  # noqa: ANN401 - a JsProxy
    return to_js(options, "options")
