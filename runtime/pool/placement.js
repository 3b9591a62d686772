/** Which isolate a pass goes to: where the fewest passes are, and not to one that is stuck. */

/** @import { ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { Isolate } from "./isolate.js" */
/** @import { PoolLimits } from "./warm.js" */

/** With more passes than this in one isolate another one is worth its start. They mostly wait: those who compute count apart. */
const MAX_PASSES_PER_ISOLATE = 1500;
/** How long an interpreter may run without a break before passes that have not started go elsewhere. */
export const BUSY_AFTER_MS = 100;

/**
 * @typedef {Extract<ToGuest, { type: "start" }>} StartMessage
 *
 * What a pass has been sent that has not been given to an isolate yet.
 * @typedef {{ start: StartMessage, rest: ToGuest[], since: number, turn: number, isolate: Isolate | undefined }} UnplacedPass
 */

/**
 * The isolate for a pass; `open`: a further one; `wait`: it is open whether the one that is best is stuck.
 *
 * @param {Isolate[]} isolates
 * @param {UnplacedPass} waiting notes which isolate was looked at, and since when
 * @param {PoolLimits} limits
 * @returns {Isolate | "open" | "wait"}
 */
export function chooseIsolate(isolates, waiting, limits) {
  const usable = isolates.filter(({ quarantined, memory }) => !quarantined && memory < limits.memoryMark);
  const roomy = usable.filter(
    (isolate) => isolate.passes.size < MAX_PASSES_PER_ISOLATE && isolate.silenceMs < BUSY_AFTER_MS,
  );
  const full = usable.length >= limits.isolates;
  const [best] = (full && roomy.length === 0 ? usable : roomy).toSorted(byRoom);
  if (!best) return "open";
  // An interpreter that runs takes no messages. A moment tells whether it is busy or stuck.
  if (best.turn % 2 === 0 || (full && usable.length === 1)) return best;
  if (waiting.isolate !== best || waiting.turn !== best.turn) {
    const wasThere = waiting.isolate === best;
    Object.assign(waiting, { isolate: best, turn: best.turn, since: performance.now() });
    return wasThere ? best : "wait";
  }
  if (performance.now() - waiting.since < BUSY_AFTER_MS) return "wait";
  const other = roomy.find((isolate) => isolate !== best && isolate.turn % 2 === 0);
  return other ?? (full ? best : "open");
}

/**
 * The isolate that has the fewest passes first; of equals one that does nothing at the moment.
 *
 * @param {Isolate} a
 * @param {Isolate} b
 */
function byRoom(a, b) {
  return a.passes.size - b.passes.size || (a.turn % 2) - (b.turn % 2);
}
