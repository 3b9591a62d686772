"""Steps that give byte streams; the twin of `javascript/streams.js`."""

import asyncio

from workers import Response, WorkflowEntrypoint

attempts = []


class Streams(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("large", config={"retries": {"limit": 1, "delay": 1}})
        async def large(ctx):
            async def pieces():
                for i in range(10):
                    yield bytes([i]) * 100_000
                    if i == 5 and ctx.attempt == 1:
                        raise ValueError("in the middle")

            return pieces()

        @step.do("text")
        async def text():
            async def pieces():
                yield b"gr\xc3"
                yield b"\xbc\xc3\x9fe"

            return pieces()

        @step.do("empty")
        async def empty():
            async def pieces():
                return
                yield

            return pieces()

        stream = await large()
        sizes = [len(chunk) async for chunk in stream]
        again = await stream.read()
        await step.sleep("nap", "1 second")
        return [
            sizes,
            again == b"".join(bytes([i]) * 100_000 for i in range(10)),
            stream.size,
            (await (await text()).read()).decode(),
            await (await empty()).read(),
        ]


class Wrong(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("wrong")
        async def wrong():
            async def pieces():
                yield b"good"
                yield "bad" if event.payload["kind"] == "text" else bytes(17 * 1024 * 1024)

            return pieces()

        await wrong()


class Pieces(WorkflowEntrypoint):
    """Every kind of bytes, a stream of JavaScript's among them."""

    async def run(self, event, step):
        @step.do("pieces")
        async def pieces():
            async def give():
                yield b"\x01"
                yield bytearray([2])
                yield memoryview(b"\x03\x04")
                from pyodide.ffi import to_js

                yield to_js(b"\x05")

            return give()

        @step.do("body")
        async def body():
            return Response("the body").body

        return [list(await (await pieces()).read()), (await (await body()).read()).decode()]


class HandedOn(WorkflowEntrypoint):
    """A stream is handed on, and given to a rollback handler."""

    async def run(self, event, step):
        async def rollback(output):
            print((await output.read()).decode())

        @step.do(rollback=rollback)
        async def first():
            async def pieces():
                yield b"handed "
                yield b"on"

            return pieces()

        @step.do()
        async def second(first):
            return first

        raise Exception((await (await second()).read()).decode())


class Slow(WorkflowEntrypoint):
    """The step's timeout covers the stream; the pass comes to rest after it."""

    async def run(self, event, step):
        cancelled = asyncio.Event()

        @step.do("slow", config={"retries": {"limit": 0, "delay": 0}, "timeout": 1000})
        async def slow():
            async def pieces():
                try:
                    while True:
                        yield bytes(300_000)
                        await asyncio.sleep(0.3)
                finally:
                    cancelled.set()

            return pieces()

        try:
            error = await slow()
        except Exception as raised:
            error = type(raised).__name__

        # A step, for a pass may be dropped while it waits, and another begins without having seen it.
        @step.do("seen", config={"retries": {"limit": 0, "delay": 0}, "timeout": "10 seconds"})
        async def seen():
            return await cancelled.wait()

        saw = await seen()
        await step.wait_for_event("go", "go", timeout="1 minute")
        return [error, saw]


class Raw(WorkflowEntrypoint):
    """The same on JavaScript's own object: streams of either language, and a reader of JavaScript's."""

    async def run(self, event, step):
        from pyodide.code import run_js

        give = run_js("async () => ReadableStream.from([new Uint8Array([1, 2]), new Uint8Array([3])])")

        async def pieces(_ctx):
            async def bytes_of():
                yield b"\x04"
                yield b"\x05"

            return bytes_of()

        first = await step.js.do("first", give)
        second = await step.js.do("second", pieces)
        read = run_js("async (stream) => [...new Uint8Array(await new Response(stream).arrayBuffer())]")
        kind = first.constructor.name
        return [kind, (await read(first)).to_py(), (await read(second)).to_py()]
