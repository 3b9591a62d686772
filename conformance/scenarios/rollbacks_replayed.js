/** Rollbacks whose handlers a replay has to find again: the engine has died. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

import { NAP, NO_RETRY, undoing } from "../flows.js";
import { NO_CRASH, NO_ROLLBACK } from "../reasons.js";

/** @param {Run} run */
async function terminateAfterCrash(run) {
  await run.create();
  await run.settle();
  await run.crash();
  await run.terminate({ rollback: true });
  await run.finish();
}

/** @type {Scenario[]} */
const scenarios = [
  {
    name: "rollbacks: terminate with rollback after a restart of the engine",
    ...undoing(NAP),
    drive: terminateAfterCrash,
    expect: { status: "terminated" },
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
  })),
  {
    name: "rollbacks: a handler that the code no longer has ends the rollback",
    python: `
      calls(event).append("run")
      handler = {"rollback": lambda: calls(event).append("undo")} if len(calls(event)) == 1 else {}
      @step.do("a", **handler)
      async def a():
          return 1
      await a()
      await step.sleep("nap", "1 hour")`,
    javascript: `
      calls(event).push("run");
      const handler = calls(event).length === 1 ? [{ rollback: async () => void calls(event).push("undo") }] : [];
      await step.do("a", async () => 1, ...handler);
      await step.sleep("nap", "1 hour");`,
    drive: terminateAfterCrash,
    expect: { status: "terminated" },
  },
  {
    name: "rollbacks: a step that failed and was caught is undone after a restart of the engine",
    python: `
      @step.do("a", config=${NO_RETRY}, rollback=lambda output: calls(event).append(output))
      async def a():
          fails("no")
      try:
          await a()
      except TypeError:
          pass
      await step.sleep("nap", "1 hour")`,
    javascript: `
      try {
        await step.do("a", ${NO_RETRY}, async () => fails("no"), { rollback: async ({ output }) => void calls(event).push(output) });
      } catch {
        // It is undone all the same.
      }
      await step.sleep("nap", "1 hour");`,
    drive: terminateAfterCrash,
    expect: { status: "terminated" },
  },
  {
    name: "rollbacks: a step that a crash has cut is undone without an output",
    hangs: true,
    python: `
      @step.do("a", rollback=lambda output: fails("undone with " + repr(output)), rollback_config=${NO_RETRY})
      async def a():
          await asyncio.Event().wait()
      await a()`,
    javascript: `
      await step.do("a", () => new Promise(() => {}), {
        rollback: async ({ output }) => fails("undone with " + (output === undefined ? "None" : output)),
        rollbackConfig: ${NO_RETRY},
      });`,
    drive: async (run) => {
      await run.create();
      await run.started("a");
      await run.crash();
      await run.terminate({ rollback: true });
      await run.finish();
      const { outcome, error } = (await run.detail()).rollback;
      await run.note(outcome);
      await run.note(error.message);
    },
    expect: { status: "terminated", notes: ["failed", "undone with None"] },
    logVaries: "whether another attempt begins before the rollback is a race",
  },
];

export default scenarios.map((scenario) => ({
  ...scenario,
  notFor: { cloudflare: NO_CRASH, "python-upstream-sdk": NO_ROLLBACK },
}));
