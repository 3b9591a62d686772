/** How many instances may be created a second: a bucket of tokens for each account that fills up all the time. */

import { HttpRefusal, TOO_MANY_REQUESTS } from "./refusal.js";

export class CreationRates {
  #perSecond;
  #now;
  /** @type {Map<string, { left: number, at: number }>} */
  #buckets = new Map();

  /**
   * @param {number} perSecond for each account; 0: no limit
   * @param {() => number} now in ms
   */
  constructor(perSecond, now) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /**
   * @param {string} account
   * @param {number} count of instances that are to be created
   * @throws {HttpRefusal} too many; it says after how many seconds to try again
   */
  take(account, count) {
    if (this.#perSecond === 0) return;
    const now = this.#now();
    const { left, at } = this.#buckets.get(account) ?? { left: this.#perSecond, at: now };
    const full = Math.min(this.#perSecond, left + (Math.max(0, now - at) / 1000) * this.#perSecond);
    // A batch that is larger than the bucket has to wait until it is full.
    const missing = Math.min(count, this.#perSecond) - full;
    this.#buckets.set(account, { left: missing > 0 ? full : full - count, at: now });
    if (missing <= 0) return;
    const seconds = Math.max(1, Math.ceil(missing / this.#perSecond));
    throw new HttpRefusal(
      429,
      TOO_MANY_REQUESTS,
      `Please wait and consider throttling your request speed: more than ${this.#perSecond} instances a second are created.`,
      { reason: "instance.rate_limited", headers: { "retry-after": String(seconds) } },
    );
  }
}
