/** Log records on their way to a receiver. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LogExporter } from "../../js/telemetry/log_exporter.js";

const REFUSED = { isRetryable: true, problem: "HTTP 503" };

/** @param {string} text @returns {import("../../js/telemetry/otlp_logs.js").LogRecord} */
const record = (text) => ({ traceId: "1", workflow: "flow", id: "a", at: 0, step: null, level: "stdout", text });

class Exporter {
  /** @type {string[][]} */
  sent = [];
  /** @type {string[]} */
  reports = [];
  /** @type {{ isRetryable: boolean, problem: string } | undefined} */
  refusal;
  /** @type {{ ms: number, run: () => void } | undefined} */
  timer;
  exporter = new LogExporter(
    async (records) => {
      if (this.refusal) return this.refusal;
      this.sent.push(records.map(({ text }) => text));
      return undefined;
    },
    {
      delayMs: 1000,
      report: (line) => this.reports.push(line),
      setTimer: (ms, run) => {
        this.timer = { ms, run };
        return () => (this.timer = undefined);
      },
    },
  );
}

test("lines of one moment are one request", async () => {
  const { exporter, ...rest } = new Exporter();
  exporter.add(record("a"));
  exporter.add(record("b"));

  await exporter.flush();

  assert.deepEqual(rest.sent, [["a", "b"]]);
});

test("what is not taken is sent later, in order", async () => {
  const place = new Exporter();
  place.refusal = REFUSED;
  place.exporter.add(record("a"));
  await place.exporter.flush();
  place.exporter.add(record("b"));
  const waited = place.timer?.ms;

  place.refusal = undefined;
  await place.exporter.flush();

  assert.equal(waited, 1000);
  assert.deepEqual(place.sent, [["a", "b"]]);
  assert.deepEqual(
    place.reports.map((line) => line.split(".")[0]),
    ["Logs cannot be sent (HTTP 503)", "Logs are sent again"],
  );
});

test("a receiver that is away costs a bounded amount of memory", async () => {
  const place = new Exporter();
  place.refusal = REFUSED;
  await place.exporter.flush();
  for (let index = 0; index < 10_005; index++) place.exporter.add(record(`${index}`));
  await place.exporter.flush();

  place.refusal = undefined;
  await place.exporter.flush();

  assert.equal(place.sent.flat().length, 10_000);
  assert.match(place.reports.at(-1) ?? "", /5 records were dropped/);
});

test("what a receiver refuses for good is not sent again", async () => {
  const place = new Exporter();
  place.refusal = { isRetryable: false, problem: "HTTP 400" };
  place.exporter.add(record("a"));
  await place.exporter.flush();
  place.refusal = undefined;
  await place.exporter.flush();

  assert.deepEqual([place.sent, place.reports], [[], ["1 log records are not sent: HTTP 400."]]);
});
