/** Retries, back-off, limits and timeouts of attempts. */

/** @import { Scenario } from "../scenario.d.ts" */

/**
 * A step that fails *failures* times and then gives its attempt.
 *
 * @param {object} retries
 * @param {number} failures
 */
function flaky(retries, failures) {
  const config = JSON.stringify({ retries });
  const python = config.replaceAll("null", "None");
  return {
    python: `
      @step.do("a", config=${python})
      async def a(ctx):
          if ctx["attempt"] <= ${failures}:
              fails(f"no {ctx['attempt']}")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      return await step.do("a", ${config}, async (ctx) => {
        if (ctx.attempt <= ${failures}) fails(\`no \${ctx.attempt}\`);
        return ctx.attempt;
      });`,
  };
}

const BACKOFFS = /** @type {const} */ ([
  ["constant", "2 seconds", 3],
  ["linear", "2 seconds", 3],
  ["exponential", "2 seconds", 4],
  ["constant", 0, 2],
  ["exponential", 7, 3],
  ["linear", "1 minute", 2],
  ["exponential", "1 hour", 2],
]);

/** @type {Scenario[]} */
export default [
  ...BACKOFFS.map(([backoff, delay, failures]) => ({
    name: `retries: ${failures} failures, ${backoff} back-off of ${delay}`,
    ...flaky({ limit: 5, delay, backoff }, failures),
    expect: { output: failures + 1 },
    ...(delay === "1 hour" ? { notFor: { cloudflare: "the waits are too long for real time" } } : {}),
  })),
  {
    name: "retries: by default, once",
    ...flaky({ limit: 5, delay: 1000 }, 1),
    expect: { output: 2 },
  },
  ...[0, 1, 3].map((limit) => ({
    name: `retries: a limit of ${limit} is ${limit + 1} attempts`,
    ...flaky({ limit, delay: "1 second", backoff: "constant" }, 9),
    expect: { error: { name: "TypeError", message: `no ${limit + 1}` } },
    differs: { "python-upstream-sdk": "the class's name stands before the message of what a step has raised" },
  })),
  {
    name: "retries: a limit of 0 that is not needed",
    ...flaky({ limit: 0, delay: 1 }, 0),
    expect: { output: 1 },
  },
  {
    name: "retries: the limit may be without end",
    python: `
      @step.do("a", config={"retries": {"limit": float("inf"), "delay": 1, "backoff": "constant"}})
      async def a(ctx):
          if ctx["attempt"] < 20:
              fails("no")
          return ctx["config"]["retries"]["limit"] == float("inf")
      return await a()`,
    javascript: `
      return await step.do("a", { retries: { limit: Infinity, delay: 1, backoff: "constant" } }, async (ctx) => {
        if (ctx.attempt < 20) fails("no");
        return ctx.config.retries.limit === Infinity;
      });`,
    expect: { output: true },
    differs: { cloudflare: "it refuses Infinity as a limit, which its types allow" },
  },
  {
    name: "retries: a callback runs once per attempt",
    python: `
      @step.do("a", config={"retries": {"limit": 4, "delay": "1 second"}})
      async def a(ctx):
          calls(event).append(ctx["attempt"])
          if ctx["attempt"] < 4:
              fails("no")
          return "ok"
      await a()
      return calls(event)`,
    javascript: `
      await step.do("a", { retries: { limit: 4, delay: "1 second" } }, async (ctx) => {
        calls(event).push(ctx.attempt);
        if (ctx.attempt < 4) fails("no");
        return "ok";
      });
      return calls(event);`,
    expect: { output: [1, 2, 3, 4] },
  },
  {
    name: "retries: a finished step is not run again while another is retried",
    python: `
      @step.do("first")
      async def first():
          calls(event).append("first")
      await first()
      @step.do("second", config={"retries": {"limit": 2, "delay": "1 day"}})
      async def second(ctx):
          calls(event).append("second")
          if ctx["attempt"] < 3:
              fails("no")
      await second()
      return calls(event)`,
    javascript: `
      await step.do("first", async () => void calls(event).push("first"));
      await step.do("second", { retries: { limit: 2, delay: "1 minute" } }, async (ctx) => {
        calls(event).push("second");
        if (ctx.attempt < 3) fails("no");
      });
      return calls(event);`,
    expect: { output: ["first", "second", "second", "second"] },
    logVaries: "a day is too long for real time",
  },
  {
    name: "retries: two steps are retried side by side",
    unordered: true,
    python: `
      def make(name):
          @step.do(name, config={"retries": {"limit": 3, "delay": "2 seconds", "backoff": "constant"}})
          async def one(ctx):
              if ctx["attempt"] < 3:
                  fails("no")
              return name
          return one
      return await asyncio.gather(make("a")(), make("b")())`,
    javascript: `
      const make = (name) =>
        step.do(name, { retries: { limit: 3, delay: "2 seconds", backoff: "constant" } }, async (ctx) => {
          if (ctx.attempt < 3) fails("no");
          return name;
        });
      return await Promise.all([make("a"), make("b")]);`,
    expect: { output: ["a", "b"] },
  },
  {
    name: "retries: an error without a message is tried again too",
    python: `
      @step.do("a", config={"retries": {"limit": 3, "delay": "1 second"}})
      async def a(ctx):
          if ctx["attempt"] < 3:
              fails("")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      return await step.do("a", { retries: { limit: 3, delay: "1 second" } }, async (ctx) => {
        if (ctx.attempt < 3) fails("");
        return ctx.attempt;
      });`,
    expect: { output: 3 },
  },
  {
    name: "retries: a NonRetryableError stops at once",
    python: `
      @step.do("a")
      async def a():
          raise NonRetryableError("no use")
      await a()`,
    javascript: `
      await step.do("a", async () => {
        throw new NonRetryableError("no use");
      });`,
    expect: { error: { name: "NonRetryableError", message: "no use" } },
    differs: {
      cloudflare:
        "`Error` with `NonRetryableError: …` as message, and the attempt is logged as a WorkflowFatalError with the message in its message",
    },
  },
  {
    name: "retries: a NonRetryableError without a message stops too",
    python: `
      @step.do("a")
      async def a():
          raise NonRetryableError("")
      await a()`,
    javascript: `
      await step.do("a", async () => {
        throw new NonRetryableError("");
      });`,
    expect: { error: { name: "NonRetryableError", message: "" } },
    differs: {
      cloudflare:
        "`Error` with `NonRetryableError: …` as message, and the attempt is logged as a WorkflowFatalError with the message in its message",
    },
  },
  {
    name: "retries: a subclass of NonRetryableError stops too",
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": "1 second"}})
      async def a():
          calls(event).append(1)
          raise Stop("mine")
      try:
          await a()
      except Exception:
          return len(calls(event))`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 2, delay: "1 second" } }, async () => {
          calls(event).push(1);
          throw new Stop("mine");
        });
      } catch {
        return calls(event).length;
      }`,
    expect: { output: 1 },
    logVaries: "the name of a subclass is each language's",
    differs: { "python-upstream-sdk": "NonRetryableError is known by its bare name" },
  },
  {
    name: "retries: a NonRetryableError after a retry",
    python: `
      @step.do("a", config={"retries": {"limit": 5, "delay": "1 second"}})
      async def a(ctx):
          if ctx["attempt"] == 2:
              raise NonRetryableError("enough")
          fails("no")
      await a()`,
    javascript: `
      await step.do("a", { retries: { limit: 5, delay: "1 second" } }, async (ctx) => {
        if (ctx.attempt === 2) throw new NonRetryableError("enough");
        fails("no");
      });`,
    expect: { error: { name: "NonRetryableError", message: "enough" } },
    differs: {
      cloudflare:
        "`Error` with `NonRetryableError: …` as message, and the attempt is logged as a WorkflowFatalError with the message in its message",
    },
  },
  {
    name: "timeouts: an attempt that takes longer is given up and tried again",
    hangs: true,
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": "1 second", "backoff": "constant"}, "timeout": "5 seconds"})
      async def a(ctx):
          if ctx["attempt"] < 2:
              await asyncio.Event().wait()
          return ctx["attempt"]
      return await a()`,
    javascript: `
      const config = { retries: { limit: 2, delay: "1 second", backoff: "constant" }, timeout: "5 seconds" };
      return await step.do("a", config, async (ctx) => {
        if (ctx.attempt < 2) await new Promise(() => {});
        return ctx.attempt;
      });`,
    expect: { output: 2 },
  },
  {
    name: "timeouts: the last attempt's timeout is the step's error",
    hangs: true,
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 second"}, "timeout": "5 seconds"})
      async def a():
          await asyncio.Event().wait()
      try:
          await a()
      except WorkflowTimeoutError as error:
          return "Execution timed out after" in str(error)`,
    javascript: `
      try {
        await step.do("a", { retries: { limit: 1, delay: "1 second" }, timeout: "5 seconds" }, () => new Promise(() => {}));
      } catch (error) {
        return error.message.includes("Execution timed out after");
      }`,
    expect: { output: true },
    differs: { "python-upstream-sdk": "it has no class for timeouts" },
  },
  {
    name: "timeouts: what an attempt gives after its timeout does not count",
    hangs: true,
    python: `
      @step.do("a", config={"retries": {"limit": 1, "delay": "1 second"}, "timeout": "1 second"})
      async def a(ctx):
          if ctx["attempt"] == 1:
              await asyncio.Event().wait()
              return "late"
          return "in time"
      return await a()`,
    javascript: `
      return await step.do("a", { retries: { limit: 1, delay: "1 second" }, timeout: "1 second" }, async (ctx) => {
        if (ctx.attempt > 1) return "in time";
        await new Promise(() => {});
        return "late";
      });`,
    expect: { output: "in time" },
  },
];
