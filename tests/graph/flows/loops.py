"""Steps in loops."""

from workers import WorkflowEntrypoint


class For(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"]["n"]):

            @step.do("part")
            async def part():
                return number

            await part()


class While(WorkflowEntrypoint):
    async def run(self, event, step):
        done = 0
        while done < event["payload"]["n"]:

            @step.do("more")
            async def more():
                return 1

            done += await more()


class Until(WorkflowEntrypoint):
    async def run(self, event, step):
        rounds = 0

        @step.do("poll")
        async def poll():
            return rounds >= event["payload"]["n"]

        while True:
            if await poll():
                break
            rounds += 1
            await step.sleep("pause", "1 second")

        @step.do("report")
        async def report():
            return rounds

        await report()


class Comprehension(WorkflowEntrypoint):
    async def run(self, event, step):
        async def part(number):
            @step.do("part")
            async def work():
                return number

            return await work()

        return [await part(number) for number in range(event["payload"]["n"])]


class Nested(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("row")
        async def row():
            return 1

        @step.do("cell")
        async def cell():
            return 1

        for _ in range(event["payload"]["n"]):
            await row()
            for _ in range(2):
                await cell()


class Skipping(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("look")
        async def look():
            return event["payload"]["flag"]

        @step.do("work")
        async def work():
            return 1

        for number in range(event["payload"]["n"]):
            if number == 1:
                continue
            await look()
            if event["payload"]["flag"]:
                await step.sleep("skipped", 10)
                continue
            await work()


class AsyncFor(WorkflowEntrypoint):
    async def run(self, event, step):
        async def numbers():
            for number in range(event["payload"]["n"]):

                @step.do("fetch page")
                async def fetch():
                    return number

                yield await fetch()

        @step.do("store page")
        async def store():
            return 1

        async for _ in numbers():
            await store()


class Leaves(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("try it")
        async def attempt():
            return 1

        for number in range(3):
            await attempt()
            if number == event["payload"]["n"]:
                return number

        @step.do("give up")
        async def give_up():
            return 1

        await give_up()
