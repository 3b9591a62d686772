"""Workflows that the browser's tests run."""

import asyncio
import logging
import time

from workers import WorkflowEntrypoint


class Chain(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            print("in first")
            return 1

        @step.do("second", depends=[first])
        async def second(first):
            logging.getLogger("flow").warning("in second")
            return first + event["payload"].get("add", 1)

        return await second()


class Nap(WorkflowEntrypoint):
    async def run(self, event, step):
        before = await step.do("before")(value(event["payload"].get("tag", "x")))()
        await step.sleep("nap", event["payload"].get("ms", 3000))
        return {"before": before, "after": await step.do("after")(value("done"))()}


class Slow(WorkflowEntrypoint):
    """A step that takes long, awaiting or spinning, and may be repeated at once."""

    async def run(self, event, step):
        quick = await step.do("quick")(value(1))()

        async def slowly(ctx):
            if ctx["attempt"] == 1:
                await asyncio.sleep(event["payload"].get("seconds", 60))
            return ctx["attempt"]

        slow = await step.do("slow", config={"retries": {"limit": 50, "delay": 1, "backoff": "constant"}})(slowly)()
        return {"quick": quick, "attempts": slow}


class Waiter(WorkflowEntrypoint):
    async def run(self, event, step):
        got = await step.wait_for_event("answer", "reply", timeout="1 hour")
        return got["payload"]


class Spin(WorkflowEntrypoint):
    async def run(self, event, step):
        async def spin():
            while True:
                pass

        try:
            await step.do("spin", config={"timeout": 300, "retries": {"limit": 0, "delay": 1}})(spin)()
        except Exception as error:
            return type(error).__name__


class Block(WorkflowEntrypoint):
    async def run(self, event, step):
        async def block():
            time.sleep(event["payload"]["seconds"])
            return "slept"

        return await step.do("block")(block)()


class Fill(WorkflowEntrypoint):
    async def run(self, event, step):
        async def fill():
            held = []
            while True:
                held.append(bytearray(16 << 20))

        try:
            await step.do("fill", config={"retries": {"limit": 0, "delay": 1}})(fill)()
        except Exception as error:
            return type(error).__name__


class Flood(WorkflowEntrypoint):
    async def run(self, event, step):
        async def flood():
            for number in range(200_000):
                print("a line of output", number)
            return "written"

        return await step.do("flood")(flood)()


class Count(WorkflowEntrypoint):
    """Many steps: each is seen to run once in the log."""

    async def run(self, event, step):
        total = 0
        for number in range(event["payload"]["steps"]):
            total += await step.do(f"step {number}")(value(number))()
            await step.sleep(f"pause {number}", event["payload"].get("pause", 20))
        return total


class Ask(WorkflowEntrypoint):
    async def run(self, event, step):
        from js import fetch

        async def ask():
            response = await fetch(event["payload"]["url"])
            return await response.text()

        try:
            return await step.do("ask", config={"retries": {"limit": 0, "delay": 1}})(ask)()
        except Exception as error:
            return f"refused: {type(error).__name__}"


def value(result):
    async def give():
        return result

    return give
