/** Workflows, in both languages, that more than one file of scenarios runs. */

import { twice } from "./drives.js";

/** A step's configuration, as JSON. */
export const NO_RETRY = '{"retries": {"limit": 0, "delay": 1}}';

/** A step, a sleep of an hour and a step, which note that they ran. */
export const NAPS = {
  python: `
      @step.do("a")
      async def a():
          calls(event).append("a")
          return "a"
      await a()
      await step.sleep("nap", "1 hour")
      @step.do("b")
      async def b():
          calls(event).append("b")
          return "b"
      await b()
      return calls(event)`,
  javascript: `
      const mark = (name) => step.do(name, async () => void calls(event).push(name));
      await mark("a");
      await step.sleep("nap", "1 hour");
      await mark("b");
      return calls(event);`,
};

/** Three steps that note that they ran. */
export const THREE = {
  python: `
      for name in ["a", "b", "c"]:
          @step.do(name)
          async def one():
              calls(event).append(name)
          await one()
      if len(calls(event)) < 3:
          fails("never")
      return calls(event)`,
  javascript: `
      for (const name of ["a", "b", "c"]) await step.do(name, async () => void calls(event).push(name));
      return calls(event);`,
};

export const NAP = { python: `await step.sleep("nap", "1 hour")`, javascript: `await step.sleep("nap", "1 hour");` };

/**
 * Steps a, b, c that note how they are undone, and then *end*.
 *
 * @param {{ python: string, javascript: string }} end
 */
export function undoing(end) {
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
export function toldBySecondRun({ python, javascript }) {
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
    drive: twice,
  };
}
