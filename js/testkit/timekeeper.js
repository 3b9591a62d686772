/**
 * Moves virtual time: when everything in an engine rests, to the next time at which anything is due.
 *
 * An engine rests when nothing is to be committed or sent, its guests have read all that it sent, and their code waits for a
 * time or for the engine. Code that waits for something real (a socket, a file, a test's own object) does not rest.
 */

/** @import { RestReport } from "../../runtime/pool/virtual_time.js" */
/** @import { VirtualClock } from "./virtual_clock.js" */

/** Turns of the event loop in which the engine commits, and sends what waited for the commit. */
const TURNS = 6;
/** How often what is real is looked at again, in ms. */
const POLL_INTERVAL_MS = 2;
/** How long code may run without a break before time jumps to what is due next, such as its timeout, in real ms. */
const SPIN_LIMIT_MS = 5000;

/**
 * What lives in virtual time.
 *
 * @typedef {object} Timed
 * @property {VirtualClock} clock
 * @property {number} activity how many messages have passed
 * @property {boolean} isBusy whether something is under way that no guest knows
 * @property {number} openCalls calls that something real answers, outside of this process
 * @property {() => Promise<RestReport[]>} rest what its guests say of themselves
 * @property {() => void} ring tells them that the clock has moved
 */

export class Timekeeper {
  #engine;
  /** When a timer of user code is due next, as of the last rest; Infinity: never. */
  guestNext = Infinity;
  /** Whether a wait may jump. */
  jumps = true;

  /** @param {Timed} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /** Let everything happen that needs no time to pass. @returns {Promise<number>} when anything is due next; Infinity: never */
  async settle() {
    const { clock } = this.#engine;
    let restedAt = -1;
    for (;;) {
      clock.fireDue();
      for (let i = 0; i < TURNS; i++) await turn();
      const { activity } = this.#engine;
      const reports = await within(SPIN_LIMIT_MS, this.#engine.rest());
      if (!reports) {
        // Code spins, and its timeout ends it, or the limit for code outside steps; or it stands in a debugger.
        if (clock.next < Infinity && this.#engine.openCalls === 0) return clock.next;
        continue;
      }
      await turn();
      if (clock.fireDue() || activity !== this.#engine.activity || this.#engine.isBusy) continue;
      if (this.#engine.openCalls > 0 || reports.some(({ busy }) => busy)) await pause(POLL_INTERVAL_MS);
      else if (restedAt === activity) {
        const timers = reports.map(({ next }) => (next === null ? Infinity : clock.now() + next));
        this.guestNext = Math.min(...timers);
        return Math.min(clock.next, this.guestNext);
      } else restedAt = activity;
    }
  }

  /**
   * Move on to *time*, with all that happens on the way.
   *
   * @param {number} time ms since 1970
   */
  async moveTo(time) {
    for (;;) {
      const next = await this.settle();
      if (next > time) break;
      this.#jump(next);
    }
    this.#jump(time);
    await this.settle();
  }

  /**
   * Let things happen, and time pass, until *isMet* says so.
   *
   * @param {() => Promise<boolean> | boolean} isMet may throw: it cannot be met any more
   * @returns {Promise<boolean>} false where nothing is due, and it is not met
   */
  async until(isMet) {
    for (;;) {
      if (await isMet()) return true;
      const next = await this.settle();
      if (await isMet()) return true;
      if (next === Infinity || !this.jumps) return false;
      this.#jump(next);
    }
  }

  /** @param {number} time */
  #jump(time) {
    this.#engine.clock.moveTo(time);
    this.#engine.ring();
  }
}

/** @returns {Promise<void>} */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>} undefined where it takes longer
 */
async function within(ms, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<undefined>} */
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
