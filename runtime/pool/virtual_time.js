/**
 * Time inside an interpreter's thread where its host moves the clock: user code sees it in `Date`, `performance.now()` and
 * every timer. Nothing waits for real time then.
 *
 * Two numbers in shared memory are the clock: ms since 1970, and ms that never go back. The host writes them, and code that
 * blocks its thread does.
 */

import { AsyncResource } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";

const WALL = 0;
const STEADY = 1;

/** How large the shared memory of a clock is. */
export const CLOCK_BYTES = 16;

/** Looks like Node's Timeout. */
class VirtualTimer {
  _destroyed = false;
  #time;
  #run;
  #delay;
  #repeats;

  /**
   * @param {VirtualTime} time
   * @param {() => void} run
   * @param {number} delay in ms
   * @param {boolean} repeats
   */
  constructor(time, run, delay, repeats) {
    this.#time = time;
    this.#run = run;
    this.#delay = Math.max(1, delay || 1);
    this.#repeats = repeats;
    this.due = time.steady + this.#delay;
  }

  fire() {
    if (this.#repeats) this.refresh();
    else this.close();
    this.#run();
  }

  refresh() {
    this.due = this.#time.steady + this.#delay;
    this._destroyed = false;
    this.#time.add(this);
    return this;
  }

  close() {
    this._destroyed = true;
    this.#time.remove(this);
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  hasRef() {
    return true;
  }

  [Symbol.toPrimitive]() {
    return this.#time.idOf(this);
  }

  [Symbol.dispose]() {
    this.close();
  }
}

export class VirtualTime {
  #times;
  /** Those that are set, by the number that code may clear them with. @type {Map<number, VirtualTimer>} */
  #timers = new Map();
  /** @type {WeakMap<VirtualTimer, number>} */
  #ids = new WeakMap();
  #lastId = 0;

  /** @param {SharedArrayBuffer} buffer of CLOCK_BYTES */
  constructor(buffer) {
    this.#times = new Float64Array(buffer);
  }

  /** ms since 1970. */
  get wall() {
    return this.#times[WALL];
  }

  /** ms that never go back. */
  get steady() {
    return this.#times[STEADY];
  }

  /** Code blocks the thread for so many ms. @param {number} ms */
  block(ms) {
    this.#times[WALL] += ms;
    this.#times[STEADY] += ms;
  }

  /** In how many ms the next timer is due; null where none is set. */
  get next() {
    if (this.#timers.size === 0) return null;
    let due = Infinity;
    for (const timer of this.#timers.values()) due = Math.min(due, timer.due);
    return Math.max(0, due - this.steady);
  }

  /** How many timers are set. */
  get size() {
    return this.#timers.size;
  }

  /** @param {VirtualTimer} timer */
  add(timer) {
    this.#timers.set(this.idOf(timer), timer);
  }

  /** @param {VirtualTimer} timer */
  remove(timer) {
    this.#timers.delete(this.idOf(timer));
  }

  /** @param {VirtualTimer} timer */
  idOf(timer) {
    let id = this.#ids.get(timer);
    if (id === undefined) this.#ids.set(timer, (id = ++this.#lastId));
    return id;
  }

  /**
   * @param {() => void} run
   * @param {number} delay in ms
   * @param {boolean} [repeats]
   */
  set(run, delay, repeats = false) {
    // Code that a timer runs belongs to the code that has set it.
    const timer = new VirtualTimer(this, AsyncResource.bind(run), delay, repeats);
    this.add(timer);
    return timer;
  }

  /** @param {unknown} timer or its number */
  clear(timer) {
    if (timer instanceof VirtualTimer) timer.close();
    else this.#timers.get(Number(timer))?.close();
  }

  /** The host has moved the clock: fire what is due, in order. */
  ring() {
    const until = this.steady;
    for (;;) {
      const due = [...this.#timers.values()].filter((timer) => timer.due <= until);
      if (due.length === 0) return;
      due.toSorted((a, b) => a.due - b.due)[0].fire();
    }
  }

  /** Put it in the place of the thread's own time. */
  install() {
    this.#installDate();
    performance.now = () => this.steady;
    const clear = (/** @type {unknown} */ timer) => this.clear(timer);
    const setTimer =
      (/** @type {boolean} */ repeats) =>
      (/** @type {(...args: any[]) => unknown} */ run, /** @type {number} */ delay, /** @type {any[]} */ ...args) =>
        this.set(() => void run(...args), delay, repeats);
    const replaced = {
      setTimeout: setTimer(false),
      setInterval: setTimer(true),
      clearTimeout: clear,
      clearInterval: clear,
    };
    Object.assign(timers, replaced);
    Object.assign(globalThis, replaced);
    this.#installPromises();
    syncBuiltinESMExports();
  }

  #installDate() {
    const RealDate = Date;
    const now = () => Math.floor(this.wall);
    RealDate.now = now;
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
      apply: () => new RealDate(now()).toString(),
    });
    RealDate.prototype.constructor = globalThis.Date;
  }

  #installPromises() {
    /** @param {number} delay @param {unknown} value @param {{ signal?: AbortSignal }} [options] */
    const wait = (delay, value, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const timer = this.set(() => resolve(value), delay);
        const abort = () => {
          timer.close();
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", abort, { once: true });
      });
    const every = async function* (/** @type {number} */ delay, /** @type {unknown} */ value) {
      for (;;) yield await wait(delay, value);
    };
    Object.assign(timersPromises, { setTimeout: wait, setInterval: every });
    Object.assign(timersPromises.scheduler, {
      wait: (/** @type {number} */ delay, /** @type {any} */ options) => wait(delay, undefined, options),
    });
    AbortSignal.timeout = (delay) => {
      const controller = new AbortController();
      this.set(
        () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
        delay,
      );
      return controller.signal;
    };
  }
}

/**
 * What a thread says of itself when its host asks whether it is at rest.
 *
 * @typedef {object} RestReport
 * @property {boolean} busy code is runnable, or something real is under way: a socket, a file
 * @property {number | null} next in how many ms its next timer is due
 */

/**
 * Answer the host of a thread that lives in virtual time, between its turns.
 *
 * @param {VirtualTime} time
 * @param {import("node:worker_threads").MessagePort} port
 * @param {() => boolean} isBusy whether code is runnable, or something real is under way
 */
export function answerHost(time, port, isBusy) {
  return (/** @type {{ type?: string }} */ message) => {
    if (message.type === "ring") time.ring();
    else if (message.type === "rest") {
      // After the turn that the messages before have asked for.
      setImmediate(() => setImmediate(() => port.postMessage({ type: "rested", busy: isBusy(), next: time.next })));
    } else return false;
    return true;
  };
}
