/** Restarts, whole and from a step. */

/** @import { Scenario } from "../scenario.d.ts" */

import { asleep, ended, outcomeOf } from "../drives.js";
import { NAPS, THREE } from "../flows.js";
import { RESTARTS_SILENTLY } from "../reasons.js";

const FAILS_ONCE = {
  python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
      await a()
      if len(calls(event)) < 2:
          fails("the first time")
      return calls(event)`,
  javascript: `
      await step.do("a", async () => void calls(event).push("a"));
      if (calls(event).length < 2) fails("the first time");
      return calls(event);`,
};

/** @type {Scenario[]} */
export default [
  {
    name: "restart: what is complete",
    ...THREE,
    drive: ended(async (run) => {
      await run.restart();
      await run.finish();
    }),
    expect: { output: ["a", "b", "c", "a", "b", "c"] },
  },
  {
    name: "restart: what has failed",
    ...FAILS_ONCE,
    drive: ended(async (run) => {
      await run.note(run.status());
      await run.restart();
      await run.finish();
    }),
    expect: { output: ["a", "a"], notes: ["errored"] },
  },
  {
    name: "restart: what was terminated",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.terminate();
      await run.restart();
    }),
    expect: { output: ["a", "a", "b"] },
  },
  {
    name: "restart: what sleeps",
    ...NAPS,
    drive: asleep((run) => run.restart()),
    expect: { output: ["a", "a", "b"] },
  },
  {
    name: "restart: what is paused",
    ...NAPS,
    drive: asleep(async (run) => {
      await run.pause();
      await run.settle();
      await run.restart();
    }),
    expect: { output: ["a", "a", "b"] },
  },
  ...["a", "b", "c"].map((name, i) => ({
    name: `restart: from the ${["first", "second", "last"][i]} of three steps`,
    ...THREE,
    drive: ended(async (run) => {
      await run.restart({ name });
      await run.finish();
    }),
    expect: { output: ["a", "b", "c", ...["a", "b", "c"].slice(i)] },
    ...(i > 0 ? { differs: { cloudflare: RESTARTS_SILENTLY } } : {}),
  })),
  {
    name: "restart: from the second step of a name",
    python: `
      for i in range(3):
          @step.do("same")
          async def same():
              calls(event).append(i)
          await same()
      return calls(event)`,
    javascript: `
      for (let i = 0; i < 3; i++) await step.do("same", async () => void calls(event).push(i));
      return calls(event);`,
    drive: ended(async (run) => {
      await run.restart({ name: "same", count: 2 });
      await run.finish();
    }),
    expect: { output: [0, 1, 2, 1, 2] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  {
    name: "restart: from a sleep",
    ...NAPS,
    drive: ended(async (run) => {
      await run.restart({ name: "nap", type: "sleep" });
      await run.finish();
    }),
    expect: { output: ["a", "b", "b"] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  {
    name: "restart: from a wait, which waits again",
    python: `
      found = await step.wait_for_event("w", "go", timeout="1 hour")
      @step.do("use")
      async def use():
          calls(event).append(found["payload"])
      await use()
      return calls(event)`,
    javascript: `
      const found = await step.waitForEvent("w", { type: "go", timeout: "1 hour" });
      await step.do("use", async () => void calls(event).push(found.payload));
      return calls(event);`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.event("go", 1);
      await run.finish();
      await run.restart({ name: "w", type: "waitForEvent" });
      await run.settle();
      await run.event("go", 2);
      await run.finish();
    },
    expect: { output: [1, 2] },
  },
  {
    name: "restart: from a step that failed",
    python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
      await a()
      @step.do("b", config={"retries": {"limit": 0, "delay": 1}})
      async def b():
          calls(event).append("b")
          if len(calls(event)) < 3:
              fails("the first time")
      await b()
      return calls(event)`,
    javascript: `
      await step.do("a", async () => void calls(event).push("a"));
      await step.do("b", { retries: { limit: 0, delay: 1 } }, async () => {
        calls(event).push("b");
        if (calls(event).length < 3) fails("the first time");
      });
      return calls(event);`,
    drive: ended(async (run) => {
      await run.restart({ name: "b" });
      await run.finish();
    }),
    expect: { output: ["a", "b", "b"] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
  ...[
    ["no such step", { name: "nope" }],
    ["no such count", { name: "a", count: 2 }],
    ["a step of another type", { name: "a", type: /** @type {const} */ ("sleep") }],
  ].map(([what, from]) => ({
    name: `restart: from ${what} is refused`,
    ...THREE,
    drive: ended(async (run) => {
      await run.note(outcomeOf(run.restart(/** @type {any} */ (from))));
    }),
    expect: { notes: ["instance.cannot_restart"] },
  })),
  {
    name: "restart: from a step that has the name of a sleep",
    python: `
      def make(name):
          @step.do(name)
          async def one():
              calls(event).append(name)
          return one
      await make("setup")()
      await step.sleep("checkpoint", "1 second")
      await make("between")()
      await make("checkpoint")()
      await make("after")()
      return calls(event)`,
    javascript: `
      const make = (name) => step.do(name, async () => void calls(event).push(name));
      await make("setup");
      await step.sleep("checkpoint", "1 second");
      await make("between");
      await make("checkpoint");
      await make("after");
      return calls(event);`,
    drive: async (run) => {
      await run.create();
      await run.finish();
      await run.restart({ name: "checkpoint" });
      await run.finish();
    },
    expect: { output: ["setup", "between", "checkpoint", "after", "checkpoint", "after"] },
    differs: { cloudflare: RESTARTS_SILENTLY },
  },
];
