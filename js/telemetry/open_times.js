/** When that began which has not ended yet, by instance. What is in memory is bounded. */

/** Of more instances the times of the oldest are forgotten; their durations are then not measured. */
const MAX_INSTANCES = 100_000;

export class OpenTimes {
  /** The oldest first. @type {Map<number, Map<string, number>>} */
  #instances = new Map();

  /** @param {number} number of the instance @param {string} what @param {number} at ms since 1970 */
  begin(number, what, at) {
    let times = this.#instances.get(number);
    if (!times) {
      times = new Map();
      this.#instances.set(number, times);
      for (const oldest of this.#instances.keys()) {
        if (this.#instances.size <= MAX_INSTANCES) break;
        this.#instances.delete(oldest);
      }
    }
    times.set(what, at);
  }

  /**
   * How long it has taken. It is over with that.
   *
   * @param {number} number of the instance
   * @param {string} what
   * @param {number} at ms since 1970
   * @returns {number | undefined} in ms; undefined where its begin is not known
   */
  since(number, what, at) {
    const times = this.#instances.get(number);
    const began = times?.get(what);
    if (began === undefined) return undefined;
    times?.delete(what);
    return Math.max(0, at - began);
  }

  /** @param {number} number of an instance that has ended */
  forget(number) {
    this.#instances.delete(number);
  }
}
