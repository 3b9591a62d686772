"""Workflows whose instances were stored in every status. What `run` gives says what a resumed instance has kept."""

import asyncio
import logging
from datetime import UTC, datetime

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

WITHOUT_DELAY = {"retries": {"limit": 2, "delay": 1}}


class Finished(WorkflowEntrypoint):
    """Has values of all kinds, a stream, output, a failed attempt and a child."""

    async def run(self, event, step):
        @step.do("values")
        async def values():
            print("values of", event["payload"]["customer"])
            logging.getLogger("shop").warning("a warning")
            moment = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
            return {
                "text": "grüße 🎉",
                "number": 2**40,
                "part": 0.1,
                "bytes": b"\x00\xff",
                "moment": moment,
                "$": [None],
            }

        @step.do("flaky", config=WITHOUT_DELAY)
        async def flaky(ctx):
            if ctx.attempt == 1:
                raise ValueError("not yet")
            return ctx.attempt

        @step.do("pieces")
        async def pieces():
            async def chunks():
                yield b"one "
                yield b"two"

            return chunks()

        @step.do("secret", config={"sensitive": "output"})
        async def secret():
            return "hidden"

        @step.do("child")
        async def child():
            made = await self.env.SLEEPER.create(id="child", params={"nap": "365 days"})
            return made.id

        kept = await values()
        await flaky()
        stream = await pieces()
        await secret()
        return [kept["text"], kept["moment"], len(await stream.read()), await child(), self.env.CURRENCY]


class Failed(WorkflowEntrypoint):
    """Fails, and undoes what it has done."""

    async def run(self, event, step):
        @step.do("book", rollback=lambda output, error: print("cancelled", output, error))
        async def book():
            return "seat 7"

        @step.do("charge", config=WITHOUT_DELAY)
        async def charge():
            raise NonRetryableError("declined")

        await book()
        await charge()


class Undoing(WorkflowEntrypoint):
    """Is terminated with rollback, whose handler does not end where it is told so."""

    async def run(self, event, step):
        async def cancel(output):
            if self.env.HANDLER == "hangs":
                await asyncio.sleep(3600)
            print("cancelled", output)

        @step.do("book", rollback=cancel, rollback_config=WITHOUT_DELAY)
        async def book():
            return "seat 8"

        await book()
        await step.wait_for_event("wait", "never", timeout="365 days")


class Approval(WorkflowEntrypoint):
    """Waits for two events, one after the other."""

    async def run(self, event, step):
        first = await step.wait_for_event("first", "first", timeout="365 days")
        second = await step.wait_for_event("second", "second", timeout="365 days")
        third = await step.wait_for_event("third", "third", timeout="365 days")
        return [first["payload"], second["payload"], third["payload"]]


class Sleeper(WorkflowEntrypoint):
    """Sleeps for as long as it is told."""

    async def run(self, event, step):
        @step.do("before")
        async def before():
            return 20

        done = await before()
        await step.sleep("nap", event["payload"]["nap"])

        @step.do("after")
        async def after():
            return done + 1

        return await after()


class Retrying(WorkflowEntrypoint):
    """Its step fails once."""

    async def run(self, event, step):
        @step.do("flaky", config={"retries": {"limit": 3, "delay": "1 minute", "backoff": "constant"}})
        async def flaky(ctx):
            if ctx.attempt == 1:
                raise ValueError("not yet")
            return ctx.attempt

        return await flaky()


class Interrupted(WorkflowEntrypoint):
    """The first attempt at its second step never ends."""

    async def run(self, event, step):
        @step.do("quick")
        async def quick():
            return "quick"

        @step.do("slow", config=WITHOUT_DELAY)
        async def slow(ctx):
            if ctx.attempt == 1:
                await asyncio.sleep(3600)
            return ctx.attempt

        return [await quick(), await slow()]


class Yearly(WorkflowEntrypoint):
    async def run(self, event, step):
        return event["schedule"]["cron"]
