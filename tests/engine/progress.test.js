/** What attempts of steps report while they run: kept, bounded, superseded, and read by followers in order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeProgress } from "../../js/engine/progress_events.js";
import { Subscription, subscriptionOptions } from "../../js/engine/subscription.js";
import { Harness } from "./harness.js";

/** @import { StepConfig } from "../../bridge/protocol.d.ts" */

const HOUR_MS = 3_600_000;

/** An instance whose only step reports what the test says, and ends when it says so. @param {Partial<StepConfig>} [config] */
async function reporting(config = {}) {
  /** @type {((value: unknown) => void)[]} */
  const ends = [];
  const h = new Harness((_, step) => step.do("a", config, () => new Promise((resolve) => ends.push(resolve))));
  await h.create();
  let ref = 100;
  const report = async (/** @type {unknown[]} */ ...items) => {
    const pass = [...h.guest.passes.keys()].at(-1) ?? 0;
    const attempt = /** @type {any} */ (h.guest.received.findLast(({ type }) => type === "attempt"))?.attempt ?? 1;
    h.guest.onmessages(
      items.map((item) => ({ type: "progress", pass, ref: ++ref, step: 1, attempt, value: JSON.stringify(item) })),
    );
    await h.settle();
    return ref;
  };
  const end = async () => {
    ends.at(-1)?.("done");
    await h.settle();
  };
  return { h, report, end };
}

/** All that a follower reads now. @param {Harness} h @param {object} options */
async function follow(h, options) {
  const row = await h.engine.get("flow", "i1");
  const subscription = new Subscription(h.engine, row, subscriptionOptions(options), JSON.parse);
  /** @type {any[]} */
  const all = [];
  for (let more = true; more;) {
    const found = await subscription.read();
    all.push(...found.events);
    ({ more } = found);
  }
  return all;
}

/** @param {any[]} events */
const items = (events) => events.filter(({ type }) => type === "step_progress").map(({ progress }) => progress);

test("an item is durable before the guest hears of it, and comes between the events of its step", async () => {
  const { h, report, end } = await reporting();
  const last = await report("one", "two");
  assert.deepEqual(h.guest.received.at(-1), { type: "resolve", pass: 1, ref: last });
  await end();

  const events = await follow(h, { progress: 0 });

  assert.deepEqual(
    events.map(({ type }) => type),
    [
      "workflow_queued",
      "workflow_started",
      "workflow_running",
      "step_started",
      "attempt_started",
      "step_progress",
      "step_progress",
      "attempt_completed",
      "step_completed",
      "workflow_completed",
    ],
  );
  const first = events.find(({ type }) => type === "step_progress");
  assert.deepEqual(first, {
    type: "step_progress",
    instanceId: "i1",
    progressId: 1,
    timestamp: first.timestamp,
    stepName: "a-1",
    attempt: 1,
    progress: "one",
  });
});

test("without being asked for it a follower gets no progress, and with a filter only what that names", async () => {
  const { h, report } = await reporting();
  await report("one");

  assert.deepEqual(items(await follow(h, {})), []);
  assert.deepEqual(items(await follow(h, { progress: 0, filter: ["step_started"] })), []);
  assert.deepEqual(
    (await follow(h, { filter: ["step_progress"] })).map(({ type }) => type),
    ["step_progress"],
  );
});

test("a follower goes on after the item that it had last", async () => {
  const { h, report } = await reporting();
  await report("one", "two", "three");

  assert.deepEqual(items(await follow(h, { progress: 2 })), ["three"]);
});

for (const [what, happen] of /** @type {[string, (h: Harness) => unknown][]} */ ([
  ["a crash", (h) => h.crash()],
  ["the loss of its interpreter", (h) => h.guest.die()],
  ["a timeout", (h) => h.pass(600_000)],
])) {
  test(`after ${what} its items are marked as superseded, and those of the next attempt are not`, async () => {
    const { h, report, end } = await reporting({ retries: { limit: 3, delay: 1000, backoff: "constant" } });
    await report("old");
    await happen(h);
    await h.settle();
    await h.pass(2000);
    await report("new");
    await end();

    const events = (await follow(h, { progress: 0 })).filter(({ type }) => type.startsWith("step_progress"));

    assert.deepEqual(
      events.map(({ type, progress, superseded }) => [type, progress, superseded]),
      [
        ["step_progress", "old", true],
        ["step_progress_superseded", undefined, undefined],
        ["step_progress", "new", undefined],
      ],
    );
    assert.equal((await h.engine.get("flow", "i1")).status, "complete");
  });
}

test("numbers go on after a restart, which removes what was reported", async () => {
  const { h, report } = await reporting();
  await report("one", "two");
  await h.engine.commands.restart("flow", "i1");
  await h.settle();
  await report("three");

  const item = (await follow(h, { progress: 2 })).find(({ type }) => type === "step_progress");

  // The mark of the attempt that was cut and the row of the removal have numbers too.
  assert.deepEqual([item.progress, item.progressId], ["three", 5]);
});

test("a restart from the step marks its items as superseded", async () => {
  const { h, report, end } = await reporting();
  await report("one");
  await end();
  await h.engine.commands.restart("flow", "i1", { name: "a" });
  await h.settle();

  assert.deepEqual(
    (await follow(h, { progress: 0 })).filter(({ superseded }) => superseded).map(({ progress }) => progress),
    ["one"],
  );
});

test("of a step that has ended as many items are kept as its configuration says", async () => {
  const { h, report, end } = await reporting({ progress: 2 });
  await report(1, 2, 3);
  assert.deepEqual(items(await follow(h, { progress: 0 })), [1, 2, 3]);

  await end();

  assert.deepEqual(items(await follow(h, { progress: 0 })), [2, 3]);
});

test("where none are kept their numbers are not used again", async () => {
  const { h, report, end } = await reporting({ progress: 0 });
  await report(1, 2, 3);
  await end();
  assert.deepEqual(items(await follow(h, { progress: 0 })), []);

  await h.engine.commands.restart("flow", "i1");
  await h.settle();
  await report("again");

  assert.deepEqual(items(await follow(h, { progress: 3 })), ["again"]);
});

test("a step that reports without end keeps the newest items, and nothing waits for a reader", async () => {
  const { h, report } = await reporting({ progress: 10 });
  for (let i = 0; i < 40; i++) await report(...Array.from({ length: 100 }, (_, n) => i * 100 + n));

  const kept = items(await follow(h, { progress: 0 }));

  assert.equal(kept.at(-1), 3999);
  assert.ok(kept.length <= 2000, `${kept.length} are kept`);
  assert.deepEqual(kept, [...kept.keys()].map((n) => 4000 - kept.length + n)); // prettier-ignore
});

test("what is larger than an item may be is refused, and the attempt goes on", async () => {
  const { h, report, end } = await reporting();
  await report("x".repeat(70_000));

  const refused = /** @type {any} */ (h.guest.received.at(-1));
  assert.match(refused.error.message, /^Progress of step a-1 is too large: 70002 characters, .* 65536 are allowed/);
  await end();
  assert.equal((await h.engine.get("flow", "i1")).status, "complete");
});

test("all items of an instance have a limit: the oldest half makes room", async () => {
  const { h, report } = await reporting();
  const large = "x".repeat(65_000);
  for (let i = 0; i < 11; i++) await report(...Array.from({ length: 100 }, (_, n) => `${i * 100 + n} ${large}`));

  const { n, size } = /** @type {any} */ (
    h.db.prepare("SELECT count(value) AS n, sum(length(value)) AS size FROM progress").get()
  );

  assert.ok(size <= 64 * 1024 * 1024, `${size} characters`);
  assert.ok(n >= 400, `${n} items`);
});

test("what a step with a hidden output reports is not kept", async () => {
  const { h, report } = await reporting({ sensitive: "output" });
  await report("secret");

  assert.deepEqual(items(await follow(h, { progress: 0 })), ["[REDACTED]"]);
  assert.equal(h.db.prepare("SELECT count(*) AS n FROM progress WHERE value LIKE '%secret%'").get()?.n, 0);
});

test("an item of an attempt that has timed out is refused", async () => {
  const { h, report } = await reporting({ timeout: HOUR_MS, retries: { limit: 0, delay: 0, backoff: "constant" } });
  await h.pass(HOUR_MS);
  await report("late");

  assert.equal(h.db.prepare("SELECT count(*) AS n FROM progress").get()?.n, 0);
});

for (const progress of [-1, 1.5, "all", 100_001]) {
  test(`progress: ${progress} is refused as a configuration`, async () => {
    const h = new Harness((_, step) => step.do("a", /** @type {any} */ ({ progress }), () => 1));
    await h.create();

    const { error } = await h.engine.get("flow", "i1");

    assert.match(String(error), /progress must be a whole number of items to keep, from 0 to 100000, not/);
  });
}

test("ten thousand items are read in portions, each once and in order", async () => {
  const { h, report, end } = await reporting();
  for (let i = 0; i < 100; i++) await report(...Array.from({ length: 100 }, (_, n) => i * 100 + n));
  await end();

  const events = await follow(h, { progress: 0 });

  assert.deepEqual(items(events), Array.from({ length: 10_000 }, (_, n) => n)); // prettier-ignore
  assert.equal(events.at(-1).type, "workflow_completed");
});

test("a clock that has been set back keeps no follower from what there is", () => {
  const entry = /** @type {any} */ ({ event: 6, at: 50, eventId: 1 });
  const item = /** @type {any} */ ({ number: 1, at: 100 });

  const { merged } = mergeProgress({ rows: [entry], more: true }, { rows: [item], more: true });

  assert.ok(merged.length > 0);
});
