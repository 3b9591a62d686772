/**
 * The size of a value, apart from how it is encoded: a string counts its UTF-8 bytes, bytes their number. What else there is
 * in the canonical text (numbers, brackets, names of tags) counts as it stands.
 */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */

/** Characters that stand for one byte of a string at most: `\u0000`. */
const LONGEST_ESCAPE = 6;
const ESCAPE_OR_QUOTE = /\\u[0-9a-fA-F]{4}|\\.|"/g;
const BYTES = /\{"\$":"bytes","v":"([A-Za-z0-9+/]*)={0,2}"(?:,"as":"(?:[A-Za-z0-9]+)")?\}/g;

const encoder = new TextEncoder();

/**
 * Whether a value is larger than *limit*. What is clear from the length of its text is not counted.
 *
 * @param {Encoded} text
 * @param {number} limit in bytes
 */
export function isLarger(text, limit) {
  if (text.length * 3 <= limit) return false;
  if (text.length > limit * LONGEST_ESCAPE + 2) return true;
  return valueBytes(text) > limit;
}

/**
 * @param {Encoded} text
 * @returns {number} the size in bytes
 */
export function valueBytes(text) {
  let size = encoder.encode(text).length;
  for (const [found] of text.matchAll(ESCAPE_OR_QUOTE)) size -= excessOf(found);
  for (const [found, digits] of text.matchAll(BYTES)) {
    size -= found.replaceAll('"', "").length - Math.floor((digits.length * 3) / 4);
  }
  return size;
}

/** How many bytes of an escape or a quote are no part of the string. @param {string} found */
function excessOf(found) {
  if (found === '"') return 1;
  if (found.length === 2) return 1;
  const code = Number.parseInt(found.slice(2), 16);
  if (code < 0x80) return 5;
  // Two escapes stand for the four bytes of a character beyond U+FFFF.
  return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 4 : 3;
}
