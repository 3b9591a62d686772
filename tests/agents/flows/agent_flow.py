"""An agent whose every model request and tool call tells a ledger outside of the process that it has begun."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from workers import WorkflowEntrypoint, fetch
from workers_pydantic_ai import WorkflowsDurability, durable_agents

RUNS = 3
ROUNDS = 2
CALLS = 2


async def note(ledger, what):
    await fetch(f"{ledger}/{what}/0")
    await asyncio.sleep(0.02)


async def answer(messages, _info):
    """Call the tool CALLS times in each of ROUNDS rounds, then add up what it gave."""
    ledger, run = messages[0].parts[-1].content.split(" ")
    rounds = sum(isinstance(message, ModelResponse) for message in messages)
    await note(ledger, f"model-{run}-{rounds}")
    if rounds < ROUNDS:
        calls = [{"ledger": ledger, "run": int(run), "round": rounds, "call": call} for call in range(CALLS)]
        return ModelResponse([ToolCallPart("work", call, f"{run}-{rounds}-{call['call']}") for call in calls])
    given = [part.content for message in messages for part in message.parts if part.part_kind == "tool-return"]
    return ModelResponse([TextPart(str(sum(given)))])


agent = Agent(
    FunctionModel(answer, model_name="script"),
    name="worker",
    capabilities=[WorkflowsDurability(model_config={"retries": {"limit": 1000, "delay": 5, "backoff": "constant"}})],
)


@agent.tool_plain(metadata={"workflows": {"retries": {"limit": 1000, "delay": 5, "backoff": "constant"}}})
async def work(ledger: str, run: int, round: int, call: int) -> int:  # noqa: A002
    await note(ledger, f"work-{run}-{round}-{call}")
    return 100 * run + 10 * round + call


class AgentFlow(WorkflowEntrypoint):
    @durable_agents
    async def run(self, event, step):
        given = []
        for run in range(RUNS):
            given.append((await agent.run(f"{event['payload']['ledger']} {run}")).output)
            await step.sleep(f"nap {run}", 100)
        return given
