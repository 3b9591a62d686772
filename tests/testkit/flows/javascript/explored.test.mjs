/** Crash and order exploration, which `test_javascript.py` runs. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createTestHarness } from "stepwell/testing";

/** The same numbers in each run of the tests. */
let drawn = 1;
const CHANCE = { draw: () => (drawn = (drawn * 16_807) % 2_147_483_647) / 2_147_483_647 };
const harness = createTestHarness({
  root: import.meta.dirname,
  workers: [{ main: "../explored.mjs", bindings: { CHANCE } }],
});
const worker = harness.getWorker();
after(() => harness.close());
const SOUND = { params: { count: 3 }, events: { confirmed: "yes" }, pairs: 3 };

test("a sound workflow survives every crash, and what ran again is listed as allowed", async () => {
  const report = await worker.checkAllCrashes("SOUND", SOUND);

  assert.ok(report.points > 15 && report.runs > report.points, JSON.stringify(report));
  assert.deepEqual([...new Set(report.repeated.map(({ step }) => step))].toSorted(), [
    "charge-1",
    "courier-1",
    "receipt-1",
  ]);
  assert.ok(report.repeated.every(({ allowed }) => allowed));
});

test("a step that must not run twice is found", async () => {
  const found = worker.checkAllCrashes("SOUND", { ...SOUND, once: ["courier"], pairs: 0 });

  await assert.rejects(found, {
    name: "CrashError",
    message: /the callback of courier-1 ran 2 times, 1 without a crash/,
  });
});

test("state in a variable is lost, and the seed runs that case alone", async () => {
  const error = await worker.checkAllCrashes("IN_MEMORY", { pairs: 1 }).catch((caught) => caught);
  assert.match(error.message, /it has ended as complete: null\n {2}instead of {7}complete: 42/);
  const [, seed] = /seed: "(.+?)"/.exec(error.message);

  await assert.rejects(worker.checkAllCrashes("IN_MEMORY", { seed }), /1 of 1 runs/);
});

test("a step whose result is drawn gives other ends by chance, which no crash has caused", async () => {
  const outputs = new Set();
  const invariant = ({ output }) => outputs.add(output);
  for (let i = 0; i < 4; i++) await worker.checkAllCrashes("TRIAGE", { invariant });

  assert.deepEqual(outputs, new Set(["accepted", "rejected"]));
  await worker.checkAllOrders("TRIAGE");
});

test("modifiers and an invariant apply to each run", async () => {
  const seen = new Set();
  const modify = (m) => m.mockStepResult({ name: "find" }, null);
  const invariant = ({ callbacks, output }) => seen.add(`${callbacks.length} ${output}`);

  await worker.checkAllCrashes("IN_MEMORY", { modify, invariant, pairs: 0 });

  assert.deepEqual([...seen], ["0 null"]);
});

test("a workflow that waits for what never comes is refused", async () => {
  await assert.rejects(
    worker.checkAllCrashes("SOUND", { params: { count: 1 }, invariant: checkWait, pairs: 0 }),
    /timed out/,
  );
});

function checkWait({ error }) {
  if (error) throw new Error(error.message);
}

test("steps that end in another order are found, with the smallest such order", async () => {
  const found = worker.checkAllOrders("LAST_WINS");

  await assert.rejects(found, { name: "OrderError", message: /ends before .*\nit has ended as complete: "/ });
});

test("all orders of a workflow that does not depend on them are tried", async () => {
  const report = await worker.checkAllOrders("SOUND", SOUND);

  assert.deepEqual([report.complete, report.runs], [true, 2]);
});
