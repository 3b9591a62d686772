"""Steps that are given up, and what they are told."""

import asyncio

from workers import WorkflowEntrypoint

told = []


class Slow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do()
        async def slow():
            print("begun")
            try:
                await asyncio.sleep(600)
            except BaseException as raised:
                told.append(type(raised).__name__)
                print(type(raised).__name__)
                raise
            finally:
                told.append("finally")
                print("finally")

        await slow()


async def numbers(waits, name):
    try:
        yield 1
        await waits.wait()
        yield 2
    finally:
        told.append(f"{name} closed")


async def relayed(waits):
    try:
        async for number in numbers(waits, "inner"):
            yield number
    finally:
        told.append("outer closed")


class Streams(WorkflowEntrypoint):
    """Reads a generator that reads another one; one of the three waits."""

    async def run(self, event, step):
        never, at_once = asyncio.Event(), asyncio.Event()
        at_once.set()
        inside = event["payload"]["waits"] == "inside"

        @step.do()
        async def read():
            async for number in relayed(never if inside else at_once):
                print("read", number)
                if not inside:
                    await never.wait()

        await read()


class Told(WorkflowEntrypoint):
    """What steps of this interpreter have been told."""

    async def run(self, event, step):
        return told
