/**
 * Replay of a run: its code is run against its history, to see whether it comes to the same end. No callback runs, nothing is
 * written, and nothing is waited for: the replay stops where the history does.
 */

/** @import { FromGuest, Guest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow, LogRow, Store, StepRef } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */

import { checkDo, checkSleep, checkWait } from "./calls.js";
import { boundedError } from "./error_size.js";
import { fatalError } from "./errors.js";
import {
  ATTEMPT_FAILURE,
  ATTEMPT_START,
  ATTEMPT_SUCCESS,
  ROLLBACK_START,
  STEP_START,
  targetOf,
  WAIT_COMPLETE,
} from "./events.js";
import { DEFAULT_STEP_LIMIT } from "./limits.js";
import { messageProblem } from "./messages.js";
import { startOf } from "./start_message.js";
import { inOrder, readSteps, stepKey, toHistory } from "./step.js";

/** How long the guest may send nothing. */
const PATIENCE_MS = 60_000;
/** The same once the code waits for something that was not recorded. */
const STOPPED_PATIENCE_MS = 1000;
const PASS = 1;
const OF_DO = new Set([STEP_START, ATTEMPT_START, ATTEMPT_SUCCESS, ATTEMPT_FAILURE]);

/**
 * @typedef {object} Replayed
 * @property {boolean} same as it was recorded
 * @property {"complete" | "errored" | "stopped"} status `stopped`: the history goes no further
 * @property {string} [output] canonical text
 * @property {WireError} [error] that `run()` raised
 * @property {string[]} called steps, in the order in which they were called
 * @property {string[]} unrecorded steps that the code calls and the history does not have
 * @property {string[]} uncalled steps that the history has and the code has not called
 */

/**
 * @param {{ store: Store, number: number, guest: Guest, clock: Clock }} run no other run uses the guest
 * @returns {Promise<Replayed>}
 */
export async function replay({ store, number, guest, clock }) {
  const row = store.loadInstanceByNumber(number);
  const workflow = row && store.loadWorkflow(row.workflow);
  if (!row || !workflow) throw new Error(`There is no instance ${number}`);
  const rows = store.loadLog(number);
  const steps = new Map([...readSteps(rows)].filter(([, step]) => step.kind !== "rollback"));
  const seen = new Set();
  /** @type {string[]} */
  const called = [];
  /** @type {string[]} */
  const unrecorded = [];
  let stopped = false;
  /** When the last of the steps that were called had ended, in ms since 1970. */
  let reachedOn = row.startedOn ?? row.createdOn;

  /** @param {Extract<FromGuest, { type: "do" | "sleep" | "waitForEvent" }>} call */
  const answer = (call) => {
    const { type, ref, name, count } = call;
    const key = stepKey(type, name, count);
    const step = steps.get(key);
    // The log of the run has no trace of a call that was refused.
    const refusal = step ? undefined : refusalOf(call, reachedOn);
    if (refusal) return guest.send({ type: "reject", pass: PASS, ref, error: refusal, refused: true });
    reachedOn = Math.max(reachedOn, step?.endedAt ?? 0);
    // A result that is needed again is asked for again.
    if (!seen.has(key)) called.push(targetOf({ name, count }));
    seen.add(key);
    if (!step) unrecorded.push(targetOf({ name, count }));
    if (!step?.ended) stopped = true;
    else if (step.error) guest.send({ type: "reject", pass: PASS, ref, error: step.error });
    else if (type === "sleep") guest.send({ type: "resolve", pass: PASS, ref });
    else {
      const event = type === "do" ? ATTEMPT_SUCCESS : WAIT_COMPLETE;
      const value = step.value ?? /** @type {string} */ (store.loadValue(number, step, event));
      guest.send({ type: "resolve", pass: PASS, ref, value });
    }
  };

  /** @param {number} ref @param {StepRef} step @param {number} index */
  const sendChunk = (ref, step, index) => {
    const value = store.loadChunk(number, step, index);
    const error = {
      name: "WorkflowInternalError",
      message: `Stored output for ${targetOf(step)} is corrupt or incomplete.`,
    };
    guest.send(
      value === undefined ? { type: "reject", pass: PASS, ref, error } : { type: "resolve", pass: PASS, ref, value },
    );
  };

  /** @param {number} ref */
  const sendTimes = (ref) => {
    const times = inOrder(steps).map(({ endedAt }) => endedAt - (row.startedOn ?? row.createdOn));
    guest.send({ type: "resolve", pass: PASS, ref, value: JSON.stringify(times) });
  };

  /** @type {{ status: "complete" | "errored" | "stopped", output?: string, error?: WireError }} */
  const outcome = await new Promise((resolve) => {
    let cancel = () => {};
    const wait = () => {
      cancel();
      const patience = stopped ? STOPPED_PATIENCE_MS : PATIENCE_MS;
      cancel = clock.at(clock.now() + patience, () => resolve({ status: "stopped" }));
    };
    const finish = (/** @type {typeof outcome} */ found) => {
      cancel();
      resolve(found);
    };
    guest.onlost = (lost) => {
      const { reason } = lost.find(({ pass }) => pass === PASS) ?? {};
      if (reason) finish({ status: "errored", error: { name: "WorkflowInternalError", message: reason } });
    };
    guest.onmessages = (messages) => {
      let quiet = false;
      for (const message of messages) {
        if (message.type === "do" || message.type === "sleep" || message.type === "waitForEvent") answer(message);
        else if (message.type === "readChunk") sendChunk(message.ref, message, message.index);
        else if (message.type === "readTimes") sendTimes(message.ref);
        // What it asks of other workflows is no part of the recording.
        else if (message.type === "call") stopped = true;
        else if (message.type === "quiet") quiet = true;
        else if (message.type === "end") return finish({ status: "complete", output: message.value });
        else if (message.type === "fail") return finish({ status: "errored", error: message.error });
      }
      // Other branches of the code may not have come as far.
      if (stopped && quiet) return finish({ status: "stopped" });
      wait();
    };
    wait();
    guest.send({
      type: "start",
      pass: PASS,
      className: workflow.className,
      ...startOf(row),
      stepLimit: workflow.stepLimit ?? DEFAULT_STEP_LIMIT,
      // Without outcomes, so that every call is sent here.
      history: toHistory(steps, { withOutcomes: false }),
    });
    // Before it has read the first message: no callback is begun.
    guest.send({ type: "hold", pass: PASS, on: true });
  });
  guest.send({ type: "drop", pass: PASS, reason: "replayed" });

  const nested = nestedIn(rows, seen);
  const uncalled = [...steps.values()]
    .filter(({ key, ended }) => ended && !seen.has(key) && !nested(key))
    .map(targetOf);
  const recorded = recordedEnd(row, rows);
  const fits =
    recorded === undefined
      ? outcome.status === "stopped" || (unrecorded.length === 0 && isBetweenSteps(steps))
      : unrecorded.length === 0 &&
        outcome.output === recorded.output &&
        outcome.error?.name === recorded.error?.name &&
        outcome.error?.message === recorded.error?.message;
  return { same: fits && uncalled.length === 0, ...outcome, called, unrecorded, uncalled };
}

/**
 * Why a call is refused; undefined where it is not.
 *
 * @param {Extract<FromGuest, { type: "do" | "sleep" | "waitForEvent" }>} call
 * @param {number} now ms since 1970
 * @returns {WireError | undefined}
 */
function refusalOf(call, now) {
  const problem = messageProblem(call);
  if (problem !== undefined) return fatalError(`The call cannot be made: ${problem}`);
  const checked = call.type === "do" ? checkDo(call) : call.type === "sleep" ? checkSleep(call, now) : checkWait(call);
  return "error" in checked ? boundedError(checked.error) : undefined;
}

/**
 * Whether a step may have been called by another step's callback, which a replay does not run: it began while one of the
 * steps that were called did.
 *
 * @param {LogRow[]} rows
 * @param {Set<string>} seen keys of the steps that were called
 */
function nestedIn(rows, seen) {
  /** @type {Map<string, { from: number, to: number }>} */
  const spans = new Map();
  for (const { event, seq, name, count } of rows) {
    if (!OF_DO.has(event)) continue;
    const key = stepKey("do", /** @type {string} */ (name), /** @type {number} */ (count));
    spans.set(key, { from: spans.get(key)?.from ?? seq, to: seq });
  }
  const around = [...spans].filter(([key]) => seen.has(key)).map(([, span]) => span);
  const starts = new Map([...readSteps(rows)].map(([key, { order }]) => [key, order]));
  return (/** @type {string} */ key) => {
    const at = starts.get(key) ?? 0;
    return around.some(({ from, to }) => from < at && at < to);
  };
}

/**
 * Whether `run()` waits for none of its steps: then it may end without a further one. The log has a step's end before it has
 * the end of the run.
 *
 * @param {Map<string, import("./step.js").Step>} steps
 */
function isBetweenSteps(steps) {
  return [...steps.values()].every(({ ended }) => ended);
}

/**
 * How `run()` ended; undefined where it did not: an instance that has not ended, or was terminated.
 *
 * @param {InstanceRow} row
 * @param {LogRow[]} rows
 * @returns {{ output?: string, error?: WireError } | undefined}
 */
function recordedEnd({ status, output, error }, rows) {
  if (status === "complete") return { output: output ?? "null" };
  if (status === "errored" && error !== null) return { error: JSON.parse(error) };
  const start = rows.findLast(({ event }) => event === ROLLBACK_START);
  const { triggerError, trigger } = JSON.parse(start?.detail ?? "{}");
  return status === "rollingBack" && !trigger ? { error: triggerError } : undefined;
}
