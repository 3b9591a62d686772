/** What people are shown: the outputs of steps and waits, and what is hidden; and limits of sleeps, waits and events. */

/** @import { Scenario } from "../scenario.d.ts" */

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
  ...[
    ["a sleep of more than a year", 'step.sleep("nap", "366 days")', 'step.sleep("nap", "366 days")'],
    ["a sleep of no known unit", 'step.sleep("nap", "5 parsecs")', 'step.sleep("nap", "5 parsecs")'],
    ["a negative sleep", 'step.sleep("nap", -1)', 'step.sleep("nap", -1)'],
  ].map(([what, python, javascript]) => ({
    name: `limits: ${what} is refused`,
    python: `
      try:
          await ${python}
      except Exception as error:
          return "nap" in str(error)`,
    javascript: `
      try {
        await ${javascript};
      } catch (error) {
        return error.message.includes("nap");
      }`,
    expect: { output: true },
    notFor: { cloudflare: "the local engine does not check durations" },
  })),
  {
    name: "limits: an event of more than 1 MiB is refused",
    python: `return len((await step.wait_for_event("w", "go", timeout="1 hour"))["payload"])`,
    javascript: `return (await step.waitForEvent("w", { type: "go", timeout: "1 hour" })).payload.length;`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.note(
        run.event("go", "x".repeat(1_100_000)).then(
          () => "taken",
          () => "refused",
        ),
      );
      await run.event("go", "small");
      await run.finish();
    },
    expect: { output: 5, notes: ["refused"] },
    notFor: { cloudflare: "only production checks its size" },
  },
];
