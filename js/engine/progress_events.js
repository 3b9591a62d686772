/** Progress as those see it who follow an instance: among its events, in the order of time. */

/** @import { LogEntry, ProgressRow } from "../store/store.d.ts" */

import { SUBSCRIPTION_TYPES } from "./detail.js";
import { targetOf } from "./events.js";

/** @typedef {{ type: string, instanceId: string, timestamp: number, eventId?: number, progressId?: number } & Record<string, unknown>} FollowerEvent */

const ITEM = "step_progress";
const SUPERSEDED = "step_progress_superseded";
const ENDS = /_(?:completed|errored|terminated)$/;
/** What a filter may name. Upstream has no such events. */
export const PROGRESS_TYPES = [ITEM, SUPERSEDED];

/**
 * The event of a row; none where rows have been removed, which readers see by the gap in their numbers.
 *
 * @param {string} instanceId
 * @param {ProgressRow} row
 * @param {(text: string) => unknown} toJson
 * @returns {FollowerEvent[]}
 */
export function progressEvent(instanceId, row, toJson) {
  const { number, event, name, count, attempt, at, value, superseded } = row;
  if (event > 1 || name === null || count === null) return [];
  const base = { instanceId, progressId: number, timestamp: at, stepName: targetOf({ name, count }), attempt };
  if (value === null) return [{ type: SUPERSEDED, ...base }];
  return [{ type: ITEM, ...base, progress: toJson(value), ...(superseded ? { superseded: true } : {}) }];
}

/**
 * Portions of the log and of progress as one, in the order of time. What is later than the end of a portion that has more
 * behind it waits for the next read.
 *
 * @param {{ rows: LogEntry[], more: boolean }} log
 * @param {{ rows: ProgressRow[], more: boolean }} progress
 * @returns {{ merged: (LogEntry | ProgressRow)[], more: boolean, until: number }} `until`: all up to this time has been read
 */
export function mergeProgress(log, progress) {
  const logUntil = log.more ? (log.rows.at(-1)?.at ?? 0) : Infinity;
  const progressUntil = progress.more ? (progress.rows.at(-1)?.at ?? 0) : Infinity;
  // An entry of the last millisecond may belong after items of it that are to come: the end of the instance does.
  const entries = progress.more ? before(log.rows, ({ at }) => at >= progressUntil) : log.rows;
  let items = before(progress.rows, ({ at }) => at > logUntil);
  // The clock has been set back in between.
  if (entries.length + items.length === 0) items = progress.rows;
  /** @type {(LogEntry | ProgressRow)[]} */
  const merged = [];
  let next = 0;
  for (const entry of entries) {
    // What an attempt reports comes after its beginning, and before its end.
    const ends = ENDS.test(SUBSCRIPTION_TYPES[entry.event] ?? "");
    while (next < items.length && (ends ? items[next].at <= entry.at : items[next].at < entry.at)) {
      merged.push(items[next]);
      next += 1;
    }
    merged.push(entry);
  }
  return {
    merged: [...merged, ...items.slice(next)],
    more: log.more || progress.more,
    until: Math.min(logUntil, progressUntil),
  };
}

/** @template T @param {T[]} rows @param {(row: T) => boolean} isLater */
function before(rows, isLater) {
  const end = rows.findIndex(isLater);
  return end < 0 ? rows : rows.slice(0, end);
}
