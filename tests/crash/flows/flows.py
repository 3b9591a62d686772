"""Workflows whose every callback notes in a ledger outside of the process that it has begun."""

import asyncio
import os

from workers import WorkflowEntrypoint, fetch

ONCE = {"retries": {"limit": 0, "delay": 0}}
PATIENT = {"retries": {"limit": 1000, "delay": 5, "backoff": "constant"}}


class Ledger:
    """Notes, outside of what a crash can take along, that a callback has begun."""

    def __init__(self, event):
        self.place = event["payload"]["ledger"]
        self.instance = event["instanceId"]

    async def note(self, step, attempt=0):
        if self.place.startswith("http:"):
            await fetch(f"{self.place}/{self.instance}/{step}/{attempt}")
        else:
            append(self.place, f"{self.instance} {step} {attempt}")
        await asyncio.sleep(0.02)


def append(file, line):
    """Add a line at the end, and wait until the disk has it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class SequenceFlow(WorkflowEntrypoint):
    """Ten steps, one after the other; each fails at its first attempt."""

    async def run(self, event, step):
        ledger = Ledger(event)

        def add(number):
            @step.do(f"add-{number}", config=PATIENT)
            async def work(ctx):
                await ledger.note(ctx["step"]["name"], ctx["attempt"])
                if ctx["attempt"] == 1:
                    message = "the first attempt fails"
                    raise ValueError(message)
                return number

            return work()

        total = 0
        for number in range(10):
            total += await add(number)
        return total


class SleepFlow(WorkflowEntrypoint):
    """Sleeps between steps, long enough to be parked."""

    async def run(self, event, step):
        ledger = Ledger(event)
        seen = []
        for number in range(3):

            @step.do("mark", config=PATIENT)
            async def mark(ctx):
                await ledger.note(f"mark-{ctx['step']['count']}", ctx["attempt"])
                return ctx["step"]["count"]

            seen.append(await mark())
            await step.sleep(f"nap-{number}", 150)
        return seen


class EventFlow(WorkflowEntrypoint):
    """Waits for two events of one type, and must get each once, in order."""

    async def run(self, event, step):
        ledger = Ledger(event)

        def take(sent):
            @step.do("take", config=PATIENT)
            async def work(ctx):
                await ledger.note(f"take-{ctx['step']['count']}", ctx["attempt"])
                return sent["payload"]["number"]

            return work()

        got = []
        for _ in range(2):
            sent = await step.wait_for_event("wait", "go", timeout="1 hour")
            got.append(await take(sent))
        return got


class DagFlow(WorkflowEntrypoint):
    """A deep diamond, concurrent."""

    async def run(self, event, step):
        ledger = Ledger(event)

        @step.do("source", config=PATIENT)
        async def source(ctx):
            await ledger.note("source", ctx["attempt"])
            return 1

        @step.do("root", depends=[source], config=PATIENT)
        async def root(value, ctx):
            await ledger.note("root", ctx["attempt"])
            return value + 1

        @step.do("left", depends=[root], config=PATIENT)
        async def left(value, ctx):
            await ledger.note("left", ctx["attempt"])
            return value * 10

        @step.do("right", depends=[root], config=PATIENT)
        async def right(value, ctx):
            await ledger.note("right", ctx["attempt"])
            return value * 100

        @step.do("join", depends=[left, right], concurrent=True, config=PATIENT)
        async def join(one, two, ctx):
            await ledger.note("join", ctx["attempt"])
            return one + two

        return await join()


class FanOutFlow(WorkflowEntrypoint):
    """Twenty steps side by side."""

    async def run(self, event, step):
        ledger = Ledger(event)

        def part(number):
            @step.do(f"part-{number}", config=PATIENT)
            async def work(ctx):
                await ledger.note(f"part-{number}", ctx["attempt"])
                return number

            return work()

        return sum(await asyncio.gather(*(part(number) for number in range(20))))


class OnceFlow(WorkflowEntrypoint):
    """Steps that must not start twice, whatever happens."""

    async def run(self, event, step):
        ledger = Ledger(event)
        outcomes = []
        for number in range(6):

            @step.do(f"once-{number}", config=ONCE)
            async def once(ctx):
                await ledger.note(ctx["step"]["name"], ctx["attempt"])
                return "done"

            try:
                outcomes.append(await once())
            except Exception as error:  # noqa: BLE001 - whatever comes is what is asserted
                outcomes.append(getattr(error, "name", type(error).__name__))
        return outcomes
