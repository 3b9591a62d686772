"""Sleeps, waits, and coming to rest."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from workers import WorkflowEntrypoint
from workers.workflows import WorkflowTimeoutError


class Durations(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("ms", 1500)
        await step.sleep("text", "5 minutes")
        await step.sleep(name="keyword", duration=timedelta(hours=1, milliseconds=0.5))
        moment = datetime(2026, 11, 21, 5, 36, 0, 123456)  # noqa: DTZ001
        await step.sleep_until("naive", moment)
        await step.sleep_until("aware", moment.replace(tzinfo=timezone(timedelta(hours=2))))
        await step.sleep_until(name="number", timestamp=1763703360123)
        return [await step.sleep("same", 1), await step.sleep("same", 2)]


class Unawaited(WorkflowEntrypoint):
    async def run(self, event, step):
        step.sleep("begins by itself", 1)
        return "end"


class Together(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def work():
            return 1

        await asyncio.gather(step.sleep("a", 1), step.sleep("b", 1), work())
        return "end"


class Wait(WorkflowEntrypoint):
    async def run(self, event, step):
        got = await step.wait_for_event("for approval", "approval", timeout=timedelta(seconds=2))
        return [got.payload.approved, got["type"], got.timestamp.tzinfo is UTC, type(got.timestamp).__name__]


class DefaultTimeout(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("for approval", "approval")


class TimedOut(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            await step.wait_for_event("for approval", "approval")
        except WorkflowTimeoutError as error:
            return str(error)


class Rest(WorkflowEntrypoint):
    """Waits in the way that the payload says."""

    async def run(self, event, step):
        waits = getattr(self, event.payload)
        await waits(step)
        return "end"

    async def sleeping(self, step):
        await step.sleep("nap", "1 hour")

    async def waiting(self, step):
        await step.wait_for_event("w", "x")

    async def retrying(self, step):
        @step.do()
        async def fails():
            raise ValueError

        await fails()

    async def gathering(self, step):
        await asyncio.gather(step.sleep("a", 1), asyncio.gather(step.sleep("b", 1), step.wait_for_event("w", "x")))

    async def grouping(self, step):
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sleeping(step))
            group.create_task(self.waiting(step))

    async def racing(self, step):
        await asyncio.wait([asyncio.ensure_future(step.sleep("a", 1)), asyncio.create_task(self.waiting(step))])

    async def queueing(self, step):
        queue = asyncio.Queue()

        async def producer():
            await step.sleep("nap", "1 hour")
            queue.put_nowait(1)

        task = asyncio.create_task(producer())
        await queue.get()
        await task

    async def depending(self, step):
        @step.do()
        async def napper():
            return 1

        @step.do(concurrent=True)
        async def dependent(napper):
            return 1

        await asyncio.gather(dependent(), step.sleep("nap", 1))

    async def with_own_sleep(self, step):
        await asyncio.gather(step.sleep("nap", "1 hour"), asyncio.sleep(3600))

    async def with_short_own_sleep(self, step):
        await asyncio.gather(step.sleep("nap", "1 hour"), asyncio.sleep(0.05))

    async def with_timeout(self, step):
        async with asyncio.timeout(60):
            await step.sleep("nap", "1 hour")

    async def with_own_future(self, step):
        await asyncio.gather(step.sleep("nap", "1 hour"), asyncio.get_running_loop().create_future())

    async def with_promise(self, step):
        from js import Promise

        await asyncio.gather(step.sleep("nap", "1 hour"), Promise.new(lambda *_: None))

    async def with_running_step(self, step):
        @step.do()
        async def running():
            await asyncio.get_running_loop().create_future()

        await asyncio.gather(step.sleep("nap", "1 hour"), running())


class Dropped(WorkflowEntrypoint):
    async def run(self, event, step):
        async def child():
            try:
                await step.sleep("child", "1 hour")
            finally:
                print("child cleans up")

        try:
            try:
                await asyncio.gather(child(), step.sleep("nap", "1 hour"))
            except Exception:
                print("except Exception swallowed it")
        finally:
            print("cleans up")
            try:
                step.sleep("another", 1)
            except BaseException as error:
                type(self).seen = [type(error).__name__, str(error)]
            try:
                asyncio.create_task(child())
            except BaseException as error:
                type(self).seen.append(type(error).__name__)


class Seen(WorkflowEntrypoint):
    def run(self, event, step):
        return Dropped.seen


class Stubborn(WorkflowEntrypoint):
    async def run(self, event, step):
        while True:
            try:
                await step.sleep("nap", "1 hour")
            except BaseException:
                await asyncio.sleep(0)


class Restless(WorkflowEntrypoint):
    """Is dropped while timers and promises are under way."""

    woke = []  # noqa: RUF012
    wake = None

    async def run(self, event, step):
        from pyodide.ffi import create_once_callable

        promised = asyncio.get_running_loop().create_future()
        Restless.wake = create_once_callable(lambda: promised.set_result(1))
        step.sleep("nap", "1 hour")
        await asyncio.gather(asyncio.sleep(0.01), promised)
        self.woke.append(1)


class Woke(WorkflowEntrypoint):
    async def run(self, event, step):
        from js import setTimeout

        # Not before this pass runs, which is after the drop.
        setTimeout(Restless.wake, 10)
        await asyncio.sleep(0.05)
        return Restless.woke
