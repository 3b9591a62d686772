/** Forms of `step.do`, its context, names and counts. */

/** @import { Scenario } from "../scenario.d.ts" */

/** @type {Scenario[]} */
export default [
  {
    name: "steps: nothing but a return",
    python: `return "done"`,
    javascript: `return "done";`,
    expect: { output: "done" },
  },
  {
    name: "steps: run() without a return",
    python: `pass`,
    javascript: ``,
    expect: { output: null },
    expectIn: { javascript: { output: null } },
  },
  {
    name: "steps: one step",
    python: `
      @step.do("a")
      async def a():
          return 1
      return await a()`,
    javascript: `return await step.do("a", async () => 1);`,
    expect: { output: 1 },
  },
  {
    name: "steps: an ordinary function as callback",
    python: `
      @step.do("a")
      def a():
          return "plain"
      return await a()`,
    javascript: `return await step.do("a", () => "plain");`,
    expect: { output: "plain" },
  },
  {
    name: "steps: a chain hands results on",
    python: `
      @step.do("a")
      async def a():
          return 1
      first = await a()
      @step.do("b")
      async def b():
          return first + 1
      second = await b()
      @step.do("c")
      async def c():
          return [first, second]
      return await c()`,
    javascript: `
      const first = await step.do("a", async () => 1);
      const second = await step.do("b", async () => first + 1);
      return await step.do("c", async () => [first, second]);`,
    expect: { output: [1, 2] },
  },
  {
    name: "steps: the same name three times counts",
    python: `
      seen = []
      for i in range(3):
          @step.do("again")
          async def again(ctx):
              return [i, ctx["step"]["name"], ctx["step"]["count"]]
          seen.append(await again())
      return seen`,
    javascript: `
      const seen = [];
      for (let i = 0; i < 3; i++) seen.push(await step.do("again", async (ctx) => [i, ctx.step.name, ctx.step.count]));
      return seen;`,
    expect: { output: [[0, "again", 1], [1, "again", 2], [2, "again", 3]] }, // prettier-ignore
  },
  {
    name: "steps: do, sleep and wait of one name count apart",
    python: `
      @step.do("x")
      async def x():
          return "did"
      await step.sleep("x", "1 second")
      event = await step.wait_for_event("x", "go", timeout="1 hour")
      return [await x(), event["payload"]]`,
    javascript: `
      await step.sleep("x", "1 second");
      const event = await step.waitForEvent("x", { type: "go", timeout: "1 hour" });
      return [await step.do("x", async () => "did"), event.payload];`,
    drive: async (run) => {
      await run.create();
      await run.event("go", 7);
      await run.finish();
    },
    expect: { output: ["did", 7] },
  },
  ...["1 abc", "weird / name — ü ☃", "a-1", "constructor", "__proto__", "x".repeat(256), " lead and trail "].map(
    (name) => ({
      name: `steps: name ${name.length > 30 ? `of ${name.length} characters` : JSON.stringify(name)}`,
      python: `
      @step.do(${JSON.stringify(name)})
      async def a(ctx):
          return ctx["step"]["name"]
      return await a()`,
      javascript: `return await step.do(${JSON.stringify(name)}, async (ctx) => ctx.step.name);`,
      expect: { output: name },
    }),
  ),
  {
    name: "steps: context has step, attempt and configuration",
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": "3 seconds"}})
      async def a(ctx):
          retries = ctx["config"]["retries"]
          return [ctx["attempt"], retries["limit"], retries["backoff"], ctx["config"]["timeout"]]
      return await a()`,
    javascript: `
      return await step.do("a", { retries: { limit: 2, delay: "3 seconds" } }, async (ctx) => {
        const { retries, timeout } = ctx.config;
        return [ctx.attempt, retries.limit, retries.backoff, timeout];
      });`,
    expect: { output: [1, 2, "exponential", "10 minutes"] },
  },
  {
    name: "steps: context has the defaults",
    python: `
      @step.do("a")
      async def a(ctx):
          retries = ctx["config"]["retries"]
          return [retries["limit"], retries["delay"], retries["backoff"], ctx["config"]["timeout"]]
      return await a()`,
    javascript: `
      return await step.do("a", async (ctx) => {
        const { retries, timeout } = ctx.config;
        return [retries.limit, retries.delay, retries.backoff, timeout];
      });`,
    expect: { output: [5, 1000, "exponential", "10 minutes"] },
  },
  {
    name: "steps: to change the context changes nothing",
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 second"}})
      async def a(ctx):
          calls(event).append(ctx["attempt"])
          ctx["config"]["retries"]["limit"] = 9
          fails("no")
      try:
          await a()
      except TypeError:
          return calls(event)`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 1, delay: "1 second" } }, async (ctx) => {
          calls(event).push(ctx.attempt);
          ctx.config.retries.limit = 9;
          fails("no");
        });
      } catch {
        return calls(event);
      }`,
    expect: { output: [1, 2] },
  },
  {
    name: "steps: the event says which instance it is",
    params: { n: 1 },
    python: `return [event["payload"]["n"], event["workflowName"] != "", len(event["instanceId"]) > 0]`,
    javascript: `return [event.payload.n, event.workflowName !== "", event.instanceId.length > 0];`,
    expect: { output: [1, true, true] },
  },
  {
    name: "steps: the event's time is the same in every replay",
    python: `
      first = event["timestamp"]
      @step.do("a")
      async def a():
          return first
      kept = await a()
      await step.sleep("nap", "1 day")
      return kept == event["timestamp"]`,
    javascript: `
      const kept = await step.do("a", async () => event.timestamp);
      await step.sleep("nap", "1 day");
      return Number(kept) === Number(event.timestamp);`,
    expect: { output: true },
  },
  {
    name: "steps: to change the event changes nothing after a replay",
    params: { n: 1 },
    python: `
      @step.do("a")
      async def a():
          event["payload"]["n"] += 1
          return event["payload"]["n"]
      await a()
      await step.sleep("nap", "1 day")
      return event["payload"]["n"]`,
    javascript: `
      await step.do("a", async () => ++event.payload.n);
      await step.sleep("nap", "1 day");
      return event.payload.n;`,
    expect: { output: 1 },
    notFor: { cloudflare: "it does not replay while it sleeps" },
  },
  {
    name: "steps: 300 steps in a row",
    python: `
      total = 0
      for i in range(300):
          @step.do(f"s{i}")
          async def one():
              return i
          total += await one()
      return total`,
    javascript: `
      let total = 0;
      for (let i = 0; i < 300; i++) total += await step.do(\`s\${i}\`, async () => i);
      return total;`,
    expect: { output: 44_850 },
  },
  {
    name: "steps: the step limit",
    stepLimit: 3,
    python: `
      for i in range(9):
          @step.do("s")
          async def s():
              return i
          await s()`,
    javascript: `for (let i = 0; i < 9; i++) await step.do("s", async () => i);`,
    expect: {
      error: {
        name: "WorkflowFatalError",
        message: "The limit of 3 steps has been reached. This limit can be changed in your worker configuration.",
      },
    },
    notFor: { cloudflare: "the limit is set for the whole process there" },
  },
  {
    name: "steps: sleeps do not count towards the limit",
    stepLimit: 2,
    python: `
      for i in range(5):
          await step.sleep("nap", "1 second")
      return "through"`,
    javascript: `
      for (let i = 0; i < 5; i++) await step.sleep("nap", "1 second");
      return "through";`,
    expect: { output: "through" },
    notFor: { cloudflare: "the limit is set for the whole process there" },
  },
  {
    name: "steps: a step inside a step",
    python: `
      @step.do("outer")
      async def outer():
          @step.do("inner")
          async def inner():
              return 1
          return await inner() + 1
      return await outer()`,
    javascript: `return await step.do("outer", async () => 1 + (await step.do("inner", async () => 1)));`,
    expect: { output: 2 },
  },
  {
    name: "steps: a step that is not awaited before run() returns",
    python: `
      @step.do("lost")
      async def lost():
          await asyncio.sleep(0.01)
          return 1
      task = asyncio.ensure_future(lost())
      return "gone"`,
    javascript: `
      void step.do("lost", () => new Promise((resolve) => setTimeout(resolve, 10)));
      return "gone";`,
    expect: { output: "gone" },
    logVaries: "whether the step begins is a race",
  },
];
