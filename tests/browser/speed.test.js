/** How long people wait: printed, for it depends on the machine and on what else it does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Playground } from "./page.js";

const FLOW = `
from workers import WorkflowEntrypoint
class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1
        return await one()
`;

test("the first workflow is done soon after opening, and sooner on a return visit", async (t) => {
  await using playground = await Playground.start();
  const { context } = await playground.profile();
  for (const visit of ["first visit", "return visit", "another return visit"]) {
    const { page } = await playground.open({ context, path: "bare.html" });
    await page.waitForFunction(() => "host" in globalThis);
    const [ready, done] = await page.evaluate(async (source) => {
      await host.ready();
      const started = performance.now();
      await host.deploy({ "main.py": source }, "main.py");
      const id = await host.create("Flow");
      await new Promise((resolve) => {
        host.subscribe("Flow", id, (events) => {
          if (events.some(({ type }) => type === "workflow_completed")) resolve(undefined);
        });
      });
      return [started, performance.now()];
    }, FLOW);
    t.diagnostic(
      `${visit}: Python ready after ${ready.toFixed(0)} ms, first workflow done after ${done.toFixed(0)} ms`,
    );
    assert.ok(done < 60_000);
    await page.close();
  }
});
