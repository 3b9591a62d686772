/** How much an instance may keep as a whole. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

const FULL = { name: "WorkflowFatalError", message: "The instance has exceeded the 1GiB storage limit" };
const TEXT = "x".repeat(400);

test("a result that does not fit fails its step, without a retry and without rollbacks, and the instance with it", async () => {
  let undone = 0;
  const harness = new Harness(
    async (_event, step) => {
      await step.do("a", async () => TEXT, { rollback: () => (undone += 1) });
      await step.do("b", async () => TEXT).catch(() => "never");
      await step.do("c", async () => TEXT).catch(() => "never");
    },
    { stateLimit: 1000 },
  );

  await harness.create();

  assert.deepEqual(harness.error(), FULL);
  assert.equal(undone, 0);
  assert.deepEqual(harness.log({ workflow: true }).slice(-5), [
    "STEP_START c-1",
    "ATTEMPT_START c-1",
    "ATTEMPT_FAILURE c-1",
    "STEP_FAILURE c-1",
    "WORKFLOW_FAILURE",
  ]);
});

test("what earlier passes have kept counts", async () => {
  const harness = new Harness(
    async (_event, step) => {
      await step.do("a", async () => TEXT);
      await step.do("b", async () => TEXT);
      await step.sleep("nap", 60_000);
      await step.do("c", async () => TEXT);
    },
    { stateLimit: 1000 },
  );
  await harness.create();

  harness.crash();
  await harness.pass(60_000);

  assert.deepEqual(harness.error(), FULL);
});

test("byte streams count, also those of earlier passes; what a failed attempt has left does not", async () => {
  const limit = 3 * 256 * 1024;
  const harness = new Harness(() => new Promise(() => {}), { stateLimit: limit });
  const { guest } = harness;
  const pass = 1;
  const chunk = (/** @type {number} */ ref, /** @type {number} */ attempt, /** @type {number} */ index) =>
    guest.onmessages([{ type: "writeChunk", pass, ref: 100 + index, step: ref, attempt, index, value: '"x"' }]);
  await harness.create();
  guest.onmessages([
    { type: "do", pass, ref: 1, name: "a", count: 1, started: true },
    { type: "do", pass, ref: 2, name: "b", count: 1, started: true },
  ]);
  chunk(1, 1, 0);
  chunk(2, 1, 0);
  chunk(2, 1, 1);
  guest.onmessages([{ type: "failed", pass, ref: 2, attempt: 1, error: { name: "Error", message: "no" } }]);
  await harness.pass(1000);
  chunk(2, 2, 0);
  chunk(2, 2, 1);
  await harness.settle();
  assert.equal(harness.status(), "running");

  chunk(2, 2, 2);
  await harness.settle();

  assert.deepEqual(harness.error(), FULL);
});
