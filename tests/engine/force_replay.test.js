/** Forced replays: after each step, sleep and wait a pass is dropped, and nothing shows it but `run()` itself. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

/** @import { Run } from "./fake_guest.js" */

/** @param {Run} run @param {boolean} forceReplay */
async function ran(run, forceReplay) {
  let calls = 0;
  const harness = new Harness(
    (event, step) => {
      calls += 1;
      return run(event, step);
    },
    { forceReplay },
  );
  await harness.create();
  return { harness, calls: () => calls };
}

test("run() is called again after each step, sleep and wait", async () => {
  /** @type {Run} */
  const run = async (_event, step) => {
    const first = await step.do("a", () => 1);
    await step.sleep("nap", 60_000);
    const { payload } = await step.waitForEvent("wait", { type: "go" });
    return [first, payload, await step.do("b", () => 2)];
  };
  const { harness, calls } = await ran(run, true);
  await harness.pass(60_000);
  await harness.event("go", "went");

  assert.deepEqual(harness.output(), [1, "went", 2]);
  // The first pass, and one after each step, sleep and wait. The nap and the event have their outcome before the pass begins
  // that they cause.
  assert.equal(calls(), 5);
});

test("the log is the one of a run without forced replays", async () => {
  /** @type {Run} */
  const run = async (_event, step) => {
    const all = await Promise.all([step.do("a", () => 1), step.do("b", () => 2), step.sleep("nap", 1000)]);
    await step
      .do("fails", { retries: { limit: 1, delay: 1000 } }, () => Promise.reject(new Error("no")))
      .catch(() => {});
    return all;
  };
  const logs = [];
  for (const forced of [false, true]) {
    const { harness } = await ran(run, forced);
    await harness.pass(60_000);
    assert.equal(harness.status(), "complete");
    logs.push(harness.log({ workflow: true }));
  }

  assert.deepEqual(logs[1], logs[0]);
});

test("an attempt that is under way when another step ends is not cut", async () => {
  /** @type {(value: unknown) => void} */
  let end = () => {};
  let attempts = 0;
  /** @type {Run} */
  const run = async (_event, step) => {
    const slow = step.do("slow", () => {
      attempts += 1;
      return new Promise((resolve) => (end = resolve));
    });
    const fast = await step.do("fast", () => "fast");
    return [fast, await slow];
  };
  const { harness } = await ran(run, true);
  await harness.settle();
  end("slow");
  await harness.settle();

  assert.deepEqual(harness.output(), ["fast", "slow"]);
  assert.equal(attempts, 1);
});

test("an instance that is paused stays so", async () => {
  /** @type {(value: unknown) => void} */
  let end = () => {};
  const { harness } = await ran(async (_event, step) => {
    await step.do("a", () => new Promise((resolve) => (end = resolve)));
    return await step.do("b", () => 2);
  }, true);
  await harness.engine.commands.pause("flow", "i1");
  end(1);
  await harness.settle();

  assert.equal(harness.status(), "paused");
  await harness.engine.commands.resume("flow", "i1");
  await harness.settle();
  assert.equal(harness.output(), 2);
});
