/** Delays between attempts that a function computes. */

/** @import { Scenario } from "../scenario.d.ts" */

const GIVEN_ONE = "a delay function is given one object of JavaScript's";

/**
 * A step that succeeds at its last attempt.
 *
 * @param {object} retries
 * @param {number} retries.limit
 * @param {string} retries.python the delay
 * @param {string} retries.javascript
 * @param {string} [retries.backoff]
 */
function flaky({ limit, python, javascript, backoff = "exponential" }) {
  return {
    python: `
      async def later():
          await asyncio.sleep(0)
          return 5
      @step.do("a", config={"retries": {"limit": ${limit}, "delay": ${python}, "backoff": "${backoff}"}})
      async def a(ctx):
          if ctx["attempt"] <= ${limit}:
              fails("no")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      const retries = { limit: ${limit}, delay: ${javascript}, backoff: "${backoff}" };
      return await step.do("a", { retries }, async (ctx) => {
        if (ctx.attempt <= ${limit}) fails("no");
        return ctx.attempt;
      });`,
    expect: { output: limit + 1 },
    differs: { "python-upstream-sdk": GIVEN_ONE },
  };
}

/** @type {Scenario[]} */
export default [
  {
    name: "delays: a function of the attempt",
    ...flaky({
      limit: 3,
      python: `lambda ctx: ctx["attempt"] * 5`,
      javascript: "({ ctx }) => ctx.attempt * 5",
      backoff: "constant",
    }),
  },
  {
    name: "delays: a function of the error, that gives text",
    ...flaky({
      limit: 2,
      python: `lambda error: "10 ms" if "no" in str(error) else 0`,
      javascript: `({ error }) => (error.message.includes("no") ? "10 ms" : 0)`,
    }),
  },
  {
    name: "delays: a function that waits",
    ...flaky({ limit: 2, python: "later", javascript: "async () => 5", backoff: "linear" }),
  },
  {
    name: "delays: the context of a step with a function has no delay",
    python: `
      @step.do("a", config={"retries": {"limit": 2, "delay": lambda: 5}})
      async def a(ctx):
          return "delay" in ctx["config"]["retries"]
      return await a()`,
    javascript: `
      return await step.do("a", { retries: { limit: 2, delay: () => 5 } }, async (ctx) => "delay" in ctx.config.retries);`,
    expect: { output: false },
  },
];
