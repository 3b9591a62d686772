"""What is measured: steps that do as little as possible, in the shapes that workflows have."""

import asyncio
import time

from workers import WorkflowEntrypoint

LETTERS = "0123456789" * 100


async def trivial(step, number):
    """Run one step that does nothing."""

    @step.do(f"step-{number}")
    async def work():
        return number

    return await work()


class Sequential(WorkflowEntrypoint):
    """Steps one after the other, as the peers' are written."""

    async def run(self, event, step):
        """Run `payload.steps` steps."""
        for number in range(event["payload"]["steps"]):

            @step.do(f"step-{number}")
            async def work():
                return number  # noqa: B023 - it is awaited in its own round

            await work()
        return True


class Timed(WorkflowEntrypoint):
    """Steps one after the other; gives how long each of them took in ms."""

    async def run(self, event, step):
        """Run `payload.steps` steps."""
        took = []
        for number in range(event["payload"]["steps"]):
            began = time.perf_counter()
            await trivial(step, number)
            took.append((time.perf_counter() - began) * 1000)
        return took


class FanOut(WorkflowEntrypoint):
    """Steps side by side."""

    async def run(self, event, step):
        """Run `payload.steps` steps."""
        return len(await asyncio.gather(*(trivial(step, number) for number in range(event["payload"]["steps"]))))


class Long(WorkflowEntrypoint):
    """A long history, with an end that only a second life reaches."""

    async def run(self, event, step):
        """Run `payload.steps` steps; where `payload.killed` is set, hang in one more until the process has died."""
        for number in range(event["payload"]["steps"]):
            await trivial(step, number)

        @step.do("last", config={"retries": {"limit": 1, "delay": 0}})
        async def last(ctx):
            if ctx["attempt"] == 1:
                await asyncio.Event().wait()
            return True

        return await last() if event["payload"]["killed"] else True


class Sleeper(WorkflowEntrypoint):
    """A sleep, by its length or its end in ms, and a step."""

    async def run(self, event, step):
        """Sleep."""
        if "until" in event["payload"]:
            await step.sleep_until("nap", event["payload"]["until"])
        else:
            await step.sleep("nap", event["payload"]["sleep"])
        return await trivial(step, 0)


class Large(WorkflowEntrypoint):
    """Results of 100 KB."""

    async def run(self, event, step):
        """Run `payload.steps` steps."""
        size = 0
        for number in range(event["payload"]["steps"]):

            @step.do(f"step-{number}")
            async def work():
                return {"rows": [LETTERS] * 98}

            size += len((await work())["rows"])
        return size


class Compute(WorkflowEntrypoint):
    """Steps that keep the interpreter to themselves; gives how long each of them took in ms."""

    async def run(self, event, step):
        """Run `payload.steps` steps of `payload.rounds` rounds."""
        took = []
        for number in range(event["payload"]["steps"]):

            @step.do(f"step-{number}")
            async def work():
                began = time.perf_counter()
                total = 0
                for each in range(event["payload"]["rounds"]):
                    total += each
                return (time.perf_counter() - began) * 1000

            took.append(await work())
        return took


class Waiter(WorkflowEntrypoint):
    """Waits for one event."""

    async def run(self, event, step):
        """Wait."""
        return (await step.wait_for_event("wait", "go"))["payload"]
