/** The clock of an engine and of its guests' code. It moves only when it is told to. */

/** @import { Clock } from "../engine/clock.d.ts" */

import { CLOCK_BYTES } from "../../runtime/pool/virtual_time.js";

/** Where every test's time begins, unless it says otherwise. */
export const START_MS = Date.UTC(2026, 0, 1);

/** @implements {Clock} */
export class VirtualClock {
  #times;
  /** @type {Set<{ time: number, run: () => void }>} */
  #timers = new Set();

  /** @param {SharedArrayBuffer} buffer what guests read; see `VirtualTime` */
  constructor(buffer) {
    this.buffer = buffer;
    this.#times = new Float64Array(buffer);
  }

  /** The memory of a clock that stands at the start of time. */
  static memory() {
    const clock = new VirtualClock(new SharedArrayBuffer(CLOCK_BYTES));
    clock.reset(START_MS);
    return clock.buffer;
  }

  now() {
    return Math.floor(this.#times[0]);
  }

  /** Begin at *time*, which may be earlier than now. Nothing may be set. @param {number} time */
  reset(time) {
    this.#times[0] = time;
  }

  /** @param {number} time @param {() => void} run */
  at(time, run) {
    const timer = { time, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** When the next timer of an engine is due; Infinity where none is set. */
  get next() {
    let next = Infinity;
    for (const { time } of this.#timers) next = Math.min(next, time);
    return next;
  }

  /** @param {number} time ms since 1970; the clock does not go back */
  moveTo(time) {
    const ms = time - this.#times[0];
    if (ms <= 0) return;
    this.#times[0] += ms;
    this.#times[1] += ms;
  }

  /** Fire what is due, in order. @returns {boolean} whether anything was */
  fireDue() {
    let fired = false;
    for (;;) {
      const now = this.now();
      const [due] = [...this.#timers].filter(({ time }) => time <= now).toSorted((a, b) => a.time - b.time);
      if (!due) return fired;
      fired = true;
      this.#timers.delete(due);
      due.run();
    }
  }
}
