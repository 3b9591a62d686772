"""Delay functions and rollbacks."""

from datetime import timedelta

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

undone = []


class Delays(WorkflowEntrypoint):
    async def run(self, event, step):
        asked = []

        async def delay(ctx, error):
            asked.append([ctx.attempt, "delay" in ctx.config.retries, type(error).__name__, str(error)])
            return timedelta(milliseconds=2)

        @step.do("flaky", config={"retries": {"limit": 3, "delay": delay, "backoff": "linear"}})
        async def flaky(ctx):
            if ctx.attempt < 3:
                raise ValueError(f"no {ctx.attempt}")
            return "delay" in ctx.config.retries

        return [await flaky(), asked]


class BadDelay(WorkflowEntrypoint):
    async def run(self, event, step):
        kinds = {"throws": lambda: 1 / 0, "gives": lambda: object, "nothing": lambda: None, "negative": lambda: -1}

        @step.do("failing", config={"retries": {"limit": 3, "delay": kinds[event.payload.kind]}})
        async def failing():
            raise ValueError("no")

        await failing()


class Refusals(WorkflowEntrypoint):
    async def run(self, event, step):
        def refusal(**options):
            try:
                step.do("x", **options)(lambda: 1)
            except Exception as error:
                return str(error)
            return None

        return [
            refusal(rollback=3),
            refusal(rollback=lambda outptu: 1),
            refusal(rollback_config={}),
            refusal(config={"retries": {"delay": lambda context: 1}}),
            refusal(rolback=1),
            refusal(rollback=lambda output, *, extra=1, **rest: 1),
        ]


class Failing(WorkflowEntrypoint):
    """Undoes what it has done; the last handler is sync and wants everything."""

    async def run(self, event, step):
        seen = event.payload.seen

        async def cancel(output, error):
            print(seen, "cancel", output["id"], type(error).__name__, error)

        def refund(**told):
            print(seen, "refund", sorted(told), told["output"], told["step_name"], told["ctx"].step.name)

        @step.do("book", rollback=cancel)
        async def book():
            return {"id": 7}

        @step.do("charge", rollback=refund, rollback_config={"retries": {"limit": 1, "delay": 1}})
        async def charge():
            raise NonRetryableError("declined")

        print("outside of steps")
        await book()
        await charge()


class Misconfigured(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("a", rollback=lambda: None, rollback_config={"timout": 1})
        async def a():
            print("the callback runs")

        await a()


class Terminated(WorkflowEntrypoint):
    async def run(self, event, step):
        async def undo(error):
            undone.append(error.name)

        @step.do("a", rollback=undo)
        async def a():
            return 1

        await a()
        await step.wait_for_event("never", "never")
        await step.sleep("nor", "1 hour")


class Flaky(WorkflowEntrypoint):
    """Its handler fails once, and then calls a step, which it may not."""

    async def run(self, event, step):
        async def undo():
            undone.append("flaky")
            if undone.count("flaky") == 1:
                raise ValueError("not yet")

            @step.do("more")
            async def more():
                return 1

            await more()

        @step.do("a", rollback=undo, rollback_config={"retries": {"limit": 1, "delay": 1}})
        async def a():
            return 1

        await a()
        raise ValueError("boom")
