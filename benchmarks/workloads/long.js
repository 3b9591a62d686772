/** C: one instance with a long history, and what it takes to go on with it after a kill at its end. */

import { entries, STEP_SUCCESS } from "../../js/engine/events.js";
import { Bench, newGuest } from "../bench.js";

const PART = 1000;

/** @param {{ folder: string, steps: number }} settings */
export async function long({ folder, steps }) {
  const bench = await Bench.open(folder);
  const { ms } = await bench.run("Long", { steps, killed: false });
  const number = await bench.create("Long", { steps, killed: true });
  await hanging(bench, number, steps);
  const log = entries(await bench.engine.log(number));
  const ends = log.filter((entry) => entry.event === STEP_SUCCESS).map((entry) => entry.at);
  await bench.close();

  // What a new process does once it is there: how long that takes is workload D.
  const guest = newGuest();
  await guest.load();
  const begun = performance.now();
  const next = new Bench(folder, guest);
  await next.ended(number);
  const resume = performance.now() - begun;
  await next.close();

  const part = Math.min(PART, steps - 1);
  const first = (ends[part] - ends[0]) / part;
  const last = (ends[steps - 1] - ends[steps - 1 - part]) / part;
  return { step_ms: ms / steps, first_step_ms: first, last_step_ms: last, growth: last / first, resume_ms: resume };
}

/**
 * Wait until the step after the last has begun.
 *
 * @param {Bench} bench
 * @param {number} number
 * @param {number} steps
 * @returns {Promise<void>}
 */
function hanging(bench, number, steps) {
  // Queued, started and running; four entries for each step; two for the one that hangs.
  const length = 3 + 4 * steps + 2;
  return new Promise((resolve) => {
    const look = () => {
      if (bench.store.loadCursor(number).seq < length) return;
      unwatch();
      resolve();
    };
    const unwatch = bench.engine.watch(number, look);
    look();
  });
}
