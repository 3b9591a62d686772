/**
 * From times to places. A run of milliseconds may sleep for an hour: stretches in which no attempt runs are shortened
 * where they are much longer than the work, and the axis says so.
 */

/** @import { StepRow } from "./steps.js" */

const LEAST_MS = 20;
/** How much of the axis an idle stretch may take, compared with all the work. */
const IDLE_SHARE = 0.3;

/** `place` gives 0 to 1 for a time, `timeAt` the time for that. @typedef {{ place: (time: number) => number, timeAt: (share: number) => number, stretches: Stretch[] }} Scale */
/** @typedef {{ from: number, to: number, weight: number, idle: boolean, short: boolean, at: number }} Stretch */

/**
 * @param {StepRow[]} rows
 * @param {number} start @param {number} end ms
 * @param {boolean} [isCompressed] whether idle stretches are shortened
 * @returns {Scale}
 */
export function timeScale(rows, start, end, isCompressed = true) {
  const last = Math.max(end, start + LEAST_MS);
  const busy = union(
    rows.flatMap(({ bars }) => bars.filter(({ kind }) => kind !== "retry" && kind !== "sleep" && kind !== "wait")),
    start,
    last,
  );
  const work = busy.reduce((sum, { from, to }) => sum + to - from, 0);
  const most = Math.max(work * IDLE_SHARE, LEAST_MS * 4);
  /** @type {Stretch[]} */
  const stretches = [];
  let at = start;
  const push = (/** @type {number} */ to, /** @type {boolean} */ idle) => {
    if (to <= at) return;
    const length = to - at;
    const weight = idle && isCompressed ? Math.min(length, most) : length;
    stretches.push({ from: at, to, weight, idle, short: weight < length, at: 0 });
    at = to;
  };
  for (const { from, to } of busy) {
    push(from, true);
    push(to, false);
  }
  push(last, true);
  const total = stretches.reduce((sum, { weight }) => sum + weight, 0);
  let passed = 0;
  for (const stretch of stretches) {
    stretch.at = passed / total;
    stretch.weight /= total;
    passed += stretch.weight * total;
  }
  return {
    stretches,
    place: (time) => placeIn(stretches, Math.max(start, Math.min(last, time))),
    timeAt: (share) => timeIn(stretches, share, start),
  };
}

/** @param {Stretch[]} stretches @param {number} share @param {number} start */
function timeIn(stretches, share, start) {
  const found = stretches.findLast(({ at }) => at <= share);
  return found ? found.from + ((share - found.at) / found.weight) * (found.to - found.from) : start;
}

/** @param {Stretch[]} stretches @param {number} time */
function placeIn(stretches, time) {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle].to < time) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low];
  return found ? found.at + (found.weight * (time - found.from)) / (found.to - found.from) : 0;
}

/**
 * The times that are in at least one of the bars.
 *
 * @param {{ from: number, to: number }[]} bars @param {number} start @param {number} end
 */
function union(bars, start, end) {
  const sorted = bars
    .map(({ from, to }) => ({ from: Math.max(start, from), to: Math.min(end, to) }))
    .filter(({ from, to }) => to >= from)
    .sort((one, other) => one.from - other.from);
  /** @type {{ from: number, to: number }[]} */
  const joined = [];
  for (const bar of sorted) {
    const before = joined.at(-1);
    // What follows within a moment is one stretch of work: thousands of short steps are not thousands of stretches.
    if (before && bar.from - before.to < LEAST_MS) before.to = Math.max(before.to, bar.to);
    else joined.push(bar);
  }
  return joined;
}
