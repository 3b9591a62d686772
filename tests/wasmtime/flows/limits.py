import asyncio
import os
import re
import time
from workers import WorkflowEntrypoint

CODES = {
    "spin": lambda: all(n == 0 for n in iter(int, 1)),
    "loop": lambda: exec("while True: pass"),
    "swallow": lambda: exec("while True:\n try:\n  while True: pass\n except BaseException: pass"),
    "power": lambda: 9**9**9,
    "regex": lambda: re.match(r"(a+)+$", "a" * 40 + "b"),
    "sort": lambda: sorted(range(10**9), key=lambda n: -n),
    "sleep": lambda: time.sleep(60),
    "memory": lambda: bytearray(1 << 30),
    "slow memory": lambda: fill(),
    "recursion": lambda: recurse(),
    "deep json": lambda: __import__("json").loads("[" * 100_000),
    "abort": lambda: __import__("ctypes"),
    "exit": lambda: os._exit(3),
    "prints": lambda: exec("while True: print('x' * 1000)"),
    "nothing": lambda: "done",
}


def fill():
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def recurse():
    return recurse() + 1


class InStep(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do(
            "guilty",
            config={"retries": {"limit": 1, "delay": 0}, "timeout": event["payload"].get("timeout", "1 minute")},
        )
        async def guilty(ctx):
            if ctx["attempt"] == 1:
                CODES[event["payload"]["code"]]()
            return ctx["attempt"]

        return await guilty()


class OutOfStep(WorkflowEntrypoint):
    async def run(self, event, step):
        CODES[event["payload"]["code"]]()
        return "over"


class Innocent(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("innocent", config={"retries": {"limit": 0, "delay": 0}})
        async def innocent():
            await asyncio.sleep(0.2)
            return "still here"

        return await innocent()


class Liar(WorkflowEntrypoint):
    async def run(self, event, step):
        import wit_world
        from _workflows_bridge.origin import origin

        text = event["payload"].replace("PASS", str(origin.get().session.pass_))

        @step.do("lie", config={"retries": {"limit": 1, "delay": 0}})
        async def lie(ctx):
            if ctx["attempt"] == 1:
                wit_world.post(text)
            return ctx["attempt"]

        return await lie()


class Busy(WorkflowEntrypoint):
    async def run(self, event, step):
        began = time.monotonic()

        @step.do("busy")
        async def busy():
            return sum(n * n for n in range(300_000))

        @step.do("idle")
        async def idle():
            await asyncio.sleep(0.1)

        await busy()
        wall = time.monotonic() - began
        await idle()
        return {"wallMs": wall * 1000}
