/** Events, and waits for them. */

/** @import { Scenario } from "../scenario.d.ts" */

import { asleep } from "../drives.js";
import { NO_CRASH, REAL_TIME } from "../reasons.js";

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

const FOURTEEN = {
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
};

/** Two waits side by side. @param {string} left @param {string} right types */
function atOnce(left, right) {
  return {
    unordered: true,
    python: `
      a, b = await asyncio.gather(
          step.wait_for_event("a", "${left}", timeout="1 hour"), step.wait_for_event("b", "${right}", timeout="1 hour")
      )
      return [a["payload"], b["payload"]]`,
    javascript: `
      const [a, b] = await Promise.all([
        step.waitForEvent("a", { type: "${left}", timeout: "1 hour" }),
        step.waitForEvent("b", { type: "${right}", timeout: "1 hour" }),
      ]);
      return [a.payload, b.payload];`,
  };
}

/** @type {Scenario[]} */
export default [
  {
    name: "events: one that comes while it is waited for",
    ...WAIT,
    drive: asleep((run) => run.event("go", { ok: true })),
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
    drive: asleep((run) => run.event("go", 1)),
    expect: { output: [1, "go"] },
  },
  {
    name: "events: without a payload",
    python: `
      found = await step.wait_for_event("w", "go", timeout="1 hour")
      return found["type"]`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).type;`,
    drive: asleep((run) => run.event("go")),
    expect: { output: "go" },
  },
  {
    name: "events: another type is not taken",
    ...WAIT,
    drive: asleep(async (run) => {
      await run.event("stop", "wrong");
      await run.settle();
      await run.event("go", "right");
    }),
    expect: { output: ["right", "go"] },
  },
  {
    name: "events: several types at once",
    ...atOnce("left", "right"),
    drive: asleep(async (run) => {
      await run.event("right", 2);
      await run.event("left", 1);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two waits for one type get them in order",
    ...atOnce("go", "go"),
    drive: asleep(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two waits one after the other",
    ...TWO_IN_A_ROW,
    drive: asleep(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: two that were sent at once serve two waits one after the other",
    ...TWO_IN_A_ROW,
    drive: asleep(async (run) => {
      await run.event("go", 1);
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
  },
  {
    name: "events: fourteen that were sent before, in their order",
    ...FOURTEEN,
    drive: asleep(async (run) => {
      for (let i = 0; i < 14; i++) await run.event("go", i);
    }),
    expect: { output: Array.from({ length: 14 }, (_, i) => i) },
  },
  {
    name: "events: fourteen that were sent before, over a restart of the engine",
    ...FOURTEEN,
    drive: asleep(async (run) => {
      for (let i = 0; i < 14; i++) await run.event("go", i);
      await run.crash();
    }),
    expect: { output: Array.from({ length: 14 }, (_, i) => i) },
    notFor: { cloudflare: NO_CRASH },
  },
  {
    name: "events: one that was taken does not come back after a restart of the engine",
    ...TWO_IN_A_ROW,
    drive: asleep(async (run) => {
      await run.event("go", 1);
      await run.settle();
      await run.crash();
      await run.settle();
      await run.event("go", 2);
    }),
    expect: { output: [1, 2] },
    notFor: { cloudflare: NO_CRASH },
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
    drive: asleep(async (run) => {
      await run.pass("2 minutes");
      await run.event("go", "late");
    }),
    expect: { output: "late" },
  },
  {
    name: "events: of three waits the second times out, and the third gets the late event",
    python: `
      seen = []
      for name in ["first", "second", "third"]:
          try:
              seen.append((await step.wait_for_event(name, "go", timeout="10 minutes"))["payload"])
          except Exception:
              seen.append("timed out")
      return seen`,
    javascript: `
      const seen = [];
      for (const name of ["first", "second", "third"]) {
        try {
          seen.push((await step.waitForEvent(name, { type: "go", timeout: "10 minutes" })).payload);
        } catch {
          seen.push("timed out");
        }
      }
      return seen;`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.event("go", 1);
      await run.settle();
      await run.pass("11 minutes");
      await run.event("go", 3);
      await run.finish();
    },
    expect: { output: [1, "timed out", 3] },
    notFor: { cloudflare: REAL_TIME },
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
    drive: asleep(async (run) => {
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
    drive: asleep((run) => run.event("go", "now")),
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
