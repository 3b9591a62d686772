/**
 * The time of the database, as an engine knows it: the database says it with each renewal of the lease, and in between a clock of this
 * machine continues that does not jump. So all engines of a state have one time, whatever the clocks of their machines say.
 */

export class DatabaseTime {
  #steady;
  /** By how much the database's time is ahead of the steady clock. @type {number | undefined} */
  #ahead;

  /** @param {() => number} steady ms; does not jump */
  constructor(steady) {
    this.#steady = steady;
  }

  /**
   * What it is ahead by is known no better than the answer took: within that it stays as it was.
   *
   * @param {number} time that the database has said, in ms since 1970
   * @param {number} sent when it was asked, by the steady clock
   */
  learn(time, sent) {
    const least = time - this.#steady();
    const most = time - sent;
    this.#ahead = Math.min(Math.max(this.#ahead ?? (least + most) / 2, least), most);
  }

  /** ms since 1970. The database has to have said the time. */
  now() {
    if (this.#ahead === undefined) throw new Error("The database has not said the time yet.");
    return this.#steady() + this.#ahead;
  }
}
