import asyncio
import time
from datetime import datetime

from workers import WorkflowEntrypoint
from workers.workflows import WorkflowTimeoutError


class Long(WorkflowEntrypoint):
    """A sleep of a year, three retries of an hour, and a day's wait."""

    async def run(self, event, step):
        await step.sleep("a year", "365 days")

        @step.do("flaky", config={"retries": {"limit": 3, "delay": "1 hour", "backoff": "constant"}})
        async def flaky(ctx):
            if ctx["attempt"] <= 3:
                raise ValueError("not yet")
            return ctx["attempt"]

        attempts = await flaky()
        try:
            await step.wait_for_event("news", "news", timeout="24 hours")
        except WorkflowTimeoutError:
            return [attempts, "no news"]


class Clocks(WorkflowEntrypoint):
    """What each clock of Python says, in a step and between steps, before and after it sleeps there."""

    async def run(self, event, step):
        @step.do("in a step")
        async def inside():
            return await measured()

        return {"step": await inside(), "run": await measured()}


class Blocking(WorkflowEntrypoint):
    """Blocks the interpreter for a minute."""

    async def run(self, event, step):
        @step.do("block")
        async def block():
            began = time.monotonic()
            time.sleep(60)
            return time.monotonic() - began

        return await block()


async def measured():
    """By how many seconds each clock moves over an `asyncio.sleep` of 300 seconds, and the year."""
    loop = asyncio.get_running_loop()
    clocks = {
        "time": time.time,
        "monotonic": time.monotonic,
        "loop": loop.time,
        "now": lambda: datetime.now().timestamp(),
    }
    before = {name: clock() for name, clock in clocks.items()}
    await asyncio.sleep(300)
    return {"year": datetime.now().year} | {name: round(clock() - before[name]) for name, clock in clocks.items()}
