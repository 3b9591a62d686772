/** openworkflow on SQLite (`node:sqlite`): client and worker in one process. */

import { join } from "node:path";
import { OpenWorkflow } from "openworkflow";
import { BackendSqlite } from "openworkflow/sqlite";
import { delay, drive, LETTERS, note, settings } from "./driver.js";

const backend = BackendSqlite.connect(join(settings.folder, "openworkflow.sqlite"));
const client = new OpenWorkflow({ backend });

/** @type {Record<string, any>} */
const workflows = {
  sequential: client.defineWorkflow({ name: "sequential" }, async ({ input, step }) => {
    for (let i = 0; i < input.steps; i++) {
      await step.run({ name: `step-${i}` }, async () => {
        note(input.id, i);
        return i;
      });
    }
    return true;
  }),
  fanOut: client.defineWorkflow({ name: "fanOut" }, async ({ input, step }) => {
    const steps = Array.from({ length: input.steps }, (_, i) => step.run({ name: `step-${i}` }, async () => i));
    return (await Promise.all(steps)).length;
  }),
  sleeper: client.defineWorkflow({ name: "sleeper" }, async ({ input, step }) => {
    await step.sleep("nap", `${input.sleep}ms`);
    return await step.run({ name: "step" }, async () => 0);
  }),
  large: client.defineWorkflow({ name: "large" }, async ({ input, step }) => {
    let size = 0;
    for (let i = 0; i < input.steps; i++) {
      size += (await step.run({ name: `step-${i}` }, async () => ({ rows: Array(98).fill(LETTERS) }))).rows.length;
    }
    return size;
  }),
};

/** Its own wait asks once a second, so the row is read instead. @param {string} workflowRunId @param {number} poll */
async function ended(workflowRunId, poll) {
  for (;;) {
    const { status, error } = await backend.getWorkflowRun({ workflowRunId });
    if (status === "completed" || status === "succeeded") return;
    if (status === "failed" || status === "canceled") throw new Error(JSON.stringify(error));
    await delay(poll);
  }
}

const worker = client.newWorker({ concurrency: settings.concurrency ?? 20 });
await worker.start();
await drive({
  start: async (kind, id, input) => (await workflows[kind].run({ ...input, id })).workflowRun.id,
  async ended(ids, poll) {
    for (const id of ids) await ended(id, poll);
  },
  async resume(ids) {
    for (;;) {
      const { completed = 0, succeeded = 0 } = await backend.countWorkflowRuns();
      if (completed + succeeded >= ids.length) return;
      await delay(20);
    }
  },
});
