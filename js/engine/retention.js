/** Retention: finished instances whose time is over are deleted. */

/** @import { Store } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */

/** How many are deleted in one turn, so that nobody waits for a large cleaning. */
const PORTION = 100;
/** The shortest time between two looks, so that a steady flow of ends is not a steady flow of deletions, in ms. */
const PERIOD = 60_000;

/**
 * @typedef {object} SweeperOptions
 * @property {Store} store
 * @property {Clock} clock
 * @property {(number: number) => void} remove
 */

export class Sweeper {
  #options;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** When it looks next, while it is set to. */
  #at = Infinity;

  /** @param {SweeperOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** An instance may have ended: look when its time, or that of an earlier one, is over. */
  schedule() {
    const { store, clock } = this.#options;
    const expiry = store.nextExpiry();
    if (expiry === null) return;
    this.#set(expiry <= clock.now() ? clock.now() : Math.max(expiry, clock.now() + PERIOD));
  }

  /** @param {number} at */
  #set(at) {
    if (at >= this.#at) return;
    this.stop();
    this.#at = at;
    this.#cancel = this.#options.clock.at(at, () => {
      this.#at = Infinity;
      this.#sweep();
    });
  }

  #sweep() {
    const { store, clock, remove } = this.#options;
    const expired = store.loadExpired(clock.now(), PORTION);
    for (const number of expired) remove(number);
    if (expired.length === PORTION) this.#set(clock.now() + 1);
    else this.schedule();
  }

  stop() {
    this.#cancel?.();
    this.#cancel = null;
    this.#at = Infinity;
  }
}
