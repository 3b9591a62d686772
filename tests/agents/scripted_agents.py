"""What the tests build agents and workflows from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from workers_pydantic_ai import durable_agents

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fake_workflow import FakeWorkflow
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models.function import AgentInfo


def workflow_of(body: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """The code of a workflow that runs *body* of ``step`` where agents are durable."""

    class Workflow:
        @durable_agents
        async def run(self, event, step):
            return await body(step)

    return lambda event, step: Workflow().run(event, step)


def run(workflow: FakeWorkflow, body: Callable[[Any], Awaitable[Any]]) -> Any:
    """Runs *body* as the code of *workflow*, through its crashes."""
    return asyncio.run(workflow.run_through_crashes(workflow_of(body)))


def call(tool: str, call_id: str | None = None, **arguments: Any) -> ToolCallPart:
    """A call of *tool* by the model."""
    return ToolCallPart(tool, arguments, call_id or f"call-{tool}")


class Script:
    """
    A model that gives the answers of a list, by the number of answers that it sees in the conversation.

    Attributes:
        requests: How many requests it has answered.
    """

    def __init__(self, *answers: list[ToolCallPart] | str | Exception) -> None:
        self._answers = answers
        self.requests = 0
        self.model = FunctionModel(self._answer, model_name="script")

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.requests += 1
        answer = self._answers[sum(isinstance(message, ModelResponse) for message in messages)]
        if isinstance(answer, Exception):
            raise answer
        return ModelResponse([TextPart(answer)] if isinstance(answer, str) else answer)
