"""Steps in all their forms."""

import asyncio
import functools
from datetime import timedelta
from math import inf

from workers import WorkflowEntrypoint


class Refused(Exception):
    """Carries what a refusal said."""


HOLDS_ITSELF = {"retries": {"limit": 1}}
HOLDS_ITSELF["self"] = HOLDS_ITSELF


def refusal(call):
    try:
        call()
    except Exception as error:
        return str(error)
    return None


class Forms(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def inferred():
            return 1

        @step.do("a name")
        def sync():
            return 2

        @step.do(name="by keyword")
        async def third():
            return 3

        @step.do(None)
        async def fourth():
            return 4

        return [await inferred(), await sync(), await third(), await fourth()]


class Decorated(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("a name")
        async def function():
            return 1

        try:
            await function(1)
        except TypeError:
            refused = True
        return [
            function._step_name,
            step.step_closures["a name"] is function,
            refused,
            asyncio.iscoroutinefunction(function),
        ]


class Bare(WorkflowEntrypoint):
    async def run(self, event, step):
        try:

            @step.do
            async def charge():
                return 1

        except TypeError as error:
            return str(error)


class Refusals(WorkflowEntrypoint):
    async def run(self, event, step):
        return {
            "misspelt": refusal(lambda: step.do("x", concurent=True)),
            "in config": refusal(lambda: step.do("x", retries={})),
            "unknown": refusal(lambda: step.do("x", zzz=1)),
            "endless config": refusal(lambda: step.do("x", config=HOLDS_ITSELF)(print)),
            "name": refusal(lambda: step.do(3)),
            "depends": refusal(lambda: step.do("x", "dep")),
            "nameless": refusal(lambda: step.do()(functools.partial(print))),
            "no function": refusal(lambda: step.do("x")(3)),
            "sleep": refusal(lambda: step.sleep("x", object())),
            "sleep name": refusal(lambda: step.sleep(1, 1)),
            "until": refusal(lambda: step.sleep_until("x", "tomorrow")),
            "wait": refusal(lambda: step.wait_for_event("x", event_type="y")),
            "event type": refusal(lambda: step.wait_for_event("x", 3)),
        }


class Config(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(
            config={
                "retries": {"limit": inf, "delay": timedelta(seconds=1.5), "backoff": "constant"},
                "timeout": timedelta(minutes=2),
            }
        )
        async def configured(ctx):
            return ctx.config

        return await configured()


class Context(WorkflowEntrypoint):
    async def run(self, event, step):
        seen = []

        @step.do("named")
        async def first(ctx):
            seen.append([ctx.step.name, ctx["step"]["count"], ctx.attempt, ctx.config.retries.limit])
            ctx.config.retries.limit = 0
            if ctx.attempt < 3:
                raise ValueError("again")
            return "done"

        await first()
        await first()
        return seen


class Counts(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("same")
        async def same(ctx):
            return ctx.step.count

        return [await same(), await same(), *await asyncio.gather(same(), same())]


class Identity(WorkflowEntrypoint):
    async def run(self, event, step):
        original = {"list": [1, (2, 3)], "float": 1.0}

        @step.do()
        async def give():
            return original

        given = await give()
        return [given is original, given.list, type(given.float).__name__]


class Never(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("never awaited")
        async def unused():
            return 1

        unused()
        step.wait_for_event("nobody waits", "x")
        return "end"


class NotStorable(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("give a decimal")
        async def give():
            from decimal import Decimal

            return {"items": [1, Decimal(2)]}

        try:
            await give()
        except TypeError as error:
            return str(error)


class Awaitable(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("give a future")
        def give():
            return asyncio.get_running_loop().create_future()

        try:
            await give()
        except TypeError as error:
            return str(error)


class BadOutput(WorkflowEntrypoint):
    async def run(self, event, step):
        return {"when": timedelta(1)}


class Sync(WorkflowEntrypoint):
    def run(self, event, step):
        return "no coroutine"


class Base(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def base():
            return "base"

        return await base()


class Derived(Base):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.greeting = env.GREETING

    async def run(self, event, step):
        return [self.greeting, await super().run(event, step), self.env.NESTED.deep[0].value]


class Event(WorkflowEntrypoint):
    async def run(self, event, step):
        return [
            event.payload.name,
            event["payload"]["name"],
            event.timestamp.isoformat(),
            event.instanceId,
            event.workflowName,
        ]


class NoRun(WorkflowEntrypoint):
    pass


class OneArgument(WorkflowEntrypoint):
    async def run(self, event):
        return 1


class WaitUntil(WorkflowEntrypoint):
    async def run(self, event, step):
        async def later():
            await asyncio.sleep(0.02)
            print("later")

        self.ctx.waitUntil(later())
        return "now"


class Wrapped(WorkflowEntrypoint):
    async def run(self, event, step):
        def decorator(function):
            @functools.wraps(function)
            async def wrapper(*args):
                return await function(*args) + 1

            return wrapper

        @step.do()
        async def first():
            return 1

        @step.do()
        @decorator
        async def second(first):
            return first * 10

        return await second()


class LateAnnotations(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def annotated(ctx: "OnlyForTypeCheckers") -> "Missing":  # noqa: F821
            return ctx.attempt

        return await annotated()


class Timeout(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def slow():
            await asyncio.sleep(0.05)
            return "finished"

        try:
            async with asyncio.timeout(0.01):
                await slow()
        except TimeoutError:
            pass
        await asyncio.sleep(0.1)
        return "went on"
