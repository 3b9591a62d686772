import asyncio

from workers import WorkflowEntrypoint

PAYING = {"retries": {"limit": 3, "delay": "1 minute"}}
ONCE = {"retries": {"limit": 0, "delay": 0}}

cache = {}


class Sound(WorkflowEntrypoint):
    """Four steps, two of them side by side, a sleep and an event."""

    async def run(self, event, step):
        @step.do("reserve")
        async def reserve():
            return event["payload"]["count"]

        @step.do("charge", config=PAYING)
        async def charge(ctx):
            if ctx["attempt"] == 1:
                raise ConnectionError("no answer")
            return "paid"

        @step.do("receipt")
        async def receipt():
            return "sent"

        @step.do("courier")
        async def courier():
            return "booked"

        count = await reserve()
        paid = await charge()
        await step.sleep("pack", "2 hours")
        confirmed = await step.wait_for_event("confirmation", "confirmed", timeout="1 day")
        return [count, paid, *await asyncio.gather(receipt(), courier()), confirmed["payload"]]


class InMemory(WorkflowEntrypoint):
    """Keeps what a step has found in a variable of the module."""

    async def run(self, event, step):
        @step.do("find")
        async def find():
            cache["found"] = 42

        await find()
        await step.sleep("nap", "1 hour")
        return cache.get("found")


class OnInstance(WorkflowEntrypoint):
    """Keeps it in an attribute."""

    total = 0

    async def run(self, event, step):
        @step.do("add")
        async def add():
            self.total += 1

        await add()
        await step.sleep("nap", "1 hour")
        return self.total


class Twice(WorkflowEntrypoint):
    """A step with one attempt, caught where it is cut."""

    async def run(self, event, step):
        @step.do("launch", config=ONCE)
        async def launch():
            return "up"

        try:
            return await launch()
        except Exception:
            return "unknown"


class SecondAttempt(WorkflowEntrypoint):
    """Has one retry, and needs it."""

    async def run(self, event, step):
        @step.do("launch", config={"retries": {"limit": 1, "delay": "1 hour"}})
        async def launch(ctx):
            if ctx["attempt"] == 1:
                raise ConnectionError("no answer")
            await asyncio.sleep(60)
            return "up"

        return await launch()


class Waiting(WorkflowEntrypoint):
    async def run(self, event, step):
        found = await step.wait_for_event("wait", "go", timeout="365 days")
        return found["payload"]


class Many(WorkflowEntrypoint):
    async def run(self, event, step):
        total = 0
        for number in range(20):

            @step.do(f"step {number}")
            async def one():
                return number

            total += await one()
        return total


class Triage(WorkflowEntrypoint):
    """What a step draws decides which step comes next."""

    async def run(self, event, step):
        @step.do("score")
        async def score():
            return await self.env.CHANCE.draw()

        @step.do("reject")
        async def reject():
            return "rejected"

        if await score() < 0.2:
            return await reject()
        return "accepted"
