"""JavaScript's WorkflowStep, from Python and from JavaScript."""

import asyncio

from js import Object
from pyodide.code import run_js
from pyodide.ffi import JsException, create_proxy, to_js

from workers import WorkflowEntrypoint, python_from_rpc


def js(value):
    return to_js(value, dict_converter=Object.fromEntries)


class FromPython(WorkflowEntrypoint):
    async def run(self, event, step):
        seen = []

        async def work(ctx):
            seen.append([ctx.step.name, ctx.step.count, ctx.attempt, ctx.config.retries.limit])
            return js({"a": [1, 2]})

        given = await step.js.do("work", work)
        await step.js.sleep("nap", "1 minute")
        await step.js.sleepUntil("until", 1_800_000_000_000)
        got = await step.js.waitForEvent("wait", js({"type": "x", "timeout": 1000}))
        return [python_from_rpc(given), seen, got.payload.n, got.type]


class Rests(WorkflowEntrypoint):
    """Awaits JavaScript's own promises, in each of the ways that upstream's SDK and its users have."""

    async def run(self, event, step):
        match event.payload:
            case "sleeping":
                await step.js.sleep("nap", "1 minute")
            case "waiting":
                await step.js.waitForEvent("wait", js({"type": "x"}))
            case "gathering":
                await asyncio.gather(step.js.sleep("a", "1 minute"), step.js.sleep("b", "1 minute"))
            case "timing":
                await asyncio.wait_for(asyncio.ensure_future(step.js.sleep("nap", "1 minute")), None)
            case "fetching":
                own = run_js("() => new Promise((resolve) => setTimeout(resolve, 60))")
                await asyncio.gather(step.js.sleep("nap", "1 minute"), own())
        return "up"


class Given(WorkflowEntrypoint):
    """Gives JavaScript's objects to the SDK of Python."""

    async def run(self, event, step):
        configs = {
            "object": js({"retries": {"limit": 1, "delay": 0}, "timeout": "1 minute"}),
            "map": to_js({"retries": {"limit": 1, "delay": 0}}),
            "delay": run_js("({ retries: { limit: 1, delay: () => 0 } })"),
            "function": run_js("() => 1"),
            "date": run_js("new Date(0)"),
        }
        for name, config in configs.items():

            @step.do(name, config=config, rollback=lambda: None, rollback_config=config)
            async def work():
                pass

            await work()
        await step.sleep_until("date", run_js("new Date(1800000000000)"))
        await step.sleep_until("no date", run_js("new Date(NaN)"))


class Shape(WorkflowEntrypoint):
    async def run(self, event, step):
        promise = step.js.sleep("nap", 1)
        shape = [hasattr(promise, name) for name in ("then", "catch", "finally_")]
        await promise
        return [step.js.constructor.name, *shape]


class BothLanes(WorkflowEntrypoint):
    async def run(self, event, step):
        counts = []

        @step.do("same")
        async def same(ctx):
            counts.append(ctx.step.count)

        async def other(ctx):
            counts.append(ctx.step.count)

        await same()
        await step.js.do("same", other)
        await same()
        await asyncio.gather(step.js.do("same", other), same())
        return counts


class FromJs(WorkflowEntrypoint):
    async def run(self, event, step):
        run = run_js("""
            async (step) => {
              const order = [];
              const big = await step.do("big", { retries: { limit: 3, delay: 5 } }, async (ctx) => {
                order.push([ctx.step.name, ctx.attempt]);
                return new Map([["when", new Date(0)], ["n", 10n]]);
              });
              const both = await Promise.all([step.do("a", () => 1), step.do("b", async () => undefined)]);
              return JSON.stringify([order, big instanceof Map, big.get("n") === 10n, big.get("when").getTime(), both.length]);
            }
        """)
        return await run(step.js)


class Throws(WorkflowEntrypoint):
    async def run(self, event, step):
        run = run_js("""
            async (step) => {
              const original = new RangeError("too far");
              let same;
              try {
                await step.do("broken", { retries: { limit: 0, delay: 0 } }, () => { throw original });
              } catch (error) { same = error instanceof RangeError && error.stack === original.stack; }
              return same;
            }
        """)
        return await run(step.js)


class PythonThrows(WorkflowEntrypoint):
    async def run(self, event, step):
        async def broken(ctx):
            raise ValueError("bad")

        try:
            await step.js.do("broken", js({"retries": {"limit": 0, "delay": 0}}), broken)
        except JsException as error:
            return [error.name, error.message]


class Refusals(WorkflowEntrypoint):
    async def run(self, event, step):
        said = []
        for args in (("x",), ("x", js({"timeout": 5})), ("x", create_proxy(print), js({"rollback": 1}))):
            try:
                await step.js.do(*args)
            except JsException as error:
                said.append([error.name, error.message])
        return said


class Limited(WorkflowEntrypoint):
    async def run(self, event, step):
        try:
            await step.js.do("x", lambda ctx: 1)
        except JsException as error:
            return error.name


class Cached(WorkflowEntrypoint):
    async def run(self, event, step):
        found = [python_from_rpc(await step.js.do("done", lambda ctx: 1))]
        try:
            await step.js.do("broken", lambda ctx: 1)
        except JsException as error:
            found.append([error.name, error.message])
        return found


class Leaks(WorkflowEntrypoint):
    """One of everything, over whatever transport there is."""

    async def run(self, event, step):
        @step.do()
        async def good(ctx):
            return {"n": 1}

        @step.do(config={"retries": {"limit": 0, "delay": 0}})
        async def broken():
            raise ValueError("bad")

        await good()
        try:
            await broken()
        except ValueError:
            pass
        await asyncio.gather(step.sleep("nap", 1), good())

        async def plain(ctx):
            return 1

        await step.js.do("plain", plain)

        async def failing(ctx):
            raise ValueError

        try:
            await step.js.do("failing", js({"retries": {"limit": 0, "delay": 0}}), failing)
        except JsException:
            pass
        if event.payload == "park":
            await asyncio.gather(step.sleep("park", "1 hour"), step.js.sleep("park too", "1 hour"))
        if event.payload == "fail":
            raise RuntimeError("end")
