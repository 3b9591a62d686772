"""Steps that do nothing, in three shapes."""

import asyncio

from workers import WorkflowEntrypoint


async def trivial(step, number):
    @step.do(f"step-{number}")
    async def work():
        return number

    return await work()


class Sequential(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"]["steps"]):
            await trivial(step, number)


class FanOut(WorkflowEntrypoint):
    async def run(self, event, step):
        await asyncio.gather(*(trivial(step, number) for number in range(event["payload"]["steps"])))


class Replay(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"]["steps"]):
            await trivial(step, number)
        await step.wait_for_event("wait", "go")
