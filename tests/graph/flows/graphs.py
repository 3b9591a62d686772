"""Steps that depend on steps."""

from workers import WorkflowEntrypoint


class Depends(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            return 1

        @step.do("second")
        async def second():
            return 2

        @step.do("sum", depends=[first, second])
        async def total(a, b):
            return a + b

        return await total()


class ByName(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def one():
            return 1

        @step.do("double")
        async def double(one):
            return one * 2

        @step.do("triple")
        async def triple(double, ctx):
            return double * 3

        return await triple()


class Concurrent(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("left")
        async def left():
            return 1

        @step.do("right")
        async def right():
            return 2

        @step.do("both", depends=[left, right], concurrent=True)
        async def both(a, b):
            return a + b

        return await both()


class Diamond(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("source")
        async def source():
            return 1

        @step.do("left", depends=[source])
        async def left(a):
            return a

        @step.do("right", depends=[source])
        async def right(a):
            return a

        @step.do("both", depends=[left, right], concurrent=True)
        async def both(a, b):
            return a + b

        return await both()


class Chains(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("a1")
        async def a1():
            return 1

        @step.do("a2", depends=[a1])
        async def a2(a):
            return a

        @step.do("b1")
        async def b1():
            return 1

        @step.do("end", depends=[a2, b1], concurrent=True)
        async def end(a, b):
            return a + b

        return await end()


class Known(WorkflowEntrypoint):
    """A dependency that has run is not run again."""

    async def run(self, event, step):
        @step.do("shared")
        async def shared():
            return 1

        @step.do("left", depends=[shared])
        async def left(a):
            return a

        @step.do("right", depends=[shared])
        async def right(a):
            return a

        await left()
        await right()
        await shared()
