/** What of an instance's output (print, logging) is kept: all of it, up to a bound. */

import { MAX_OUTPUT } from "./limits.js";

export class OutputBound {
  #size;

  /** @param {number} size of what is kept already, in characters */
  constructor(size) {
    this.#size = size;
  }

  /**
   * What to keep of a line: the line, once a word that the rest is not kept, and then nothing.
   *
   * @param {{ level: string, text: string }} line
   * @returns {{ level: string, text: string } | undefined}
   */
  admit({ level, text }) {
    if (this.#size > MAX_OUTPUT) return undefined;
    this.#size += text.length;
    if (this.#size <= MAX_OUTPUT) return { level, text };
    const word = `Output of this instance is longer than ${MAX_OUTPUT} characters; the rest is not kept.`;
    return { level: "warning", text: word };
  }
}
