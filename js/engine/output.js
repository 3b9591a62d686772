/** What of an instance's output (print, logging) is kept: all of it, up to a bound. */

import { MAX_OUTPUT_CHARACTERS } from "./limits.js";

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
    if (this.#size > MAX_OUTPUT_CHARACTERS) return undefined;
    this.#size += text.length;
    if (this.#size <= MAX_OUTPUT_CHARACTERS) return { level, text };
    const word = `Output of this instance is longer than ${MAX_OUTPUT_CHARACTERS} characters; the rest is not kept.`;
    return { level: "warning", text: word };
  }
}
