/** Sleeps and events. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

const DURATIONS = /** @type {const} */ ([
  ["10", 10],
  ["0", 0],
  ["1500", 1500],
  ['"250"', 250],
  ['"10 ms"', 10],
  ['"1 second"', 1000],
  ['"2 seconds"', 2000],
  ['"1 minute"', 60_000],
  ['"1.5 minutes"', 90_000],
  ['"2   hours"', 7_200_000],
  ['"3 days"', 259_200_000],
  ['"1 week"', 604_800_000],
  ['"1 month"', 2_592_000_000],
  ['"365 days"', 31_536_000_000],
]);

const REAL_TIME = "too long for real time";

/** Upstream's engine, when asked while it sleeps. */
const SAYS_RUNNING = "its local engine says `running` while it sleeps or waits";

/** @param {(run: Run) => Promise<void>} act @returns {(run: Run) => Promise<void>} */
function whileWaiting(act) {
  return async (run) => {
    await run.create();
    await run.settle();
    await act(run);
    await run.finish();
  };
}

const WAIT = {
  python: `
      found = await step.wait_for_event("w", "go", timeout="1 hour")
      return [found["payload"], found["type"]]`,
  javascript: `
      const found = await step.waitForEvent("w", { type: "go", timeout: "1 hour" });
      return [found.payload, found.type];`,
};

const TWO_IN_A_ROW = {
  python: `
      first = await step.wait_for_event("first", "go", timeout="1 hour")
      second = await step.wait_for_event("second", "go", timeout="1 hour")
      return [first["payload"], second["payload"]]`,
  javascript: `
      const first = await step.waitForEvent("first", { type: "go", timeout: "1 hour" });
      const second = await step.waitForEvent("second", { type: "go", timeout: "1 hour" });
      return [first.payload, second.payload];`,
};

/**
 * What JavaScript has made of the promise of a step: that it waits for the engine is not written on it.
 *
 * @type {{ what: string, python: string, javascript: string }[]}
 */
const DERIVED = [
  {
    what: "a race of its steps",
    python: `await js.Promise.race(to_js([step.js.sleep("a", "1 hour"), step.js.sleep("b", "2 hours")]))`,
    javascript: `await Promise.race([step.sleep("a", "1 hour"), step.sleep("b", "2 hours")]);`,
  },
  {
    what: "what follows one of its steps",
    python: `await step.js.sleep("a", "1 hour").then(lambda _: None)`,
    javascript: `await step.sleep("a", "1 hour").then(() => {});`,
  },
  {
    what: "an async function around a step",
    python: `await run_js("async (step) => { await step.sleep('a', '1 hour'); }")(step.js)`,
    javascript: `await (async () => {
        await step.sleep("a", "1 hour");
      })();`,
  },
];

const WITH_JAVASCRIPT = `
      import js
      from pyodide.code import run_js
      from pyodide.ffi import to_js`;

/** @type {Record<string, string>} */
const NO_JAVASCRIPT = {
  "python-upstream-sdk": "its steps do not show JavaScript's",
  wasmtime: "there is no JavaScript beside it",
  cpython: "there is no JavaScript beside it",
};

/** @type {Scenario[]} */
export default [
  ...DURATIONS.map(([text, ms]) => ({
    name: `sleeps: ${text.replaceAll('"', "")}`,
    python: `
      await step.sleep("nap", ${text})
      return "up"`,
    javascript: `
      await step.sleep("nap", ${text});
      return "up";`,
    expect: { output: "up" },
    ...(ms > 604_800_000 - 1 || text.includes("1.5") || text.includes("   ")
      ? { notFor: { cloudflare: REAL_TIME } }
      : {}),
  })),
  {
    name: "sleeps: one starts when it is called, not when it is awaited",
    unordered: true,
    python: `
      nap = asyncio.ensure_future(step.sleep("nap", "1 hour"))
      await step.sleep("other", "2 hours")
      await nap
      return "up"`,
    javascript: `
      const nap = step.sleep("nap", "1 hour");
      await step.sleep("other", "2 hours");
      await nap;
      return "up";`,
    expect: { output: "up" },
  },
  {
    name: "sleeps: until a time to come",
    python: `
      await step.sleep_until("nap", event["timestamp"] + datetime.timedelta(days=3))
      return "up"`,
    javascript: `
      await step.sleepUntil("nap", new Date(event.timestamp.getTime() + 3 * 86_400_000));
      return "up";`,
    expect: { output: "up" },
    notFor: { cloudflare: REAL_TIME },
  },
  {
    name: "sleeps: the same name three times",
    python: `
      for i in range(3):
          await step.sleep("nap", "1 second")
      return "up"`,
    javascript: `
      for (let i = 0; i < 3; i++) await step.sleep("nap", "1 second");
      return "up";`,
    expect: { output: "up" },
  },
  {
    name: "sleeps: the status is waiting",
    python: `await step.sleep("nap", "1 hour")`,
    javascript: `await step.sleep("nap", "1 hour");`,
    drive: whileWaiting((run) => run.note(run.status())),
    expect: { notes: ["waiting"] },
    differs: { cloudflare: SAYS_RUNNING },
  },
  {
    name: "sleeps: code before it runs again after it, steps do not",
    python: `
      calls(event).append("run")
      @step.do("a")
      async def a():
          calls(event).append("a")
      await a()
      await step.sleep("nap", "3 days")
      return calls(event)`,
    javascript: `
      calls(event).push("run");
      await step.do("a", async () => void calls(event).push("a"));
      await step.sleep("nap", "3 days");
      return calls(event);`,
    expect: { output: ["run", "a", "run"] },
    differs: { cloudflare: "its local engine never gives up an instance that sleeps" },
  },
  ...DERIVED.map(({ what, python, javascript }) => ({
    name: `sleeps: for ${what}, made by JavaScript, an instance parks too`,
    python: `${WITH_JAVASCRIPT}
      calls(event).append("run")
      ${python}
      return calls(event)`,
    javascript: `
      calls(event).push("run");
      ${javascript}
      return calls(event);`,
    unordered: true,
    drive: whileWaiting((run) => run.note(run.status())),
    expect: { output: ["run", "run"], notes: ["waiting"] },
    notFor: {
      ...NO_JAVASCRIPT,
      cloudflare: "its local engine never gives up an instance that sleeps",
      browser: "after five minutes of real time: a page's worker does not tell what can wake it",
    },
  })),
  {
    name: "sleeps: a race with what is not the engine's is waited for",
    python: `${WITH_JAVASCRIPT}
      timer = run_js("() => new Promise((resolve) => setTimeout(resolve, 150, 'timer'))")
      return await js.Promise.race(to_js([step.js.sleep("a", "1 hour"), timer()]))`,
    javascript: `
      const timer = new Promise((resolve) => void setTimeout(resolve, 150, "timer"));
      return await Promise.race([step.sleep("a", "1 hour"), timer]);`,
    expect: { output: "timer" },
    notFor: NO_JAVASCRIPT,
  },
  {
    name: "sleeps: over a restart of the engine",
    python: `
      await step.sleep("nap", "3 days")
      return "up"`,
    javascript: `
      await step.sleep("nap", "3 days");
      return "up";`,
    drive: whileWaiting((run) => run.crash()),
    expect: { output: "up" },
    notFor: { cloudflare: "its process cannot be crashed from here" },
  },
  {
    name: "sleeps: over a restart of the engine, due while it was down",
    python: `
      await step.sleep("nap", "1 hour")
      return "up"`,
    javascript: `
      await step.sleep("nap", "1 hour");
      return "up";`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.crash();
      await run.pass("2 hours");
      await run.crash();
      await run.finish();
    },
    expect: { output: "up" },
    notFor: { cloudflare: "its process cannot be crashed from here" },
  },
  {
    name: "sleeps: until a time, over restarts of the engine",
    python: `
      await step.sleep_until("nap", event["timestamp"] + datetime.timedelta(hours=5))
      await step.sleep("short", "1 second")
      return "up"`,
    javascript: `
      await step.sleepUntil("nap", event.timestamp.getTime() + 5 * 3_600_000);
      await step.sleep("short", "1 second");
      return "up";`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.crash();
      await run.pass("6 hours");
      await run.crash();
      await run.finish();
    },
    expect: { output: "up" },
    notFor: { cloudflare: "its process cannot be crashed from here" },
  },

  {
    name: "events: one that comes while it is waited for",
    ...WAIT,
    drive: whileWaiting((run) => run.event("go", { ok: true })),
    expect: { output: [{ ok: true }, "go"] },
  },
  {
    name: "events: one that comes before it is waited for",
    python: `
      await step.sleep("nap", "1 minute")
      ${WAIT.python.trim()}`,
    javascript: `
      await step.sleep("nap", "1 minute");
      ${WAIT.javascript.trim()}`,
    drive: whileWaiting((run) => run.event("go", 1)),
    expect: { output: [1, "go"] },
  },
  {
    name: "events: without a payload",
    python: `
      found = await step.wait_for_event("w", "go", timeout="1 hour")
      return found["type"]`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).type;`,
    drive: whileWaiting((run) => run.event("go")),
    expect: { output: "go" },
  },
  {
    name: "events: another type is not taken",
    ...WAIT,
    drive: whileWaiting(async (run) => {
      await run.event("stop", "wrong");
      await run.settle();
      await run.event("go", "right");
    }),
    expect: { output: ["right", "go"] },
  },
  {
    name: "events: several types at once",
    unordered: true,
    python: `
      a, b = await asyncio.gather(
          step.wait_for_event("a", "left", timeout="1 hour"), step.wait_for_event("b", "right", timeout="1 hour")
      )
      return [a["payload"], b["payload"]]`,
    javascript: `
      const [a, b] = await Promise.all([
        step.waitForEvent("a", { type: "left", timeout: "1 hour" }),
        step.waitForEvent("b", { type: "right", timeout: "1 hour" }),
      ]);
      return [a.payload, b.payload];`,
    drive: whileWaiting(async (run) => {
      await run.event("right", 2);
      await run.event("left", 1);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two waits for one type get them in order",
    unordered: true,
    python: `
      a, b = await asyncio.gather(
          step.wait_for_event("a", "go", timeout="1 hour"), step.wait_for_event("b", "go", timeout="1 hour")
      )
      return [a["payload"], b["payload"]]`,
    javascript: `
      const [a, b] = await Promise.all([
        step.waitForEvent("a", { type: "go", timeout: "1 hour" }),
        step.waitForEvent("b", { type: "go", timeout: "1 hour" }),
      ]);
      return [a.payload, b.payload];`,
    drive: whileWaiting(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two waits one after the other",
    ...TWO_IN_A_ROW,
    drive: whileWaiting(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two that were sent at once serve two waits one after the other",
    ...TWO_IN_A_ROW,
    drive: whileWaiting(async (run) => {
      await run.event("go", 1);
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: fourteen that were sent before, in their order",
    python: `
      await step.sleep("nap", "1 minute")
      found = []
      for i in range(14):
          found.append((await step.wait_for_event("w", "go", timeout="1 hour"))["payload"])
      return found`,
    javascript: `
      await step.sleep("nap", "1 minute");
      const found = [];
      for (let i = 0; i < 14; i++) found.push((await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload);
      return found;`,
    drive: whileWaiting(async (run) => {
      for (let i = 0; i < 14; i++) await run.event("go", i);
    }),
    expect: { output: Array.from({ length: 14 }, (_, i) => i) },
  },
  {
    name: "events: fourteen that were sent before, over a restart of the engine",
    python: `
      await step.sleep("nap", "1 minute")
      found = []
      for i in range(14):
          found.append((await step.wait_for_event("w", "go", timeout="1 hour"))["payload"])
      return found`,
    javascript: `
      await step.sleep("nap", "1 minute");
      const found = [];
      for (let i = 0; i < 14; i++) found.push((await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload);
      return found;`,
    drive: whileWaiting(async (run) => {
      for (let i = 0; i < 14; i++) await run.event("go", i);
      await run.crash();
    }),
    expect: { output: Array.from({ length: 14 }, (_, i) => i) },
    notFor: { cloudflare: "its process cannot be crashed from here" },
  },
  {
    name: "events: one that was taken does not come back after a restart of the engine",
    ...TWO_IN_A_ROW,
    drive: whileWaiting(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.crash();
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
    notFor: { cloudflare: "its process cannot be crashed from here" },
  },
  {
    name: "events: a wait times out",
    python: `
      try:
          await step.wait_for_event("w", "go", timeout="1 minute")
      except WorkflowTimeoutError as error:
          return "Execution timed out after" in str(error)`,
    javascript: `
      try {
        await step.waitForEvent("w", { type: "go", timeout: "1 minute" });
      } catch (error) {
        return error.message.includes("Execution timed out after");
      }`,
    expect: { output: true },
    differs: { "python-upstream-sdk": "it has no class for timeouts" },
  },
  {
    name: "events: a wait that times out and is not caught",
    python: `await step.wait_for_event("w", "go", timeout="1 minute")`,
    javascript: `await step.waitForEvent("w", { type: "go", timeout: "1 minute" });`,
    expect: { error: { name: "WorkflowTimeoutError", message: /^Execution timed out after \d+ms$/ } },
    differs: {
      cloudflare: "the name is folded into the message: `Error`, `WorkflowTimeoutError: Execution timed out …`",
    },
  },
  {
    name: "events: one that comes after the timeout serves the next wait",
    python: `
      try:
          await step.wait_for_event("first", "go", timeout="1 minute")
      except Exception:
          pass
      return (await step.wait_for_event("second", "go", timeout="1 hour"))["payload"]`,
    javascript: `
      try {
        await step.waitForEvent("first", { type: "go", timeout: "1 minute" });
      } catch {
        // It is too late.
      }
      return (await step.waitForEvent("second", { type: "go", timeout: "1 hour" })).payload;`,
    drive: whileWaiting(async (run) => {
      await run.pass("2 minutes");
      await run.event("go", "late");
    }),
    expect: { output: "late" },
  },
  {
    name: "events: a race of two waits that a step has settled, the loser's event comes later",
    unordered: true,
    python: `
      a = asyncio.ensure_future(step.wait_for_event("a", "left", timeout="1 hour"))
      b = asyncio.ensure_future(step.wait_for_event("b", "right", timeout="1 hour"))
      done, _ = await asyncio.wait([a, b], return_when=asyncio.FIRST_COMPLETED)
      winner = done.pop().result()["payload"]
      @step.do("winner")
      async def settle():
          return winner
      return [await settle(), (await a)["payload"]]`,
    javascript: `
      const a = step.waitForEvent("a", { type: "left", timeout: "1 hour" });
      const b = step.waitForEvent("b", { type: "right", timeout: "1 hour" });
      const { payload } = await Promise.race([a, b]);
      const winner = await step.do("winner", async () => payload);
      return [winner, (await a).payload];`,
    drive: whileWaiting(async (run) => {
      await run.event("right", "r");
      await run.settle();
      await run.event("left", "l");
    }),
    expect: { output: ["r", "l"] },
  },
  {
    name: "events: while steps are retried",
    unordered: true,
    python: `
      @step.do("flaky", config={"retries": {"limit": 3, "delay": "1 minute", "backoff": "constant"}})
      async def flaky(ctx):
          if ctx["attempt"] < 3:
              fails("no")
          return ctx["attempt"]
      found = await asyncio.gather(flaky(), step.wait_for_event("w", "go", timeout="1 hour"))
      return [found[0], found[1]["payload"]]`,
    javascript: `
      const config = { retries: { limit: 3, delay: "1 minute", backoff: "constant" } };
      const [a, b] = await Promise.all([
        step.do("flaky", config, async (ctx) => {
          if (ctx.attempt < 3) fails("no");
          return ctx.attempt;
        }),
        step.waitForEvent("w", { type: "go", timeout: "1 hour" }),
      ]);
      return [a, b.payload];`,
    drive: whileWaiting((run) => run.event("go", "now")),
    expect: { output: [3, "now"] },
  },
  {
    name: "events: one for an instance that has ended is refused",
    python: `return 1`,
    javascript: `return 1;`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.note(
        run.event("go", 1).then(
          () => "taken",
          () => "refused",
        ),
      );
    },
    expect: { output: 1, notes: ["refused"] },
    notFor: { cloudflare: "only production refuses it" },
  },
];
