/**
 * Ids of lines of output, which are unique over the engines that share a state, and grow within an instance wherever it is run: the
 * time of the line, the engine, and a counter.
 */

/** A date before the first line, so that ids of the next decades are integers that JavaScript has. */
const SINCE_MS = Date.UTC(2025, 0, 1);
/** How many lines an engine may have in a millisecond, until it borrows from the next one. */
const LINES = 16;
/** Engines that live at the same time have different remainders, but for chance. */
const ENGINES = 256;

export class LineIds {
  #engine;
  /** The last millisecond, times LINES, plus the line within it. */
  #last = 0;

  /** @param {number} engine its id */
  constructor(engine) {
    this.#engine = engine % ENGINES;
  }

  /** @param {number} at the line's time, in ms since 1970 */
  next(at) {
    this.#last = Math.max(this.#last + 1, Math.max(0, at - SINCE_MS) * LINES);
    const line = this.#last % LINES;
    return (this.#last - line) * ENGINES + this.#engine * LINES + line;
  }

  /** Later ids are larger than this one, which another engine has given. @param {number} id */
  follow(id) {
    this.#last = Math.max(this.#last, (Math.floor(id / (LINES * ENGINES)) + 1) * LINES);
  }
}
