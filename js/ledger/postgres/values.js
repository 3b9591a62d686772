/** Values and arrays as PostgreSQL has them. */

/** @import { Value } from "../ledger.d.ts" */

/**
 * PostgreSQL stores no zero character. It is written as two characters, and so is the one that begins such a pair.
 * Texts without either of them, nearly all, are stored as they are.
 */
const ESCAPED = /[\0\x01]/; // oxlint-disable-line no-control-regex -- these two are what it is about
const EACH_ESCAPED = /[\0\x01]/g; // oxlint-disable-line no-control-regex -- likewise
const EACH_PAIR = /\x01([01])/g; // oxlint-disable-line no-control-regex -- likewise
const NEEDS_BACKSLASH = /["\\]/;
const EACH_BACKSLASH = /["\\]/g;

/** @param {string} text @returns {string} without a zero character */
export function toText(text) {
  return ESCAPED.test(text) ? text.replace(EACH_ESCAPED, (each) => (each === "\0" ? "\x010" : "\x011")) : text;
}

/** @param {string} stored @returns {string} */
export function fromText(stored) {
  return stored.includes("\x01") ? stored.replace(EACH_PAIR, (_, which) => (which === "0" ? "\0" : "\x01")) : stored;
}

/** @param {Value[]} row as PostgreSQL has it @returns {Value[]} */
export function fromRow(row) {
  return row.map((value) => (typeof value === "string" ? fromText(value) : value));
}

/**
 * The literal of an array.
 *
 * @param {Value[]} values
 */
export function arrayLiteral(values) {
  let literal = "{";
  for (const [place, value] of values.entries()) {
    if (place > 0) literal += ",";
    if (value === null) literal += "NULL";
    else if (typeof value === "number") literal += value;
    else {
      const text = toText(value);
      literal += `"${NEEDS_BACKSLASH.test(text) ? text.replace(EACH_BACKSLASH, "\\$&") : text}"`;
    }
  }
  return `${literal}}`;
}
