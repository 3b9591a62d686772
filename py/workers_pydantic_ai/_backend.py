"""Runs the operations of an agent as steps."""

from __future__ import annotations

from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_ai.durable_exec import (
    BoundDurableOperation,
    EventStreamHandlerId,
    JournalCallableOperationBackend,
    ModelRequestId,
    ToolsetCallToolId,
    ToolsetValidateToolArgumentsId,
    record_durable_unit,
)
from pydantic_ai.messages import CapabilityEvent, CustomEvent, ModelResponse, ToolCallPart

from ._config import StepConfig
from ._divergence import check_replay, question_of
from ._outcomes import describe_permanent, raise_if_failed
from ._progress import reporting
from ._scope import current_scope
from ._usage import UsageOfStep, add_recorded_usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic_ai.durable_exec import DurableOperation, DurableOperationConfig, DurableOperationId

__all__ = ["StepBackend", "run_number"]

run_number: ContextVar[int] = ContextVar("workers_pydantic_ai_run_number", default=1)
"""Which run of its agent in this workflow the code belongs to, from 1."""


class Asked(NamedTuple):
    """An operation that is being executed."""

    params: Any
    label: str | None
    """The tool's name."""
    usage: UsageOfStep


_asked: ContextVar[Asked] = ContextVar("workers_pydantic_ai_asked")


class StepBackend(JournalCallableOperationBackend[StepConfig]):
    """
    Runs each operation in a step.

    The names of steps are those of Pydantic AI's journal convention, made unique where order alone would tell steps
    apart: a later run of the same agent is ``agent#2``, and a further call of the same tool in one answer is
    ``tool (2)``. So a replay finds each result even where an engine hands recorded results out in another order.
    """

    def __init__(
        self, *, agent_name: str, default_model_id: str | None, config: DurableOperationConfig[StepConfig]
    ) -> None:
        """Serve the agent called *agent_name*."""
        super().__init__(agent_name=agent_name, default_model_id=default_model_id, config=config)
        self._agent_name = agent_name

    def bind(self, operation: DurableOperation[Any, Any, Any]) -> BoundDurableOperation[Any, Any, Any]:
        """See `DurableOperationBackend`."""
        return _WithParams(super().bind(operation))

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,
        name: str,
        body: Callable[[], Awaitable[object]],
        cache_key: tuple[object, ...],  # noqa: ARG002 - for engines that find results by a hash
        config: StepConfig,
    ) -> object:
        """See `CallableOperationBackend`."""
        scope = current_scope()
        if scope is None:
            raise RuntimeError(f"{name} was called outside a workflow, where agents run without steps.")
        asked = _asked.get()
        step_name = self._step_name(operation_id, name, asked)
        question = question_of(asked.params)
        caller = copy_context()
        executed = False

        async def attempt(ctx: Any) -> dict[str, Any]:  # noqa: ANN401 - of either SDK
            nonlocal executed
            executed = True
            with scope.inside_step(caller), reporting(ctx):
                try:
                    outcome = {"asked": question, "payload": await body()}
                except Exception as error:
                    described = describe_permanent(error, operation_id, asked.label)
                    if described is None:
                        raise
                    outcome = {"asked": question, "error": described}
                return outcome | asked.usage.recorded()

        try:
            outcome = await scope.step.do(step_name, config=config or None)(attempt)()
        except Exception as error:
            if isinstance(operation_id, ModelRequestId) and _is_timeout(error):
                raise TimeoutError(
                    f"The model of agent {self._agent_name!r} gave no answer: step {step_name!r} failed with "
                    f"{error}. Its timeout and retries are WorkflowsDurability(model_config=...)."
                ) from error
            raise
        if not executed:
            check_replay(step_name, question, outcome["asked"], outcome.get("payload"))
        record_durable_unit(executed=executed)
        add_recorded_usage(asked.params, outcome)
        raise_if_failed(outcome)
        payload: object = outcome.get("payload")
        return payload

    def _step_name(self, operation_id: DurableOperationId, name: str, asked: Asked) -> str:
        number = run_number.get()
        if number > 1:
            name = f"{self._agent_name}#{number}{name.removeprefix(self._agent_name)}"
        if isinstance(operation_id, ToolsetCallToolId | ToolsetValidateToolArgumentsId):
            if operation_id.toolset_kind == "mcp":
                name = f"{name}:{asked.params.name}"
            position = _position_among_equals(asked.params.ctx)
            if position > 1:
                name = f"{name} ({position})"
        if isinstance(operation_id, EventStreamHandlerId):
            event = asked.params.event
            if isinstance(event, CustomEvent | CapabilityEvent):
                # A call that has finished emits nothing in a replay, which must not move the framework's events.
                name = f"{name}:{event.tool_call_id or 'run'}"
        return name


class _WithParams(BoundDurableOperation[Any, Any, Any]):
    """Lets `StepBackend.execute` see the parameters of the operation."""

    def __init__(self, bound: BoundDurableOperation[Any, Any, Any]) -> None:
        self._bound = bound

    @property
    def operation(self) -> DurableOperation[Any, Any, Any]:
        return self._bound.operation

    async def __call__(self, params: Any, *, config: object | None = None) -> Any:  # noqa: ANN401 - of any operation
        usage = UsageOfStep(params)
        token = _asked.set(Asked(params, getattr(params, "name", None), usage))
        try:
            return await self._bound(usage.params, config=config)
        finally:
            _asked.reset(token)


def _position_among_equals(ctx: Any) -> int:  # noqa: ANN401 - RunContext of any dependencies
    """Which call of the same tool in the model's answer *ctx* belongs to, from 1."""
    for message in reversed(ctx.messages):
        if isinstance(message, ModelResponse):
            ids = [
                part.tool_call_id
                for part in message.parts
                if isinstance(part, ToolCallPart) and part.tool_name == ctx.tool_name
            ]
            return ids.index(ctx.tool_call_id) + 1 if ctx.tool_call_id in ids else 1
    return 1


def _is_timeout(error: Exception) -> bool:
    """Whether the last attempt took too long, in the words of either SDK."""
    return type(error).__name__ == "WorkflowTimeoutError" or "Execution timed out after" in str(error)
