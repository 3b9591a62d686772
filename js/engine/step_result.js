/** What a step has given, whole: the log's answer to one question. */

/** @import { LogRow } from "../store/store.d.ts" */

import { publicError, REDACTED } from "./detail.js";
import { WorkflowError } from "./errors.js";
import * as E from "./events.js";

/**
 * @typedef {object} StepResult
 * @property {"running" | "waiting" | "complete" | "errored"} status
 * @property {{ name: string, message: string } | null} error of the step; of the attempt, if one is asked for
 * @property {string} [value] canonical text; absent without a value
 * @property {string} [event_type] of a wait
 */

/**
 * @param {LogRow[]} rows
 * @param {{ name: string, type: "step" | "waitForEvent", attempt?: number | undefined }} which `name` is `NAME-COUNT`
 * @returns {StepResult}
 * @throws {WorkflowError} the instance has no such step
 */
export function stepResult(rows, { name, type, attempt }) {
  const kind = type === "step" ? OF_STEP : OF_WAIT;
  const mine = rows.filter((row) => kind.has(row.event) && E.targetOf(/** @type {any} */ (row)) === name);
  if (mine.length === 0) throw notFound(`Step ${JSON.stringify(name)}`);
  if (type === "waitForEvent") return waitResult(mine);
  const { config } = JSON.parse(mine[0].detail ?? "{}");
  const tried = attempt === undefined ? mine : mine.filter((row) => row.attempt === attempt);
  const last = tried.at(-1);
  if (!last) throw notFound(`Attempt ${attempt} of step ${JSON.stringify(name)}`);
  if (last.event === E.ATTEMPT_SUCCESS) {
    const value = config.sensitive === "output" ? JSON.stringify(REDACTED) : (last.value ?? "null");
    return { status: "complete", error: null, value };
  }
  if (last.event !== E.ATTEMPT_FAILURE) return { status: "running", error: null };
  const { error, stepError } = JSON.parse(last.detail ?? "{}");
  // A failed attempt of a step that will be retried.
  const waits = attempt === undefined && last.next === null;
  return {
    status: waits ? "waiting" : "errored",
    error: publicError(attempt === undefined ? (stepError ?? error) : error),
  };
}

/** @param {LogRow[]} rows @returns {StepResult} */
function waitResult(rows) {
  const { event: eventType } = JSON.parse(rows[0].detail ?? "{}");
  const end = rows.at(-1);
  if (end?.event === E.WAIT_COMPLETE) {
    return { status: "complete", error: null, value: end.value ?? "null", event_type: eventType };
  }
  if (end?.event !== E.WAIT_TIMED_OUT) return { status: "waiting", error: null, event_type: eventType };
  return { status: "errored", error: publicError(JSON.parse(end.detail ?? "{}").error), event_type: eventType };
}

const OF_STEP = new Set([E.STEP_START, E.ATTEMPT_START, E.ATTEMPT_SUCCESS, E.ATTEMPT_FAILURE]);
const OF_WAIT = new Set([E.WAIT_START, E.WAIT_COMPLETE, E.WAIT_TIMED_OUT]);

/** @param {string} what */
function notFound(what) {
  return new WorkflowError("step.not_found", `(step.not_found) ${what} not found in execution history`, 10400);
}
