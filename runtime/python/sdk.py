"""What a guest asks of the package that user code imports as ``workers``, and how it asks our own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

from _workflows_bridge.values import encode
from workers._binding import to_bindings
from workers._context import ExecutionContext
from workers._context import _going_on as going_on
from workers._env import env, install
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

    def bind(self, variables: dict[str, Any], bindings: dict[str, str]) -> None:
        """Make the environment: variables, and names of workflows by names of bindings, which come first."""

    def open(self, cls: type, session: Session) -> Run:
        """Prepare to call ``run()`` of *cls*, with steps that make their calls on *session*."""


class OwnSdk:
    """The one in `py/workers`."""

    entrypoint: type = WorkflowEntrypoint

    def __init__(self, options: dict[str, Any]) -> None:
        """Serve the deployment that *options* describe."""
        self._transport: str = options.get("transport") or "batched"

    def bind(self, variables: dict[str, Any], bindings: dict[str, str]) -> None:
        """See `Sdk`."""
        install({**variables, **to_bindings(bindings)})

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
