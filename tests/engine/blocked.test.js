/** Code that does not load: it fails no instance, and what waits for it continues when it loads. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

const message = "flow.py has no class Flow. Found: Flaw.";

/** @param {Harness} h */
const reasons = (h) => h.problems.map(({ workflow, error }) => [workflow, /** @type {Error} */ (error).message]);

test("an instance whose code does not load waits, and continues when it does", async () => {
  const h = new Harness(async (_event, step) => {
    await step.sleep("nap", 60_000);
    return "done";
  });
  await h.create();
  await h.pass(100);
  h.loadError = new Error(message);

  await h.pass(3_600_000);
  assert.equal(h.status(), "waiting");
  assert.deepEqual(reasons(h), [["flow", message]]);
  assert.deepEqual(h.unblocked, []);

  h.loadError = undefined;
  await h.pass(2000);
  assert.equal(h.output(), "done");
  assert.deepEqual(h.unblocked, ["flow"]);
});

test("each reason is reported once, for however many instances", async () => {
  const h = new Harness(async () => "done");
  h.loadError = new Error("first");
  await h.create({}, "i1");
  await h.create({}, "i2");
  await h.pass(10_000);
  h.loadError = new Error("second");
  await h.pass(10_000);

  assert.deepEqual(reasons(h), [
    ["flow", "first"],
    ["flow", "second"],
  ]);
});

test("a deployment that does not load in a further interpreter fails no pass", async () => {
  const h = new Harness(async (_event, step) => await step.do("a", () => new Promise(() => {})));
  await h.create();
  const [pass] = h.guest.passes.keys();
  h.guest.passes.clear();
  h.guest.run = async () => "done";
  h.loadError = new Error(message);
  h.guest.onlost([{ pass, blamed: [], reason: message, unloadable: true }]);
  await h.pass(10_000);

  assert.equal(h.status(), "running");
  assert.deepEqual(reasons(h), [["flow", message]]);

  h.loadError = undefined;
  await h.pass(2000);
  assert.equal(h.output(), "done");
});
