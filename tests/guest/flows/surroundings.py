"""What code finds around it: local time, the standard streams, the event loop."""

import asyncio
import contextlib
import io
import sys
import time
from datetime import datetime

from workers import WorkflowEntrypoint

print("at import", file=io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", write_through=True))
IMPORTED = {"hash": hash("some text"), "order": list({"alpha", "beta", "gamma", "delta", "epsilon"})}


class LocalTime(WorkflowEntrypoint):
    async def run(self, event, step):
        now = time.time()
        return {
            "names": [*time.tzname, time.timezone, time.daylight],
            "offset": str(datetime.now().astimezone().utcoffset()),
            "summer": [
                time.strftime("%Y-%m-%d %H:%M %z", time.localtime(1593604800)),
                time.localtime(1593604800).tm_isdst,
            ],
            "as UTC": abs((datetime.now() - datetime.utcfromtimestamp(now)).total_seconds()) < 60,
            "back": [time.mktime((2020, 7, 1, 12, 0, 0, 0, 0, dst)) for dst in (-1, 0)],
            "normalized": time.mktime((2020, 13, 32, 25, 61, 61, 0, 0, 0)),
        }


class Streams(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("bytes")
        async def written():
            count = sys.stdout.buffer.write("bytes é\n".encode())
            sys.stdout.buffer.write("half \N{GRINNING FACE}\n".encode()[:-3])
            sys.stdout.buffer.write("half \N{GRINNING FACE}\n".encode()[-3:])
            sys.stdout.buffer.flush()
            sys.stderr.buffer.raw.write(b"raw\n")
            return [count, sys.stdout.buffer.writable(), sys.stdout.buffer.isatty(), sys.stdout.buffer.fileno()]

        @step.do("wrapped")
        async def wrapped():
            before = sys.stdout
            sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", line_buffering=True)
            print("through a wrapper")
            sys.stdout = io.TextIOWrapper(before.detach(), encoding="utf-8")
            print("held back by one")
            return None

        @step.do("after")
        async def after():
            print("later, through the same")
            sys.stdout = sys.__stdout__
            print("as ever")

        @step.do("configured")
        async def configured():
            sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True, newline="\n")
            print("configured é")
            said = []
            for options in ({"encoding": "no such"}, {"newline": "x"}, {"other": 1}):
                try:
                    sys.stdout.reconfigure(**options)
                except (LookupError, ValueError, TypeError) as error:
                    said.append(type(error).__name__)
            return [sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, sys.stdout.name, said]

        return [await written(), await wrapped(), await after(), await configured()]


class Large(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("s")
        async def s():
            print("first")
            print("x" * 1_100_000)
            print("result: 42")
            sys.stdout.write("y" * 2_000_000 + "\n")
            print("result: 43")

        await s()


async def number():
    await asyncio.sleep(0)
    return 42


LOOPS = {
    "new": lambda: asyncio.new_event_loop(),
    "new and set": lambda: asyncio.set_event_loop(asyncio.new_event_loop()),
    "new and closed": lambda: asyncio.new_event_loop().close(),
    "set to none": lambda: asyncio.set_event_loop(None),
    "run": lambda: asyncio.run(number()),
    "runner": lambda: asyncio.Runner().run(number()),
    "runner as a context": lambda: use_runner(),
    "a loop of its own": lambda: run_own(asyncio.new_event_loop()),
    "the loop again": lambda: run_own(asyncio.get_event_loop()),
    "closed": lambda: asyncio.get_running_loop().close(),
    "stopped": lambda: asyncio.get_running_loop().stop(),
    "forever": lambda: asyncio.get_running_loop().run_forever(),
    "not running": lambda: asyncio._set_running_loop(None),
    "other running": lambda: asyncio.events._set_running_loop(asyncio.new_event_loop()),
    "all cancelled": lambda: [task.cancel() for task in asyncio.all_tasks() if task is not asyncio.current_task()],
}


def run_own(loop):
    coroutine = number()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        coroutine.close()


def use_runner():
    with asyncio.Runner() as runner:
        coroutine = number()
        with contextlib.closing(coroutine):
            return runner.run(coroutine)


class Loops(WorkflowEntrypoint):
    """A step does something to its loop; the rest of the pass goes on."""

    async def run(self, event, step):
        @step.do("s", config={"retries": {"limit": 0, "delay": 0}})
        async def s():
            try:
                LOOPS[event["payload"]]()
            except RuntimeError as error:
                return str(error)
            return "done"

        said = await s()

        @step.do("after")
        async def after():
            async def child():
                await asyncio.sleep(0.01)
                return "ok"

            return await asyncio.create_task(child())

        return [said, await after()]


class Beside(WorkflowEntrypoint):
    """Works beside it, in the same interpreter where passes share one."""

    async def run(self, event, step):
        @step.do("work", config={"retries": {"limit": 0, "delay": 0}})
        async def work():
            for _ in range(10):
                await asyncio.create_task(asyncio.sleep(0.02))
            return "done"

        return await work()


class Imported(WorkflowEntrypoint):
    async def run(self, event, step):
        return IMPORTED
