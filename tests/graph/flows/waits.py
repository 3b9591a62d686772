"""Sleeps and waits."""

from datetime import UTC, datetime, timedelta

from workers import WorkflowEntrypoint


class Sleep(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("short", 500)
        await step.sleep("long", "3 days")


class SleepLength(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("as long as asked", event["payload"]["n"] * 1000)


class SleepUntil(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep_until("tomorrow", event["timestamp"] + timedelta(days=1))


class Wait(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            await step.wait_for_event("answer", "answered", timeout="2 hours")
        except Exception:
            return "no answer"

        @step.do("read")
        async def read():
            return 1

        await read()


class WaitFor(WorkflowEntrypoint):
    """The type of the event is known when it runs."""

    async def run(self, event, step):
        try:
            await step.wait_for_event("answer", event["payload"]["kind"], timeout="1 minute")
        except Exception:
            await step.sleep("too late", 10)


class Reminders(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("remind")
        async def remind():
            return datetime.now(UTC)

        for _ in range(event["payload"]["n"]):
            try:
                await step.wait_for_event("reply", "replied", timeout="1 day")
                break
            except Exception:
                await remind()
