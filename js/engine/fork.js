/** Forks: a new instance that has part of another's history, and runs on from there. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { LogRow } from "../store/store.d.ts" */

import { WorkflowError } from "./errors.js";
import { eventValue } from "./event_value.js";
import * as E from "./events.js";
import { planRestart, ROWS_OF } from "./restart.js";

/**
 * @typedef {object} ForkOptions
 * @property {{ name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" }} [from] the first step that runs again,
 *   with all that started after it; absent: everything runs again
 * @property {Record<string, Encoded>} [results] by step (`NAME-COUNT`): its result in place of the history's;
 *   of a wait, the event's payload. Such a step does not run again
 * @property {Encoded} [params] instead of the other's
 * @property {string} [id]
 */

/**
 * The entries that the fork begins with.
 *
 * @param {LogRow[]} rows of the instance that is forked
 * @param {ForkOptions} options
 * @returns {LogRow[]} with the numbers they had there
 * @throws {WorkflowError} a step is not in the history
 */
export function planFork(rows, { from, results = {} }) {
  const starts = rows.filter(({ event }) => event in ROWS_OF);
  const wiped = from ? wipedBy(rows, from) : new Set(starts.map(keyOf));
  const replaced = new Map(Object.entries(results).map(([target, value]) => [keyOf(startOf(starts, target)), value]));
  const steps = new Set(starts.map(keyOf));
  return rows.flatMap((row) => {
    const key = keyOf(row);
    if (!steps.has(key)) return [];
    const value = replaced.get(key);
    if (value !== undefined) return row.event in ROWS_OF ? withResult(row, value) : [];
    return wiped.has(key) ? [] : [row];
  });
}

/** @param {LogRow[]} rows @param {NonNullable<ForkOptions["from"]>} from */
function wipedBy(rows, from) {
  const { names, events } = planRestart(rows, from);
  return new Set(names.map(({ name, count }, i) => `${events[i][0]} ${count} ${name}`));
}

/** Names a step: by the entry that begins one of its kind. @param {LogRow} row */
function keyOf({ event, name, count }) {
  const start = Object.keys(ROWS_OF).find((each) => ROWS_OF[Number(each)].includes(event));
  return `${start} ${count} ${name}`;
}

/** @param {LogRow[]} starts @param {string} target */
function startOf(starts, target) {
  const found = starts.filter((row) => E.targetOf(/** @type {any} */ (row)) === target);
  const step = found.find(({ event }) => event !== E.SLEEP_START);
  if (step) return step;
  const problem = found.length > 0 ? "is a sleep, which has no result" : "not found in execution history";
  throw new WorkflowError("run.cannot_fork", `Step ${JSON.stringify(target)} ${problem}`);
}

/** @param {LogRow} start @param {Encoded} value */
function withResult(start, value) {
  const end = { ...start, seq: start.seq + 1, next: null, due: null, detail: null };
  if (start.event === E.WAIT_START) {
    const { event: type } = JSON.parse(start.detail ?? "{}");
    return [start, { ...end, event: E.WAIT_COMPLETE, value: eventValue({ payload: value, type, at: start.at }) }];
  }
  return [start, { ...end, event: E.ATTEMPT_SUCCESS, next: E.STEP_SUCCESS, attempt: 1, value }];
}
