/** The alarms of a host's Durable Objects: which are due when. */

/** @import { Clock } from "../../engine/clock.d.ts" */

/** Cloudflare's. */
const FIRST_RETRY_MS = 2000;
export const MAX_RETRIES = 6;

/** @typedef {{ namespace: string, id: string, name: string | null, due: number, retries: number }} Alarm */

export class Alarms {
  #clock;
  #fire;
  /** @type {Map<string, { alarm: Alarm, cancel: () => void }>} */
  #armed = new Map();

  /** @param {Clock} clock @param {(alarm: Alarm) => void} fire */
  constructor(clock, fire) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** @param {string} key */
  get(key) {
    return this.#armed.get(key)?.alarm;
  }

  /**
   * Let an alarm fire when it is due, in place of the one that was known of the object.
   *
   * @param {string} key of the object
   * @param {Alarm} alarm
   * @param {number} [at] when it fires, where that is later
   */
  set(key, alarm, at = alarm.due) {
    this.clear(key);
    const cancel = this.#clock.at(at, () => {
      this.#armed.delete(key);
      this.#fire(alarm);
    });
    this.#armed.set(key, { alarm, cancel });
  }

  /** @param {string} key */
  clear(key) {
    this.#armed.get(key)?.cancel();
    this.#armed.delete(key);
  }

  dispose() {
    for (const { cancel } of this.#armed.values()) cancel();
    this.#armed.clear();
  }

  /** When a handler that has failed *retries* times is called again. @param {number} now @param {number} retries */
  static retryAt(now, retries) {
    return now + FIRST_RETRY_MS * 2 ** (retries - 1);
  }
}
