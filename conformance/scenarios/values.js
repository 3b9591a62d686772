/** Values, in every position. */

/** @import { Scenario } from "../scenario.d.ts" */

/** What Cloudflare's own Python SDK makes of some. @type {Record<string, string>} */
const UPSTREAM_SDK = {
  "the largest safe integer": "Pyodide makes a BigInt of it on its way to JavaScript",
  "a key __proto__": "it takes an object with a key `constructor` for one of JavaScript's",
  bytes: "bytes come back as memoryview",
  "a date": "a date comes back without its time zone",
  "minus zero": "a whole float comes back as an int",
};

/** @param {string} what */
function upstreamDiffers(what) {
  return UPSTREAM_SDK[what] ? { differs: { "python-upstream-sdk": UPSTREAM_SDK[what] } } : {};
}

/** What both languages have, and JSON too. */
const PLAIN = /** @type {const} */ ([
  ["null", null],
  ["true", true],
  ["zero", 0],
  ["a negative number", -1.5],
  ["the largest safe integer", Number.MAX_SAFE_INTEGER],
  ["an empty text", ""],
  ["text of many scripts", "äöü 日本 🎈 \u2028 \\ \" ' \t \0"],
  ["an empty list", []],
  ["an empty object", {}],
  ["lists in lists", [[1, [2, [3, []]]]]],
  ["objects in objects", { a: { b: { c: [null, { d: "x" }] } } }],
  ["keys that look like numbers", { 1: "one", "01": "two", "-1": "three" }],
  ["a key __proto__", JSON.parse('{"__proto__": 1, "constructor": 2}')],
  ["a key $", { $: "date", v: "no" }],
  ["a thousand numbers", Array.from({ length: 1000 }, (_, i) => i)],
]);

const UPSTREAM_PROTO = "the test's own JSON request leaves it out there";

/** What each language has of its own, made and looked at in code: the name, Python, its check, JavaScript, its check. */
const RICH = /** @type {const} */ ([
  [
    "bytes",
    'b"\\x00\\xff"',
    'type(x) is bytes and x == b"\\x00\\xff"',
    "new Uint8Array([0, 255])",
    "x instanceof Uint8Array && x.join() === '0,255'",
  ],
  ["no bytes", 'b""', "x == b''", "new Uint8Array()", "x.length === 0"],
  [
    "a date",
    "datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.UTC)",
    'x.isoformat() == "2026-01-02T03:04:05.678000+00:00"',
    "new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678))",
    'x.toISOString() === "2026-01-02T03:04:05.678Z"',
  ],
  ["a large integer", "2**70", "x == 2**70", "2n ** 70n", "x === 2n ** 70n"],
  ["a set", '{"a"}', 'x == {"a"} and type(x) is set', 'new Set(["a"])', 'x instanceof Set && x.has("a")'],
  ["not a number", 'float("nan")', "x != x", "NaN", "Number.isNaN(x)"],
  ["infinity", 'float("-inf")', 'x == float("-inf")', "-Infinity", "x === -Infinity"],
  ["minus zero", "-0.0", 'str(x) == "-0.0"', "-0", "Object.is(x, -0)"],
]);

/** @type {Scenario[]} */
export default [
  ...PLAIN.map(([what, value]) => ({
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
    ...(what.includes("__proto__") ? { notFor: { cloudflare: UPSTREAM_PROTO } } : {}),
  })),
  ...PLAIN.slice(0, 12).map(([what, value]) => ({
    name: `values: ${what}, in an event`,
    python: `return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
    drive: async (/** @type {import("../scenario.d.ts").Run} */ run) => {
      await run.create();
      await run.settle();
      await run.event("go", value);
      await run.finish();
    },
    expect: { output: value },
    ...(what === "the largest safe integer" ? upstreamDiffers(what) : {}),
  })),
  ...RICH.map(([what, python, pythonCheck, javascript, javascriptCheck]) => ({
    name: `values: ${what}, live and in a replay`,
    python: `
      @step.do("a")
      async def a():
          return {"x": ${python}}
      found = (await a())["x"]
      seen = lambda x: ${pythonCheck}
      @step.do("live")
      async def live():
          return seen(found)
      first = await live()
      await step.sleep("nap", "1 hour")
      return [first, seen(found)]`,
    javascript: `
      const found = (await step.do("a", async () => ({ x: ${javascript} }))).x;
      const seen = (x) => ${javascriptCheck};
      const first = await step.do("live", async () => seen(found));
      await step.sleep("nap", "1 hour");
      return [first, seen(found)];`,
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
    name: "values: a tuple is a list, a bytearray bytes",
    python: `
      @step.do("a")
      async def a():
          return {"t": (1, 2), "b": bytearray(b"x")}
      found = await a()
      return [found["t"] == [1, 2], found["b"] == b"x"]`,
    expect: { output: [true, true] },
    differs: { "python-upstream-sdk": "a tuple is refused, and so is a bytearray" },
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
    name: "values: 1.0 stays a float",
    python: `
      @step.do("a")
      async def a():
          return 1.0
      found = await a()
      await step.sleep("nap", "1 hour")
      return type(found).__name__`,
    expect: { output: "float" },
    differs: { "python-upstream-sdk": "1.0 comes back as 1" },
  },
  ...[
    ["a Map", "new Map([[1, 'one']])", "x instanceof Map && x.get(1) === 'one'"],
    ["an Int16Array", "new Int16Array([1, -2])", "x instanceof Int16Array && x[1] === -2"],
    ["an ArrayBuffer", "new Uint8Array([7]).buffer", "x instanceof ArrayBuffer && x.byteLength === 1"],
    ["a view into a larger buffer", "new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)", "x.join() === '2,3'"],
    ["undefined in an object", "{ a: undefined }", "'a' in x && x.a === undefined"],
  ].map(([what, made, check]) => ({
    name: `values: ${what}, live and in a replay`,
    javascript: `
      const found = (await step.do("a", async () => ({ x: ${made} }))).x;
      const seen = (x) => ${check};
      const first = await step.do("live", async () => seen(found));
      await step.sleep("nap", "1 hour");
      return [first, seen(found)];`,
    expect: { output: [true, true] },
  })),
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
];
