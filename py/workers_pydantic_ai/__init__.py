"""
Durable Pydantic AI agents in Cloudflare-style Python Workflows.

Every model request and every tool call of an agent is a step of the workflow. What has finished is not run again after
a crash, and a workflow that waits for a person uses no memory.

    from pydantic_ai import Agent
    from workers import WorkflowEntrypoint
    from workers_pydantic_ai import WorkflowsDurability, durable_agents

    agent = Agent("openai:gpt-5", name="support", capabilities=[WorkflowsDurability()])

    class Support(WorkflowEntrypoint):
        @durable_agents
        async def run(self, event, step):
            result = await agent.run(event["payload"]["question"])
            return result.output

The package needs `workers` and `pydantic_ai` and nothing else, so the same file runs on Cloudflare.
"""

from ._approval import ApproveByEvent, InvalidDecisionWarning
from ._capability import WorkflowsDurability
from ._errors import MissingScopeError, ReplayDivergedError, ResultNotStorableError
from ._external_events import event_of
from ._scope import durable_agents
from ._warmup import warm_up

__all__ = [
    "ApproveByEvent",
    "InvalidDecisionWarning",
    "MissingScopeError",
    "ReplayDivergedError",
    "ResultNotStorableError",
    "WorkflowsDurability",
    "durable_agents",
    "event_of",
]

warm_up()
