"""Steps that run at the same time."""

import asyncio

from workers import WorkflowEntrypoint


def named(step, name):
    @step.do(name)
    async def perform():
        return name

    return perform


class Gather(WorkflowEntrypoint):
    async def run(self, event, step):
        left, right = named(step, "left"), named(step, "right")
        await asyncio.gather(left(), right())
        await named(step, "after")()


class Fan(WorkflowEntrypoint):
    async def run(self, event, step):
        def reader(number):
            @step.do(f"read {number}")
            async def read():
                return number

            return read

        await asyncio.gather(*(reader(number)() for number in range(event["payload"]["n"])))


class FanFromList(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("part")
        async def part():
            return 1

        parts = []
        for _ in range(event["payload"]["n"]):
            parts.append(part())
        await asyncio.gather(*parts)


class Settled(WorkflowEntrypoint):
    async def run(self, event, step):
        left, right = named(step, "left"), named(step, "right")
        await asyncio.gather(left(), right(), return_exceptions=True)


class Group(WorkflowEntrypoint):
    async def run(self, event, step):
        left, right = named(step, "left"), named(step, "right")
        async with asyncio.TaskGroup() as group:
            group.create_task(left())
            group.create_task(right())
        await named(step, "after")()


class GroupOfMany(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("part")
        async def part():
            return 1

        async with asyncio.TaskGroup() as group:
            for _ in range(event["payload"]["n"]):
                group.create_task(part())


class Started(WorkflowEntrypoint):
    """What begins early is awaited late."""

    async def run(self, event, step):
        early = asyncio.create_task(named(step, "early")())
        await named(step, "between")()
        await early
        await named(step, "after")()


class Overlapping(WorkflowEntrypoint):
    async def run(self, event, step):
        first = asyncio.create_task(named(step, "first")())
        second = asyncio.create_task(named(step, "second")())
        await first
        third = asyncio.create_task(named(step, "third")())
        await second
        await third


class FirstOf(WorkflowEntrypoint):
    async def run(self, event, step):
        left = asyncio.create_task(named(step, "left")())
        right = asyncio.create_task(named(step, "right")())
        await asyncio.wait([left, right], return_when=asyncio.FIRST_COMPLETED)


class Completed(WorkflowEntrypoint):
    async def run(self, event, step):
        left, right, count = named(step, "left"), named(step, "right"), named(step, "count")
        for finished in asyncio.as_completed([left(), right()]):
            await finished
            await count()


class Timer(WorkflowEntrypoint):
    """A sleep begins with its call."""

    async def run(self, event, step):
        nap = step.sleep("nap", "10 seconds")
        await named(step, "beside")()
        await nap


class Paths(WorkflowEntrypoint):
    """Whole functions beside each other."""

    async def run(self, event, step):
        async def long_path():
            await named(step, "long 1")()
            await named(step, "long 2")()

        async def short_path():
            await named(step, "short")()

        await asyncio.gather(long_path(), short_path())
