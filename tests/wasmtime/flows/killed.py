import time

from workers import WorkflowEntrypoint


class Killed(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("before")
        async def before():
            return time.time()

        began = await before()

        @step.do("spins", config={"retries": {"limit": event["payload"]["limit"], "delay": 0}})
        async def spins():
            print("spins now")
            while time.time() - began < 3:
                pass
            return "again"

        return await spins()


class Besides(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("waits")
        async def waits():
            return "done"

        await step.sleep("a moment", 300)
        return await waits()


class Grows(WorkflowEntrypoint):
    async def run(self, event, step):
        kept = []

        @step.do("small")
        async def small():
            return 1

        @step.do("large")
        async def large():
            kept.append(b"x" * (8 << 20))

        await small()
        await large()
