/**
 * Parking: giving up the guest's memory when nothing can happen before a time or an event. The log knows all that is needed.
 *
 * A parked pass is kept for a while where there is room: waking it costs no replay then.
 */

/** @import { Pass } from "./pass.js" */

/** How long a pass must have been quiet before it is parked, so that short waits do not cost a replay. */
export const PARK_LINGER_MS = 50;

/**
 * @typedef {object} ParkingOptions
 * @property {number} keepParkedMs how long the pass of a parked instance is kept
 * @property {() => void} onparked the pass may be given up
 * @property {() => void} onwoken it is needed again, or gone
 * @property {() => void} leave gives it up
 */

export class Parking {
  #pass;
  #options;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** The log says that the instance waits, and its pass is kept in case it is soon needed. */
  #parked = false;

  /**
   * @param {Pass} pass
   * @param {ParkingOptions} options
   */
  constructor(pass, options) {
    this.#pass = pass;
    this.#options = options;
  }

  /**
   * The guest says that it waits for nothing but us.
   *
   * @param {number} seen how many messages it had received by then
   */
  quiet(seen) {
    if (seen !== this.#pass.sent || this.#pass.held || this.#pass.isExecuting()) return;
    this.#cancel = this.#pass.at(this.#pass.now + PARK_LINGER_MS, () => {
      this.#cancel = null;
      this.#park();
    });
  }

  #park() {
    const { log, now, number, rollingBack } = this.#pass;
    const due = Math.min(...this.#pass.open().map((step) => step.due ?? Infinity));
    if (due === Infinity || due - now < PARK_LINGER_MS) return;
    if (rollingBack) {
      this.#pass.write((store) => store.instanceDue(number, due));
      return this.#options.leave();
    }
    this.#pass.write((store) => store.instanceParked(log, now, due));
    const { keepParkedMs } = this.#options;
    if (keepParkedMs === 0) return this.#options.leave();
    this.#parked = true;
    this.#options.onparked();
    this.#cancel = this.#pass.at(now + keepParkedMs, () => this.giveUp());
  }

  /** Let go of a pass that was kept although the instance is parked. */
  giveUp() {
    if (this.#parked) this.#options.leave();
  }

  /** Something happens in the pass: it is not to be parked now, or is not parked any longer. */
  wake() {
    this.#cancel?.();
    this.#cancel = null;
    if (!this.#parked) return;
    this.forget();
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instanceRunning(log, now));
  }

  /** The pass ends, and what the log says of it stands. */
  forget() {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#parked) this.#options.onwoken();
    this.#parked = false;
  }
}
