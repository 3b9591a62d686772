/** A Worker's cron triggers fire at their times, by a clock that the tests move. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../conformance/manual_clock.js";
import { cron } from "../../js/server/cron.js";
import { CronTriggers } from "../../js/server/serving/cron_triggers.js";

const MINUTE = 60_000;

function triggers() {
  const clock = new ManualClock();
  /** @type {[string, number][]} */
  const fired = [];
  return { clock, fired, triggers: new CronTriggers(clock, cron, (each, time) => fired.push([each, time])) };
}

test("each expression fires at each of its times", async () => {
  const { clock, fired, triggers: ours } = triggers();
  const start = clock.now();
  ours.set(["* * * * *", "*/2 * * * *"]);

  await clock.moveTo(clock.now() + 2 * MINUTE);

  assert.deepEqual(
    fired.toSorted(([a], [b]) => Number(a > b) - Number(a < b)),
    [
      ["* * * * *", start + MINUTE],
      ["* * * * *", start + 2 * MINUTE],
      ["*/2 * * * *", start + 2 * MINUTE],
    ],
  );
});

test("an expression that is gone fires no more, and one that stays is not fired twice", async () => {
  const { clock, fired, triggers: ours } = triggers();
  ours.set(["* * * * *", "*/2 * * * *"]);
  ours.set(["* * * * *"]);
  ours.set(["* * * * *"]);

  await clock.moveTo(clock.now() + 2 * MINUTE);
  assert.equal(fired.length, 2);

  ours.stop();
  await clock.moveTo(clock.now() + 2 * MINUTE);
  assert.equal(fired.length, 2);
});

test("an expression that means no times is refused with its place", () => {
  const { triggers: ours } = triggers();

  assert.throws(
    () => ours.check(["* * * * *", "61 * * * *"]),
    /triggers\.crons\[1\] is "61 \* \* \* \*": the minute "61"/,
  );
});
