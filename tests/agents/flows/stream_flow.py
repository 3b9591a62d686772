"""Models that do not end: one whose stream goes on and on, one that never answers."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.function import FunctionModel
from workers import WorkflowEntrypoint
from workers_pydantic_ai import WorkflowsDurability, durable_agents


async def endless(_messages, _info):
    while True:
        yield "word "
        await asyncio.sleep(0.01)


async def silent(_messages, _info):
    await asyncio.Event().wait()


poet = Agent(
    FunctionModel(stream_function=endless),
    name="poet",
    capabilities=[WorkflowsDurability(report_progress=True)],
)
mute = Agent(
    FunctionModel(silent),
    name="mute",
    capabilities=[WorkflowsDurability(model_config={"timeout": 100, "retries": {"limit": 1, "delay": 1}})],
)


class Endless(WorkflowEntrypoint):
    @durable_agents
    async def run(self, event, step):
        return (await poet.run("hi")).output


class Silent(WorkflowEntrypoint):
    @durable_agents
    async def run(self, event, step):
        return (await mute.run("hi")).output
