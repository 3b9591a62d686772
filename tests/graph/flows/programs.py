"""Whole programs."""

import asyncio

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        payload = event["payload"]

        @step.do("reserve")
        async def reserve():
            return 1

        @step.do("charge")
        async def charge():
            if payload["flag"]:
                raise NonRetryableError("declined")

        @step.do("release")
        async def release():
            return 1

        @step.do("receipt")
        async def receipt():
            return 1

        @step.do("parcel")
        async def parcel():
            return 1

        await reserve()
        try:
            await charge()
        except NonRetryableError:
            await release()
            return "declined"
        await asyncio.gather(receipt(), parcel())


class Agent(WorkflowEntrypoint):
    async def run(self, event, step):
        for turn in range(5):

            @step.do(f"model call {turn}")
            async def think():
                return turn < event["payload"]["n"]

            if not await think():
                break
            tools = ["search", "calculate"]

            def runner(tool):
                @step.do(f"tool {tool}")
                async def run_tool():
                    return tool

                return run_tool

            await asyncio.gather(*[runner(tool)() for tool in tools])

        @step.do("answer")
        async def answer():
            return 1

        await answer()


class Approval(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("ask")
        async def ask():
            return 1

        @step.do("publish")
        async def publish():
            return 1

        @step.do("discard")
        async def discard():
            return 1

        await ask()
        approved = False
        try:
            await step.wait_for_event("decision", "decided", timeout="1 day")
            approved = True
        except Exception:
            await step.sleep("grace", "1 hour")
        if approved:
            await publish()
        else:
            await discard()
