/** A stop that cuts nothing: what runs ends, and nothing else begins. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

/** Two instances: one whose step runs until the test ends it, and one that sleeps for a second first. */
function running() {
  /** @type {string[]} */
  const began = [];
  /** @type {Record<string, (value?: unknown) => void>} */
  const end = {};
  const h = new Harness(
    async (event, step) => {
      if (event.instanceId === "sleeper") await step.sleep("nap", 1000);
      for (const name of ["first", "second"])
        await step.do(name, { timeout: "1 hour" }, () => {
          began.push(`${event.instanceId} ${name}`);
          return new Promise((resolve) => (end[event.instanceId] = resolve));
        });
    },
    { keepParked: 60_000 },
  );
  return { h, began, end };
}

test("a drain waits for attempts, and a pass that would continue meanwhile begins none", async () => {
  const { h, began, end } = running();
  await h.create({}, "busy");
  await h.create({}, "sleeper");
  /** @type {number | undefined} */
  let left;
  const draining = h.engine.drain(60_000).then((running) => (left = running));

  await h.pass(5000);
  assert.equal(left, undefined);
  end.busy();
  await h.pass(1000);
  await draining;

  assert.equal(left, 0);
  assert.deepEqual(began, ["busy first"]);
  h.crash();
  await h.settle();
  assert.deepEqual(began, ["busy first", "busy second", "sleeper first"]);
});

test("a drain whose time is over says how many instances still have an attempt", async () => {
  const { h } = running();
  await h.create({}, "busy");

  const draining = h.engine.drain(3000);
  await h.pass(4000);

  assert.equal(await draining, 1);
});

test("what is resumed in a drain begins nothing", async () => {
  const { h, began, end } = running();
  await h.create({}, "busy");
  await h.engine.commands.pause("flow", "busy");
  const draining = h.engine.drain(60_000);

  await h.engine.commands.resume("flow", "busy");
  end.busy();
  await h.pass(1000);

  assert.equal(await draining, 0);
  assert.deepEqual(began, ["busy first"]);
});

test("an instance that waits is left as it is", async () => {
  const h = new Harness((_event, step) => step.waitForEvent("wait", { type: "go", timeout: "1 day" }), {
    keepParked: 60_000,
  });
  await h.create();
  await h.pass(1000);
  const before = h.row();

  const draining = h.engine.drain(60_000);
  await h.pass(1000);
  await draining;

  assert.equal(before.status, "waiting");
  assert.deepEqual(h.row(), before);
});
