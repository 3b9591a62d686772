/** Values of a kind: what comes back of them from a step, from an event, and what is refused. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

import { ONLY_JAVASCRIPT, ONLY_PYTHON, PLAIN, RICH, upstreamDiffers } from "../vectors.js";

const EVERY = [...RICH, ...ONLY_JAVASCRIPT, ...ONLY_PYTHON];

/** @type {Scenario[]} */
export default [
  ...PLAIN.map(({ what, value }) => ({
    name: `values: ${what}, as params, result and output`,
    params: { value },
    python: `
      @step.do("a")
      async def a():
          return event["payload"]["value"]
      kept = await a()
      await step.sleep("nap", "1 second")
      return {"result": await a(), "kept": kept}`,
    javascript: `
      const kept = await step.do("a", async () => event.payload.value);
      await step.sleep("nap", "1 second");
      return { result: await step.do("a", async () => event.payload.value), kept };`,
    expect: { output: { result: value, kept: value } },
    ...upstreamDiffers(what),
  })),
  ...RICH.map(({ what, value, sees, looks }) => ({
    name: `values: ${what}, as params, result and output`,
    params: { value },
    python: `
      seen = lambda x: ${sees}
      @step.do("a")
      async def a():
          return [seen(event["payload"]["value"]), event["payload"]["value"]]
      await step.sleep("nap", "1 second")
      given, result = await a()
      return {"seen": [given, seen(event["payload"]["value"]), seen(result)], "result": result}`,
    javascript: `
      const seen = (x) => ${looks};
      await step.sleep("nap", "1 second");
      const [given, result] = await step.do("a", async () => [seen(event.payload.value), event.payload.value]);
      return { seen: [given, seen(event.payload.value), seen(result)], result };`,
    expect: { output: { seen: [true, true, true], result: value } },
    ...upstreamDiffers(what),
  })),
  ...PLAIN.map(({ what, value }) => ({
    name: `values: ${what}, in an event`,
    python: `return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
    drive: (/** @type {Run} */ run) => sending(run, value),
    expect: { output: value },
    ...upstreamDiffers(what),
  })),
  ...RICH.map(({ what, value, sees, looks }) => ({
    name: `values: ${what}, in an event`,
    python: `
      seen = lambda x: ${sees}
      got = (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]
      @step.do("live")
      async def live():
          return seen(got)
      first = await live()
      await step.sleep("nap", "1 hour")
      return {"seen": [first, seen(got)], "payload": got}`,
    javascript: `
      const seen = (x) => ${looks};
      const got = (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;
      const first = await step.do("live", async () => seen(got));
      await step.sleep("nap", "1 hour");
      return { seen: [first, seen(got)], payload: got };`,
    drive: (/** @type {Run} */ run) => sending(run, value),
    expect: { output: { seen: [true, true], payload: value } },
    ...upstreamDiffers(what),
  })),
  ...EVERY.map(({ what, python, sees, javascript, looks }) => ({
    name: `values: ${what}, live and in a replay`,
    ...(python && {
      python: `
      @step.do("a")
      async def a():
          return {"x": ${python}}
      found = (await a())["x"]
      seen = lambda x: ${sees}
      @step.do("live")
      async def live():
          return seen(found)
      first = await live()
      await step.sleep("nap", "1 hour")
      return [first, seen(found)]`,
    }),
    ...(javascript && {
      javascript: `
      const found = (await step.do("a", async () => ({ x: ${javascript} }))).x;
      const seen = (x) => ${looks};
      const first = await step.do("live", async () => seen(found));
      await step.sleep("nap", "1 hour");
      return [first, seen(found)];`,
    }),
    expect: { output: [true, true] },
    ...upstreamDiffers(what),
  })),
  {
    name: "values: undefined and None",
    python: `
      @step.do("a")
      async def a():
          pass
      return (await a()) is None`,
    javascript: `return (await step.do("a", async () => {})) === undefined;`,
    expect: { output: true },
  },
  {
    name: "values: the caller gets a copy",
    python: `
      kept = {"list": [1]}
      @step.do("a")
      async def a():
          return kept
      found = await a()
      found["list"].append(2)
      return [kept["list"], found["list"]]`,
    javascript: `
      const kept = { list: [1] };
      const found = await step.do("a", async () => kept);
      found.list.push(2);
      return [kept.list, found.list];`,
    expect: { output: [[1], [1, 2]] }, // prettier-ignore
  },
  {
    name: "values: a function cannot be stored, and is not tried again",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return {"items": [1, lambda: 1]}
      try:
          await a()
      except Exception as error:
          return ['["items"][1]' in str(error), len(calls(event))]`,
    javascript: `
      try {
        await step.do("a", async () => {
          calls(event).push("a");
          return { items: [1, () => 1] };
        });
      } catch (error) {
        return [error.message.includes('["items"][1]'), calls(event).length];
      }`,
    expect: { output: [true, 1] },
    logVaries: "what it is called is each language's own",
    differs: { cloudflare: "it hands a stub of the function on, or ends the instance" },
  },
  {
    name: "values: a value that holds itself cannot be stored",
    python: `
      @step.do("a")
      async def a():
          found = []
          found.append(found)
          return found
      try:
          await a()
      except Exception as error:
          return "itself" in str(error)`,
    javascript: `
      try {
        await step.do("a", async () => {
          const found = [];
          found.push(found);
          return found;
        });
      } catch (error) {
        return error.message.includes("itself");
      }`,
    expect: { output: true },
    differs: {
      "python-upstream-sdk":
        "its own search of the value goes round until RecursionError, which comes back as JsException",
      cloudflare: "structured clone keeps cycles",
    },
    logVaries: "the name of the error's class is each language's",
  },
  {
    name: "values: a result of more than 1 MiB is refused",
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 second"}})
      async def a():
          calls(event).append("a")
          return "x" * 1_100_000
      try:
          await a()
      except Exception as error:
          return ["output is too large. Maximum allowed size is 1MiB" in str(error), len(calls(event))]`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 1, delay: "1 second" } }, async () => {
          calls(event).push("a");
          return "x".repeat(1_100_000);
        });
      } catch (error) {
        return [error.message.includes("output is too large. Maximum allowed size is 1MiB"), calls(event).length];
      }`,
    expect: { output: [true, 2] },
    differs: { cloudflare: "the local engine takes 1.1 MB" },
  },
  {
    name: "values: a result of nearly 1 MiB is kept",
    python: `
      @step.do("a")
      async def a():
          return "x" * 1_000_000
      found = await a()
      await step.sleep("nap", "1 hour")
      return len(found)`,
    javascript: `
      const found = await step.do("a", async () => "x".repeat(1_000_000));
      await step.sleep("nap", "1 hour");
      return found.length;`,
    expect: { output: 1_000_000 },
  },
  {
    name: "values: a decimal is refused with its place",
    python: `
      @step.do("a")
      async def a():
          calls(event).append(1)
          return {"price": decimal.Decimal(1)}
      try:
          await a()
      except TypeError as error:
          return ['["price"]' in str(error) and "Decimal" in str(error), len(calls(event))]`,
    expect: { output: [true, 1] },
    differs: { "python-upstream-sdk": "the refusal comes back as JsException" },
  },
  {
    name: "values: a sensitive output is not in the log, and the workflow has it",
    python: `
      @step.do("a", config={"sensitive": "output"})
      async def a():
          return "secret"
      return len(await a())`,
    javascript: `return (await step.do("a", { sensitive: "output" }, async () => "secret")).length;`,
    expect: { output: 6 },
  },
  {
    name: "values: 200 KB of bytes, alone, in objects and in lists, live and in a replay",
    python: `
      part = bytes(range(256)) * 800
      size = lambda found: [len(found["alone"]), len(found["in"]["object"]), len(found["list"][1]["x"])]
      @step.do("a")
      async def a():
          return {"alone": part, "in": {"object": part}, "list": [1, {"x": part}]}
      found = await a()
      @step.do("live")
      async def live():
          return [*size(found), found["alone"] == part]
      told = await live()
      await step.sleep("nap", "1 hour")
      return [told, size(found), found["list"][1]["x"] == part]`,
    javascript: `
      const whole = new Uint8Array(819_200).map((_, i) => i);
      const part = whole.subarray(256, 256 + 204_800);
      const size = (found) => [found.alone, found.in.object, found.list[1].x].map(({ length }) => length);
      const found = await step.do("a", async () => ({ alone: part, in: { object: part }, list: [1, { x: part }] }));
      const same = (each) => each.every((byte, i) => byte === part[i]);
      const told = await step.do("live", async () => [...size(found), same(found.alone)]);
      await step.sleep("nap", "1 hour");
      return [told, size(found), same(found.list[1].x)];`,
    expect: { output: [[204_800, 204_800, 204_800, true], [204_800, 204_800, 204_800], true] }, // prettier-ignore
  },
];

/** @param {Run} run @param {unknown} payload */
async function sending(run, payload) {
  await run.create();
  await run.settle();
  await run.event("go", payload);
  await run.finish();
}
