/** Rollbacks: steps that are undone. And delay functions. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

import { RICH } from "../vectors.js";

const NO_CRASH = "its process cannot be crashed from here";
const NO_ROLLBACK = "it has no rollback";
const GIVEN_ONE = "a delay function is given one object of JavaScript's";
const NO_RETRY = '{"retries": {"limit": 0, "delay": 1}}';

/**
 * Steps a, b, c that note how they are undone, and then *end*.
 *
 * @param {{ python: string, javascript: string }} end
 */
function undoing(end) {
  return {
    python: `
      for name in ["a", "b", "c"]:
          @step.do(name, rollback=lambda output: calls(event).append(f"undo {output}"))
          async def one():
              return name
          await one()
      ${end.python}`,
    javascript: `
      for (const name of ["a", "b", "c"]) {
        await step.do(name, async () => name, {
          rollback: async ({ output }) => void calls(event).push(\`undo \${output}\`),
        });
      }
      ${end.javascript}`,
  };
}

/**
 * What the handlers did is told by another run of the same instance: the first one fails, the second returns it.
 *
 * @param {{ python: string, javascript: string }} flow
 */
function toldBySecondRun({ python, javascript }) {
  return {
    python: `
      @step.do("which run")
      async def which_run():
          calls(event).append("run")
          return calls(event).count("run")
      if await which_run() == 2:
          return [each for each in calls(event) if each != "run"]
      ${python.trim()}`,
    javascript: `
      const which = await step.do("which run", async () => {
        calls(event).push("run");
        return calls(event).filter((each) => each === "run").length;
      });
      if (which === 2) return calls(event).filter((each) => each !== "run");
      ${javascript.trim()}`,
    drive: async (/** @type {Run} */ run) => {
      await run.create();
      await run.finish();
      await run.note(run.status());
      await run.restart();
      await run.finish();
    },
  };
}

/** @type {Scenario[]} */
const scenarios = [
  {
    name: "rollbacks: run() throws",
    ...undoing({ python: `fails("broken")`, javascript: `fails("broken");` }),
    expect: { error: { name: "TypeError", message: "broken" } },
  },
  {
    name: "rollbacks: the last step to have started is undone first",
    ...toldBySecondRun(undoing({ python: `fails("broken")`, javascript: `fails("broken");` })),
    expect: { output: ["undo c", "undo b", "undo a"], notes: ["errored"] },
  },
  {
    name: "rollbacks: a run that succeeds undoes nothing",
    ...undoing({ python: `return calls(event)`, javascript: `return calls(event);` }),
    expect: { output: [] },
  },
  {
    name: "rollbacks: an error that is caught undoes nothing",
    ...undoing({
      python: `
      try:
          fails("broken")
      except TypeError:
          return calls(event)`,
      javascript: `
      try {
        fails("broken");
      } catch {
        return calls(event);
      }`,
    }),
    expect: { output: [] },
  },
  {
    name: "rollbacks: a step that failed is undone too, without an output",
    ...toldBySecondRun({
      python: `
      @step.do("bad", config=${NO_RETRY}, rollback=lambda output, error: calls(event).append([output is None, str(error)]))
      async def bad():
          fails("broken")
      await bad()`,
      javascript: `
      await step.do("bad", ${NO_RETRY}, async () => fails("broken"), {
        rollback: async ({ output, error }) => void calls(event).push([output === undefined, error.message]),
      });`,
    }),
    expect: { output: [[true, "broken"]], notes: ["errored"] },
  },
  {
    name: "rollbacks: a handler is told the step",
    ...toldBySecondRun({
      python: `
      @step.do("a", rollback=lambda ctx: calls(event).append([ctx["step"]["name"], ctx["step"]["count"]]))
      async def a():
          return 1
      await a()
      fails("broken")`,
      javascript: `
      await step.do("a", async () => 1, {
        rollback: async ({ ctx }) => void calls(event).push([ctx.step.name, ctx.step.count]),
      });
      fails("broken");`,
    }),
    expect: { output: [["a", 1]], notes: ["errored"] },
  },
  ...RICH.map(({ what, python, sees, javascript, looks }) => ({
    name: `rollbacks: a handler is given ${what}`,
    ...toldBySecondRun({
      python: `
      @step.do("a", rollback=lambda output: calls(event).append((lambda x: ${sees})(output["x"])))
      async def a():
          return {"x": ${python}}
      await a()
      fails("broken")`,
      javascript: `
      const seen = (x) => ${looks};
      await step.do("a", async () => ({ x: ${javascript} }), {
        rollback: async ({ output }) => void calls(event).push(seen(output.x)),
      });
      fails("broken");`,
    }),
    expect: { output: [true], notes: ["errored"] },
  })),
  {
    name: "rollbacks: a step without a handler is passed over",
    ...toldBySecondRun({
      python: `
      @step.do("a", rollback=lambda: calls(event).append("a"))
      async def a():
          return 1
      await a()
      @step.do("b")
      async def b():
          return 2
      await b()
      fails("broken")`,
      javascript: `
      await step.do("a", async () => 1, { rollback: async () => void calls(event).push("a") });
      await step.do("b", async () => 2);
      fails("broken");`,
    }),
    expect: { output: ["a"], notes: ["errored"] },
  },
  {
    name: "rollbacks: a handler that fails is tried again",
    ...toldBySecondRun({
      python: `
      def undo():
          calls(event).append("undo")
          if calls(event).count("undo") < 3:
              fails("not yet")
      @step.do("a", rollback=undo, rollback_config={"retries": {"limit": 3, "delay": "1 second", "backoff": "constant"}})
      async def a():
          return 1
      await a()
      fails("broken")`,
      javascript: `
      const undo = async () => {
        calls(event).push("undo");
        if (calls(event).filter((each) => each === "undo").length < 3) fails("not yet");
      };
      const rollbackConfig = { retries: { limit: 3, delay: "1 second", backoff: "constant" } };
      await step.do("a", async () => 1, { rollback: undo, rollbackConfig });
      fails("broken");`,
    }),
    expect: { output: ["undo", "undo", "undo"], notes: ["errored"] },
  },
  {
    name: "rollbacks: a handler that fails for good stops the rest",
    python: `
      @step.do("a", rollback=lambda: calls(event).append("a"))
      async def a():
          return 1
      await a()
      @step.do("b", rollback=lambda: fails("cannot"), rollback_config=${NO_RETRY})
      async def b():
          return 1
      await b()
      fails("broken")`,
    javascript: `
      await step.do("a", async () => 1, { rollback: async () => void calls(event).push("a") });
      await step.do("b", async () => 1, { rollback: async () => fails("cannot"), rollbackConfig: ${NO_RETRY} });
      fails("broken");`,
    expect: { error: { name: "TypeError", message: "broken" } },
  },
  {
    name: "rollbacks: terminate with rollback",
    ...undoing({
      python: `await step.sleep("nap", "1 hour")`,
      javascript: `await step.sleep("nap", "1 hour");`,
    }),
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.terminate({ rollback: true });
      await run.finish();
    },
    expect: { status: "terminated" },
  },
  {
    name: "rollbacks: terminate without rollback undoes nothing",
    ...undoing({
      python: `await step.sleep("nap", "1 hour")`,
      javascript: `await step.sleep("nap", "1 hour");`,
    }),
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.terminate();
      await run.finish();
    },
    expect: { status: "terminated" },
  },
  {
    name: "rollbacks: terminate with rollback after a restart of the engine",
    ...undoing({
      python: `await step.sleep("nap", "1 hour")`,
      javascript: `await step.sleep("nap", "1 hour");`,
    }),
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.crash();
      await run.terminate({ rollback: true });
      await run.finish();
    },
    expect: { status: "terminated" },
    notFor: { cloudflare: NO_CRASH },
  },
  ...["fail", "end"].map((type) => ({
    name: `rollbacks: the engine dies before \`${type === "end" ? "undone" : type}\` arrives`,
    ...undoing({ python: `fails("broken")`, javascript: `fails("broken");` }),
    drive: async (/** @type {Run} */ run) => {
      run.crashBefore(type);
      await run.create();
      await run.finish();
    },
    expect: { error: { name: "TypeError", message: "broken" } },
    notFor: { cloudflare: NO_CRASH },
  })),

  {
    name: "delays: a function of the attempt",
    python: `
      @step.do("a", config={"retries": {"limit": 3, "delay": lambda ctx: ctx["attempt"] * 5, "backoff": "constant"}})
      async def a(ctx):
          if ctx["attempt"] < 4:
              fails("no")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      const retries = { limit: 3, delay: ({ ctx }) => ctx.attempt * 5, backoff: "constant" };
      return await step.do("a", { retries }, async (ctx) => {
        if (ctx.attempt < 4) fails("no");
        return ctx.attempt;
      });`,
    expect: { output: 4 },
    differs: { "python-upstream-sdk": GIVEN_ONE },
  },
  {
    name: "delays: a function of the error, that gives text",
    python: `
      @step.do("a", config={"retries": {"limit": 3, "delay": lambda error: "10 ms" if "no" in str(error) else 0}})
      async def a(ctx):
          if ctx["attempt"] < 3:
              fails("no")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      const retries = { limit: 3, delay: ({ error }) => (error.message.includes("no") ? "10 ms" : 0) };
      return await step.do("a", { retries }, async (ctx) => {
        if (ctx.attempt < 3) fails("no");
        return ctx.attempt;
      });`,
    expect: { output: 3 },
    differs: { "python-upstream-sdk": GIVEN_ONE },
  },
  {
    name: "delays: a function that waits",
    python: `
      async def delay():
          await asyncio.sleep(0)
          return 5
      @step.do("a", config={"retries": {"limit": 2, "delay": delay, "backoff": "linear"}})
      async def a(ctx):
          if ctx["attempt"] < 3:
              fails("no")
          return ctx["attempt"]
      return await a()`,
    javascript: `
      const retries = { limit: 2, delay: async () => 5, backoff: "linear" };
      return await step.do("a", { retries }, async (ctx) => {
        if (ctx.attempt < 3) fails("no");
        return ctx.attempt;
      });`,
    expect: { output: 3 },
    differs: { "python-upstream-sdk": GIVEN_ONE },
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

export default scenarios.map((scenario) =>
  scenario.name.startsWith("rollbacks:")
    ? { ...scenario, notFor: { "python-upstream-sdk": NO_ROLLBACK, ...scenario.notFor } }
    : scenario,
);
