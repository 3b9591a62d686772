/** Whatever a guest sends, the host goes on: at most the instance that it names ends, and the state stays readable. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "../engine/harness.js";
import { cases, Chance, readAll, SEED } from "./random.js";

const MESSAGES = [
  {
    type: "do",
    ref: 7,
    name: "b",
    count: 1,
    config: { retries: { limit: 3, delay: 10, backoff: "linear" }, timeout: 1000 },
  },
  { type: "do", ref: 8, name: "c", count: 1, started: true, rollback: { config: {} } },
  { type: "done", ref: 1, attempt: 1, value: "1" },
  { type: "failed", ref: 1, attempt: 1, error: { name: "Error", message: "no", args: "[1]", state: "{}" } },
  { type: "delay", ref: 1, attempt: 1, delay: 5 },
  { type: "rollback", ref: 9, name: "a", count: 1, config: {} },
  { type: "replayed" },
  { type: "sleep", ref: 10, name: "s", count: 1, duration: "1 minute" },
  { type: "sleep", ref: 11, name: "u", count: 1, until: 1e12 },
  { type: "waitForEvent", ref: 12, name: "w", count: 1, eventType: "go", timeout: "1 day" },
  { type: "call", ref: 13, workflow: "flow", method: "create", args: { id: "x", params: "{}", retention: {} } },
  { type: "call", ref: 14, workflow: "flow", method: "status", args: { id: "good" } },
  { type: "writeChunk", ref: 15, step: 1, attempt: 1, index: 0, value: '{"$":"bytes","v":"AAAA"}' },
  { type: "readChunk", ref: 16, name: "a", count: 1, index: 0 },
  { type: "progress", ref: 19, step: 1, attempt: 1, value: '"half"' },
  { type: "readTimes", ref: 17 },
  { type: "readStreamLimits", ref: 18 },
  { type: "log", level: "stdout", text: "printed", at: 1 },
  { type: "end", value: "1" },
  { type: "fail", error: { name: "Error", message: "no" } },
  { type: "quiet" },
];

test(`messages of a guest, changed at random (STEPWELL_SEED=${SEED})`, async () => {
  const chance = new Chance("messages");
  const harness = new Harness(async (_event, step) => {
    await step.do("a", {}, async () => 1);
    return (await step.waitForEvent("w", { type: "go", timeout: "1 day" })).payload;
  });
  await harness.create({}, "good");
  const [good] = harness.guest.passes.keys();
  let victims = 0;

  for (let i = cases(0.5); i > 0; i--) {
    const passes = [...harness.guest.passes.keys()].filter((pass) => pass !== good);
    if (passes.length === 0) {
      await harness.create({}, `victim${++victims}`);
      continue;
    }
    const message = { ...chance.of(MESSAGES), pass: chance.of(passes) };
    const changed = chance.next() < 0.05 ? chance.value() : chance.changed(message);
    // What names the other instance would be its own guest's to send: that is not what this test is about.
    if (changed?.pass === good) continue;
    harness.guest.onmessages([changed]);
    if (i % 8 === 0) {
      await harness.settle();
      forget(harness);
    }
    assert.deepEqual(
      harness.problems.filter(({ workflow }) => workflow === undefined),
      [],
      JSON.stringify(changed)?.slice(0, 500),
    );
  }

  await harness.settle();
  readAll(harness.store);
  harness.crash();
  await harness.settle();
  await harness.event("go", "still here", "good");
  assert.equal(harness.output("good"), "still here");
  assert.deepEqual(
    harness.problems.filter(({ workflow }) => workflow === undefined),
    [],
  );
});

/** What the harness records would outgrow the memory in the long form. @param {Harness} harness */
function forget({ guest, faults, forgeries }) {
  for (const record of [guest.received, faults, forgeries]) record.length = 0;
}
