/** Sleeps. */

/** @import { Scenario } from "../scenario.d.ts" */

import { asleep } from "../drives.js";
import { NO_CRASH, REAL_TIME, SAYS_RUNNING } from "../reasons.js";

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
    drive: asleep((run) => run.note(run.status())),
    expect: { notes: ["waiting"] },
    differs: { cloudflare: SAYS_RUNNING },
  },
  {
    name: "sleeps: code before it runs again after it, steps do not",
    showsReplays: "run() counts its calls",
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
    showsReplays: "run() counts its calls",
    python: `${WITH_JAVASCRIPT}
      calls(event).append("run")
      ${python}
      return calls(event)`,
    javascript: `
      calls(event).push("run");
      ${javascript}
      return calls(event);`,
    unordered: true,
    drive: asleep((run) => run.note(run.status())),
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
    drive: asleep((run) => run.crash()),
    expect: { output: "up" },
    notFor: { cloudflare: NO_CRASH },
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
    notFor: { cloudflare: NO_CRASH },
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
    notFor: { cloudflare: NO_CRASH },
  },
];
