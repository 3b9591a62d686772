"""Code that does what it must not."""

import asyncio
import json
import os
import sys
import time

from workers import WorkflowEntrypoint

ONCE = {"retries": {"limit": 0, "delay": 0}}


class Spin(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def spin():
            while True:
                pass

        try:
            await spin()
        except Exception as error:
            return type(error).__name__


class SleepSpin(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def spin():
            time.sleep(1000)

        try:
            await spin()
        except Exception as error:
            return type(error).__name__


class SpinNested(WorkflowEntrypoint):
    """It spins in a task of the step's own."""

    async def run(self, event, step):
        @step.do()
        async def spin():
            async def inner():
                while True:
                    pass

            await asyncio.create_task(inner())

        try:
            await spin()
        except Exception as error:
            return type(error).__name__


class Swallow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def spin():
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass

        await spin()


class Compute(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def compute():
            end = time.monotonic() + event.payload
            while time.monotonic() < end:
                pass
            return "computed"

        return await compute()


class Late(WorkflowEntrypoint):
    """Its attempt times out while it waits, and does no harm."""

    async def run(self, event, step):
        @step.do()
        async def waits():
            await asyncio.sleep(10)

        try:
            await waits()
        except Exception as error:
            return type(error).__name__


class RunSpin(WorkflowEntrypoint):
    async def run(self, event, step):
        while True:
            pass


class RunSpinSwallow(WorkflowEntrypoint):
    async def run(self, event, step):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass


class Recursion(WorkflowEntrypoint):
    async def run(self, event, step):
        said = []

        def nested():
            value = []
            for _ in range(100_000):
                value = [value]
            return value

        def forever():
            return forever()

        def sort(*_):
            return sorted([1, 2], key=sort)

        def limitless(function):
            old = sys.getrecursionlimit()
            sys.setrecursionlimit(10**6)
            try:
                function()
            finally:
                sys.setrecursionlimit(old)

        for work in (
            forever,
            lambda: repr(nested()),
            lambda: json.dumps(nested()),
            sort,
            lambda: limitless(sort),
            lambda: limitless(forever),
            nested,
        ):

            @step.do("deep", config=ONCE)
            def deep():
                value = work()
                return value if work is nested else "fine"

            try:
                said.append(await deep())
            except Exception as error:
                said.append(type(error).__name__)
        return said


class Memory(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(config=ONCE)
        async def hoard():
            hoarded = []
            while True:
                hoarded.append(bytearray(8_000_000))

        @step.do(config=ONCE)
        async def modest():
            return len(bytearray(100_000_000))

        try:
            await hoard()
        except MemoryError:
            return ["MemoryError", await modest()]


class Grow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        def grow():
            return len(bytearray(300_000_000))

        await grow()
        await step.sleep("stay", 1)
        return "grown"


class Crash(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def crash():
            import ctypes

            await asyncio.sleep(event.payload or 0)
            ctypes.string_at(0xFFFFFFF0, 100)

        await crash()


class CrashAfter(WorkflowEntrypoint):
    """What was finished before the crash counts."""

    async def run(self, event, step):
        @step.do()
        async def fine():
            return "stored"

        await fine()

        @step.do()
        async def crash():
            import ctypes

            ctypes.string_at(0xFFFFFFF0, 100)

        await crash()


class RunCrash(WorkflowEntrypoint):
    async def run(self, event, step):
        import ctypes

        ctypes.string_at(0xFFFFFFF0, 100)


class Linger(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def linger():
            await asyncio.sleep(event.payload)
            return "lingered"

        return await linger()


class Exits(WorkflowEntrypoint):
    async def run(self, event, step):
        said = []
        for leave in (lambda: os._exit(3), lambda: sys.exit(4), os.abort, lambda: os.kill(1, 9), lambda: exit(5)):

            @step.do("leave", config=ONCE)
            def leaving():
                leave()

            try:
                await leaving()
            except Exception as error:
                said.append([error.name, str(error)])
        return said


class RunExits(WorkflowEntrypoint):
    async def run(self, event, step):
        sys.exit("enough")


class Threads(WorkflowEntrypoint):
    async def run(self, event, step):
        import threading

        try:
            threading.Thread(target=print).start()
        except RuntimeError as error:
            return [str(error), await asyncio.to_thread(lambda: "inline")]


class JsFaults(WorkflowEntrypoint):
    """Mistakes in JavaScript of the user's own stay where they are."""

    async def run(self, event, step):
        from pyodide.code import run_js

        run_js("setTimeout(() => { throw new Error('in a timer') }, 0); Promise.reject(new Error('in a promise'))")
        await asyncio.sleep(0.03)
        return "still here"


class Hidden(WorkflowEntrypoint):
    async def run(self, event, step):
        import js

        return [
            hasattr(js, name) for name in ("process", "require", "global", "fetch", "Request", "setTimeout", "crypto")
        ]


class SpinDeaf(WorkflowEntrypoint):
    """It spins inside one call of C, which looks for no signals."""

    async def run(self, event, step):
        @step.do()
        def spin():
            print("spinning")
            sum(range(10**13))

        await spin()
