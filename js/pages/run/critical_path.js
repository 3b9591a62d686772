/**
 * What a run's time was made of: the chain of steps that each began when the one before had ended, from the first to the last;
 * and what would have been saved if steps that another one depends on had run at the same time.
 */

/** @import { Graph } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */

import { leaves } from "../../graph/nodes.js";

/** Two times as near as this are one: a step begins a moment after the one that it waited for. */
const MOMENT_MS = 50;
/** Less is not worth a word. */
const WORTH_MS = 20;

/**
 * @param {StepRow[]} rows
 * @param {number} now
 * @returns {{ keys: Set<string>, ms: number }} keys of the rows of the chain; `ms`: what its steps took, one after the other
 */
export function criticalPath(rows, now) {
  const endOf = (/** @type {StepRow} */ { end }) => end ?? now;
  const sorted = rows.filter(({ kind }) => kind !== "rollback").toSorted((a, b) => endOf(a) - endOf(b));
  const keys = new Set();
  let ms = 0;
  let until = Infinity;
  for (let at = sorted.length - 1; at >= 0; at--) {
    const row = sorted[at];
    if (!row || endOf(row) > until + MOMENT_MS) continue;
    keys.add(row.key);
    ms += endOf(row) - row.start;
    until = row.start;
  }
  return { keys, ms };
}

/**
 * Steps whose `depends` ran one after the other although each could have run beside the others.
 *
 * @param {Graph} graph
 * @param {StepRow[]} rows
 * @returns {{ name: string, ms: number }[]} the step that depends on them, and what `concurrent=True` would save
 */
export function savings(graph, rows) {
  const found = [];
  for (const node of allLeaves(graph)) {
    const { depends = [], name } = /** @type {{ depends?: string[], name?: string }} */ (node);
    if (depends.length < 2 || name === undefined) continue;
    const ran = depends.flatMap((each) => {
      const row = rows.find(({ name: own, kind, end }) => own === each && kind === "do" && end !== null);
      return row ? [{ start: row.start, end: /** @type {number} */ (row.end) }] : [];
    });
    if (ran.length < 2 || overlap(ran)) continue;
    const lengths = ran.map(({ start, end }) => end - start);
    const ms = lengths.reduce((sum, each) => sum + each, 0) - Math.max(...lengths);
    if (ms >= WORTH_MS) found.push({ name, ms });
  }
  return found;
}

/** @param {Graph} graph */
function allLeaves({ workflow }) {
  const functions = Object.values(workflow.functions ?? {});
  return [...leaves(workflow.nodes), ...functions.flatMap(({ nodes }) => leaves(nodes))];
}

/** Whether two of them ran at the same time. @param {{ start: number, end: number }[]} ran */
function overlap(ran) {
  const sorted = ran.toSorted((a, b) => a.start - b.start);
  return sorted.some(
    ({ start }, index) => index > 0 && start < /** @type {{ end: number }} */ (sorted[index - 1]).end - 1,
  );
}
