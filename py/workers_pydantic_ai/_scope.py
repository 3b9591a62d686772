"""The scope in which agents are durable: one call of a workflow's ``run()``."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from workers import WorkflowEntrypoint

from ._errors import MissingScopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextvars import Context

__all__ = ["AgentScope", "current_scope", "durable_agents", "require_scope_in_workflows"]

_Result = TypeVar("_Result")

_scope: ContextVar[AgentScope | None] = ContextVar("workers_pydantic_ai_scope", default=None)
_inside_step: ContextVar[bool] = ContextVar("workers_pydantic_ai_inside_step", default=False)


class AgentScope:
    """
    One call of ``run()``.

    Attributes:
        step: The workflow's ``step``.
        instance_id: The ID of the instance.
    """

    def __init__(self, step: Any, instance_id: str) -> None:  # noqa: ANN401 - our own step, or Cloudflare's
        self.step = step
        self.instance_id = instance_id
        self._counts: Counter[str] = Counter()
        self._outside: Context = copy_context()

    def next(self, kind: str) -> int:
        """Counts *kind* from 1. Replays count alike, because ``run()`` starts from the beginning."""
        self._counts[kind] += 1
        return self._counts[kind]

    @contextmanager
    def inside_step(self, caller: Context) -> Iterator[None]:
        """
        Marks the code of a step, which starts no further steps.

        JavaScript calls the callbacks of Cloudflare's SDK without the caller's context variables. Those that were set
        since the scope began are set again, and only those: a step has an identity of its own in the others.
        """
        missing = object()
        restored = [
            (variable, variable.set(value))
            for variable, value in caller.items()
            if variable is not _scope
            and self._outside.get(variable, missing) is not value
            and variable.get(missing) is not value
        ]
        scope_token, step_token = _scope.set(None), _inside_step.set(True)
        try:
            yield
        finally:
            _inside_step.reset(step_token)
            _scope.reset(scope_token)
            for variable, old in reversed(restored):
                variable.reset(old)


def current_scope() -> AgentScope | None:
    """The scope of the code that runs; None outside a workflow, and inside a step."""
    return _scope.get()


def durable_agents(
    run: Callable[[Any, Any, Any], Coroutine[Any, Any, _Result]],
) -> Callable[[Any, Any, Any], Coroutine[Any, Any, _Result]]:
    """
    Makes the agents durable that a workflow's ``run`` calls, directly or through other functions.

    Only agents with the capability `WorkflowsDurability` are affected. Inside a step an agent is not durable by itself:
    the step is.

    Args:
        run: ``async def run(self, event, step)`` of a workflow.
    """

    @wraps(run)
    async def durable_run(self: Any, event: Any, step: Any) -> _Result:  # noqa: ANN401 - as the SDK calls it
        token = _scope.set(AgentScope(step, event["instanceId"]))
        try:
            return await run(self, event, step)
        finally:
            _scope.reset(token)

    return durable_run


def require_scope_in_workflows(agent: str) -> None:
    """
    Raises if the code that runs belongs to a workflow's ``run()`` and has no scope.

    Raises:
        MissingScopeError: *agent* would run without being durable.
    """
    if _inside_step.get():
        return
    frame = sys._getframe(1)  # noqa: SLF001 - nothing else knows who awaits
    while frame is not None:
        if frame.f_code.co_name == "run":
            owner = frame.f_locals.get("self")
            if isinstance(owner, WorkflowEntrypoint):
                name = type(owner).__name__
                raise MissingScopeError(
                    f"Agent {agent!r} has WorkflowsDurability, but {name}.run() is not marked with @durable_agents: "
                    f"its model requests would be sent again in each replay. Write @durable_agents above "
                    f"'async def run' of {name}, and import it from workers_pydantic_ai."
                )
        frame = frame.f_back  # type: ignore[assignment]
