/** A clock whose hands the suite moves, and the engine's own tests. */

/** @import { Clock } from "../js/engine/clock.d.ts" */

/** @implements {Clock} */
export class ManualClock {
  #now = Date.UTC(2030, 0, 1);
  /** @type {Set<{ time: number, run: () => void }>} */
  #timers = new Set();

  now() {
    return this.#now;
  }

  /**
   * @param {number} time
   * @param {() => void} run
   */
  at(time, run) {
    const timer = { time, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** When the next timer falls due, or undefined. */
  next() {
    const times = [...this.#timers].map((timer) => timer.time);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** How many timers are set. */
  get size() {
    return this.#timers.size;
  }

  /** The process is gone, and its timers with it. */
  clear() {
    this.#timers.clear();
  }

  /**
   * Move on to *time*, ringing what falls due on the way, in order.
   *
   * @param {number} time
   * @param {() => Promise<void>} [settle] called after each ring
   */
  async moveTo(time, settle = async () => {}) {
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.time <= time).sort((a, b) => a.time - b.time)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.time);
      due.run();
      await settle();
    }
    this.#now = Math.max(this.#now, time);
  }
}
