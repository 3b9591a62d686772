"""Passes that begin with a history."""

import asyncio

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError


class Many(WorkflowEntrypoint):
    async def run(self, event, step):
        total = 0
        for i in range(event.payload):

            @step.do("step")
            async def each():
                raise AssertionError("has run already")

            total += await each()
        return total


class Kinds(WorkflowEntrypoint):
    """Different kinds of the same name do not know each other."""

    async def run(self, event, step):
        @step.do("same")
        async def same():
            return "new"

        found = [await same(), await step.sleep("same", "1 hour")]
        got = await step.wait_for_event("same", "x")
        return [*found, got.payload]


class Failed(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def broken():
            raise AssertionError("has run already")

        try:
            await broken()
        except Exception as error:
            return [type(error).__name__, str(error), getattr(error, "name", None), getattr(error, "__notes__", [])]


class Mixed(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def first():
            return 1

        @step.do()
        async def second():
            print("in second")
            return 2

        print("before")
        await first()
        print("between")
        await second()
        print("after")


class Limit(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def each():
            return 1

        for _ in range(2):
            await each()
        await step.sleep("does not count", 1)
        try:
            await each()
        except Exception as error:
            return [type(error).__name__, error.name, str(error)]


class Held(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("first", 1)

        @step.do()
        async def each():
            return 1

        return await each()


class LateOutcome(WorkflowEntrypoint):
    """The first attempt outlives its timeout."""

    async def run(self, event, step):
        gate = asyncio.Event()

        @step.do()
        async def slow(ctx):
            if ctx.attempt == 1:
                await gate.wait()
                return "late"
            gate.set()
            await asyncio.sleep(0.01)
            return "in time"

        return await slow()


class MadeAnew(WorkflowEntrypoint):
    """What a step has just raised arrives as it would in a replay."""

    async def run(self, event, step):
        raised = KeyError("missing", 3)
        raised.unstored = object()

        @step.do(config={"retries": {"limit": 0, "delay": 0}})
        async def broken():
            raise raised

        try:
            await broken()
        except KeyError as error:
            return {"same": error is raised, "args": list(error.args), "unstored": hasattr(error, "unstored")}


class NoExceptions(WorkflowEntrypoint):
    """Whatever a step raises is an Exception to those who wait for it."""

    async def run(self, event, step):
        said = []
        for kind in (
            SystemExit,
            KeyboardInterrupt,
            asyncio.CancelledError,
            GeneratorExit,
            StopIteration,
            RecursionError,
            MemoryError,
        ):

            @step.do(kind.__name__, config={"retries": {"limit": 0, "delay": 0}})
            async def broken():
                raise kind("text")

            try:
                await broken()
            except Exception as error:
                said.append([type(error).__name__, getattr(error, "name", None), str(error)])
        return said


class Own(Exception):
    def __init__(self, code, *, hint):
        super().__init__(f"code {code}")
        self.code = code
        self.hint = hint


class OwnError(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(config={"retries": {"limit": 0, "delay": 0}})
        async def broken():
            raise Own(7, hint="try again")

        try:
            await broken()
        except Own as error:
            return [error.code, error.hint, str(error)]


class Subclass(NonRetryableError):
    pass


class NonRetryable(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def broken():
            raise Subclass("one\ntwo")

        try:
            await broken()
        except NonRetryableError as error:
            return [type(error).__name__, str(error)]


class Uncaught(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(config={"retries": {"limit": 0, "delay": 0}})
        async def broken():
            raise ValueError("bad\nvalue")

        await broken()


class Cancelled(WorkflowEntrypoint):
    """A step that is told of its timeout."""

    async def run(self, event, step):
        @step.do()
        async def slow():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                print("cancelled")
                raise
            finally:
                print("cleaned up")

        await slow()


class Order(WorkflowEntrypoint):
    """Two steps that call a third of one name each."""

    async def run(self, event, step):
        async def chain(x):
            @step.do(x)
            async def first():
                return x

            await first()

            @step.do("save")
            async def save():
                return f"saved {x}"

            return await save()

        return await asyncio.gather(chain("a"), chain("b"))


class Missing(WorkflowEntrypoint):
    """Every other step of the history, at the same time."""

    async def run(self, event, step):
        async def one(n):
            @step.do(f"step {n}")
            async def do():
                return n

            return await do()

        return sum(await asyncio.gather(*[one(n) for n in range(0, event["payload"], 2)]))


class Spins(WorkflowEntrypoint):
    """A loop that never waits, beside a step."""

    async def run(self, event, step):
        running = True

        async def spin():
            while running:
                await asyncio.sleep(0)

        spinning = asyncio.create_task(spin())

        @step.do()
        async def work():
            return "done"

        result = await work()
        running = False
        await spinning
        return result


class BeginsAtOnce(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1

        task = asyncio.get_running_loop().create_task(one(), eager_start=True)
        was_done = task.done()
        return [was_done, await task]


class CancelledBefore(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1

        task = asyncio.current_task()
        task.cancel()
        try:
            await one()
        except asyncio.CancelledError:
            task.uncancel()
            return "cancelled"
        return "given"


class RunnableFirst(WorkflowEntrypoint):
    async def run(self, event, step):
        order = []

        @step.do("one")
        async def one():
            return 1

        async def note():
            order.append("other task")

        other = asyncio.create_task(note())
        await one()
        order.append("one")
        await other
        return order
