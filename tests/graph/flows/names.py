"""Names of steps."""

from workers import WorkflowEntrypoint

PREFIX = "import"
SUFFIX = "of the day"


class Formatted(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"]["n"]):

            @step.do(f"page {number} of {event['payload']['n']}")
            async def page():
                return number

            await page()


class Variable(WorkflowEntrypoint):
    async def run(self, event, step):
        name = event["payload"]["kind"]

        @step.do(name)
        async def work():
            return name

        await work()


class Constant(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(PREFIX + " " + SUFFIX)
        async def work():
            return 1

        await work()


class Changing(WorkflowEntrypoint):
    """A name that is bound again has no value that the source tells."""

    async def run(self, event, step):
        name = "first"
        for _ in range(event["payload"]["n"]):

            @step.do(name)
            async def work():
                return 1

            await work()
            name = "further"


class Joined(WorkflowEntrypoint):
    async def run(self, event, step):
        kind = event["payload"]["kind"]

        @step.do("kind " + kind)
        async def work():
            return kind

        await work()


class SameName(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("twin")
        async def one():
            return 1

        @step.do("twin")
        async def other():
            return 2

        await one()
        await other()
