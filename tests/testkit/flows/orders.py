import asyncio

from workers import WorkflowEntrypoint


class Sound(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("a")
        async def a():
            return 1

        @step.do("b")
        async def b():
            await asyncio.sleep(5)
            return 2

        @step.do("c")
        async def c():
            return 3

        return await asyncio.gather(a(), b(), c())


class ByOrder(WorkflowEntrypoint):
    """Counts in a variable, which the step that ends last decides."""

    async def run(self, event, step):
        last = []

        def make(name):
            @step.do(name)
            async def one():
                return name

            return one

        async def note(name):
            last.append(await make(name)())

        await asyncio.gather(note("first"), note("second"), note("third"))
        return last[-1]


class DeepDiamond(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("z")
        async def z():
            return 1

        @step.do("a")
        async def a(z):
            return z

        @step.do("b")
        async def b(a):
            return a

        @step.do("c")
        async def c(a):
            return a

        @step.do("d", concurrent=True)
        async def d(b, c):
            return b + c

        return await d()
