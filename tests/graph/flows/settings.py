"""What steps are configured with, and what is inside them."""

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

PATIENT = {"retries": {"limit": 3, "delay": "2 seconds", "backoff": "linear"}, "timeout": "5 minutes"}


class Retries(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("flaky", config={"retries": {"limit": 2, "delay": 10, "backoff": "constant"}, "timeout": "1 minute"})
        async def flaky(ctx):
            if ctx["attempt"] == 1 and event["payload"]["flag"]:
                raise ValueError("once")

        await flaky()


class Shared(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("patient", config=PATIENT)
        async def patient():
            return 1

        @step.do("less patient", config={**PATIENT, "timeout": 1000})
        async def less_patient():
            return 1

        await patient()
        await less_patient()


class Undone(WorkflowEntrypoint):
    async def run(self, event, step):
        async def undo(output):
            return None

        @step.do("book", rollback=undo)
        async def book():
            return 1

        @step.do("pay")
        async def pay():
            if event["payload"]["flag"]:
                raise NonRetryableError("no money")

        await book()
        await pay()


class Child(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("start child")
        async def start_child():
            if event["payload"].get("child"):
                await self.env.CHILD.create(params=1)

        await start_child()
