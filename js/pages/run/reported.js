/** What steps report while they run: the newest items of each, as text. */

/** @import { InstanceEvent } from "../run.d.ts" */

import { signal } from "@preact/signals";

/** How much is shown of a step; the rest is in the tables. */
const LONGEST = 20_000;
const ITEM = "step_progress";
const SUPERSEDED = "step_progress_superseded";

/** @typedef {{ text: string, items: number, attempt: number }} Reported what the attempt that counts has reported so far */

/** By `NAME-COUNT`. @type {import("@preact/signals").Signal<Map<string, Reported>>} */
export const reported = signal(new Map());

/** @param {InstanceEvent} event */
export const isProgress = ({ type }) => type === ITEM || type === SUPERSEDED;

export function forgetReported() {
  if (reported.peek().size > 0) reported.value = new Map();
}

/** @param {InstanceEvent[]} come of progress alone */
export function takeReported(come) {
  if (come.length === 0) return;
  const next = new Map(reported.peek());
  for (const { type, stepName = "", attempt, progress, superseded } of come) {
    if (type === SUPERSEDED) next.delete(stepName);
    else if (!superseded) next.set(stepName, added(next.get(stepName), attempt, textOf(progress)));
  }
  reported.value = next;
}

/** @param {Reported | undefined} known @param {number} attempt @param {string} text @returns {Reported} */
function added(known, attempt, text) {
  const before = known?.attempt === attempt ? known : { text: "", items: 0 };
  return { attempt, items: before.items + 1, text: (before.text + text).slice(-LONGEST) };
}

/** Texts are parts of one text, as the tokens of a model are; anything else has a line of its own. @param {unknown} item */
function textOf(item) {
  return typeof item === "string" ? item : `${JSON.stringify(item)}\n`;
}
