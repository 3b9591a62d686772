"""The capability that users give to their agents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_ai import Agent
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    DurabilityEngineSpec,
    RoleBasedOperationConfig,
    ToolsetKind,
    conversation_id_from_run_id,
    replay_scope,
)
from pydantic_ai.external_events import external_event_scope
from pydantic_ai.tool_manager import ToolManager
from pydantic_ai.tools import AgentDepsT
from pydantic_ai.toolsets import FunctionToolset

from ._backend import StepBackend, run_number
from ._config import METADATA_KEY, StepConfig, ToolConfig, check_config
from ._external_events import EventWaiter
from ._outcomes import NotStorable
from ._progress import with_progress
from ._scope import current_scope, require_scope_in_workflows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_ai.agent import EventStreamHandler
    from pydantic_ai.capabilities.abstract import WrapRunHandler
    from pydantic_ai.models import Model
    from pydantic_ai.run import AgentRunResult
    from pydantic_ai.tool_manager import ParallelExecutionMode
    from pydantic_ai.tools import RunContext

__all__ = ["WorkflowsDurability"]

ALL_KINDS: frozenset[ToolsetKind] = frozenset({"function", "mcp", "dynamic"})


class WorkflowsDurability(BaseDurabilityCapability[AgentDepsT]):
    """
    Makes an agent durable in a workflow whose ``run`` is marked with ``@durable_agents``.

    Each model request, tool call, discovery of tools and handled event is a step. Outside a workflow the agent runs as
    usual. A step that was under way when the process died runs again: make the effects of tools repeatable, or give the
    tool ``metadata={"workflows": {"retries": {"limit": 0}}}``.
    """

    engine_spec: ClassVar[DurabilityEngineSpec] = DurabilityEngineSpec(
        engine_name="Cloudflare Workflows",
        durable_unit_noun="step",
        durable_container_noun="workflow",
        codec=JSON_CODEC,
        serialization_failure=lambda error: NotStorable(f"{str(error).rstrip('.')}."),
        wrapped_toolset_kinds=ALL_KINDS,
        toolset_lifecycles={"function": "enter-always", "mcp": "enter-in-durable-unit", "dynamic": "enter-never"},
        unsupported_runtime_toolset_kinds=ALL_KINDS,
        tool_config_key=METADATA_KEY,
    )

    def __init__(  # noqa: PLR0913 - each role of steps has a configuration
        self,
        *,
        models: Mapping[str, Model] | None = None,
        event_stream_handler: EventStreamHandler[AgentDepsT] | None = None,
        report_progress: bool = False,
        name: str | None = None,
        model_config: StepConfig | None = None,
        tool_config: StepConfig | None = None,
        mcp_config: StepConfig | None = None,
        event_config: StepConfig | None = None,
    ) -> None:
        """
        Describe how the agent's steps are made.

        Args:
            models: Further models by ID, for ``agent.run(model=...)``: a model is not stored, its ID is.
            event_stream_handler: Receives the events of the model's stream inside the step of the request, while it
                runs, and each other event in a step of its own.
            report_progress: Stream each answer of the model, and report its pieces as progress of the step of the
                request: ``{"text": …}``, ``{"thinking": …}`` and ``{"tool_call": name}``.
            name: The start of the steps' names. Default: the agent's name.
            model_config: ``retries``, ``timeout`` and ``sensitive`` of the steps of model requests.
            tool_config: The same of tool calls. A tool's ``metadata={"workflows": {...}}`` comes first;
                ``{"workflows": False}`` runs the tool without a step.
            mcp_config: The same of everything that is asked of MCP servers.
            event_config: The same of the steps in which events are handled.
        """
        super().__init__(models=models, event_stream_handler=event_stream_handler, name=name)
        self._report_progress = report_progress
        tool = check_config(tool_config, "WorkflowsDurability(tool_config=...)")
        mcp = check_config(mcp_config, "WorkflowsDurability(mcp_config=...)")
        self._steps = RoleBasedOperationConfig[StepConfig](
            model=check_config(model_config, "WorkflowsDurability(model_config=...)"),
            event=check_config(event_config, "WorkflowsDurability(event_config=...)"),
            capability={},
            tool=tool,
            resolve_tool=ToolConfig(tool=tool, mcp=mcp),
        )

    @property
    def has_wrap_run_event_stream(self) -> bool:
        """Whether the answers of models are streamed."""
        return super().has_wrap_run_event_stream or (self._report_progress and self.in_durable_context)

    def _model_stream_event_handler(self) -> EventStreamHandler[AgentDepsT] | None:
        """Reports the events of a model's stream inside the step, as Temporal's capability publishes them there."""
        handler = super()._model_stream_event_handler()
        return with_progress(handler) if self._report_progress else handler

    @property
    def in_durable_context(self) -> bool:
        """Whether the code that runs is that of a workflow, and not inside a step."""
        return current_scope() is not None

    def get_durable_operation_backend(self) -> StepBackend:
        """See `BaseDurabilityCapability`."""
        return StepBackend(agent_name=self.name, default_model_id=self.default_model_id, config=self._steps)

    def get_default_run_id(self) -> str | None:
        """The instance's ID and a number: the same in each replay."""
        scope = current_scope()
        if scope is None:
            require_scope_in_workflows(self.name)
            return None
        return f"{scope.instance_id}:{self.name}:{scope.next(f'run ID {self.name}')}"

    def get_default_conversation_id(self, run_id: str) -> str | None:
        """Derived from the run's ID."""
        return conversation_id_from_run_id(run_id) if self.in_durable_context else None

    async def get_run_start_time(self, run_id: str) -> datetime | None:
        """When the run began for the first time, recorded by a step: its ``timeout`` counts from there."""
        scope = current_scope()
        if scope is None:
            return None

        async def now() -> str:
            return datetime.now(UTC).isoformat()

        return datetime.fromisoformat(await scope.step.do(f"{self.name}__run_start_time:{run_id}")(now)())

    async def wrap_run(self, ctx: RunContext[AgentDepsT], *, handler: WrapRunHandler) -> AgentRunResult[Any]:
        """Gives the run its number, and durable waits, sleeps and telemetry."""
        scope = current_scope()
        if scope is None:
            return await super().wrap_run(ctx, handler=handler)

        async def sleep(seconds: float) -> None:
            await scope.step.sleep(f"{self.name}__sleep", int(seconds * 1000))

        token = run_number.set(scope.next(f"run {self.name}"))
        try:
            with (
                replay_scope(),
                Agent.using_sleep(sleep),
                Agent.parallel_tool_call_execution_mode(self._order_of_tool_calls()),
                external_event_scope(EventWaiter(scope, self.name)),
            ):
                return await super().wrap_run(ctx, handler=handler)
        finally:
            run_number.reset(token)

    def _order_of_tool_calls(self) -> ParallelExecutionMode:
        """The mode that is set. For a handler, whose steps are found by their number, events keep the calls' order."""
        mode = ToolManager(FunctionToolset[Any]()).get_parallel_execution_mode()
        return "parallel_ordered_events" if mode == "parallel" and self._event_stream_handler else mode
