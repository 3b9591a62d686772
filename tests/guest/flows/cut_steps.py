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


class Told(WorkflowEntrypoint):
    """What steps of this interpreter have been told."""

    async def run(self, event, step):
        return told
