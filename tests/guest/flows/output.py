"""What user code writes."""

import asyncio
import logging
import os
import sys
import warnings

from workers import WorkflowEntrypoint

print("printed while the module was imported")


class Levels(WorkflowEntrypoint):
    async def run(self, event, step):
        print("out")
        print("err", file=sys.stderr)
        logging.getLogger("mine").info("info %s", 1)
        logging.warning("careful")
        logging.debug("not shown")
        try:
            raise ValueError("bad")
        except ValueError:
            logging.exception("failed")
        warnings.warn("odd", RuntimeWarning)

        @step.do()
        async def work():
            print("inside")
            await asyncio.sleep(0)
            logging.error("wrong")

        await work()


class Configured(WorkflowEntrypoint):
    async def run(self, event, step):
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s|%(message)s", force=True)
        logging.debug("shown")
        logging.getLogger().handlers.clear()
        logging.getLogger().setLevel(logging.INFO)


class Interleaved(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("a")
        async def a():
            for i in range(3):
                print(f"a{i}")
                await asyncio.sleep(0.001)

        @step.do("b")
        async def b():
            for i in range(3):
                print(f"b{i}")
                await asyncio.sleep(0.001)

        async def helper():
            print("helper")

        await asyncio.gather(a(), b(), asyncio.create_task(helper()))


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        print("before")

        @step.do()
        async def work():
            print("inside")

        await work()
        print("after")


class Flood(WorkflowEntrypoint):
    async def run(self, event, step):
        for _ in range(3):
            print("x" * 1_000_000)
        await asyncio.sleep(0.01)
        print("calm again")


class Uncaught(WorkflowEntrypoint):
    async def run(self, event, step):
        async def broken():
            raise ValueError("nobody looks")

        asyncio.create_task(broken())
        await asyncio.sleep(0.01)
        import gc

        gc.collect()


class Leaving(WorkflowEntrypoint):
    """A SystemExit in a task of the user's own is no reason for the others to end."""

    async def run(self, event, step):
        async def leaves():
            sys.exit("bye")

        task = asyncio.create_task(leaves())
        await asyncio.sleep(0.01)
        return repr(task.exception())


class Partial(WorkflowEntrypoint):
    async def run(self, event, step):
        for i in range(3):
            print(i, end=" ")
        sys.stdout.flush()


class PastPython(WorkflowEntrypoint):
    async def run(self, event, step):
        from js import console

        console.warn("from the console", 1)
        os.write(1, b"straight to the descriptor\n")


class Input(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            return input()
        except EOFError:
            return "no input"


class Progress(WorkflowEntrypoint):
    """A step that computes shows what it prints before it ends."""

    async def run(self, event, step):
        @step.do()
        def work():
            import time

            for i in range(5):
                print("line", i)
                time.sleep(0.06)

        await work()
