"""Steps that may fail."""

from contextlib import suppress

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError


def steps_of(step, event):
    @step.do("work")
    async def work():
        if event["payload"]["flag"]:
            raise NonRetryableError("no use")

    @step.do("repair")
    async def repair():
        return 1

    @step.do("clean up")
    async def clean_up():
        return 1

    return work, repair, clean_up


class Except(WorkflowEntrypoint):
    async def run(self, event, step):
        work, repair, _ = steps_of(step, event)
        try:
            await work()
        except NonRetryableError:
            await repair()


class Finally(WorkflowEntrypoint):
    async def run(self, event, step):
        work, _, clean_up = steps_of(step, event)
        try:
            await work()
        finally:
            await clean_up()


class All(WorkflowEntrypoint):
    async def run(self, event, step):
        work, repair, clean_up = steps_of(step, event)
        try:
            await work()
        except NonRetryableError:
            await repair()
        finally:
            await clean_up()


class Reraise(WorkflowEntrypoint):
    async def run(self, event, step):
        work, repair, clean_up = steps_of(step, event)
        try:
            await work()
        except NonRetryableError:
            await repair()
            raise
        await clean_up()


class Late(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("remind")
        async def remind():
            return 1

        try:
            await step.wait_for_event("approval", "approved", timeout="1 minute")
        except Exception:
            await remind()


class Suppressed(WorkflowEntrypoint):
    async def run(self, event, step):
        work, repair, _ = steps_of(step, event)
        with suppress(NonRetryableError):
            await work()
        await repair()
