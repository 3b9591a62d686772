"""
What JavaScript calls in a fresh interpreter. Importing this module imports all that a snapshot should hold.

Nothing here or in what it imports may keep a JavaScript object or draw a random number while it is imported.
"""

from __future__ import annotations

import gc
import json
import random
import sys
from typing import TYPE_CHECKING, Any, Protocol

from pyodide.ffi import JsException, create_proxy

import workers
import workers.workflows  # noqa: F401
from _stepwell_runtime import abandon, interrupts, other_loops, output
from _stepwell_runtime.fetch_calls import FetchCalls, FetchHost
from _stepwell_runtime.pass_runner import InterpreterHost, PassRunner
from _stepwell_runtime.sdk import OwnSdk
from _workflows_bridge import handler_call
from _workflows_bridge.batch import to_json
from _workflows_bridge.errors import from_wire
from _workflows_bridge.proxies import js
from _workflows_bridge.step import install as install_step
from _workflows_bridge.trace_context import traceparent
from _workflows_bridge.values import decode

from . import blocking_fetch, failures, package_patches, patches, stack_switching
from .loop import PyodideLoop
from .upstream import UpstreamSdk

if TYPE_CHECKING:
    from _stepwell_runtime.sdk import Sdk


# Before a snapshot is made: packages may be imported for it.
package_patches.install()
stack_switching.provide()


class PyodideHost(InterpreterHost, FetchHost, Protocol):
    """What JavaScript gives."""

    def wake(self) -> None:
        """Call `PassRunner.turn` soon."""

    def set_timer(self, delay: int) -> None:
        """Call `PassRunner.turn` in *delay* ms, in place of what was asked before."""

    def alone(self) -> bool:
        """Whether nothing but the engine, and the timer of `set_timer`, can wake the interpreter."""

    def sleep(self, delay: float) -> None:
        """Block the thread for *delay* ms."""

    def blocking_fetch(self) -> Any:  # noqa: ANN401 - a JsProxy
        """What opens an exchange for code that cannot await; None where the thread must not block."""

    def make_step(self, port: Any, encoded: bool) -> Any:  # noqa: ANN401, FBT001 - positional, as JavaScript has it
        """Make a ``WorkflowStep`` that makes its calls on *port*."""

    def call_workflow(self, workflow: str, method: str, args: str) -> Any:  # noqa: ANN401 - a promise
        """Call a method of a workflow, for code that is no pass's. Promises canonical text, or undefined."""

    def facades(self) -> Any:  # noqa: ANN401 - a JsProxy
        """What ``env`` has for bindings that the host answers."""

    def trace_fetch(self, send: Any, parent: Any) -> Any:  # noqa: ANN401 - JsProxies
        """Make a ``fetch`` that sends *parent*'s result, where there is one, as the trace it belongs to."""

    def begin_turn(self) -> None:
        """Note that Python runs: it has been called so that it may be suspended, or goes on after that."""

    def end_turn(self, text: str | None) -> None:
        """Note that Python runs no more, and send a batch, if there is one."""

    def open_upstream(self) -> Any:  # noqa: ANN401 - a JsProxy
        """What Cloudflare's own SDK expects around it; None where it is not used."""


class PyodidePassRunner(PassRunner):
    """A `PassRunner` that JavaScript tells which promises are waited for. Turns of handlers may be suspended."""

    loop: PyodideLoop

    def __init__(self, host: PyodideHost, *args: Any) -> None:  # noqa: ANN401 - as `PassRunner`
        """See `PassRunner`."""
        super().__init__(host, *args)
        self._host = host
        self._fetches = FetchCalls(self.loop, host)

    def enable_suspension(self) -> None:
        """Let code of handlers wait in the middle of a turn. There are no passes in this interpreter."""
        self.loop.run_ready = self.loop.run_suspendable  # type: ignore[method-assign]
        stack_switching.enable(self)

    def serve(self, what: str, *args: Any) -> None:  # noqa: ANN401 - of the method
        """Call `turn`, `take_fetches`, `cancel_fetch`, `handle` or `cancel_call` in a turn that may be suspended."""
        self._host.begin_turn()
        self._host.end_turn(getattr(self, what)(*args))

    def take_fetches(self, calls: str) -> str | None:
        """Take calls of fetch handlers, a list as JSON, and run what they make runnable."""
        until = self._begin_turn()
        self._output.serving = True
        self._fetches.take(calls)
        return self._continue(until)

    def turn(self) -> str | None:
        """See `PassRunner`."""
        return self._continue(self._begin_turn())

    def _continue(self, until: float) -> str | None:
        if self._fetches.waits and self.deployment is not None:
            self._fetches.begin(self.deployment.handlers)
        self._run(until)
        return self._end_turn()

    def cancel_fetch(self, number: int) -> str | None:
        """The caller of a fetch handler no longer waits for the answer."""
        until = self._begin_turn()
        self._fetches.cancel(number)
        return self._continue(until)

    def suspend(self) -> None:
        """See `stack_switching.Turns`."""
        if self._fetches.waits:
            # They do not wait for the code that is suspended.
            self.loop.wake()
        self._host.end_turn(self._end_turn())

    def resume(self) -> None:
        """See `stack_switching.Turns`."""
        self._host.begin_turn()
        self._begin_turn()

    def trace_requests(self) -> None:
        """See `PassRunner`; also ``fetch`` of ``js``, and what Pyodide has made of it."""
        super().trace_requests()
        js().fetch = self._host.trace_fetch(js().fetch, create_proxy(traceparent))
        if pyfetch := sys.modules.get("pyodide.http._pyfetch"):
            pyfetch._jsfetch = js().fetch  # type: ignore[attr-defined]  # noqa: SLF001 - its copy of it

    def step_is_awaited(self) -> None:
        """See `PyodideLoop.step_is_awaited`."""
        self.loop.step_is_awaited(sys._getframe().f_back)  # noqa: SLF001 - there is no other way to know it


def install(host: PyodideHost) -> PassRunner:
    """Make the interpreter a guest of *host*."""
    # The snapshot has the state of the generator, and is the same in every interpreter.
    random.seed()
    sys.dont_write_bytecode = True
    written = output.Output(lambda: guest.flush())  # noqa: PLW0108 - there is no guest yet
    loop = PyodideLoop(host.wake, host.set_timer, host.alone)

    def open_sdk(options: dict[str, Any]) -> Sdk:
        upstream = host.open_upstream()
        if upstream is None:
            return OwnSdk(options, host.facades())
        upstream.setFacades(host.facades())
        return UpstreamSdk(options, upstream, loop, call_workflow_by_text)

    async def call_workflow_by_text(workflow: str, method: str, args: dict[str, Any]) -> str | None:
        try:
            text: str | None = await host.call_workflow(workflow, method, to_json(args))
        except JsException as error:
            raise from_wire(json.loads(error.wire)) from None
        else:
            return text

    async def call_workflow(workflow: str, method: str, args: dict[str, Any]) -> Any:  # noqa: ANN401 - what it gives
        text = await call_workflow_by_text(workflow, method, args)
        return None if text is None else decode(text)

    guest = PyodidePassRunner(host, written, loop, open_sdk)
    output.install(written)
    other_loops.install(loop, threads=False)
    patches.install(host.sleep)
    blocking_fetch.provide(host.blocking_fetch())
    interrupts.install(host)
    abandon.install()
    failures.install()
    handler_call.connect(call_workflow)
    # The SDK and the standard library stay until the end: no collection needs to look at them.
    gc.freeze()
    install_step(host.make_step)
    return guest
