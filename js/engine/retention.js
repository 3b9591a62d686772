/** Retention: finished instances whose time is over are deleted. */

/** @import { EngineContext } from "./context.js" */

/** How many are deleted in one turn, so that other work does not wait for a large deletion. */
const BATCH = 100;
/** The shortest time between two sweeps, so that a steady flow of ends is not a steady flow of deletions. */
const PERIOD_MS = 60_000;

export class Sweeper {
  #engine;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** When the next sweep is, while one is planned. */
  #at = Infinity;

  /** @param {EngineContext} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  /** An instance may have ended: sweep when its time, or that of an earlier one, is over. */
  schedule() {
    const { store, now } = this.#engine;
    const expiry = store.nextExpiry();
    if (expiry === null) return;
    this.#set(expiry <= now ? now : Math.max(expiry, now + PERIOD_MS));
  }

  /** @param {number} at */
  #set(at) {
    if (at >= this.#at) return;
    this.stop();
    this.#at = at;
    this.#cancel = this.#engine.at(at, () => {
      this.#at = Infinity;
      this.#sweep();
    });
  }

  #sweep() {
    const { store, now } = this.#engine;
    const expired = store.loadExpired(now, BATCH);
    for (const number of expired) this.#engine.commits.writeInstance(number, () => store.instanceDeleted(number));
    if (expired.length === BATCH) this.#set(now + 1);
    else this.schedule();
  }

  stop() {
    this.#cancel?.();
    this.#cancel = null;
    this.#at = Infinity;
  }
}
