/** Restart from a step: which steps an instance has to forget. */

/** @import { LogRow, StepRef } from "../store/store.d.ts" */

import { WorkflowError } from "./errors.js";
import * as E from "./events.js";
import { stepKey } from "./step.js";

const START_OF = { do: E.STEP_START, sleep: E.SLEEP_START, waitForEvent: E.WAIT_START };

/** @type {Record<number, "do" | "sleep" | "waitForEvent">} */
const KIND_OF = { [E.STEP_START]: "do", [E.SLEEP_START]: "sleep", [E.WAIT_START]: "waitForEvent" };

/** @type {Record<number, number[]>} the rows of a step, by the entry that begins it */
export const ROWS_OF = {
  [E.STEP_START]: [E.STEP_START, E.ATTEMPT_START, E.ATTEMPT_SUCCESS, E.ATTEMPT_FAILURE],
  [E.SLEEP_START]: [E.SLEEP_START, E.SLEEP_COMPLETE],
  [E.WAIT_START]: [E.WAIT_START, E.WAIT_COMPLETE, E.WAIT_TIMED_OUT],
};

/**
 * The step asked for and every step that started after it; siblings that started earlier are kept.
 *
 * @param {LogRow[]} rows
 * @param {{ name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" }} from `count`: the how many-th start
 *   of that name in the log
 * @returns {{ names: StepRef[], events: number[][], keys: Set<string> }} `keys` as `stepKey` has them
 * @throws {WorkflowError} there is no such step in the log
 */
export function planRestart(rows, { name, count = 1, type = "do" }) {
  const starts = rows.filter((row) => row.event in ROWS_OF);
  const first = starts.filter((row) => row.event === START_OF[type] && row.name === name)[count - 1];
  if (!first) {
    throw new WorkflowError(
      "instance.cannot_restart",
      `(instance.cannot_restart) Step "${name}" not found in execution history`,
    );
  }
  const wiped = starts.filter((row) => row.seq >= first.seq);
  const names = wiped.map((row) => ({
    name: /** @type {string} */ (row.name),
    count: /** @type {number} */ (row.count),
  }));
  return {
    names,
    events: wiped.map((row) => ROWS_OF[row.event]),
    keys: new Set(wiped.map(({ event }, i) => stepKey(KIND_OF[event], names[i].name, names[i].count))),
  };
}
