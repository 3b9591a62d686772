/**
 * Timers of user code: which are set, and when they are due. A replay waits for those of `run()` before it takes it that code
 * does not make a call any more.
 */

/** @import { Timer } from "../../bridge/delivery.js" */

import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";

const seconds = () => performance.now() / 1000;

/** @param {unknown} delay in ms, as timers take it */
const dueIn = (delay) => seconds() + Math.max(1, Number(delay) || 1) / 1000;

/** One that is set until it is told otherwise. @implements {Timer} */
class PendingTimer {
  isSet = true;

  /** @param {number} due in seconds */
  constructor(due) {
    this.due = due;
  }
}

/**
 * Call *onset* with each timer that code sets, in the code's own context.
 *
 * @param {(timer: Timer) => void} onset
 */
export function watchTimers(onset) {
  replace(timers, "setTimeout", (original) => (...args) => {
    const timeout = original(...args);
    const due = dueIn(args[1]);
    onset({ due, get isSet() { return !timeout._destroyed; } }); // prettier-ignore
    return timeout;
  });
  replace(timers, "setInterval", (original) => (callback, delay, ...args) => {
    /** @type {PendingTimer} */
    let next;
    const note = () => {
      next = new PendingTimer(dueIn(delay));
      onset({ due: next.due, get isSet() { return next.due === this.due && !interval._destroyed; } }); // prettier-ignore
    };
    const tick = (/** @type {unknown[]} */ ...given) => {
      note();
      return callback(...given);
    };
    const interval = original(tick, delay, ...args);
    note();
    return interval;
  });
  replace(
    timersPromises,
    "setTimeout",
    (original) =>
      (delay, ...args) =>
        watched(original(delay, ...args), delay, onset),
  );
  replace(timersPromises.scheduler, "wait", (original) => (delay, options) => {
    return watched(original.call(timersPromises.scheduler, delay, options), delay, onset);
  });
  replace(AbortSignal, "timeout", (original) => (delay) => {
    const signal = original.call(AbortSignal, delay);
    onset({ due: dueIn(delay), get isSet() { return !signal.aborted && seconds() < this.due + 1; } }); // prettier-ignore
    return signal;
  });
  globalThis.setTimeout = timers.setTimeout;
  globalThis.setInterval = timers.setInterval;
  syncBuiltinESMExports();
}

/**
 * @param {any} owner
 * @param {string} name
 * @param {(original: any) => (...args: any[]) => unknown} make
 */
function replace(owner, name, make) {
  const original = owner[name];
  const replacement = make(original);
  // Such as what `promisify` gives.
  Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original));
  owner[name] = replacement;
}

/**
 * @template T
 * @param {Promise<T>} promise settled when the timer fires, or is cleared
 * @param {unknown} delay
 * @param {(timer: Timer) => void} onset
 */
function watched(promise, delay, onset) {
  const timer = new PendingTimer(dueIn(delay));
  const end = () => {
    timer.isSet = false;
  };
  promise.then(end, end);
  onset(timer);
  return promise;
}
