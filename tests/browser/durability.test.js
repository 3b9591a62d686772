/** What survives: reloads and crashes in the middle of things, and a quota that is full. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { page, playground } from "./bare_fixture.js";
import { create, deployFlows, ended, ready, told } from "./page.js";

const CRASHES = Number(process.env.STEPWELL_KILLS ?? 20);

test("a reload in the middle of a sleep: it goes on from where it was, and nothing runs twice", async () => {
  const id = await create(page, "Nap", { ms: 2500 });
  const begun = await told(page, "Nap", id, ["sleep_started"]);

  await page.reload();
  await ready(page);
  const { steps, output } = await ended(page, "Nap", id);

  assert.deepEqual(output, { before: "x", after: "done" });
  const [before, sleep] = [begun.steps, steps].map(
    (all) => /** @type {any} */ (all.find(({ type }) => type === "sleep")),
  );
  assert.equal(sleep.start, before.start);
  assert.ok(Date.parse(sleep.end) - Date.parse(sleep.start) >= 2500);
  assert.equal(count(steps, "before-1"), 1);
});

test("a reload in the middle of a step: its attempt is charged, and those before are not run again", async () => {
  const id = await create(page, "Slow");
  await told(page, "Slow", id, ["attempt_started"], "slow-1");

  await page.reload();
  await ready(page);
  const { steps, output } = await ended(page, "Slow", id);

  assert.deepEqual(output, { quick: 1, attempts: 2 });
  assert.equal(count(steps, "quick-1"), 1);
});

test(`${CRASHES} hard crashes in a row: the instance goes on, and each step's result is written once`, async () => {
  const id = await create(page, "Count", { steps: 2 * CRASHES, pause: 60 });
  for (let crash = 0; crash < CRASHES; crash++) {
    await told(page, "Count", id, ["step_completed"], `step ${crash}-1`);
    await page.evaluate(() => host.crash("engine"));
  }
  const { steps, output } = await ended(page, "Count", id);

  const numbers = Array.from({ length: 2 * CRASHES }, (_, number) => number);
  assert.equal(
    output,
    numbers.reduce((sum, number) => sum + number, 0),
  );
  assert.deepEqual(
    numbers.filter((number) => count(steps, `step ${number}-1`) !== 1),
    [],
  );
});

test("a hard crash fetches none of what interpreters start from again", async () => {
  /** @type {string[]} */
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url().split("/").at(-1) ?? ""));

  await page.evaluate(() => host.crash("engine"));
  await page.evaluate(() => host.ready());

  assert.ok(fetched.some((name) => name.startsWith("worker.js")));
  assert.deepEqual(
    fetched.filter((name) => /snapshot|asm\.wasm|stdlib|guest\.json/.test(name)),
    [],
  );
});

test("a subscription goes on over a crash: every event comes once, in order", async () => {
  const id = await create(page, "Count", { steps: 6, pause: 100 });
  const seen = page.evaluate(
    (own) =>
      new Promise((resolve) => {
        /** @type {number[]} */
        const ids = [];
        const end = host.subscribe("Count", own, (events) => {
          for (const { eventId } of events) if (eventId !== undefined) ids.push(eventId);
          if (events.some(({ type }) => type === "workflow_completed")) queueMicrotask(() => resolve((end(), ids)));
        });
      }),
    id,
  );
  await told(page, "Count", id, ["step_completed"], "step 2-1");
  await page.evaluate(() => host.crash("engine"));

  const ids = /** @type {number[]} */ (await seen);
  assert.deepEqual(
    ids,
    Array.from(ids, (_, i) => i + 1),
  );
});

test("a quota that is full is told in a sentence, and nothing that was finished is lost", async () => {
  const { page: other, context } = await playground.bare();
  await deployFlows(other);
  const done = await create(other, "Chain", {});
  await ended(other, "Chain", done);
  const devtools = await context.newCDPSession(other);
  const origin = new URL(playground.url).origin;

  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  const stopped = await other.evaluate(
    () =>
      new Promise((resolve) => {
        host.on("state", (state) => state.phase === "stopped" && resolve(state.error));
        const large = "x".repeat(900_000);
        const fill = async () => {
          for (;;) await host.create("Waiter", { large });
        };
        fill().catch(() => {});
      }),
  );
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  await other.evaluate(() => host.restart());
  await ready(other);
  const kept = await other.evaluate((own) => host.detail("Chain", own), done);

  assert.equal(stopped.reason, "full");
  assert.match(stopped.remedy, /Delete instances|free space/);
  assert.equal(kept.output, 2);
});

test("a reset deletes everything", async () => {
  await page.evaluate(() => host.reset());
  await ready(page);

  const left = await page.evaluate(async () => [(await host.list()).total, (await host.workflows()).length]);
  assert.deepEqual(left, [0, 0]);
});

/** @param {any[]} steps @param {string} name */
function count(steps, name) {
  return steps.filter((step) => step.name === name).length;
}
