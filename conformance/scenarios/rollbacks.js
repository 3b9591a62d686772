/** Rollbacks: steps that are undone. */

/** @import { Scenario } from "../scenario.d.ts" */

import { until } from "../drives.js";
import { NAP, NO_RETRY, toldBySecondRun, undoing } from "../flows.js";
import { NO_ROLLBACK, WAITS_FOR_PAUSE } from "../reasons.js";
import { RICH } from "../vectors.js";

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
    ...undoing(NAP),
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
    ...undoing(NAP),
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.terminate();
      await run.finish();
    },
    expect: { status: "terminated" },
  },
  {
    name: "rollbacks: steps side by side are undone by when they started, not by when they ended",
    ...toldBySecondRun({
      python: `
      def make(name, seconds):
          @step.do(name, rollback=lambda: calls(event).append(name))
          async def one():
              await asyncio.sleep(seconds)
          return one
      await asyncio.gather(make("slow", 0.3)(), make("fast", 0)())
      fails("broken")`,
      javascript: `
      const make = (name, ms) =>
        step.do(name, async () => void (await new Promise((resolve) => setTimeout(resolve, ms))), {
          rollback: async () => void calls(event).push(name),
        });
      await Promise.all([make("slow", 300), make("fast", 0)]);
      fails("broken");`,
    }),
    expect: { output: ["fast", "slow"], notes: ["errored"] },
  },
  {
    name: "rollbacks: a handler's context shows no delay where that is a function",
    ...toldBySecondRun({
      python: `
      config = {"retries": {"limit": 1, "delay": lambda: 5}}
      @step.do("a", config=config, rollback=lambda ctx: calls(event).append("delay" in ctx["config"]["retries"]))
      async def a():
          return 1
      await a()
      fails("broken")`,
      javascript: `
      await step.do("a", { retries: { limit: 1, delay: () => 5 } }, async () => 1, {
        rollback: async ({ ctx }) => void calls(event).push("delay" in ctx.config.retries),
      });
      fails("broken");`,
    }),
    expect: { output: [false], notes: ["errored"] },
  },
  {
    name: "rollbacks: terminate with rollback while it is paused",
    python: `
      @step.do("a", rollback=lambda output: calls(event).append(output))
      async def a():
          return 1
      await a()
      await step.sleep("nap", "1 hour")`,
    javascript: `
      await step.do("a", async () => 1, { rollback: async ({ output }) => void calls(event).push(output) });
      await step.sleep("nap", "1 hour");`,
    drive: async (run) => {
      await run.create();
      await run.settle();
      await run.pause();
      await until(run, "paused");
      await run.note(run.status());
      await run.terminate({ rollback: true });
      await run.finish();
    },
    expect: { status: "terminated", notes: ["paused"] },
    differs: { cloudflare: WAITS_FOR_PAUSE },
  },
];

export default scenarios.map((scenario) => ({ ...scenario, notFor: { "python-upstream-sdk": NO_ROLLBACK } }));
