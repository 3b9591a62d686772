/** What is known of one step of one instance, and how to read that out of the log. */

/** @import { HistoryEntry, StepConfig, StepKind, WireError } from "../../bridge/protocol.d.ts" */
/** @import { LogRow } from "../store/store.d.ts" */

import * as E from "./events.js";
import { timeoutError } from "./errors.js";

/** Results longer than this, and all results once a history has grown past HISTORY_BUDGET_CHARACTERS, are handed over when asked for. */
const LARGE_VALUE_CHARACTERS = 64 * 1024;
const HISTORY_BUDGET_CHARACTERS = 16 * 1024 * 1024;
/** From one of these on a pass is given no outcome before the instance runs again. */
const RESTING_EVENTS = new Set([E.WORKFLOW_WAITING, E.WORKFLOW_WAITING_FOR_PAUSE, E.WORKFLOW_PAUSED]);

/**
 * What an instance has steps of: those that `run()` calls, and the handlers that undo them.
 *
 * @typedef {StepKind | "rollback"} LoggedKind
 */

/** @type {Record<number, LoggedKind>} */
const KIND_OF_EVENT = {
  [E.STEP_START]: "do",
  [E.ATTEMPT_START]: "do",
  [E.ATTEMPT_SUCCESS]: "do",
  [E.ATTEMPT_FAILURE]: "do",
  [E.ROLLBACK_STEP_START]: "rollback",
  [E.ROLLBACK_ATTEMPT_START]: "rollback",
  [E.ROLLBACK_ATTEMPT_SUCCESS]: "rollback",
  [E.ROLLBACK_ATTEMPT_FAILURE]: "rollback",
  [E.ROLLBACK_STEP_FAILURE]: "rollback",
  [E.SLEEP_START]: "sleep",
  [E.SLEEP_COMPLETE]: "sleep",
  [E.WAIT_START]: "waitForEvent",
  [E.WAIT_COMPLETE]: "waitForEvent",
  [E.WAIT_TIMED_OUT]: "waitForEvent",
};

/** How an attempt ended. `held`: the guest has the error itself. @typedef {{ error: WireError, held: boolean }} Failure */

/** A step's identity is its kind, name and count; order, position and code are not part of it. */
export class Step {
  /**
   * @param {LoggedKind} kind
   * @param {string} name
   * @param {number} count
   */
  constructor(kind, name, count) {
    this.kind = kind;
    this.name = name;
    this.count = count;
    /** Log number of its start: the order in which waits are served. */
    this.order = 0;
    this.ended = false;
    /** Log number of the row that ended it: the order in which outcomes became known. */
    this.endOrder = 0;
    /** When it ended, in ms since 1970. */
    this.endedAt = 0;
    /** An attempt is under way in this pass, or was when the process died. */
    this.running = false;
    this.attempts = 0;
    /** The attempt that is to begin next has begun before, and is not charged again. */
    this.again = false;
    /** What its last attempt has used. @type {import("../../bridge/protocol.d.ts").Usage | undefined} */
    this.usage = undefined;
    /** When the sleep, the retry or the wait falls due. @type {number | null} */
    this.due = null;
    /** @type {StepConfig | null} */
    this.config = null;
    /** Whether it was called with a handler that undoes it. */
    this.hasRollback = false;
    /** Chunks of a byte stream may be in the store, which are of no use if the attempt fails. */
    this.streaming = false;
    /** Its attempt may have reported progress, which is superseded if the attempt fails. */
    this.reporting = false;
    /** How many items it has reported in this pass, but for those that are known to be dropped. */
    this.reported = 0;
    /** The attempt has failed, and the delay function has been asked when to try again. @type {Failure | null} */
    this.delaying = null;
    this.eventType = "";
    /** Of a wait, in ms. */
    this.timeout = 0;
    /** The result as it stands in the log; dropped from memory once the guest has it. @type {string | null} */
    this.value = null;
    /** @type {WireError | null} */
    this.error = null;
    /** What the guest calls it in this pass. @type {number | null} */
    this.ref = null;
    /** Takes back the timer that is set for it. @type {(() => void) | null} */
    this.cancelTimer = null;
  }

  get key() {
    return stepKey(this.kind, this.name, this.count);
  }
}

/**
 * @param {LoggedKind} kind
 * @param {string} name
 * @param {number} count
 */
export function stepKey(kind, name, count) {
  return `${kind} ${count} ${name}`;
}

/** Whether it is a sleep, or waits for its next attempt. @param {Step} step */
export function isResting({ kind, ended, running, due }) {
  return !ended && !running && due !== null && (kind === "sleep" || kind === "do");
}

/** Whether it waits for an event. @param {Step} step */
export function isOpenWait({ kind, ended }) {
  return kind === "waitForEvent" && !ended;
}

/**
 * @param {LogRow[]} rows in log order
 * @returns {Map<string, Step>} by key, in order of their starts
 */
export function readSteps(rows) {
  /** @type {Map<string, Step>} */
  const steps = new Map();
  for (const row of rows) {
    const kind = KIND_OF_EVENT[row.event];
    if (!kind) continue;
    const name = /** @type {string} */ (row.name);
    const count = /** @type {number} */ (row.count);
    const key = stepKey(kind, name, count);
    let step = steps.get(key);
    if (!step) {
      step = new Step(kind, name, count);
      step.order = row.seq;
      steps.set(key, step);
    }
    apply(step, row);
  }
  return steps;
}

/**
 * @param {Step} step
 * @param {LogRow} row
 */
function apply(step, row) {
  switch (row.event) {
    case E.STEP_START:
    case E.ROLLBACK_STEP_START: {
      const { config, hasRollback } = detailOf(row);
      step.config = config;
      step.hasRollback = hasRollback === true;
      step.attempts = 1;
      step.running = true;
      step.streaming = true;
      step.reporting = true;
      return;
    }
    case E.ATTEMPT_START:
    case E.ROLLBACK_ATTEMPT_START:
      step.attempts = /** @type {number} */ (row.attempt);
      step.running = true;
      // Whether the attempt has begun a stream, or reported progress, is unknown.
      step.streaming = true;
      step.reporting = true;
      return;
    case E.ATTEMPT_FAILURE:
    case E.ROLLBACK_ATTEMPT_FAILURE:
      step.running = false;
      if (row.next === null) step.due = row.due;
      else end(step, row, null, detailOf(row).stepError ?? detailOf(row).error);
      return;
    case E.ROLLBACK_STEP_FAILURE:
      end(step, row, null, detailOf(row).error);
      return;
    case E.SLEEP_START:
      step.due = row.due;
      return;
    case E.WAIT_START: {
      const { event, timeoutMs } = detailOf(row);
      step.due = row.due;
      step.eventType = event;
      step.timeout = timeoutMs;
      return;
    }
    case E.WAIT_TIMED_OUT:
      end(step, row, null, detailOf(row).error ?? timeoutError(0));
      return;
    default:
      end(step, row, row.value, null);
  }
}

/**
 * @param {Step} step
 * @param {LogRow} row
 * @param {string | null} value
 * @param {WireError | null} error
 */
function end(step, row, value, error) {
  step.ended = true;
  step.endOrder = row.seq;
  step.endedAt = row.at;
  step.running = false;
  step.due = null;
  step.value = value;
  step.error = error;
}

/** @type {{ text: string, detail: any }} */
let latest = { text: "{}", detail: {} };

/** Decodes the detail of a row. Rows that follow each other often have the same one, and share the result. @param {LogRow} row */
function detailOf({ detail: text }) {
  if (text === null) return {};
  if (text !== latest.text) latest = { text, detail: JSON.parse(text) };
  return latest.detail;
}

/**
 * Makes the history for a guest: first the outcomes in the order in which they became known, then the open steps. Releases
 * the results that it hands over.
 *
 * @param {Map<string, Step>} steps
 * @param {{ ended?: Step[], withOutcomes?: boolean }} [options] `ended`: what `inOrder` gives for *steps*, where it is known.
 *   `withOutcomes`: whether outcomes are handed over; otherwise the guest asks for each
 * @returns {HistoryEntry[]}
 */
export function toHistory(steps, { ended = inOrder(steps), withOutcomes = true } = {}) {
  let size = 0;
  /** @type {HistoryEntry[]} */
  const history = [];
  for (const step of ended) {
    /** @type {HistoryEntry} */
    const entry = withOutcomes
      ? outcomeOf(step, HISTORY_BUDGET_CHARACTERS - size)
      : { ...identityOf(step), outcome: "stored" };
    if (entry.outcome === "value") size += entry.value.length;
    history.push(entry);
  }
  for (const step of steps.values()) {
    if (step.kind !== "rollback" && !step.ended) history.push({ ...identityOf(step), outcome: "open" });
  }
  return history;
}

/**
 * The steps of `run()` that have ended, in the order in which their outcomes became known.
 *
 * @param {Map<string, Step>} steps
 */
export function inOrder(steps) {
  const ended = [];
  let isSorted = true;
  let last = 0;
  for (const step of steps.values()) {
    if (step.kind === "rollback" || !step.ended) continue;
    ended.push(step);
    isSorted &&= step.endOrder > last;
    last = step.endOrder;
  }
  return isSorted ? ended : ended.toSorted((a, b) => a.endOrder - b.endOrder);
}

/**
 * The outcome of a step that has ended, with its result where that is small enough. Releases a result that it hands over.
 *
 * @param {Step} step
 * @param {number} room how many characters the result may have, if fewer than usual
 * @returns {Exclude<HistoryEntry, { outcome: "open" }>}
 */
export function outcomeOf(step, room = LARGE_VALUE_CHARACTERS) {
  const { kind, name, count } = identityOf(step);
  if (step.error) return { kind, name, count, outcome: "error", error: step.error };
  const value = step.value ?? "null";
  step.value = null;
  if (value.length > Math.min(LARGE_VALUE_CHARACTERS, room)) return { kind, name, count, outcome: "stored" };
  return { kind, name, count, outcome: "value", value };
}

/** @param {Step} step not a rollback handler's @returns {{ kind: StepKind, name: string, count: number }} */
function identityOf({ kind, name, count }) {
  return { kind: /** @type {StepKind} */ (kind), name, count };
}

/**
 * The log number from which on no pass was given the outcomes: they became known while the instance had no pass, or while
 * a pause was pending.
 *
 * @param {LogRow[]} rows in log order
 * @returns {number} Infinity where the last pass was cut
 */
export function firstUnseen(rows) {
  let unseenFrom = Infinity;
  for (const { event, seq } of rows) {
    if (event === E.WORKFLOW_RUNNING) unseenFrom = Infinity;
    else if (RESTING_EVENTS.has(event)) unseenFrom = Math.min(unseenFrom, seq);
  }
  return unseenFrom;
}
