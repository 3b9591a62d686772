/**
 * The event log's vocabulary: upstream's numbers, names and targets.
 *
 * One row of the log may stand for two entries that are always written together (`next`): a step's start with its
 * first attempt's, and an attempt's end with its step's. `entries` gives them back one by one, so no other module sees the difference.
 */

/** @import { LogRow, LogEntry } from "../store/store.d.ts" */

export const WORKFLOW_QUEUED = 0;
export const WORKFLOW_START = 1;
export const WORKFLOW_SUCCESS = 2;
export const WORKFLOW_FAILURE = 3;
export const WORKFLOW_TERMINATED = 4;
export const STEP_START = 5;
export const STEP_SUCCESS = 6;
export const STEP_FAILURE = 7;
export const SLEEP_START = 8;
export const SLEEP_COMPLETE = 9;
export const ATTEMPT_START = 10;
export const ATTEMPT_SUCCESS = 11;
export const ATTEMPT_FAILURE = 12;
export const WAIT_START = 14;
export const WAIT_COMPLETE = 15;
export const WAIT_TIMED_OUT = 16;
export const ROLLBACK_START = 17;
export const ROLLBACK_STEP_START = 18;
export const ROLLBACK_ATTEMPT_START = 19;
export const ROLLBACK_ATTEMPT_SUCCESS = 20;
export const ROLLBACK_ATTEMPT_FAILURE = 21;
export const ROLLBACK_STEP_SUCCESS = 22;
export const ROLLBACK_STEP_FAILURE = 23;
export const ROLLBACK_COMPLETE = 24;
export const ROLLBACK_FAILED = 25;
export const WORKFLOW_RUNNING = 26;
export const WORKFLOW_PAUSED = 27;
export const WORKFLOW_WAITING_FOR_PAUSE = 28;
export const WORKFLOW_WAITING = 29;

/** @type {Record<number, string>} */
export const EVENT_NAMES = {
  0: "WORKFLOW_QUEUED",
  1: "WORKFLOW_START",
  2: "WORKFLOW_SUCCESS",
  3: "WORKFLOW_FAILURE",
  4: "WORKFLOW_TERMINATED",
  5: "STEP_START",
  6: "STEP_SUCCESS",
  7: "STEP_FAILURE",
  8: "SLEEP_START",
  9: "SLEEP_COMPLETE",
  10: "ATTEMPT_START",
  11: "ATTEMPT_SUCCESS",
  12: "ATTEMPT_FAILURE",
  14: "WAIT_START",
  15: "WAIT_COMPLETE",
  16: "WAIT_TIMED_OUT",
  17: "ROLLBACK_START",
  18: "ROLLBACK_STEP_START",
  19: "ROLLBACK_ATTEMPT_START",
  20: "ROLLBACK_ATTEMPT_SUCCESS",
  21: "ROLLBACK_ATTEMPT_FAILURE",
  22: "ROLLBACK_STEP_SUCCESS",
  23: "ROLLBACK_STEP_FAILURE",
  24: "ROLLBACK_COMPLETE",
  25: "ROLLBACK_FAILED",
  26: "WORKFLOW_RUNNING",
  27: "WORKFLOW_PAUSED",
  28: "WORKFLOW_WAITING_FOR_PAUSE",
  29: "WORKFLOW_WAITING",
};

/**
 * The entries of a step that is run in attempts, by kind: a rollback handler is run as a step is.
 *
 * @type {Record<string, { start: number, attemptStart: number, attemptSuccess: number, attemptFailure: number, success: number, failure: number }>}
 */
export const ATTEMPTED = {
  do: {
    start: STEP_START,
    attemptStart: ATTEMPT_START,
    attemptSuccess: ATTEMPT_SUCCESS,
    attemptFailure: ATTEMPT_FAILURE,
    success: STEP_SUCCESS,
    failure: STEP_FAILURE,
  },
  rollback: {
    start: ROLLBACK_STEP_START,
    attemptStart: ROLLBACK_ATTEMPT_START,
    attemptSuccess: ROLLBACK_ATTEMPT_SUCCESS,
    attemptFailure: ROLLBACK_ATTEMPT_FAILURE,
    success: ROLLBACK_STEP_SUCCESS,
    failure: ROLLBACK_STEP_FAILURE,
  },
};

/** What asked for an instance or ended it. */
export const TRIGGERS = /** @type {const} */ (["api", "binding", "event", "cron"]);
export const CRON_TRIGGER = 3;

/** @param {{ name: string, count: number }} step */
export function targetOf(step) {
  return `${step.name}-${step.count}`;
}

/**
 * The log's entries one by one, each with the id by which upstream's `subscribe` cursors count.
 *
 * @param {LogRow[]} rows in log order
 * @returns {LogEntry[]}
 */
export function entries(rows) {
  /** @type {LogEntry[]} */
  const result = [];
  for (const row of rows) {
    const { next, seq, ...rest } = row;
    result.push({ ...rest, eventId: seq });
    if (next !== null) result.push({ ...rest, event: next, eventId: seq + 1 });
  }
  return result;
}

/** The id of the last entry; 0 for an empty log. @param {LogRow[]} rows in log order */
export function lastId(rows) {
  const row = rows.at(-1);
  return row ? row.seq + (row.next === null ? 0 : 1) : 0;
}
