/** Byte streams as the output of a step: an async iterator of bytes in Python, a ReadableStream in JavaScript. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_CRASH } from "../reasons.js";

const OWN_ITERATOR = "a step's stream is one of JavaScript's there, which this iterator is not";
const STEP_FAILS = "an invalid stream ends the instance at once, and user code cannot catch it";

/** @type {Scenario[]} */
export default [
  {
    name: "streams: the bytes come back, and again in a replay",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return stream_of(b"one ", b"two")
      stream = await a()
      first = await text_of(stream)
      await step.sleep("nap", "1 hour")
      return [first, await text_of(stream), calls(event)]`,
    javascript: `
      const a = await step.do("a", async () => {
        calls(event).push("a");
        return streamOf("one ", "two");
      });
      const [one, two] = a.tee();
      const first = await textOf(one);
      await step.sleep("nap", "1 hour");
      return [first, await textOf(two), calls(event)];`,
    expect: { output: ["one two", "one two", ["a"]] },
    differs: { "python-upstream-sdk": "its stream is JavaScript's, which is read once" },
  },
  {
    name: "streams: one of no bytes",
    python: `
      @step.do("a")
      async def a():
          return stream_of()
      return await text_of(await a())`,
    javascript: `return await textOf(await step.do("a", async () => streamOf()));`,
    expect: { output: "" },
  },
  {
    name: "streams: one larger than a step's output may be",
    python: `
      @step.do("a")
      async def a():
          return stream_of(*(bytes([i]) * 300_000 for i in range(5)))
      stream = await a()
      await step.sleep("nap", "1 hour")
      found = await bytes_of(stream)
      return [len(found), sum(found)]`,
    javascript: `
      const stream = await step.do("a", async () =>
        streamOf(...[0, 1, 2, 3, 4].map((i) => new Uint8Array(300_000).fill(i))),
      );
      await step.sleep("nap", "1 hour");
      const found = await bytesOf(stream);
      return [found.length, found.reduce((sum, each) => sum + each, 0)];`,
    expect: { output: [1_500_000, 3_000_000] },
  },
  {
    name: "streams: two at the same time",
    python: `
      @step.do("a")
      async def a():
          return stream_of(b"a", b"a")
      @step.do("b")
      async def b():
          return stream_of(b"b", b"b")
      return [await text_of(each) for each in await asyncio.gather(a(), b())]`,
    javascript: `
      const streams = await Promise.all([
        step.do("a", async () => streamOf("a", "a")),
        step.do("b", async () => streamOf("b", "b")),
      ]);
      return [await textOf(streams[0]), await textOf(streams[1])];`,
    expect: { output: ["aa", "bb"] },
    unordered: true,
  },
  {
    name: "streams: one is handed on from step to step",
    python: `
      @step.do("a")
      async def a():
          return stream_of(b"on")
      first = await a()
      @step.do("b")
      async def b():
          return first
      return await text_of(await b())`,
    javascript: `
      const first = await step.do("a", async () => streamOf("on"));
      return await textOf(await step.do("b", async () => first));`,
    expect: { output: "on" },
  },
  {
    name: "streams: a step reads another's",
    python: `
      @step.do("a")
      async def a():
          return stream_of(b"read")
      first = await a()
      @step.do("b")
      async def b():
          return await text_of(first)
      return await b()`,
    javascript: `
      const first = await step.do("a", async () => streamOf("read"));
      return await step.do("b", async () => await textOf(first));`,
    expect: { output: "read" },
  },
  ...[
    ["text is shown", "b'gr\\xc3\\xbc\\xc3\\x9fe'", "'grüße'", "grüße"],
    ["long text is shown in part", "b'x' * 5000", "'x'.repeat(5000)", `${"x".repeat(1024)}[truncated output]`],
    [
      "bytes are described",
      "b'\\xff\\xfe\\xfd'",
      "new Uint8Array([255, 254, 253])",
      "[ReadableStream (binary): 3 bytes]",
    ],
  ].map(([what, python, javascript, shown]) => ({
    name: `streams: to people, ${what}`,
    python: `
      @step.do("a")
      async def a():
          return stream_of(${python})
      await a()`,
    javascript: `await step.do("a", async () => streamOf(${javascript}));`,
    expect: { output: null, shown: [shown] },
  })),
  {
    name: "streams: a sensitive one is hidden from people, and the workflow has it",
    python: `
      @step.do("a", config={"sensitive": "output"})
      async def a():
          return stream_of(b"secret")
      return len(await text_of(await a()))`,
    javascript: `
      return (await textOf(await step.do("a", { sensitive: "output" }, async () => streamOf("secret")))).length;`,
    expect: { output: 6, shown: ["[REDACTED]"] },
  },
  {
    name: "streams: an attempt that fails in the middle leaves nothing",
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 hour"}})
      async def a(ctx):
          async def pieces():
              yield b"from %d" % ctx["attempt"]
              if ctx["attempt"] == 1:
                  fails("in the middle")
          return pieces()
      return await text_of(await a())`,
    javascript: `
      const a = await step.do("a", { retries: { limit: 1, delay: "1 hour" } }, async (ctx) => {
        async function* pieces() {
          yield new TextEncoder().encode(\`from \${ctx.attempt}\`);
          if (ctx.attempt === 1) fails("in the middle");
        }
        return ReadableStream.from(pieces());
      });
      return await textOf(a);`,
    expect: { output: "from 2" },
    differs: { cloudflare: "a stream that cannot be read to its end counts as invalid, and ends the instance at once" },
    notFor: { "python-upstream-sdk": OWN_ITERATOR },
  },
  {
    name: "streams: a step's timeout covers its stream",
    python: `
      @step.do("a", config={"retries": {"limit": 0, "delay": 0}, "timeout": "1 minute"})
      async def a():
          async def pieces():
              yield b"x" * 300_000
              await asyncio.Event().wait()
          return pieces()
      try:
          await a()
      except Exception as error:
          return "Execution timed out" in str(error)`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 0, delay: 0 }, timeout: "1 minute" }, async () => {
          async function* pieces() {
            yield new Uint8Array(300_000);
            await new Promise(() => {});
          }
          return ReadableStream.from(pieces());
        });
      } catch (error) {
        return error.message.includes("Execution timed out");
      }`,
    expect: { output: true },
    hangs: true,
    notFor: { "python-upstream-sdk": OWN_ITERATOR },
  },
  {
    name: "streams: chunks that are no bytes fail the step, and are not tried again",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return stream_of(b"good", "bad")
      try:
          await a()
      except Exception as error:
          return [type(error).__name__, "invalid ReadableStream output" in str(error), len(calls(event))]`,
    javascript: `
      try {
        await step.do("a", async () => {
          calls(event).push("a");
          return ReadableStream.from([new Uint8Array(1), "bad"]);
        });
      } catch (error) {
        return [error.name, error.message.includes("invalid ReadableStream output"), calls(event).length];
      }`,
    expect: { output: ["InvalidStepReadableStreamError", true, 1] },
    differs: { "python-upstream-sdk": "the refusal comes back as JsException", cloudflare: STEP_FAILS },
    logVaries: "what a chunk is is each language's word",
  },
  {
    name: "streams: a chunk of more than 16 MiB fails the step, and is not tried again",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return stream_of(bytes(17 * 1024 * 1024))
      try:
          await a()
      except Exception as error:
          return ["invalid ReadableStream output" in str(error), len(calls(event))]`,
    javascript: `
      try {
        await step.do("a", async () => {
          calls(event).push("a");
          return streamOf(new Uint8Array(17 * 1024 * 1024));
        });
      } catch (error) {
        return [error.message.includes("invalid ReadableStream output"), calls(event).length];
      }`,
    expect: { output: [true, 1] },
    differs: { cloudflare: STEP_FAILS },
  },
  {
    name: "streams: one that has a reader already fails the step",
    javascript: `
      try {
        await step.do("a", { retries: { limit: 1, delay: "1 second" } }, async () => {
          const stream = streamOf("x");
          stream.getReader();
          return stream;
        });
      } catch (error) {
        return error.message.includes("invalid ReadableStream output");
      }`,
    expect: { output: true },
    differs: { cloudflare: "its RPC refuses a locked stream with a TypeError, and the step is tried again" },
  },
  {
    name: "streams: every view of a buffer is its bytes",
    javascript: `
      const stream = await step.do("a", async () =>
        ReadableStream.from([new Uint8Array([1, 2, 3]).subarray(1), new Int16Array([-1]), new Uint8Array([4]).buffer]),
      );
      return [...(await bytesOf(stream))];`,
    expect: { output: [2, 3, 255, 255, 4] },
  },
  {
    name: "streams: one inside an object is refused",
    python: `
      @step.do("a")
      async def a():
          return {"inside": stream_of(b"x")}
      try:
          await a()
      except TypeError as error:
          return 'result["inside"]' in str(error)`,
    javascript: `
      try {
        await step.do("a", async () => ({ inside: streamOf("x") }));
      } catch (error) {
        return error.message.includes('result["inside"]');
      }`,
    expect: { output: true },
    differs: {
      "python-upstream-sdk": "the refusal comes back as JsException",
      cloudflare: "a result that cannot be stored ends the instance at once, and user code cannot catch it",
    },
    logVaries: "the error's class and text are each language's",
  },
  {
    name: "streams: run() cannot give one",
    python: `
      @step.do("a")
      async def a():
          return stream_of(b"x")
      return await a()`,
    javascript: `return await step.do("a", async () => streamOf("x"));`,
    expect: { status: "errored", error: { name: "NotSerializableError", message: /^output is a/ } },
    differs: { cloudflare: "the local engine gives it as null" },
    logVaries: "the error's text names each language's class",
  },
  {
    name: "streams: a rollback handler reads what it undoes",
    python: `
      async def undo(output):
          calls(event).append(await text_of(output))
      @step.do("a", rollback=undo, rollback_config={"retries": {"limit": 0, "delay": 1}})
      async def a():
          return stream_of(b"undone")
      if calls(event):
          return calls(event)
      await a()
      fails("end")`,
    javascript: `
      if (calls(event).length > 0) return calls(event);
      const rollback = async ({ output }) => void calls(event).push(await textOf(output));
      const rollbackConfig = { retries: { limit: 0, delay: 1 } };
      await step.do("a", async () => streamOf("undone"), { rollback, rollbackConfig });
      fails("end");`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.note(run.status());
      await run.restart();
      await run.finish();
    },
    expect: { output: ["undone"], notes: ["errored"] },
    differs: { cloudflare: "the handler is given the stream that the step's caller has, which RPC has locked" },
    notFor: { "python-upstream-sdk": "it has no rollback" },
  },
  {
    name: "streams: a restart from the step makes the stream anew",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return stream_of(*[b"."] * len(calls(event)))
      stream = await a()
      await step.wait_for_event("go", "go")
      return await text_of(stream)`,
    javascript: `
      const stream = await step.do("a", async () => {
        calls(event).push("a");
        return streamOf(...calls(event).map(() => "."));
      });
      await step.waitForEvent("go", { type: "go" });
      return await textOf(stream);`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.restart({ name: "a" });
      await run.settle();
      await run.event("go");
      await run.finish();
    },
    expect: { output: ".." },
  },
  ...[
    ["between two chunks", "writeChunk", 2, [1, 2]],
    ["when all of it has been sent", "done", 1, [1, 2]],
    ["while it is read", "readChunk", 1, [1]],
  ].map(([when, message, nth, attempts]) => ({
    name: `streams: a crash ${when}`,
    python: `
      @step.do("a")
      async def a(ctx):
          calls(event).append(ctx["attempt"])
          return stream_of(b"a" * 300_000, b"b" * 300_000)
      text = await text_of(await a())
      return [text.count("a"), text.count("b"), calls(event)]`,
    javascript: `
      const stream = await step.do("a", async (ctx) => {
        calls(event).push(ctx.attempt);
        return streamOf("a".repeat(300_000), "b".repeat(300_000));
      });
      const text = await textOf(stream);
      return [text.split("a").length - 1, text.split("b").length - 1, calls(event)];`,
    drive: async (/** @type {import("../scenario.d.ts").Run} */ run) => {
      run.crashBefore(/** @type {string} */ (message), /** @type {number} */ (nth));
      await run.create();
      await run.finish();
    },
    expect: { output: [300_000, 300_000, attempts] },
    notFor: { cloudflare: NO_CRASH },
  })),
];
