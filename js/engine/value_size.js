/**
 * What can be said of a value by its canonical text: its size and its depth.
 *
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
 * Whether a text is nested deeper than *limit*. A short text cannot be.
 *
 * @param {string} text JSON
 * @param {number} limit in brackets
 */
export function isDeeper(text, limit) {
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === QUOTE) i = endOfString(text, i);
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = Array.from('"\\{}[]', (each) =>
  each.charCodeAt(0),
);

/** Where the string ends that begins at *start*. @param {string} text @param {number} start */
function endOfString(text, start) {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

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
