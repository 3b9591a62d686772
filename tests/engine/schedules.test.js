/** Schedules: which times make instances, once each, whatever happens to the process. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cron } from "../../js/server/cron.js";
import { Harness } from "./harness.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Where the manual clock begins. */
const START = Date.UTC(2030, 0, 1);

const CODE = {
  name: "flow",
  className: "Flow",
  root: ".",
  main: "f.py",
  vars: "{}",
  versionId: "v2",
  stepLimit: null,
};

/** @param {Harness} harness */
function ids({ engine, store }) {
  void engine.commits.commitNow();
  return store.listInstances({ workflow: "flow", ascending: true, limit: 100, offset: 0 }).map(({ id }) => id);
}

/** @param {string[]} schedules */
async function scheduled(...schedules) {
  const harness = new Harness(async () => "done", { settings: { schedules } });
  await harness.settle();
  return harness;
}

test("a schedule makes an instance at each of its times, named after both", async () => {
  const harness = await scheduled("*/30 * * * *");

  await harness.pass(HOUR);

  assert.deepEqual(ids(harness), [`*/30 * * * *-${START + HOUR / 2}`, `*/30 * * * *-${START + HOUR}`]);
});

test("the instance is told its schedule and an empty payload, and its trigger is cron", async () => {
  const harness = await scheduled("0 * * * *");

  await harness.pass(HOUR);

  const started = /** @type {any} */ (harness.guest.received.find(({ type }) => type === "start"));
  assert.deepEqual(started.event.schedule, { cron: "0 * * * *", scheduledTime: START + HOUR });
  assert.equal(started.value, "{}");
  const row = harness.row(`0 * * * *-${START + HOUR}`);
  assert.deepEqual([row.trigger, row.status], [3, "complete"]);
});

test("a time that has been carried out is not repeated after a crash", async () => {
  const harness = await scheduled("0 * * * *");
  await harness.pass(HOUR);

  harness.crash();
  await harness.pass(MINUTE);

  assert.deepEqual(ids(harness), [`0 * * * *-${START + HOUR}`]);
});

test("a crash before the commit loses neither the instance nor the time", async () => {
  const harness = await scheduled("0 * * * *");
  harness.oncommit = (commit) => {
    if (harness.clock.now() >= START + HOUR) throw new Error("the disk is gone");
    commit();
  };
  await harness.pass(HOUR);
  harness.oncommit = (commit) => commit();

  harness.crash();
  await harness.pass(MINUTE);

  assert.deepEqual(ids(harness), [`0 * * * *-${START + HOUR}`]);
});

test("of many times missed while nothing ran, the last one is made up for, once", async () => {
  const harness = await scheduled("0 * * * *");
  harness.engine.close();
  await harness.clock.moveTo(START + 50 * HOUR + MINUTE);

  harness.crash();
  await harness.pass(MINUTE);

  assert.deepEqual(ids(harness), [`0 * * * *-${START + 50 * HOUR}`]);
  await harness.pass(HOUR);
  assert.deepEqual(ids(harness), [`0 * * * *-${START + 50 * HOUR}`, `0 * * * *-${START + 51 * HOUR}`]);
});

test("a new schedule makes up for nothing that was before it", async () => {
  const harness = await scheduled();
  await harness.pass(10 * HOUR + MINUTE);

  await harness.engine.saveWorkflow({ ...CODE, schedules: ["0 * * * *"] });
  await harness.pass(MINUTE);

  assert.deepEqual(ids(harness), []);
});

test("deploying the same schedules again changes nothing, leaving one out ends it", async () => {
  const harness = await scheduled("0 * * * *", "30 * * * *");
  await harness.pass(10 * MINUTE);

  await harness.engine.saveWorkflow({ ...CODE, schedules: ["30 * * * *"] });
  await harness.pass(HOUR);

  assert.deepEqual(ids(harness), [`30 * * * *-${START + HOUR / 2}`]);
});

test("an engine that is idle carries out no schedule until it is activated", async () => {
  const harness = new Harness(async () => "done", { idle: true, settings: { schedules: ["0 * * * *"] } });
  await harness.pass(HOUR);
  assert.deepEqual(ids(harness), []);

  harness.engine.activate();
  await harness.settle();

  assert.deepEqual(ids(harness), [`0 * * * *-${START + HOUR}`]);
});

test("a workflow's schedules are told with the time that comes next", async () => {
  const harness = await scheduled("0 * * * *", "15 4 * * *");

  assert.deepEqual(await harness.engine.schedules("flow"), [
    { cron: "0 * * * *", next: START + HOUR },
    { cron: "15 4 * * *", next: START + 4 * HOUR + 15 * MINUTE },
  ]);
});

test("more than a hundred schedules are refused", async () => {
  const harness = await scheduled();
  const schedules = Array.from({ length: 101 }, (_, i) => `${i % 60} ${Math.floor(i / 60)} * * *`);

  await assert.rejects(harness.engine.checkSchedules("flow", schedules), /101 schedules; a state can have 100/);
});

for (const [expression, problem] of [
  ["61 * * * *", /the minute "61" is not allowed \(0 to 59/],
  ["0 24 * * *", /the hour "24" is not allowed/],
  ["0 0 32 * *", /the day of the month "32" is not allowed/],
  ["0 0 * 13 *", /the month "13" is not allowed/],
  ["0 0 * * 0", /the day of the week "0" is not allowed \(1 \(Sunday\)/],
  ["0 0 * * 8", /the day of the week "8" is not allowed/],
  ["0 0 ? * *", /the day of the month "\?" is not allowed/],
  ["0 0 * * MON?2", /the day of the week "MON\?2" is not allowed/],
  ["soon * * * *", /the minute "soon" is not allowed/],
  ["* * * *", /must have five fields/],
  ["0 * * * * *", /must have five fields/],
  ["@daily", /must have five fields/],
  ["0  * * * *", /must have five fields/],
  ["", /must have five fields/],
  ["0 0 30 2 *", /there is no such day/],
  [`0 ${"1,".repeat(130)}1 * * *`, /at most 256/],
]) {
  test(`the expression ${JSON.stringify(String(expression).slice(0, 20))} is refused with its field`, async () => {
    const harness = await scheduled();

    await assert.rejects(
      harness.engine.checkSchedules("flow", ["* * * * *", String(expression)]),
      ({ message }) =>
        message.startsWith("schedules[1] of workflow 'flow' is ") && /** @type {RegExp} */ (problem).test(message),
    );
  });
}

for (const [expression, next] of [
  ["0 17 * * sun", "2030-01-06T17:00:00.000Z"],
  ["0 17 * * 1", "2030-01-06T17:00:00.000Z"],
  ["10 7 * * 2-6", "2030-01-01T07:10:00.000Z"],
  ["0 18 * * 6L", "2030-01-25T18:00:00.000Z"],
  ["0 18 * * friL", "2030-01-25T18:00:00.000Z"],
  ["59 23 LW * *", "2030-01-31T23:59:00.000Z"],
  ["0 0 * * MON#2", "2030-01-14T00:00:00.000Z"],
  ["0 0 29 2 *", "2032-02-29T00:00:00.000Z"],
  ["5/15 * * * *", "2030-01-01T00:05:00.000Z"],
]) {
  test(`${expression} comes next when Cloudflare's documentation says`, () => {
    assert.equal(cron.problem(expression), undefined);
    assert.equal(new Date(Number(cron.next(expression, START))).toISOString(), next);
  });
}

test("the last time may be the moment itself, and the next one may not", () => {
  assert.equal(cron.last("0 * * * *", START), START);
  assert.equal(cron.last("0 * * * *", START + 999), START);
  assert.equal(cron.last("0 * * * *", START - 1), START - HOUR);
  assert.equal(cron.next("0 * * * *", START), START + HOUR);
});
