"""What a guest asks of the package that user code imports as ``workers``, and how it asks our own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.values import encode
from workers import rpc
from workers._binding import to_bindings
from workers._context import ExecutionContext
from workers._context import _going_on as going_on
from workers._entrypoints import DurableObject, WorkerEntrypoint
from workers._env import env, install
from workers._facades import to_facades
from workers._objects import DurableObjectContext
from workers._payload import payload_type
from workers._step import WorkflowStep
from workers._workflow import WorkflowEntrypoint, to_event

if TYPE_CHECKING:
    from asyncio import Task

    from _workflows_bridge.batch import Message
    from _workflows_bridge.session import Session


class Run(Protocol):
    """One call of ``run()``."""

    async def output(self, start: Message) -> str:
        """Call it, and give what it returns as canonical text."""

    def outlives(self, task: Task[Any]) -> bool:
        """Whether *task* was given to ``waitUntil``, and goes on when ``run()`` has ended."""

    def close(self) -> None:
        """Let go of what it holds; it is over."""


class Sdk(Protocol):
    """The package."""

    entrypoint: type
    """What workflow classes derive from."""

    worker_entrypoint: type
    """What classes of handlers derive from."""

    durable_object: type
    """What classes of Durable Objects derive from."""

    env: Any
    """What handlers get as ``env``."""

    wraps_batches: bool
    """Whether batches of queues are still JavaScript's own when a handler is about to get them."""

    def bind(self, variables: dict[str, Any], bindings: dict[str, str]) -> None:
        """Make the environment: variables, and names of workflows by names of bindings, which come first."""

    def context(self, context: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """What a handler gets as ``ctx``, for JavaScript's."""

    def object_context(self, parts: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """What a Durable Object gets as ``ctx``; *parts* are what JavaScript has of it."""

    def wrap_batch(self, batch: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """A batch of a queue as a handler gets it."""

    def from_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """What a handler gets, for what JavaScript has."""

    def to_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """What JavaScript gets, for what a handler gives."""

    def open(self, cls: type, session: Session) -> Run:
        """Prepare to call ``run()`` of *cls*, with steps that make their calls on *session*."""


class OwnSdk:
    """The one in `py/workers`."""

    entrypoint: type = WorkflowEntrypoint
    worker_entrypoint: type = WorkerEntrypoint
    durable_object: type = DurableObject
    env: Any = env
    wraps_batches = True

    def __init__(self, options: dict[str, Any], facades: Any = None) -> None:  # noqa: ANN401 - a JsProxy
        """Serve the deployment that *options* describe. *facades*: JavaScript's, of bindings that the host answers."""
        self._transport: str = options.get("transport") or "batched"
        self._facades = to_facades(options.get("env") or {}, facades)

    def bind(self, variables: dict[str, Any], bindings: dict[str, str]) -> None:
        """See `Sdk`."""
        install({**self._facades, **variables, **to_bindings(bindings)})

    def context(self, context: Any) -> ExecutionContext:  # noqa: ANN401 - a JsProxy
        """See `Sdk`."""
        return ExecutionContext(context)

    def object_context(self, parts: Any) -> DurableObjectContext:  # noqa: ANN401 - a JsProxy
        """See `Sdk`."""
        return DurableObjectContext(parts)

    def wrap_batch(self, batch: Any) -> Any:  # noqa: ANN401 - a JsProxy
        """See `Sdk`."""
        return rpc._BindingWrapper(batch)  # noqa: SLF001 - our own

    def from_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """See `Sdk`."""
        return rpc.python_from_rpc(value)

    def to_js(self, value: Any) -> Any:  # noqa: ANN401 - any value
        """See `Sdk`."""
        return rpc.python_to_rpc(value)

    def open(self, cls: type, session: Session) -> Run:
        """See `Sdk`."""
        return _OwnRun(cls, session, self._transport)


class _OwnRun:
    def __init__(self, cls: type, session: Session, transport: str) -> None:
        self._class = cls
        self._step = WorkflowStep(session, transport=transport)

    async def output(self, start: Message) -> str:
        entrypoint = self._class(ExecutionContext(), env)
        result = entrypoint.run(to_event(start["event"], start["value"], payload_type(self._class)), self._step)
        if inspect.iscoroutine(result):
            result = await result
        return encode(result, where="output")

    def outlives(self, task: Task[Any]) -> bool:
        return task in going_on

    def close(self) -> None:
        self._step._release()  # noqa: SLF001 - the SDK's own seam
