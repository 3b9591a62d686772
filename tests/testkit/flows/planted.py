"""Workflows with one fault each."""

import asyncio
import os
import random
import time
import uuid

from workers import WorkflowEntrypoint

cache = {}
seen = []


def one(step, name, value=1, **options):
    @step.do(name, **options)
    async def run():
        return value

    return run


class GlobalCache(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("find")
        async def find():
            cache["found"] = 1

        await find()
        return cache.get("found")


class AttemptAsValue(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("number")
        async def number(ctx):
            await asyncio.sleep(1)
            return ctx["attempt"]

        return await number()


class ChargedTwice(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "charge")()


class SideEffectOutside(WorkflowEntrypoint):
    async def run(self, event, step):
        seen.append(event["instanceId"])
        await one(step, "a")()
        return seen.count(event["instanceId"])


class RandomBranch(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "a" if random.random() < 2 else "b")()


class ClockBranch(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "day" if time.time() > 0 else "night")()


class UuidName(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, f"step {uuid.uuid4()}")()


class EnvironmentBranch(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, os.environ.get("MODE", "a"))()


class SetOrder(WorkflowEntrypoint):
    async def run(self, event, step):
        for name in {"x", "y"}:
            await one(step, name)()


class MissingAwait(WorkflowEntrypoint):
    async def run(self, event, step):
        asyncio.ensure_future(one(step, "publish")()).cancel()
        return "done"


class WrongRetry(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "flaky", config={"retries": {"limit": 0, "delay": 0}})()


class SwallowedError(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            return await one(step, "charge")()
        except Exception:
            return "done"


class SwallowedCancellation(WorkflowEntrypoint):
    async def run(self, event, step):
        paid = []

        @step.do("pay", config={"timeout": "1 minute", "retries": {"limit": 1, "delay": "1 second"}})
        async def pay(ctx):
            try:
                await asyncio.sleep(120)
            except asyncio.CancelledError:
                pass
            paid.append(ctx["attempt"])

        try:
            await pay()
        except Exception:
            return paid


class EventTwice(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("first", "go", timeout="1 hour")
        await step.wait_for_event("second", "go", timeout="1 hour")


class WrongEvent(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("approval", "aproved", timeout="1 hour")


class LastOne(WorkflowEntrypoint):
    async def run(self, event, step):
        last = []

        async def note(name):
            last.append(await one(step, name, name)())

        await asyncio.gather(note("a"), note("b"))
        return last[-1]


class FirstOne(WorkflowEntrypoint):
    async def run(self, event, step):
        done, _ = await asyncio.wait(
            [asyncio.ensure_future(one(step, name, name)()) for name in ("a", "b")],
            return_when=asyncio.FIRST_COMPLETED,
        )
        return min(each.result() for each in done)


class TooShort(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("slow", config={"timeout": "1 minute", "retries": {"limit": 0, "delay": 0}})
        async def slow():
            await asyncio.sleep(120)

        await slow()


class NotStorable(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "bad", lambda: 1)()


class OnInstance(WorkflowEntrypoint):
    total = 0

    async def run(self, event, step):
        @step.do("add")
        async def add():
            self.total += 1

        await add()
        await step.sleep("nap", "1 day")
        return self.total


class WrongBackoff(WorkflowEntrypoint):
    async def run(self, event, step):
        return await one(step, "flaky", config={"retries": {"limit": 9, "delay": "10 days"}})()
