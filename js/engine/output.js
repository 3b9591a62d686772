/** What of an instance's output (print, logging) is kept: its beginning, and the beginnings of some of the lines after that. */

import { MAX_LATE_LINE_CHARACTERS, MAX_LATE_OUTPUT_CHARACTERS, MAX_OUTPUT_CHARACTERS } from "./limits.js";

const CUT =
  `Output of this instance is longer than ${MAX_OUTPUT_CHARACTERS} characters. ` +
  `The rest is cut: ${MAX_LATE_LINE_CHARACTERS} characters of a line are kept.`;
const FULL = "No more output of this instance is kept.";

export class OutputBound {
  #size;

  /** @param {number} size the characters that are stored already */
  constructor(size) {
    this.#size = size;
  }

  /**
   * Count a line.
   *
   * @param {{ level: string, text: string }} line
   * @returns {{ level: string, text: string }[]} what is kept of it, and a warning where that begins to be less than all
   */
  take({ level, text }) {
    const room = MAX_OUTPUT_CHARACTERS - this.#size;
    if (text.length <= room) return this.#keep(level, text);
    const late = MAX_LATE_OUTPUT_CHARACTERS + room;
    if (late <= 0) return [];
    const kept = this.#keep(level, text.slice(0, Math.max(room, Math.min(late, MAX_LATE_LINE_CHARACTERS))));
    if (room > 0) return [...kept, { level: "warning", text: CUT }];
    return this.#size < MAX_OUTPUT_CHARACTERS + MAX_LATE_OUTPUT_CHARACTERS
      ? kept
      : [...kept, { level: "warning", text: FULL }];
  }

  /** @param {string} level @param {string} text */
  #keep(level, text) {
    this.#size += text.length;
    return [{ level, text: storable(text) }];
  }
}

/** The text with NUL and halves of surrogate pairs, which not every database takes, as escapes. @param {string} text */
function storable(text) {
  if (!text.includes("\0") && text.isWellFormed()) return text;
  return text.replaceAll(/\0|\p{Surrogate}/gu, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
