"""Passes for tests of the pool."""

import asyncio
import time

from workers import WorkflowEntrypoint


class Hold(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("hold", "x")
        return "released"


class Block(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def block():
            end = time.monotonic() + event.payload
            while time.monotonic() < end:
                pass

        await block()
        return "blocked"


class Quick(WorkflowEntrypoint):
    async def run(self, event, step):
        return "quick"


class Own(WorkflowEntrypoint):
    """Timers and tasks of the user's own, many at once."""

    async def run(self, event, step):
        order = []

        async def after(seconds):
            await asyncio.sleep(seconds)
            order.append(seconds)

        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for seconds in (0.03, 0.01, 0.02, 0):
                group.create_task(after(seconds))
        loop = asyncio.get_running_loop()
        called = loop.create_future()
        loop.call_later(0.001, called.set_result, "called")
        handle = loop.call_later(0.001, order.append, "cancelled")
        handle.cancel()
        return [order, await called, time.monotonic() - started < 20]


class Starve(WorkflowEntrypoint):
    """A chain of callbacks without end does not keep promises and timers from going on."""

    async def run(self, event, step):
        from js import Promise

        woken = asyncio.Event()

        async def spin():
            while not woken.is_set():
                await asyncio.sleep(0)

        async def wake():
            await Promise.new(lambda resolve, _: __import__("js").setTimeout(resolve, 5))
            await asyncio.sleep(0.005)
            woken.set()

        await asyncio.gather(spin(), wake())
        return "woken"


class Fetch(WorkflowEntrypoint):
    async def run(self, event, step):
        from workers import fetch

        @step.do()
        async def get():
            response = await fetch(event.payload)
            return await response.json()

        return await get()


class Tasks(WorkflowEntrypoint):
    """Every primitive of asyncio that people use."""

    async def run(self, event, step):
        queue = asyncio.Queue()
        lock = asyncio.Lock()

        async def produce():
            for i in range(3):
                async with lock:
                    await queue.put(i)

        async def numbers():
            for i in range(3):
                yield i
                await asyncio.sleep(0)

        producing = asyncio.create_task(produce())
        got = [await queue.get() for _ in range(3)]
        await producing
        try:
            await asyncio.wait_for(asyncio.sleep(10), 0.01)
        except TimeoutError:
            got.append("timeout")
        cancelled = asyncio.create_task(asyncio.sleep(10))
        cancelled.cancel()
        await asyncio.wait([cancelled])
        got.append(cancelled.cancelled())
        async for number in numbers():
            got.append(number)
        got.append(await asyncio.shield(asyncio.sleep(0, "shielded")))
        return got


class Compute(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event.payload):

            @step.do(f"compute-{number}")
            def compute():
                return sum(range(3_000_000))

            await compute()
        return "computed"
