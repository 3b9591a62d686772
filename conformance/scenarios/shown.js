/** What people are shown: the outputs of steps and waits, and what is hidden. */

/** @import { Scenario } from "../scenario.d.ts" */

import { NO_DETAIL } from "../reasons.js";

/** @type {Scenario[]} */
export default [
  {
    name: "shown: outputs of steps and payloads of events, in their order",
    python: `
      @step.do("a")
      async def a():
          return {"list": [1, "two"]}
      await a()
      event = await step.wait_for_event("w", "go", timeout="1 hour")
      @step.do("b")
      async def b():
          return event["payload"]
      await b()`,
    javascript: `
      await step.do("a", async () => ({ list: [1, "two"] }));
      const { payload } = await step.waitForEvent("w", { type: "go", timeout: "1 hour" });
      await step.do("b", async () => payload);`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.event("go", { n: 3 });
      await run.finish();
    },
    expect: { output: null, shown: [{ list: [1, "two"] }, { n: 3 }, { n: 3 }] },
  },
  {
    name: "shown: a sensitive output is redacted, live and in a replay, and the workflow has it",
    python: `
      @step.do("a", config={"sensitive": "output"})
      async def a():
          return "secret"
      found = await a()
      await step.sleep("nap", "1 hour")
      return len(found)`,
    javascript: `
      const found = await step.do("a", { sensitive: "output" }, async () => "secret");
      await step.sleep("nap", "1 hour");
      return found.length;`,
    expect: { output: 6, shown: ["[REDACTED]"] },
  },
  {
    name: "shown: the error of a sensitive step is not redacted",
    python: `
      @step.do("a", config={"sensitive": "output", "retries": {"limit": 0, "delay": 1}})
      async def a():
          fails("told")
      try:
          await a()
      except TypeError as error:
          return "told" in str(error)`,
    javascript: `
      try {
        await step.do("a", { sensitive: "output", retries: { limit: 0, delay: 1 } }, async () => fails("told"));
      } catch (error) {
        return error.message.includes("told");
      }`,
    expect: { output: true, shown: [] },
  },
  {
    name: "shown: the detail of an instance",
    python: `
      @step.do("flaky", config={"retries": {"limit": 2, "delay": "1 second", "backoff": "constant"}})
      async def flaky(ctx):
          if ctx["attempt"] < 2:
              fails("no")
          return {"n": 1}
      await flaky()
      await step.sleep("nap", "1 minute")
      return (await step.wait_for_event("w", "go", timeout="1 hour"))["payload"]`,
    javascript: `
      await step.do("flaky", { retries: { limit: 2, delay: "1 second", backoff: "constant" } }, async (ctx) => {
        if (ctx.attempt < 2) fails("no");
        return { n: 1 };
      });
      await step.sleep("nap", "1 minute");
      return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload;`,
    params: { n: 1 },
    drive: async (run) => {
      await run.create({ n: 1 });
      await run.event("go", "there");
      await run.finish();
      const { id: _, ...detail } = await run.detail();
      await run.note(withoutTimes(detail));
    },
    expect: {
      output: "there",
      notes: [
        {
          status: "complete",
          params: { n: 1 },
          trigger: { source: "api" },
          versionId: "v1",
          queued: "a time",
          start: "a time",
          end: "a time",
          success: true,
          error: null,
          output: "there",
          step_count: 1,
          rollback: null,
          steps: [
            {
              type: "step",
              name: "flaky-1",
              start: "a time",
              end: "a time",
              success: true,
              output: { n: 1 },
              config: { retries: { limit: 2, delay: "1 second", backoff: "constant" }, timeout: "10 minutes" },
              attempts: [
                {
                  start: "a time",
                  end: "a time",
                  success: false,
                  error: { name: "TypeError", message: "no" },
                  retryDelayMs: 1000,
                },
                { start: "a time", end: "a time", success: true, error: null },
              ],
            },
            { type: "sleep", name: "nap-1", start: "a time", end: "a time", finished: true, error: null },
            {
              type: "waitForEvent",
              name: "w-1",
              start: "a time",
              end: "a time",
              finished: true,
              error: null,
              event_type: "go",
              until: "a time",
              output: { payload: "there", timestamp: "a time", type: "go" },
            },
          ],
          logs: [],
        },
      ],
    },
    notFor: { cloudflare: NO_DETAIL },
  },
];

/** Fields that are each language's own, or counted by some runtimes alone. */
const OWN = new Set(["traceback", "cpuMs", "memoryBytes"]);

/**
 * *value* with its times as what they are, and without the fields that differ.
 *
 * @param {any} value
 * @returns {any}
 */
function withoutTimes(value) {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return "a time";
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !OWN.has(key));
  return Object.fromEntries(fields.map(([key, item]) => [key, withoutTimes(item)]));
}
