"""Steps in functions."""

from helpers import Mailer, announce
from workers import WorkflowEntrypoint


async def prepare(step):
    @step.do("prepare")
    async def perform():
        return 1

    await perform()


async def notify(step, who):
    @step.do(f"notify {who}")
    async def send():
        return who

    await send()


async def countdown(step, number):
    @step.do("count")
    async def count():
        return number

    await count()
    if number > 0:
        await countdown(step, number - 1)


async def twice(work):
    await work()
    await work()


class OfModule(WorkflowEntrypoint):
    async def run(self, event, step):
        await prepare(step)


class OfAnotherModule(WorkflowEntrypoint):
    async def run(self, event, step):
        await announce(step, "begin")
        await announce(step, "end")


class Inside(WorkflowEntrypoint):
    async def run(self, event, step):
        async def work():
            @step.do("work")
            async def perform():
                return 1

            await perform()

        await work()
        await work()


class OfClass(WorkflowEntrypoint):
    async def run(self, event, step):
        await self.begin(step)
        await self.end(step)

    async def begin(self, step):
        @step.do("begin")
        async def perform():
            return 1

        await perform()

    async def end(self, step):
        @step.do("end")
        async def perform():
            return 1

        await perform()


class OwnStep(WorkflowEntrypoint):
    async def run(self, event, step):
        self.step = step
        await self.work()

    async def work(self):
        @self.step.do("work")
        async def perform():
            return 1

        await perform()


class Named(WorkflowEntrypoint):
    """One function for several names."""

    async def run(self, event, step):
        await notify(step, "ada")
        await notify(step, "grace")


class Recursive(WorkflowEntrypoint):
    async def run(self, event, step):
        await countdown(step, event["payload"]["n"])


class Handed(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("work")
        async def work():
            return 1

        await twice(work)


class Base(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("before")
        async def before():
            return 1

        await before()
        await self.work(step)

    async def work(self, step):
        return None


class Derived(Base):
    async def work(self, step):
        @step.do("derived work")
        async def perform():
            return 1

        await perform()


class Dispatched(WorkflowEntrypoint):
    async def run(self, event, step):
        handlers = {"a": self.on_a, "b": self.on_b, "c": self.on_a}
        await handlers[event["payload"]["kind"]](step)

    async def on_a(self, step):
        @step.do("on a")
        async def perform():
            return 1

        await perform()

    async def on_b(self, step):
        @step.do("on b")
        async def perform():
            return 1

        await perform()


class OfObject(WorkflowEntrypoint):
    async def run(self, event, step):
        mailer = Mailer(step)
        await mailer.send("hello")


class Extended(OfModule):
    async def run(self, event, step):
        await super().run(event, step)
        await announce(step, "extended")
