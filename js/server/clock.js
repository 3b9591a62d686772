/** The engine's clock in Node. */

/** @import { Clock } from "../engine/clock.d.ts" */

/** setTimeout's longest delay; a later time is reached in several. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** @type {Clock} */
export const nodeClock = {
  now: () => Date.now(),
  at(time, run) {
    let timer = setTimeout(tick, delayUntil(time));
    function tick() {
      // A timer may fire a millisecond early; the engine must not see its own future.
      if (Date.now() < time) timer = setTimeout(tick, delayUntil(time));
      else run();
    }
    return () => clearTimeout(timer);
  },
};

/** @param {number} time */
function delayUntil(time) {
  return Math.min(Math.max(time - Date.now(), 0), MAX_DELAY_MS);
}
