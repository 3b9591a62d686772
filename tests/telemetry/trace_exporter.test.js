/** When traces are sent, and what becomes of those that are not taken. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TraceExporter } from "../../js/telemetry/trace_exporter.js";

/** @typedef {Awaited<ReturnType<import("../../js/telemetry/trace_exporter.js").SendSpans>>} Refusal */

/** @param {{ spansEach?: number }} [options] */
function exporter({ spansEach = 1 } = {}) {
  /** @type {number[]} */
  let waiting = [];
  /** @type {{ ms: number, run: () => void }[]} */
  const timers = [];
  /** @type {string[][]} */
  const sent = [];
  /** @type {string[]} */
  const reports = [];
  /** @type {Refusal[]} */
  const refusals = [];
  const outbox = {
    load: async (/** @type {number} */ limit) =>
      waiting.slice(0, limit).map((id) => ({
        id,
        spans: /** @type {any[]} */ (Array.from({ length: spansEach }, (_, i) => ({ name: `${id}.${i}` }))),
      })),
    remove: async (/** @type {number[]} */ ids) => void (waiting = waiting.filter((id) => !ids.includes(id))),
  };
  const made = new TraceExporter(
    outbox,
    async (spans) => {
      sent.push(spans.map(({ name }) => name));
      return refusals.shift();
    },
    {
      report: (line) => reports.push(line),
      setTimer: (ms, run) => {
        const timer = { ms, run };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
  );
  return {
    made,
    sent,
    reports,
    refusals,
    left: () => waiting,
    add: (/** @type {number[]} */ ...ids) => waiting.push(...ids),
    timers,
    /** Let the next timer fire. */
    fire: async () => {
      const timer = timers.shift();
      timer?.run();
      for (let i = 0; i < 20; i++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      return timer?.ms;
    },
  };
}

test("what ends within a moment is sent together, and removed", async () => {
  const on = exporter();
  on.add(1, 2);
  on.made.notify();
  on.made.notify();
  assert.equal(on.timers.length, 1);

  await on.fire();

  assert.deepEqual(on.sent, [["1.0", "2.0"]]);
  assert.deepEqual(on.left(), []);
});

test("what is not taken now is kept, and sent again after longer and longer times", async () => {
  const on = exporter();
  on.add(1);
  on.refusals.push(...Array.from({ length: 8 }, () => ({ isRetryable: true, problem: "down" })));
  on.made.notify();
  const waits = [];
  for (let i = 0; i < 9; i++) waits.push(await on.fire());

  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  assert.deepEqual(on.left(), []);
  assert.deepEqual(on.reports, [
    "Traces cannot be sent (down). They are kept, and sent later.",
    "Traces are sent again.",
  ]);
});

test("a trace that is refused for good is reported and left out", async () => {
  const on = exporter();
  on.add(1, 2);
  on.refusals.push({ isRetryable: false, problem: "HTTP 400" });
  on.made.notify();
  await on.fire();

  assert.deepEqual([on.left(), on.reports], [[], ["A trace is not sent: HTTP 400."]]);
});

test("many spans are sent in several requests", async () => {
  const on = exporter({ spansEach: 3000 });
  on.add(1, 2);
  await on.made.flush();
  const large = exporter({ spansEach: 12_000 });
  large.add(1);
  await large.made.flush();

  assert.deepEqual(
    [on.sent, large.sent].map((requests) => requests.map(({ length }) => length)),
    [
      [3000, 3000],
      [5000, 5000, 2000],
    ],
  );
});

test("what ends while traces are sent is sent after them", async () => {
  const on = exporter();
  on.add(1);
  const flushed = on.made.flush();
  on.made.notify();
  await flushed;
  on.add(2);
  assert.equal(on.timers.length, 1);
  await on.fire();

  assert.deepEqual(on.sent, [["1.0"], ["2.0"]]);
});
