"""Steps that depend on steps."""

import asyncio

from workers import WorkflowEntrypoint


class Names(WorkflowEntrypoint):
    """By parameter names: of steps, and of functions."""

    async def run(self, event, step):
        @step.do()
        async def one():
            return 1

        @step.do("my two")
        async def two():
            return 2

        @step.do("three")
        async def ignored():
            return 3

        @step.do()
        async def total(three, ctx, one, two=99):
            return [three, ctx.step.name, one, two]

        return await total()


class Depends(WorkflowEntrypoint):
    """By position."""

    async def run(self, event, step):
        @step.do("first step")
        async def first():
            return 1

        @step.do("second step")
        async def second():
            return 2

        @step.do("sum", [first, second])
        async def total(a, ctx, b):
            return [a, ctx.attempt, b]

        @step.do("by keyword", depends=(second,), concurrent=True)
        def other(x=()):
            return x

        return [await total(), await other()]


class Late(WorkflowEntrypoint):
    """A dependency may be declared after the step that needs it."""

    async def run(self, event, step):
        @step.do()
        async def needs(later):
            return later + 1

        @step.do()
        async def later():
            return 1

        return await needs()


class ContextStep(WorkflowEntrypoint):
    """A step called "ctx" comes before the context."""

    async def run(self, event, step):
        @step.do("ctx")
        async def shadow():
            return "the step"

        @step.do()
        async def reader(ctx):
            return ctx

        return await reader()


class Mistakes(WorkflowEntrypoint):
    async def run(self, event, step):
        said = []

        @step.do()
        async def known():
            return 1

        async def not_a_step():
            return 1

        @step.do("unknown parameter")
        async def a(missing):
            return missing

        @step.do("default", None)
        async def b(known, other=1):
            return other

        @step.do("too few", [known])
        async def c():
            return 1

        @step.do("too many", [known])
        async def d(x, y):
            return x

        @step.do("no step", [not_a_step])
        async def e(x):
            return x

        @step.do("any")
        async def f(*args):
            return args

        for wrong in (a, b, c, d, e, f):
            try:
                await wrong()
            except TypeError as error:
                said.append(str(error))
        return said


class Memo(WorkflowEntrypoint):
    """Only dependencies are remembered."""

    async def run(self, event, step):
        calls = []

        @step.do()
        async def shared():
            calls.append("shared")
            return len(calls)

        @step.do()
        async def left(shared):
            return shared

        @step.do()
        async def right(shared):
            return shared

        found = [await left(), await right()]
        await shared()
        return [found, len(calls), await left()]


class Direct(WorkflowEntrypoint):
    """A step that is called directly and is under way serves those who depend on it."""

    async def run(self, event, step):
        @step.do()
        async def shared():
            await asyncio.sleep(0.01)
            return 1

        @step.do()
        async def dependent(shared):
            return shared

        return await asyncio.gather(shared(), dependent())


class Diamond(WorkflowEntrypoint):
    """d needs b and c, both need a, and a needs z."""

    async def run(self, event, step):
        ran = []

        @step.do()
        async def z():
            ran.append("z")
            await asyncio.sleep(0)

        @step.do()
        async def a(z):
            ran.append("a")
            return 1

        @step.do()
        async def b(a):
            ran.append("b")
            return a + 1

        @step.do()
        async def c(a):
            ran.append("c")
            return a + 2

        @step.do(concurrent=True)
        async def d(b, c):
            return b * c

        return [await d(), sorted(ran)]


class Concurrent(WorkflowEntrypoint):
    async def run(self, event, step):
        order = []

        def make(name, delay):
            @step.do(name)
            async def each():
                order.append(f"{name} begins")
                await asyncio.sleep(delay)
                order.append(f"{name} ends")
                return name

            return each

        make("slow", 0.02)
        make("fast", 0)

        @step.do(concurrent=event.payload)
        async def both(slow, fast):
            return [slow, fast]

        return [await both(), order]


class Cycle(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def a(b):
            return b

        @step.do()
        async def b(c):
            return c

        @step.do()
        async def c(a):
            return a

        @step.do()
        async def own(own):
            return own

        said = []
        for each in (a(), own()):
            try:
                await each
            except TypeError as error:
                said.append(str(error))
        said += [str(error) for error in await asyncio.gather(a(), b(), return_exceptions=True)]
        return said


class Failing(WorkflowEntrypoint):
    """A failed dependency is not remembered, and its siblings go on."""

    async def run(self, event, step):
        ran = []
        once = {"retries": {"limit": 0, "delay": 0}}

        @step.do(config=once)
        async def broken():
            ran.append("broken")
            raise ValueError("no")

        @step.do()
        async def sibling():
            await asyncio.sleep(0.01)
            ran.append("sibling")

        @step.do(concurrent=True)
        async def dependent(broken, sibling):
            ran.append("dependent")

        for _ in range(2):
            try:
                await dependent()
            except ValueError as error:
                ran.append(str(error))
        await asyncio.sleep(0.05)
        return ran


class Loop(WorkflowEntrypoint):
    """Steps that are made anew in a loop under the same names are other steps."""

    async def run(self, event, step):
        found = []
        for i in range(3):

            @step.do("value")
            async def value():
                return i

            @step.do("double")
            async def double(value):
                return value * 2

            found.append(await double())
        return found


class KeywordOnly(WorkflowEntrypoint):
    """Context and dependencies that callbacks take by keyword only."""

    async def run(self, event, step):
        @step.do()
        async def first():
            return 1

        @step.do()
        async def second(first, *, ctx):
            return [first, ctx.step.name]

        @step.do()
        async def third(*, ctx, second):
            return [second, ctx.attempt]

        return await third()


class OwnResults(WorkflowEntrypoint):
    """Dependents that change what a dependency gave."""

    async def run(self, event, step):
        size = event["payload"]

        @step.do()
        async def rows():
            return [3, 1, 2] * size

        @step.do()
        async def smallest(rows):
            rows.sort()
            return rows[0]

        @step.do()
        async def first(rows):
            return rows[0]

        mine = await rows()
        return [await smallest(), await first(), mine[0]]
