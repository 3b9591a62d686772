/** What is shown of a run that is watched again. */

/** @import { InstanceDetail, InstanceEvent } from "../../js/playground/host.d.ts" */

import assert from "node:assert/strict";
import { test } from "node:test";
import { detailAfter } from "../../js/pages/run/watch.js";

const AT = "2026-11-21T00:00:00.000Z";
const NOW = Date.parse(AT);

/** @type {InstanceEvent[]} */
const EVENTS = [
  ["workflow_queued"],
  ["workflow_started"],
  ["step_started", "flaky-1"],
  ["attempt_started", "flaky-1"],
  ["attempt_errored", "flaky-1"],
  ["attempt_started", "flaky-1"],
  ["attempt_completed", "flaky-1"],
  ["step_completed", "flaky-1"],
  ["step_started", "last-1"],
  ["attempt_started", "last-1"],
  ["attempt_completed", "last-1"],
  ["step_completed", "last-1"],
  ["workflow_completed"],
].map(([type, stepName = ""]) => ({ type, instanceId: "one", timestamp: NOW, stepName }));

/** @returns {InstanceDetail} */
function finished() {
  const ended = { start: AT, end: AT, success: true, error: null };
  const step = { type: /** @type {const} */ ("step"), start: AT, end: AT, success: true, output: 1, config: {} };
  return {
    status: "complete",
    params: {},
    trigger: { source: "binding" },
    versionId: "1",
    queued: AT,
    start: AT,
    end: AT,
    success: true,
    error: null,
    output: 1,
    step_count: 2,
    rollback: null,
    steps: [
      {
        ...step,
        name: "flaky-1",
        attempts: [{ ...ended, success: false, error: { name: "Error", message: "no" } }, ended],
      },
      { ...step, name: "last-1", attempts: [ended] },
    ],
    logs: [],
  };
}

test("a step that is under way has the attempts that have begun, and the last of them open", () => {
  const { status, output, steps } = detailAfter(finished(), EVENTS, 6);

  assert.deepEqual({ status, output }, { status: "running", output: null });
  assert.deepEqual(
    steps.map((step) => ("attempts" in step ? [step.name, step.end, step.attempts.map(({ end }) => end)] : [])),
    [["flaky-1", null, [AT, null]]],
  );
});

test("the run itself stays as it was", () => {
  const detail = finished();

  for (let count = 1; count <= EVENTS.length; count++) detailAfter(detail, EVENTS, count);

  assert.deepEqual(detail, finished());
});
