"""Steps that give byte streams."""

from workers import WorkflowEntrypoint

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
